"""What a pull request asks for: an environment of its newest commit, awake or asleep, or none.

Pure. Everything else (what exists, what to do about it) is decided after this; see
`bot.reconcile.plan`.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import fnmatch
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot import life as lives
from bot import model
from infra import contract

CLOSED = "closed"
NO_LABEL = "no-label"
DOWN = "down"
"""Somebody asked for it to be taken away, and nobody has asked for it since."""
NOT_ASKED = "not-asked"
"""The repository's policy does not give it one, and no command did."""
FORK_DELETED = "fork-deleted"
NOT_APPROVED = "not-approved"
EXPIRED = "expired"
"""Its time is up; whoever extends or pins it, or asks anew, has it again."""
NO_EDGE = "no-edge"
"""The pull request has an environment, but no way through CloudFront."""
MOVED = "moved"
"""Its repository was renamed or transferred: the environment is made under the new name."""
SEVERAL = "several"
"""The repository has several definitions, each with an environment of its own."""
UNDEFINED = "undefined"
"""The repository has no definition of that name (any more)."""
GONE = "gone"
"""GitHub answered that there is no such pull request (any more)."""

HELD_BACK: Mapping[str, str] = MappingProxyType(
    {
        FORK_DELETED: (
            "the fork that this pull request comes from was deleted, so its code can't be run: "
            "push the branch to another repository and open a new pull request"
        ),
        NOT_APPROVED: (
            "its author has no write access here, so its code runs only as a commit that somebody "
            "who has it approved: read the newest commit and write `approve` with its SHA"
        ),
    }
)
"""Where an environment is asked for and none is given: the sentence that people read."""


@enum.unique
class Mode(enum.StrEnum):
    """What gives a pull request an environment; a command does in each."""

    LABEL = "label"
    COMMAND = "command"
    ALWAYS = "always"


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """Which pull requests and branches get an environment, and for how long."""

    never: str | None = None
    """Why nothing gets one, whatever is asked for; None: the rest decides."""
    definitions: Mapping[str, contract.Definition] = dataclasses.field(default_factory=dict)
    """The definitions that the repository has instead of this one, by name."""
    within: Sequence[str] = ()
    """Patterns of the files that it is made of; none named: all. The label alone asks only for what
    a pull request changes something of."""
    bases: Sequence[str] = ()
    """Branches that have an environment of their own."""

    label: str = "stage"
    """The label that asks for one."""
    mode: Mode = Mode.LABEL
    drafts: bool = True
    """With `ALWAYS`: whether drafts get one as well."""
    branches: Sequence[str] = ()
    """With `ALWAYS`: patterns of base branches; none named: all."""
    authors: Sequence[str] = ()
    """With `ALWAYS`: patterns of logins; none named: all."""
    paths: Sequence[str] = ()
    """With `ALWAYS`: patterns of changed files; none named: all."""
    trust_anyone: bool = False
    """Whether anybody's code may run; only where everybody who can open a pull request is
    trusted."""
    trusted_authors: frozenset[str] = frozenset()
    """Logins in small letters whose code may run although they have no write access, such as a
    bot's that pushes to the repository itself."""
    lifetime: float | None = None
    """How long it lives, in seconds; None: for as long as it is asked for."""
    lifetime_from: model.LifetimeFrom = model.LifetimeFrom.CREATION
    """What that is counted from."""
    warn_before: float = 3600.0
    """People are warned so long before the end, in seconds; nothing ends that they were not warned
    of for as long. 0: there is no warning."""


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What was asked of GitHub about a pull request beside itself, where it matters."""

    trusted: bool = True
    """Whether its author's code may run without anybody's word."""
    changed: Sequence[str] | None = None
    """The files that it changes; None: not asked, and taken to be those of the policy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted now, and for how long that stays so."""

    wish: model.Desired | model.Ignored
    life: model.Life
    """The life that was given, brought up to date: to be kept."""
    changes_at: datetime.datetime | None = None
    """When it is to be decided anew though nothing happens; None: not by itself."""


def decide(
    pull_request: model.PullRequest,
    policy: Policy,
    life: model.Life,
    now: datetime.datetime,
    known: Known = Known(),
) -> Decision:
    """What the pull request asks for."""
    life = _pinned(read(life, pull_request, policy.label), pull_request.key)
    wish = asked(pull_request, policy, life, known)
    if isinstance(wish, model.Ignored):
        return ignore(wish.reason, life)
    life = _seen(life, pull_request.head_sha, now)
    end = ends_at(life, policy)
    warning = datetime.timedelta(seconds=policy.warn_before)
    awake = dataclasses.replace(wish, asleep=life.asleep)
    if end is None or now < end - warning:
        kept = dataclasses.replace(life, ends_at=None)
        return Decision(awake, kept, None if end is None else end - warning)
    # Who was not warned in time (the bot did not run, or it was unpinned) is warned late.
    end = max(end, life.ends_at or now + warning)
    kept = dataclasses.replace(life, ends_at=end)
    if now >= end:
        return Decision(model.Ignored(EXPIRED), kept)
    return Decision(awake, kept, end)


def ignore(reason: str, life: model.Life) -> Decision:
    """Nothing is asked for: what is asked for later begins a new life."""
    kept = dataclasses.replace(life, began_at=None, head=None, pushed_at=None, ends_at=None)
    return Decision(model.Ignored(reason), kept)


def read(life: model.Life, pull_request: model.PullRequest, label: str) -> model.Life:
    """The life after the pull request's label was looked at; a closed one's counts for nothing."""
    if not pull_request.open:
        return life
    return lives.with_label(life, labelled=bool(_labels(label, pull_request)))


def _labels(label: str, pull_request: model.PullRequest) -> frozenset[str]:
    """Those of its labels that ask for the environment: of several, each has one of its own."""
    definition = pull_request.key.definition
    asking = {label, f"{label}/{definition}"} if definition else {label}
    return pull_request.labels & asking


def _pinned(life: model.Life, key: model.EnvironmentKey) -> model.Life:
    """A branch's own lives until somebody says otherwise."""
    return dataclasses.replace(life, pinned=True) if key.is_base and not life.pin_order else life


