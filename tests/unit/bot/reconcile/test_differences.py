from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import intent, model, ports
from bot.model import Phase
from bot.reconcile import differences
from bot.reconcile.differences import Action, Finding, Kind, Listings
from tests.unit.bot.reconcile.listing import NOON, REPOSITORY, A, B, holding, key, name, pull, row

POLICY = intent.Policy()
NOW = NOON


def listings(
    *rows: ports.Row,
    pulls: Sequence[model.PullRequest] | None = (),
    stacks: Sequence[str] | None = None,
    origins: Mapping[str, model.Origin | None] | None = None,
    holdings: Sequence[model.Holding] | None = None,
    policy: intent.Policy = POLICY,
) -> Listings:
    """One repository. What exists by the rows is there, unless stacks or holdings are given."""
    there = [one.name for one in rows if one.stack_exists]
    return Listings(
        lanes=rows,
        pull_requests={} if pulls is None else {REPOSITORY: pulls},
        policies={(REPOSITORY, "main", ""): policy},
        stacks=frozenset([*there, *(origins or {})] if stacks is None else stacks),
        origins=origins or {},
        holdings=() if holdings is None else holdings,
    )


def asleep(one: ports.Row) -> ports.Row:
    """The same, wanted asleep."""
    return dataclasses.replace(one, life=model.Life(asleep=True))


def kinds(found: Listings) -> list[tuple[Kind, Action]]:
    return [(one.kind, one.action) for one in differences.differences(found, NOW)]


HINTED = {kind: [(kind, Action.HINT)] for kind in Kind}


# -- pull requests --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "pulls", "kind"),
    [
        pytest.param(row(1), [pull(1)], None, id="as it should be"),
        pytest.param(asleep(row(1, Phase.SLEEPING)), [pull(1)], None, id="asleep"),
        pytest.param(row(1, Phase.SLEEPING), [pull(1)], Kind.UNSETTLED, id="to be awake"),
        pytest.param(asleep(row(1)), [pull(1)], Kind.UNSETTLED, id="to be asleep"),
        pytest.param(asleep(row(1, Phase.DEGRADED)), [pull(1)], None, id="about to sleep"),
        pytest.param(row(1, Phase.ABSENT), [], None, id="gone as it should be"),
        pytest.param(None, [pull(1)], Kind.MISSED_OPEN, id="opened"),
        pytest.param(row(1, Phase.ABSENT), [pull(1)], Kind.MISSED_OPEN, id="reopened"),
        pytest.param(None, [pull(1, A, "other")], None, id="not asked for"),
        pytest.param(None, [pull(1, fork=True)], Kind.MISSED_OPEN, id="fork, not told"),
        pytest.param(row(1), [], Kind.MISSED_CLOSE, id="closed"),
        pytest.param(row(1), [pull(1, A, "other")], Kind.MISSED_CLOSE, id="label removed"),
        pytest.param(row(1, Phase.STUCK), [], Kind.MISSED_CLOSE, id="stuck and closed"),
        pytest.param(
            row(1, Phase.DEGRADED, commit=None), [], Kind.MISSED_CLOSE, id="half made and closed"
        ),
        pytest.param(row(1, Phase.WAITING), [], Kind.MISSED_CLOSE, id="waited and closed"),
        pytest.param(row(1), [pull(1, B)], Kind.STALE_COMMIT, id="pushed"),
        pytest.param(row(1, Phase.SLEEPING), [pull(1, B)], Kind.STALE_COMMIT, id="pushed, asleep"),
        pytest.param(row(1, Phase.DEGRADED), [pull(1)], None, id="looks at itself"),
        pytest.param(row(1, Phase.DEGRADED), [pull(1, B)], Kind.UNSETTLED, id="degraded, pushed"),
        pytest.param(row(1, Phase.WAITING), [pull(1)], Kind.UNSETTLED, id="perhaps mended"),
        pytest.param(row(1, Phase.STUCK), [pull(1)], Kind.UNSETTLED, id="stuck"),
    ],
)
def test_a_row_is_compared_with_its_pull_request(
    stored: ports.Row | None, pulls: list[model.PullRequest], kind: Kind | None
) -> None:
    found = listings(*([stored] if stored else []), pulls=pulls)
    assert kinds(found) == (HINTED[kind] if kind else [])


