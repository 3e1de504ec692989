"""What a pull request asks for: an environment of its newest commit, awake or asleep, or none.

Pure. Everything else (what exists, what to do about it) is decided after this; see
`bot.reconcile.plan`.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from types import MappingProxyType

from bot import life as lives
from bot import model

CLOSED = "closed"
NO_LABEL = "no-label"
FORK_DELETED = "fork-deleted"
FORK_NOT_APPROVED = "fork-not-approved"
EXPIRED = "expired"
"""Its time is up; whoever extends or pins it, or asks anew, has it again."""
NO_EDGE = "no-edge"
"""The pull request has an environment, but no way through CloudFront."""
MOVED = "moved"
"""Its repository was renamed or transferred: the environment is made under the new name."""
GONE = "gone"
"""GitHub answered that there is no such pull request (any more)."""

HELD_BACK: Mapping[str, str] = MappingProxyType(
    {
        FORK_DELETED: (
            "the fork that this pull request comes from was deleted, so its code can't be run: "
            "push the branch to another repository and open a new pull request"
        ),
        FORK_NOT_APPROVED: (
            "this pull request comes from a fork, and code of strangers gets no environment by "
            "itself: push the branch to this repository to have one"
        ),
    }
)
"""Where the label asks for an environment and none is given: the sentence that people read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """Which pull requests get an environment, and for how long."""

    label: str = "stage"
    """The label that asks for one."""
    allow_forks: bool = False
    """Whether the code of any fork may run; only for repositories whose forks are all trusted."""
    lifetime: float | None = None
    """How long it lives, in seconds; None: for as long as it is asked for."""
    lifetime_from: model.LifetimeFrom = model.LifetimeFrom.CREATION
    """What that is counted from."""
    warn_before: float = 3600.0
    """People are warned so long before the end, in seconds; nothing ends that they were not warned
    of for as long. 0: there is no warning."""


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted now, and for how long that stays so."""

    wish: model.Desired | model.Ignored
    life: model.Life
    """The life that was given, brought up to date: to be kept."""
    changes_at: datetime.datetime | None = None
    """When it is to be decided anew though nothing happens; None: not by itself."""


def decide(
    pull_request: model.PullRequest, policy: Policy, life: model.Life, now: datetime.datetime
) -> Decision:
    """What the pull request asks for; a draft may have an environment as well."""
    wish = asked(pull_request, policy)
    if isinstance(wish, model.Ignored):
        return ignore(wish.reason, life)
    life = _seen(life, wish.commit, now)
    end = _end(life, policy)
    warning = datetime.timedelta(seconds=policy.warn_before)
    awake = model.Desired(wish.commit, life.asleep)
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


def asked(pull_request: model.PullRequest, policy: Policy) -> model.Desired | model.Ignored:
    """What the pull request asks for, whatever time it is."""
    if not pull_request.open:
        return model.Ignored(CLOSED)
    if policy.label not in pull_request.labels:
        return model.Ignored(NO_LABEL)
    if pull_request.head_repository is None:
        return model.Ignored(FORK_DELETED)
    if pull_request.from_fork and not policy.allow_forks:
        return model.Ignored(FORK_NOT_APPROVED)
    return model.Desired(pull_request.head_sha)


def _seen(life: model.Life, commit: str, now: datetime.datetime) -> model.Life:
    pushed = life.pushed_at if commit == life.head else now
    return dataclasses.replace(
        life, began_at=life.began_at or now, head=commit, pushed_at=pushed or now
    )


def _end(life: model.Life, policy: Policy) -> datetime.datetime | None:
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
