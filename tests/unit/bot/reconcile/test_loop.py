from __future__ import annotations

import pytest

from bot import errors, intent
from bot.model import Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, Stand


def test_neither_label_nor_environment_is_told_nothing(stand: Stand) -> None:
    stand.open(A, "bug")
    stand.settle()
    assert stand.row.phase is Phase.ABSENT
    assert not stand.reporter.reports
    assert not stand.timeline


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"head_repository": "stranger/shop"}, intent.NOT_APPROVED),
        ({"head_repository": None}, intent.FORK_DELETED),
    ],
    ids=["stranger", "deleted"],
)
def test_a_fork_is_refused_with_a_sentence(
    stand: Stand, changes: dict[str, object], reason: str
) -> None:
    stand.open(A)
    stand.change(**changes)
    stand.settle()
    assert (stand.row.phase, stand.row.stack_exists) == (Phase.WAITING, False)
    assert stand.told.reason == intent.HELD_BACK[reason]
    assert not stand.engine.operations


def test_a_refused_fork_that_is_closed_ends_absent(stand: Stand) -> None:
    stand.open(A, fork="stranger/shop")
    stand.settle()
    stand.shut()
    stand.settle()
    assert stand.row.phase is Phase.ABSENT
    assert stand.told.reason == "the pull request was closed"
    assert not stand.engine.operations


def test_github_away_is_no_news(stand: Stand) -> None:
    stand.hub.fault = errors.UnreachableError("GitHub did not answer")
    stand.open(A)
    stand.settle()
    for _ in range(2 * deadlines.MAX_FAILURES):
        stand.pass_due()
    assert (stand.row.phase, stand.row.failures) == (Phase.ABSENT, 0)
    assert not stand.reporter.reports
    stand.hub.fault = None
    stand.pass_due()
    assert stand.row.phase is Phase.READY


def test_github_away_keeps_the_proof_in_the_comment(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.shut()
    stand.settle()
    told = list(stand.reporter.reports)
    stand.hub.fault = errors.UnreachableError("GitHub did not answer")
    stand.store.hint(KEY)
    stand.settle()
    stand.hub.fault = None
    stand.pass_due()
    assert stand.reporter.reports == told


def test_an_unexpected_error_is_a_failure_with_a_sentence(stand: Stand) -> None:
    stand.open(A)

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    stand.engine.up = broken  # type: ignore[method-assign,assignment]
    stand.settle()
    assert (stand.row.phase, stand.row.failures) == (Phase.DEGRADED, 1)
    assert stand.told.reason == "unexpected ZeroDivisionError; see the bot's log"


def test_an_unexpected_error_about_what_nobody_asked_for_is_not_told(stand: Stand) -> None:
    stand.open(A, "bug")
    read = stand.hub.pull_request

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    stand.hub.pull_request = broken  # type: ignore[method-assign,assignment]
    stand.settle()
    while stand.row.failures < 2 * deadlines.MAX_FAILURES:
        stand.pass_due()
    assert stand.row.phase is Phase.ABSENT
    assert not stand.reporter.reports
    stand.hub.pull_request = read  # type: ignore[method-assign]
    stand.pass_due()
    assert stand.row.due_at is None


def test_a_commit_that_vanished_is_looked_up_again(stand: Stand) -> None:
    stand.configurer.fault = errors.NotFoundError("no commit found")
    stand.open(A)
    stand.settle()
    assert (stand.row.phase, stand.row.failures) == (Phase.WAITING, 1)
    assert not stand.engine.operations
    stand.configurer.fault = None
    stand.pass_due()
    assert (stand.row.phase, stand.row.failures) == (Phase.READY, 0)


def test_settled_environments_are_not_made_again(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    for _ in range(3):
        stand.store.hint(KEY)
        stand.settle()
    assert stand.verbs == ["up"]
    stand.shut()
    stand.settle()
    for _ in range(3):
        stand.store.hint(KEY)
        stand.settle()
    assert stand.verbs == ["up", "destroy"]


def test_a_lease_lost_before_the_pass_begins(stand: Stand) -> None:
    stand.open(A)
    taken = stand.store.take("slow", deadlines.LEASE_SECONDS)
    assert taken is not None
    stand.clock.advance(deadlines.LEASE_SECONDS + 1)
    stand.loop.run(*taken)
    assert not stand.engine.operations
    assert not stand.reporter.reports
    assert stand.row.phase is Phase.ABSENT