def test_the_policy_decides_what_is_wanted() -> None:
    def of(policy: intent.Policy) -> list[tuple[Kind, Action]]:
        return kinds(listings(row(1), pulls=[pull(1)], policy=policy))

    assert of(intent.Policy()) == []
    assert of(intent.Policy(label="other")) == HINTED[Kind.MISSED_CLOSE]
    assert of(intent.Policy(label="other", mode=intent.Mode.ALWAYS)) == []


def test_where_the_policy_is_unknown_nothing_is_said() -> None:
    found = dataclasses.replace(listings(row(1), pulls=[pull(1, A, "other"), pull(2)]), policies={})
    assert kinds(found) == []
    closed = dataclasses.replace(listings(row(1), pulls=[]), policies={})
    assert kinds(closed) == HINTED[Kind.MISSED_CLOSE], "whatever the policy is"


@pytest.mark.parametrize("phase", list(Phase))
def test_only_what_exists_can_vanish(phase: Phase) -> None:
    for exists in (True, False):
        for one in differences.differences(listings(row(1, phase, exists=exists)), NOW):
            assert one.vanishes == exists


def test_capitals_make_no_other_repository() -> None:
    stored = row(1, repository="Acme/Shop")
    assert kinds(listings(stored, pulls=[pull(1)])) == []
    (found,) = differences.differences(listings(stored, pulls=[pull(1, B)]), NOW)
    assert found.key == stored.key


def test_a_repository_that_was_not_listed_says_nothing() -> None:
    assert kinds(listings(row(1), row(2, repository="acme/other"), pulls=None)) == []
    assert kinds(listings(row(1), row(2, repository="acme/other"), pulls=[pull(1)])) == []


# -- stacks, resources, rows ----------------------------------------------------------------------


def origin(number: int, *, by_hand: bool = False) -> model.Origin:
    return model.Origin(key(number), by_hand)


ABSENT = row(1, Phase.ABSENT)


@pytest.mark.parametrize("rows", [(), (ABSENT,)], ids=["no row", "a row that does not admit it"])
@pytest.mark.parametrize(
    ("told", "kind", "action"),
    [
        (origin(1), Kind.ORPHAN_STACK, Action.ADOPT),
        (origin(1, by_hand=True), Kind.MADE_BY_HAND, Action.SHOW),
        (origin(2), Kind.STRANGER, Action.SHOW),
        (None, Kind.STRANGER, Action.SHOW),
    ],
)
def test_a_stack_that_nobody_remembers(
    rows: tuple[ports.Row, ...], told: model.Origin | None, kind: Kind, action: Action
) -> None:
    found = listings(*rows, origins={name(1): told}, holdings=[holding(1)])
    assert kinds(found) == [(kind, action)]


def test_a_stack_that_could_not_be_read_says_nothing_nor_do_its_resources() -> None:
    assert kinds(listings(stacks=[name(1)], holdings=[holding(1)])) == []


@pytest.mark.parametrize(
    ("held", "kind", "action"),
    [
        (holding(1), Kind.ORPHAN_RESOURCES, Action.ADOPT),
        (holding(1, by_hand=True), Kind.MADE_BY_HAND, Action.SHOW),
        (holding(1, told=False), Kind.STRANGER, Action.SHOW),
        (dataclasses.replace(holding(1), name="pr-1"), Kind.STRANGER, Action.SHOW),
    ],
)
def test_resources_that_nobody_remembers(held: model.Holding, kind: Kind, action: Action) -> None:
    assert kinds(listings(holdings=[held])) == [(kind, action)]
    assert kinds(listings(row(1, Phase.ABSENT), holdings=[held])) == [(kind, action)]


def test_what_a_person_made_is_left_alone_where_a_pull_request_asks_for_it() -> None:
    found = listings(pulls=[pull(1)], origins={name(1): origin(1, by_hand=True)})
    assert kinds(found) == [(Kind.MADE_BY_HAND, Action.SHOW)]
    found = listings(pulls=[pull(1)], holdings=[holding(1, by_hand=True)])
    assert kinds(found) == [(Kind.MADE_BY_HAND, Action.SHOW)]


