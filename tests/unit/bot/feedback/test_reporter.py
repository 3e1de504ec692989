from __future__ import annotations

import dataclasses
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


@pytest.mark.parametrize(
    ("key", "check", "environment", "comments"),
    [
        (KEY.defined("admin"), "understudy/admin", "pr-7-admin", 1),
        (model.EnvironmentKey(KEY.repository, branch="main"), "understudy/base", "base-main", 0),
    ],
)
def test_what_shares_a_commit_has_a_check_and_a_deployment_of_its_own(
    desk: Desk, key: model.EnvironmentKey, check: str, environment: str, comments: int
) -> None:
    desk.tell(Phase.READY)
    desk.store.hint(key)
    desk.say(dataclasses.replace(report(Phase.READY), key=key))
    assert desk.reporter.flush()
    assert {one.name for one in desk.hub.checks.values()} == {"understudy", check}
    assert {one.environment for one in desk.hub.deployments.values()} == {"pr-7", environment}
    assert len(desk.hub.comments_on(key)) == comments
    desk.say(dataclasses.replace(report(Phase.ABSENT), key=key))
    assert desk.reporter.flush()
    ended = {one.environment: one.statuses[-1][0] for one in desk.hub.deployments.values()}
    assert ended == {"pr-7": "success", environment: "inactive"}


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


def test_a_check_for_each_commit(desk: Desk) -> None:
    desk.tell(Phase.PROVISIONING)
    desk.tell(Phase.READY, routes=ROUTES)
    desk.tell(Phase.PROVISIONING, commit=B)
    progress = pod("web", model.PodTrouble.CRASHING, "exit code 1")
    desk.tell(Phase.DEGRADED, commit=B, reason="web: crashing", progress=progress)
    first, second = desk.hub.checks.values()
    assert (first.commit, second.commit) == (A, B)
    assert first.said == [("in_progress", None, "Coming up"), ("success", ROUTES.url, "Ready")]
    assert [state for state, _, _ in second.said] == ["in_progress", "failure"]
    assert second.said[-1][2] == "web: crashing"
    assert "exit code 1" in second.summary


def test_a_newer_commit_ends_the_check_of_one_that_came_up(desk: Desk) -> None:
    desk.tell(Phase.PROVISIONING)
    desk.tell(Phase.PROVISIONING, commit=B)
    first, second = desk.hub.checks.values()
    assert [state for state, _, _ in first.said] == ["in_progress", "cancelled"]
    assert [state for state, _, _ in second.said] == ["in_progress"]


@pytest.mark.parametrize("end", [Phase.ABSENT, Phase.WAITING])
def test_the_check_ends_with_the_environment(desk: Desk, end: Phase) -> None:
    desk.tell(Phase.PROVISIONING)
    desk.tell(end, commit=None, reason="closed")
    desk.tell(end, commit=None, reason="told again")
    (check,) = desk.hub.checks.values()
    assert [state for state, _, _ in check.said] == ["in_progress", "neutral"]


def test_mere_progress_is_no_matter_of_checks_and_deployments(desk: Desk) -> None:
    for ready in ("web", "api"):
        desk.tell(Phase.PROVISIONING, progress=pod(ready))
    desk.tell(Phase.SLEEPING)
    desk.tell(Phase.READY)
    desk.tell(Phase.READY, progress=pod("web"))
    beside = [verb for verb in desk.hub.writes if "comment" not in verb]
    assert beside == [
        "create deployment",
        "deployment in_progress",
        "check in_progress",
        "deployment success",
        "check success",
    ]


def test_one_that_comes_up_again_has_a_new_check(desk: Desk) -> None:
    desk.tell(Phase.READY)
    desk.tell(Phase.PROVISIONING)
    desk.tell(Phase.READY)
    said = [[state for state, _, _ in one.said] for one in desk.hub.checks.values()]
    assert said == [["success"], ["in_progress", "success"]]


@pytest.mark.parametrize("verb", ["set_check", "create_deployment"])
def test_what_the_bot_may_not_show_is_tried_once(desk: Desk, verb: str) -> None:
    tries = []

    def refuse(*_: object, **__: object) -> int:
        tries.append(verb)
        raise errors.NotFoundError("Resource not accessible by integration")

    setattr(desk.hub, verb, refuse)
    desk.tell(Phase.READY)
    desk.tell(Phase.READY, progress=pod("web"))
    assert tries == [verb]
    assert "1/1" in desk.comment
    assert len(desk.hub.checks) + len(desk.hub.deployments) == 1


def test_a_deployment_that_is_not_taken_keeps_no_check_from_being_told(desk: Desk) -> None:
    def refuse(*_: object) -> int:
        raise errors.UnreachableError("GitHub answered 500")

    create = desk.hub.create_deployment
    desk.hub.create_deployment = refuse  # type: ignore[method-assign,assignment]
    desk.tell(Phase.READY, wait=False)
    assert not desk.reporter.flush(0.05)
    desk.hub.create_deployment = create  # type: ignore[method-assign]
    assert desk.reporter.flush()
    assert desk.hub.writes.count("check success") == 1
    assert desk.states(A) == ["success"]


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
