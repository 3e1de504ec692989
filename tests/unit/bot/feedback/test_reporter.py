from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import clock, errors, model, store, testing
from bot.feedback import HubReporter, queue
from bot.model import Phase
from tests.unit.bot.feedback.reports import KEY, ROUTES, A, B, pod, report


class Desk:
    """A reporter on a fake GitHub, and a row that says the phases that are told."""

    def __init__(self, folder: Path) -> None:
        self.clock = clock.SystemClock()
        self.store = store.SqlStore(f"sqlite:///{folder / 'bot.db'}", self.clock)
        self.store.hint(KEY)
        taken = self.store.take("test", 600)
        assert taken is not None
        self.lease = taken[1]
        self.hub = testing.FakeHub()
        self.newest: dict[model.EnvironmentKey, model.Report] = {}
        self.reporter = HubReporter(self.hub, self.store, self.newest.get, self.clock)

    def tell(self, phase: Phase, *, wait: bool = True, **changes: Any) -> None:
        self.say(report(phase, **changes))
        if wait:
            assert self.reporter.flush()

    def say(self, told: model.Report) -> None:
        self.newest[told.key] = told
        self.reporter.report(told)

    @property
    def comment(self) -> str:
        (body,) = self.hub.comments_on(KEY)
        return body

    def states(self, commit: str) -> list[str]:
        return [
            state
            for deployment in self.hub.deployments.values()
            if deployment.commit == commit
            for state, _, _ in deployment.statuses
        ]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("SETTLE_SECONDS", "COALESCE_SECONDS", "FIRST_AGAIN_SECONDS"):
        monkeypatch.setattr(queue, name, 0.001)
    made = Desk(tmp_path)
    yield made
    made.reporter.close()
    made.store.close()


def test_one_comment_is_edited(desk: Desk) -> None:
    desk.tell(Phase.PROVISIONING)
    assert "Coming up" in desk.comment
    desk.tell(Phase.READY, routes=ROUTES)
    assert "Ready" in desk.comment
    assert [verb for verb in desk.hub.writes if "comment" in verb] == [
        "create comment",
        "edit comment",
    ]


def test_equal_content_is_not_written_again(desk: Desk) -> None:
    desk.tell(Phase.READY)
    written = list(desk.hub.writes)
    desk.tell(Phase.READY)
    assert desk.hub.writes == written


def test_equal_content_is_not_written_again_by_the_next_process(desk: Desk) -> None:
    desk.tell(Phase.READY)
    edits = desk.hub.writes.count("edit comment")
    other = HubReporter(desk.hub, desk.store, desk.newest.get, desk.clock)
    other.report(report(Phase.READY))
    other.close()
    assert desk.hub.writes.count("edit comment") == edits
    assert len(desk.hub.deployments) == 1


def test_a_deployment_for_each_commit(desk: Desk) -> None:
    desk.tell(Phase.PROVISIONING)
    desk.tell(Phase.READY, routes=ROUTES)
    desk.tell(Phase.PROVISIONING, commit=B)
    desk.tell(Phase.DEGRADED, commit=B, reason="web: crashing")
    assert desk.states(A) == ["in_progress", "success"]
    assert desk.states(B) == ["in_progress", "failure"]
    first, second = desk.hub.deployments.values()
    assert first.environment == second.environment == "pr-7"
    assert first.statuses[-1] == ("success", ROUTES.url, "Ready")
    assert second.statuses[-1] == ("failure", None, "web: crashing")


def test_a_commit_that_came_up_before_it_could_be_told_has_its_own_deployment(desk: Desk) -> None:
    desk.tell(Phase.READY)
    desk.tell(Phase.PROVISIONING, commit=B, wait=False)
    desk.tell(Phase.READY, commit=B)
    assert desk.states(A) == ["success", "inactive"]
    assert desk.states(B)[-1] == "success"


@pytest.mark.parametrize("end", [Phase.ABSENT, Phase.WAITING])
def test_the_deployment_ends_with_the_environment(desk: Desk, end: Phase) -> None:
    desk.tell(Phase.READY)
    desk.tell(Phase.DESTROYING)
    assert desk.states(A) == ["success"]
    desk.tell(end, commit=None)
    assert desk.states(A) == ["success", "inactive"]
    desk.tell(end, commit=None, reason="told again")
    assert desk.states(A) == ["success", "inactive"]