def test_a_wish_tells_more_than_what_was_left() -> None:
    found = listings(pulls=[pull(1)], origins={name(1): origin(1)})
    assert kinds(found) == HINTED[Kind.MISSED_OPEN]


def test_a_row_of_which_nothing_is_there() -> None:
    stored = row(1)
    assert kinds(listings(stored, pulls=[pull(1)], stacks=[])) == [
        (Kind.ROW_WITHOUT_STACK, Action.DOUBT)
    ]
    assert kinds(listings(stored, pulls=[pull(1)], stacks=[], holdings=[holding(1)])) == []
    assert kinds(listings(stored, pulls=[pull(1)], stacks=[name(1)])) == []
    unlisted = listings(stored, pulls=[pull(1)], stacks=[])
    assert kinds(dataclasses.replace(unlisted, holdings=None)) == []
    assert kinds(dataclasses.replace(unlisted, stacks=None)) == []


def test_only_what_can_be_judged_is_counted() -> None:
    found = listings(
        row(1), row(2, wished=True), row(3, Phase.ABSENT), row(4, repository="acme/other")
    )
    assert differences.judged(found) == 1


# -- any mix --------------------------------------------------------------------------------------

NUMBERS = st.integers(1, 4)
ROWS = st.builds(
    row,
    NUMBERS,
    st.sampled_from(Phase),
    exists=st.booleans(),
    commit=st.sampled_from([A, B, None]),
    wished=st.booleans(),
)
PULLS = st.builds(
    lambda number, commit, label, fork: pull(number, commit, label, fork=fork),
    NUMBERS,
    st.sampled_from([A, B]),
    st.sampled_from(["stage", "other"]),
    st.booleans(),
)
ORIGINS = st.one_of(st.none(), st.builds(origin, NUMBERS, by_hand=st.booleans()))
HOLDINGS = st.builds(holding, NUMBERS, told=st.booleans(), by_hand=st.booleans())


@st.composite
def mixes(draw: st.DrawFn) -> Listings:
    origins = draw(st.dictionaries(NUMBERS.map(name), ORIGINS, max_size=4))
    unread = draw(st.sets(NUMBERS.map(name), max_size=2))
    return Listings(
        lanes=draw(st.lists(ROWS, max_size=4, unique_by=lambda one: one.key)),
        pull_requests=draw(
            st.one_of(
                st.just({}),
                st.lists(PULLS, max_size=4, unique_by=lambda one: one.key).map(
                    lambda pulls: {REPOSITORY: pulls}
                ),
            )
        ),
        policies={(REPOSITORY, "main", ""): POLICY},
        stacks=draw(st.one_of(st.none(), st.just(frozenset(origins) | unread))),
        origins=origins,
        holdings=draw(
            st.one_of(st.none(), st.lists(HOLDINGS, max_size=4, unique_by=lambda one: one.name))
        ),
    )


def of(found: Listings) -> list[Finding]:
    return differences.differences(found, NOW)


@given(mixes())
def test_what_is_worked_on_is_never_touched(found: Listings) -> None:
    busy = {one.name for one in found.rows if differences.worked_on(one)}
    assert not busy & {finding.name for finding in of(found)}


@given(mixes())
def test_what_a_person_made_is_never_adopted_or_hinted(found: Listings) -> None:
    ours = {one.name for one in found.rows if one.stack_exists}
    by_hand = {
        called
        for called, told in found.origins.items()
        if told is not None and told.by_hand and called == name(told.key.number)
    }
    if found.stacks is None:
        by_hand = set()
    elif found.holdings is not None:
        by_hand |= {one.name for one in found.holdings if one.by_hand} - found.stacks
    for finding in of(found):
        if finding.name in by_hand - ours:
            assert (finding.kind, finding.action) == (Kind.MADE_BY_HAND, Action.SHOW)