def asked(
    pull_request: model.PullRequest,
    policy: Policy,
    life: model.Life = model.Life(),  # noqa: B008 - frozen
    known: Known = Known(),
) -> model.Desired | model.Ignored:
    """What the pull request asks for, whatever time it is."""
    if not pull_request.open:
        return model.Ignored(CLOSED)
    if why_not := _unasked(pull_request, policy, life, known):
        return model.Ignored(why_not)
    if pull_request.head_repository is None:
        return model.Ignored(FORK_DELETED)
    commit = _commit(pull_request, life)
    if not known.trusted and life.approved != commit:
        return model.Ignored(NOT_APPROVED)
    return model.Desired(commit)


def _unasked(
    pull_request: model.PullRequest, policy: Policy, life: model.Life, known: Known
) -> str | None:
    """Why nobody asked for one; None where somebody did."""
    is_base = pull_request.key.is_base
    never = policy.never
    if is_base and pull_request.head_ref not in policy.bases:
        never = never or NOT_ASKED
    if never is not None:
        return never
    if is_base or life.wished is not None:
        return DOWN if life.wished is False else None
    labelled = _labelled(pull_request, policy, known)
    match policy.mode:
        case Mode.LABEL:
            return None if labelled else NO_LABEL
        case Mode.COMMAND:
            return NOT_ASKED
        case Mode.ALWAYS:
            return None if labelled or _let_through(pull_request, policy, known) else NOT_ASKED


def _labelled(pull_request: model.PullRequest, policy: Policy, known: Known) -> bool:
    found = _labels(policy.label, pull_request)
    if found - {policy.label}:
        return True  # by its own name
    return bool(found) and (known.changed is None or within(policy.within, known.changed))


def _let_through(pull_request: model.PullRequest, policy: Policy, known: Known) -> bool:
    return (
        (policy.drafts or not pull_request.draft)
        and _matches(policy.branches, [pull_request.base_ref])
        and _matches([one.lower() for one in policy.authors], [pull_request.author.lower()])
        and (known.changed is None or within(policy.paths or policy.within, known.changed))
    )


def _matches(patterns: Sequence[str], names: Sequence[str]) -> bool:
    return not patterns or any(
        fnmatch.fnmatchcase(name, pattern) for pattern in patterns for name in names
    )


def within(patterns: Sequence[str], paths: Sequence[str]) -> bool:
    """Whether one of the paths matches one of the patterns; all do where there is none."""
    if not patterns:
        return True
    whole = [re.compile(_path(pattern)) for pattern in patterns]
    return any(one.fullmatch(path) for one in whole for path in paths)


def _path(pattern: str) -> str:
    """The expression for a pattern of paths: `**` over folders, `*` and `?` within a name."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part) or re.escape(part) for part in parts)


def _commit(pull_request: model.PullRequest, life: model.Life) -> str:
    """The newest, or the one that was asked for by name since it was pushed."""
    head = pull_request.head_sha
    return life.chosen if life.chosen is not None and life.chosen_over == head else head


def _seen(life: model.Life, head: str, now: datetime.datetime) -> model.Life:
    pushed = life.pushed_at if head == life.head else now
    return dataclasses.replace(
        life, began_at=life.began_at or now, head=head, pushed_at=pushed or now
    )


def ends_at(life: model.Life, policy: Policy) -> datetime.datetime | None:
    """When its time is up; None: never by itself."""
    if policy.lifetime is None or life.pinned or life.began_at is None:
        return None
    happened = {
        model.LifetimeFrom.CREATION: None,
        model.LifetimeFrom.PUSH: life.pushed_at,
        model.LifetimeFrom.COMMAND: life.commanded_at,
        model.LifetimeFrom.TRAFFIC: life.traffic_at,
    }[policy.lifetime_from]
    start = lives.later(happened, life.began_at)
    return lives.later(life.expires_at, start + datetime.timedelta(seconds=policy.lifetime))