def test_what_is_held_back_has_no_deployment(desk: Desk) -> None:
    desk.tell(Phase.WAITING, reason="no stage file")
    assert "no stage file" in desk.comment
    assert not desk.hub.deployments


def test_nobody_hears_of_an_environment_that_never_was(desk: Desk) -> None:
    desk.tell(Phase.ABSENT)
    assert not desk.hub.writes


def test_a_deleted_comment_is_written_anew(desk: Desk) -> None:
    desk.tell(Phase.PROVISIONING)
    desk.hub.written.clear()
    desk.tell(Phase.READY)
    assert "Ready" in desk.comment


def test_a_forgotten_comment_is_found_again(desk: Desk) -> None:
    desk.tell(Phase.PROVISIONING)
    desk.store.remember(KEY, comment_id=None, comment_digest=None)
    desk.tell(Phase.READY)
    assert "Ready" in desk.comment


def test_what_is_written_is_how_it_stands_by_then(desk: Desk) -> None:
    """Another lane, or another replica, has moved on since the report was made."""
    desk.newest[KEY] = report(Phase.DESTROYING)
    desk.reporter.report(report(Phase.READY))
    assert desk.reporter.flush()
    assert "Being taken away" in desk.comment


def test_github_away_is_caught_up_with_the_newest(desk: Desk) -> None:
    desk.hub.fault = errors.UnreachableError("GitHub did not answer")
    desk.tell(Phase.PROVISIONING, wait=False)
    assert not desk.reporter.flush(0.05)
    desk.tell(Phase.READY, wait=False, progress=pod("web"))
    assert not desk.hub.writes
    desk.hub.fault = None
    assert desk.reporter.flush()
    assert "Ready" in desk.comment
    # A try that had begun when GitHub came back may tell what was so when it began, before this.
    assert desk.states(A)[-1] == "success"


def test_one_that_github_does_not_take_does_not_hold_up_the_others(desk: Desk) -> None:
    other = model.EnvironmentKey("acme/shop", 8)
    desk.store.hint(other)
    write = desk.hub.write_comment

    def refuse(key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        if key == KEY:
            raise errors.UnreachableError("GitHub answered 403")
        written.set()
        return write(key, body, comment_id)

    written = threading.Event()
    desk.hub.write_comment = refuse  # type: ignore[method-assign]
    desk.tell(Phase.READY, wait=False)
    taken = desk.store.take("test", 600)
    assert taken is not None
    desk.store.save(taken[1], phase=Phase.READY.value)
    desk.say(model.Report(other, "pr-8", Phase.READY, B))
    assert written.wait(5)
    desk.hub.write_comment = write  # type: ignore[method-assign]
    assert desk.reporter.flush()


def test_a_slow_answer_does_not_hold_up_the_others(desk: Desk) -> None:
    other = model.EnvironmentKey("acme/shop", 8)
    desk.store.hint(other)
    write = desk.hub.write_comment
    written, go_on = threading.Event(), threading.Event()

    def slow(key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        if key == KEY:
            go_on.wait(5)
        else:
            written.set()
        return write(key, body, comment_id)

    desk.hub.write_comment = slow  # type: ignore[method-assign]
    desk.tell(Phase.READY, wait=False)
    taken = desk.store.take("test", 600)
    assert taken is not None
    desk.store.save(taken[1], phase=Phase.READY.value)
    desk.say(model.Report(other, "pr-8", Phase.READY, B))
    assert written.wait(5)
    go_on.set()
    assert desk.reporter.flush()


@pytest.mark.parametrize("fault", [errors.NotFoundError("gone"), ZeroDivisionError()])
def test_what_can_not_be_told_is_left(desk: Desk, fault: Exception) -> None:
    def fail(*_: object) -> int:
        raise fault

    desk.hub.write_comment = fail  # type: ignore[method-assign,assignment]
    desk.tell(Phase.READY)
    assert not desk.hub.writes


def test_closing_writes_what_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.tell(Phase.PROVISIONING)
    monkeypatch.setattr(queue, "SETTLE_SECONDS", 3600.0)
    desk.tell(Phase.READY, wait=False)
    desk.reporter.close()
    assert "Ready" in desk.comment


def test_closing_does_not_wait_for_a_github_that_is_away(desk: Desk) -> None:
    desk.hub.fault = errors.UnreachableError("GitHub did not answer")
    desk.tell(Phase.READY, wait=False)
    desk.reporter.close()
    assert not desk.hub.written
