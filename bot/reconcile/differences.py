"""Compares what is stored with what is listed, for the sweep. Pure.

Nothing here decides to take anything away: the most that comes of a difference is that a pass looks
at one pull request. What could not be listed says nothing, and what is being worked on is nobody
else's business.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
from collections.abc import Iterator, Mapping, Sequence

from bot import intent, model, overview, ports
from infra import naming

PolicyKey = tuple[str, str, str]
"""Repository (`folded`), base branch, and definition."""


@enum.unique
class Kind(enum.StrEnum):
    """What is not as it should be."""

    MISSED_OPEN = "missed-open"
    """A pull request asks for an environment, and nobody has begun."""
    MISSED_CLOSE = "missed-close"
    """Something is there, or waits, for a pull request that asks for nothing (any more)."""
    STALE_COMMIT = "stale-commit"
    """It serves another commit than the pull request's newest."""
    UNSETTLED = "unsettled"
    """Held back, degraded or stuck: perhaps what would mend it was missed."""
    ORPHAN_STACK = "orphan-stack"
    """A stack that no row admits."""
    ORPHAN_RESOURCES = "orphan-resources"
    """Something carries an environment's label or tag, with neither row nor stack."""
    ROW_WITHOUT_STACK = "row-without-stack"
    """A row says that something exists, and nothing was found of it."""
    MADE_BY_HAND = "made-by-hand"
    """A person's own environment."""
    STRANGER = "stranger"
    """A name, and nobody knows whose."""


@enum.unique
class Action(enum.StrEnum):
    """What is done about it."""

    HINT = "hint"
    ADOPT = "adopt"
    DOUBT = "doubt"
    SHOW = "show"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One difference."""

    kind: Kind
    action: Action
    name: str
    """The environment's name."""
    key: model.EnvironmentKey | None
    """Its pull request; None where nothing tells it, and then it is only shown."""
    why: str
    """One sentence for people."""
    commit: str = ""
    """The commit that is asked for; empty where none is."""
    vanishes: bool = False
    """An environment that exists would be taken away because of it."""


@dataclasses.dataclass(frozen=True)
class Listings:
    """What was listed, as far as it could be."""

    lanes: Sequence[ports.Row]
    """Every lane of all environments."""
    pull_requests: Mapping[str, Sequence[model.PullRequest]]
    """Open ones, by repository (`folded`), each once for every definition, and branches with an
    environment; a repository that could not be listed is missing."""
    stacks: frozenset[str] | None
    """Names; None where they could not be listed."""
    origins: Mapping[str, model.Origin | None]
    """Of the `unclaimed` stacks; one that could not be read is missing."""
    holdings: Sequence[model.Holding] | None
    """None where they could not be listed."""
    policies: Mapping[PolicyKey, intent.Policy]
    """One that could not be read is missing, and nothing is said about its pull requests."""

    @functools.cached_property
    def rows(self) -> Sequence[ports.Row]:
        """All environments, each as one row."""
        return [overview.merged(lanes) for lanes in overview.environments(self.lanes)]

    @property
    def with_stack(self) -> frozenset[str]:
        """The names of environments that a stack holds something of."""
        return frozenset(map(naming.environment_of, self.stacks or ()))


def folded(repository: str) -> str:
    """A repository's name for comparing: GitHub does not tell capitals apart."""
    return repository.lower()


def worked_on(row: ports.Row) -> bool:
    """Whether a pass is at it, or is sure to come by itself."""
    under_way = row.phase in (model.Phase.PROVISIONING, model.Phase.DESTROYING)
    return row.wanted > row.seen or under_way


def unclaimed(stacks: frozenset[str], lanes: Sequence[ports.Row]) -> list[str]:
    """The stacks that no lane admits."""
    return sorted(stacks - {row.stack for row in lanes if row.stack_exists or worked_on(row)})


def judged(listings: Listings) -> int:
    """How many existing environments the listed pull requests tell about."""
    return sum(
        row.stack_exists
        and not worked_on(row)
        and folded(row.key.repository) in listings.pull_requests
        for row in listings.rows
    )


def differences(listings: Listings, now: datetime.datetime) -> list[Finding]:
    """Everything that is not as it should be; at most one finding for each environment."""
    left = [*_by_stack(listings), *_by_holding(listings)]
    by_hand = [finding for finding in left if finding.kind is Kind.MADE_BY_HAND]
    found: dict[str, Finding] = {}
    # What a person made is left alone, also where a pull request asks for the same; and where one
    # does, that tells more than what was left behind of it.
    for finding in (*by_hand, *_by_pull_request(listings, now), *left, *_by_row(listings)):
        found.setdefault(finding.name, finding)
    return list(found.values())


# -- pull requests --------------------------------------------------------------------------------


def _by_pull_request(listings: Listings, now: datetime.datetime) -> Iterator[Finding]:
    rows = {row.key.identity: row for row in listings.rows}
    asked: set[str] = set()
    for repository, pulls in listings.pull_requests.items():
        for pull in pulls:
            asked.add(pull.key.identity)
            row = rows.get(pull.key.identity)
            policy = listings.policies.get((repository, pull.base_ref, pull.key.definition))
            if policy is None or (row is not None and worked_on(row)):
                continue
            # Whether its author is trusted is asked by the pass, of the few that it is about.
            decision = intent.decide(pull, policy, row.life if row else model.Life(), now)
            wish = decision.wish
            if isinstance(wish, model.Desired):
                yield from _wanted(pull.key, row, wish.commit)
                if row is not None:
                    yield from _lived(row, wish, decision)
            else:
                yield from _ignored(pull.key, row, wish.reason)
    for identity, row in rows.items():
        listed = folded(row.key.repository) in listings.pull_requests
        if listed and identity not in asked and not worked_on(row):
            yield from _ignored(row.key, row, intent.CLOSED)