@given(mixes())
def test_without_a_listing_nothing_that_depends_on_it_is_found(found: Listings) -> None:
    no_pulls = of(dataclasses.replace(found, pull_requests={}))
    assert not any(one.vanishes for one in no_pulls)
    assert {one.kind for one in no_pulls} <= {
        Kind.ORPHAN_STACK,
        Kind.ORPHAN_RESOURCES,
        Kind.ROW_WITHOUT_STACK,
        Kind.MADE_BY_HAND,
        Kind.STRANGER,
    }
    no_stacks = of(dataclasses.replace(found, stacks=None))
    assert all(one.action is Action.HINT for one in no_stacks)
    assert Kind.ROW_WITHOUT_STACK not in {one.kind for one in no_stacks}
    no_holdings = {one.kind for one in of(dataclasses.replace(found, holdings=None))}
    assert not no_holdings & {Kind.ORPHAN_RESOURCES, Kind.ROW_WITHOUT_STACK}
    no_origins = of(dataclasses.replace(found, origins={}, holdings=None))
    assert all(one.action is Action.HINT for one in no_origins)


@given(mixes())
def test_each_environment_has_one_finding_and_a_name_that_is_its_own(found: Listings) -> None:
    findings = of(found)
    assert len({one.name for one in findings}) == len(findings)
    for one in findings:
        if one.action is not Action.SHOW:
            assert one.key is not None
            assert one.name == name(one.key.number)
        assert one.vanishes <= (one.kind is Kind.MISSED_CLOSE)


@given(mixes())
def test_what_is_as_it_should_be_is_not_found(found: Listings) -> None:
    """Kinds of findings by the rows and pull requests alone, told in other words."""
    wanted = {
        one.key: wish.commit
        for one in found.pull_requests.get(REPOSITORY, ())
        if isinstance(wish := intent.asked(one, POLICY), model.Desired)
    }
    by_name = {one.name: one for one in of(found)}
    for stored in found.rows:
        if (
            stored.phase is Phase.READY
            and stored.stack_exists
            and REPOSITORY in found.pull_requests
        ):
            good = stored.key in wanted and wanted[stored.key] == stored.commit
            kind = by_name[stored.name].kind if stored.name in by_name else None
            if good or stored.wanted > stored.seen:
                assert kind in (None, Kind.ROW_WITHOUT_STACK)
            else:
                assert kind in (Kind.MISSED_CLOSE, Kind.STALE_COMMIT)


# -- life -----------------------------------------------------------------------------------------

LIFETIME = intent.Policy(lifetime=3600, warn_before=600)


def aged(seconds: float, **life: object) -> ports.Row:
    """One that serves, and began so long ago."""
    began = NOON - datetime.timedelta(seconds=seconds)
    lived = dataclasses.replace(
        model.Life(began_at=began, head=A, pushed_at=began),
        **life,  # type: ignore[arg-type]
    )
    return dataclasses.replace(row(1), life=lived)


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        pytest.param(aged(2999), None, id="young"),
        pytest.param(aged(3000), Kind.UNSETTLED, id="to be warned"),
        pytest.param(aged(9000), Kind.UNSETTLED, id="old, and not warned"),
        pytest.param(aged(9000, pinned=True), None, id="pinned"),
        pytest.param(aged(3599, ends_at=NOON + datetime.timedelta(seconds=1)), None, id="warned"),
        pytest.param(aged(3600, ends_at=NOON), Kind.MISSED_CLOSE, id="expired"),
    ],
)
def test_who_was_not_warned_or_not_taken_away_is_found(
    stored: ports.Row, kind: Kind | None
) -> None:
    found = differences.differences(listings(stored, pulls=[pull(1)], policy=LIFETIME), NOW)
    assert [one.kind for one in found] == ([kind] if kind else [])
    assert all(one.vanishes is (kind is Kind.MISSED_CLOSE) for one in found)


def test_what_expired_stays_away() -> None:
    gone = dataclasses.replace(aged(9000, ends_at=NOON), phase=Phase.ABSENT, stack_exists=False)
    found = listings(gone, pulls=[pull(1, B)], policy=LIFETIME)
    assert differences.differences(found, NOW) == []
    counted = dataclasses.replace(LIFETIME, lifetime_from=model.LifetimeFrom.PUSH)
    found = dataclasses.replace(found, policies={(REPOSITORY, "main", ""): counted})
    assert kinds(found) == HINTED[Kind.MISSED_OPEN]