def _wanted(key: model.EnvironmentKey, row: ports.Row | None, commit: str) -> Iterator[Finding]:
    if row is None or row.phase is model.Phase.ABSENT:
        why = f"commit {commit[:7]} asks for an environment"
        yield _hint(Kind.MISSED_OPEN, key, row, why, commit)
    elif row.phase in (model.Phase.READY, model.Phase.SLEEPING):
        if row.commit != commit:
            why = f"commit {commit[:7]} is newer than {(row.commit or 'none')[:7]}"
            yield _hint(Kind.STALE_COMMIT, key, row, why, commit)
    # One that can't start looks at itself; a commit that was not tried may help it.
    elif row.phase is not model.Phase.DEGRADED or row.commit != commit:
        why = f"{row.phase.value}, and commit {commit[:7]} asks for an environment"
        yield _hint(Kind.UNSETTLED, key, row, why, commit)


def _lived(row: ports.Row, wish: model.Desired, decision: intent.Decision) -> Iterator[Finding]:
    settled = row.phase in (model.Phase.READY, model.Phase.SLEEPING)
    if settled and wish.asleep is not (row.phase is model.Phase.SLEEPING):
        why = f"{row.phase.value}, and wanted {'asleep' if wish.asleep else 'awake'}"
        yield _hint(Kind.UNSETTLED, row.key, row, why, wish.commit)
    elif row.life.ends_at is None and decision.life.ends_at is not None:
        yield _hint(Kind.UNSETTLED, row.key, row, "nobody was warned of its end", wish.commit)


def _ignored(key: model.EnvironmentKey, row: ports.Row | None, reason: str) -> Iterator[Finding]:
    if row is not None and row.stack_exists:
        why = f"it exists, and is not wanted: {reason}"
        finding = _hint(Kind.MISSED_CLOSE, key, row, why)
        yield dataclasses.replace(finding, vanishes=True)
    elif reason in intent.HELD_BACK:
        if row is None or row.phase is model.Phase.ABSENT:
            yield _hint(Kind.MISSED_OPEN, key, row, f"somebody waits to be told: {reason}")
    elif row is not None and row.phase is not model.Phase.ABSENT:
        why = f"{row.phase.value}, and nothing is wanted: {reason}"
        yield _hint(Kind.MISSED_CLOSE, key, row, why)


# -- cluster, cloud and state ---------------------------------------------------------------------


def _by_stack(listings: Listings) -> Iterator[Finding]:
    if listings.stacks is None:
        return
    for stack in unclaimed(listings.stacks, listings.lanes):
        if stack not in listings.origins:
            continue  # its state could not be read
        name, origin = naming.environment_of(stack), listings.origins[stack]
        if origin is None or not _named(name, origin.key):
            yield _show(Kind.STRANGER, name, None, "a stack that does not tell whose it is")
        elif origin.by_hand:
            yield _show(Kind.MADE_BY_HAND, name, origin.key, "a stack that a person made")
        else:
            yield _adopt(Kind.ORPHAN_STACK, name, origin.key, "a stack that nobody remembers")


def _by_holding(listings: Listings) -> Iterator[Finding]:
    # Without the stacks nobody can tell what a person made.
    if listings.stacks is None or listings.holdings is None:
        return
    taken = _admitted(listings.rows) | listings.with_stack
    for holding in listings.holdings:
        if holding.name in taken:
            continue
        left = ", ".join(f"{one.kind} {one.name}" for one in holding.resources)
        if holding.by_hand:
            yield _show(Kind.MADE_BY_HAND, holding.name, holding.key, f"a person made {left}")
        elif holding.key is None or not _named(holding.name, holding.key):
            yield _show(Kind.STRANGER, holding.name, None, f"nobody knows whose: {left}")
        else:
            why = f"nobody remembers: {left}"
            yield _adopt(Kind.ORPHAN_RESOURCES, holding.name, holding.key, why)


def _by_row(listings: Listings) -> Iterator[Finding]:
    if listings.stacks is None or listings.holdings is None:
        return
    there = listings.with_stack | {holding.name for holding in listings.holdings}
    for row in listings.rows:
        if row.stack_exists and not worked_on(row) and row.name not in there:
            why = f"{row.phase.value}, and neither a stack nor anything else of it was found"
            found = _hint(Kind.ROW_WITHOUT_STACK, row.key, row, why)
            yield dataclasses.replace(found, action=Action.DOUBT)


def _admitted(rows: Sequence[ports.Row]) -> frozenset[str]:
    """The names of environments that a row says something of, or will."""
    return frozenset(row.name for row in rows if row.stack_exists or worked_on(row))


def _named(name: str, key: model.EnvironmentKey) -> bool:
    """Whether this pull request's environment has this name: a pass works on no other."""
    return name == naming.environment_name(key)


def _hint(
    kind: Kind, key: model.EnvironmentKey, row: ports.Row | None, why: str, commit: str = ""
) -> Finding:
    # As the row spells it; GitHub may spell it otherwise by now.
    key = row.key if row else key
    name = row.name if row else naming.environment_name(key)
    return Finding(kind, Action.HINT, name, key, why, commit)


def _adopt(kind: Kind, name: str, key: model.EnvironmentKey, why: str) -> Finding:
    return Finding(kind, Action.ADOPT, name, key, why)


def _show(kind: Kind, name: str, key: model.EnvironmentKey | None, why: str) -> Finding:
    return Finding(kind, Action.SHOW, name, key, why)
