from __future__ import annotations

from bot import errors, model
from bot.model import Phase
from bot.reconcile import deadlines
from tests.unit.bot.reconcile.stand import KEY, A, B, C, Stand

CRASH = (model.PodTrouble.CRASHING, "exit code 1")


def test_opened_comes_up(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    assert (stand.row.commit, stand.row.stack_exists, stand.row.failures) == (A, True, 0)
    assert stand.row.seen == stand.row.wanted
    assert stand.row.due_at is None
    assert stand.reporter.phases() == [Phase.PROVISIONING, Phase.READY]
    assert stand.told.progress is not None
    assert stand.told.progress.ready
    assert stand.told.routes is not None
    assert stand.told.commit == A
    assert "created Deployment web" in stand.timeline


def test_is_recorded_before_anything_is_made(stand: Stand) -> None:
    seen: list[tuple[bool, Phase]] = []
    up = stand.engine.up

    def look(*arguments: object) -> object:
        seen.append((stand.row.stack_exists, stand.row.phase))
        return up(*arguments)  # type: ignore[arg-type]

    stand.engine.up = look  # type: ignore[method-assign,assignment]
    stand.open(A)
    stand.settle()
    assert seen == [(True, Phase.PROVISIONING)]


def test_one_of_two_services_ready_is_not_ready(stand: Stand) -> None:
    """The first service serves long before the engine has made the second one."""
    stand.engine.seconds = 60.0
    stand.open(A)
    stand.settle()
    ready = [report for report in stand.reporter.reports if report.phase is Phase.READY]
    assert ready
    for report in ready:
        assert report.progress is not None
        assert [service.name for service in report.progress.services] == ["api", "web"]


def test_trouble_is_told_while_the_engine_runs(stand: Stand) -> None:
    stand.engine.seconds = 90.0
    stand.world.troubles["api"] = (model.PodTrouble.IMAGE_NOT_FOUND, "no such tag")
    told: list[float] = []
    start = stand.clock.now()
    report = stand.reporter.report

    def listen(one: model.Report) -> None:
        report(one)
        if one.phase is Phase.DEGRADED:
            told.append((stand.clock.now() - start).total_seconds())

    stand.reporter.report = listen  # type: ignore[method-assign,assignment]
    stand.open(A)
    stand.settle()
    made = 90.0 / 3
    assert made <= told[0] < made + 10
    assert stand.engine.operations[0].cancelled is False
    assert stand.row.phase is Phase.DEGRADED
    assert stand.row.reason == "api: image not found"


def test_trouble_after_a_first_readiness_is_told_while_the_engine_runs(stand: Stand) -> None:
    stand.engine.seconds = 60.0
    stand.world.services = ("api",)
    stand.open(A)
    broke: list[float] = []
    stand.clock.at(45.0, lambda: stand.world.troubles.update(api=CRASH))
    report = stand.reporter.report
    start = stand.clock.now()

    def listen(one: model.Report) -> None:
        report(one)
        if one.phase is Phase.DEGRADED:
            broke.append((stand.clock.now() - start).total_seconds())

    stand.reporter.report = listen  # type: ignore[method-assign,assignment]
    stand.settle()
    assert 45.0 <= broke[0] < 55.0


def test_recovers_by_itself(stand: Stand) -> None:
    stand.world.troubles["web"] = CRASH
    stand.open(A)
    stand.settle()
    assert (stand.row.phase,) == (Phase.DEGRADED,)
    del stand.world.troubles["web"]
    stand.pass_due()
    assert stand.row.phase is Phase.READY
    assert stand.verbs == ["up"], "no update is needed for that"


def test_what_stays_broken_is_looked_at_ever_more_rarely_and_briefly(stand: Stand) -> None:
    stand.world.troubles["web"] = CRASH
    stand.open(A)
    stand.settle()
    waits: list[float] = []
    for _ in range(12):
        began = stand.clock.now()
        due = stand.row.due_at
        assert due is not None
        waits.append((due - began).total_seconds())
        stand.pass_due()
        assert (stand.clock.now() - due).total_seconds() < deadlines.GLANCE_SECONDS + 1
    assert waits == sorted(waits)
    assert waits[0] == deadlines.RECHECK_SECONDS
    assert waits[-1] > 5 * waits[0]
    assert stand.row.failures == 0, "a pod that can't start is no failure of the pass"
    assert stand.timeline.count("degraded: web: crashing") == 1


def test_slow_pods_are_not_ready_in_time(stand: Stand) -> None:
    stand.world.start_seconds = 1e9
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.DEGRADED
    assert stand.row.reason == "not every service became ready in time"
    told = len(stand.reporter.phases())
    stand.pass_due()
    assert len(stand.reporter.phases()) == told, "looking again tells nothing new"


def test_push_updates(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.push(B)
    stand.settle()
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, B)
    assert stand.world.commits(stand.row.name) == {B}
    assert stand.verbs == ["up", "up"]


def test_push_while_the_engine_runs_waits_for_its_end(stand: Stand) -> None:
    stand.open(A)
    stand.clock.at(1.0, lambda: stand.push(B))
    stand.settle()
    assert [operation.cancelled for operation in stand.engine.operations] == [False, False]
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, B)
    assert Phase.READY not in stand.reporter.phases()[:-1], "the older commit is never told ready"


def test_push_while_watching_ends_the_watch(stand: Stand) -> None:
    stand.world.start_seconds = 400.0
    stand.open(A)
    start = stand.clock.now()
    stand.clock.at(20.0, lambda: stand.push(B))
    assert stand.once()
    assert (stand.clock.now() - start).total_seconds() < 25.0
    stand.settle()
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, B)


def test_pushes_in_a_row_are_answered_by_the_newest(stand: Stand) -> None:
    stand.open(A)
    stand.clock.at(1.0, lambda: stand.push(B))
    stand.clock.at(2.0, lambda: stand.push(C))
    stand.settle()
    assert stand.verbs == ["up", "up"]
    assert stand.world.commits(stand.row.name) == {C}


def test_push_back_to_the_commit_before_a_half_done_update(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.engine.failures = ["quota exceeded"]
    stand.push(B)
    assert stand.once()
    assert stand.world.commits(stand.row.name) == {A, B}
    stand.push(A)
    stand.settle()
    assert stand.world.commits(stand.row.name) == {A}
    assert stand.row.phase is Phase.READY


def test_an_unrelated_hint_does_not_disturb(stand: Stand) -> None:
    stand.open(A)
    stand.clock.at(1.0, lambda: stand.change(labels=frozenset({"stage", "bug"})))
    stand.settle()
    assert stand.verbs == ["up"]
    assert stand.row.phase is Phase.READY
    assert stand.row.seen == stand.row.wanted == 2


def test_closing_interrupts_the_engine(stand: Stand) -> None:
    stand.engine.seconds = 500.0
    stand.open(A)
    start = stand.clock.now()
    stand.clock.at(10.0, stand.shut)
    assert stand.once()
    assert (stand.clock.now() - start).total_seconds() < 12.0
    assert stand.engine.operations[0].cancelled
    stand.settle()
    assert stand.row.phase is Phase.ABSENT
    assert not stand.engine.stacks


def test_closing_ends_the_watch(stand: Stand) -> None:
    stand.world.start_seconds = 400.0
    stand.open(A)
    stand.clock.at(30.0, stand.shut)
    stand.settle()
    assert stand.verbs == ["up", "destroy"]
    assert stand.row.phase is Phase.ABSENT


def test_github_away_while_the_engine_runs_is_asked_again(stand: Stand) -> None:
    stand.engine.seconds = 100.0
    stand.open(A)

    def away() -> None:
        stand.shut()
        stand.hub.fault = errors.UnreachableError("GitHub did not answer")

    stand.clock.at(10.0, away)
    stand.clock.at(30.0, lambda: setattr(stand.hub, "fault", None))
    start = stand.clock.now()
    assert stand.once()
    assert 30.0 <= (stand.clock.now() - start).total_seconds() < 40.0
    assert stand.engine.operations[0].cancelled


def test_a_bad_stage_file_makes_nothing(stand: Stand) -> None:
    stand.configurer.invalid[A] = ".stage.yaml line 3: no such key"
    stand.open(A)
    stand.settle()
    assert (stand.row.phase, stand.row.stack_exists) == (Phase.WAITING, False)
    assert stand.told.reason == ".stage.yaml line 3: no such key"
    assert (stand.told.commit, stand.row.due_at) == (A, None)
    assert not stand.engine.operations
    stand.push(B)
    stand.settle()
    assert stand.row.phase is Phase.READY


def test_a_bad_stage_file_leaves_what_an_earlier_commit_made(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.configurer.invalid[B] = ".stage.yaml line 3: no such key"
    stand.push(B)
    stand.settle()
    assert (stand.row.phase,) == (Phase.DEGRADED,)
    assert stand.told.reason == ".stage.yaml line 3: no such key; commit aaaaaaa stays"
    assert stand.world.commits(stand.row.name) == {A}
    stand.push(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    assert stand.verbs == ["up"]


def test_nothing_is_begun_while_the_cluster_is_away(stand: Stand) -> None:
    stand.prover.fault = errors.UnreachableError("the cluster did not answer")
    stand.open(A)
    stand.settle()
    assert not stand.engine.operations
    assert (stand.row.phase, stand.row.stack_exists) == (Phase.WAITING, False)
    assert stand.told.reason == "the cluster did not answer"
    stand.prover.fault = None
    stand.pass_due()
    assert (stand.row.phase, stand.row.reason, stand.row.failures) == (Phase.READY, "", 0)


def test_the_watch_away_does_not_interrupt_the_engine(stand: Stand) -> None:
    stand.engine.seconds = 60.0
    stand.open(A)
    away = errors.UnreachableError("the cluster did not answer")
    stand.clock.at(10.0, lambda: setattr(stand.watch, "fault", away))
    stand.clock.at(40.0, lambda: setattr(stand.watch, "fault", None))
    stand.settle()
    assert stand.row.phase is Phase.READY
    assert stand.verbs == ["up"]


def test_the_watch_away_after_the_engine_is_no_failure(stand: Stand) -> None:
    stand.watch.fault = errors.UnreachableError("the cluster did not answer")
    stand.open(A)
    stand.settle()
    for _ in range(2 * deadlines.MAX_FAILURES):
        stand.pass_due()
    assert (stand.row.phase, stand.row.failures) == (Phase.PROVISIONING, 0)
    assert stand.told.reason == "the cluster did not answer"
    assert stand.timeline.count("waiting: the cluster did not answer") == 1
    stand.watch.fault = None
    stand.pass_due()
    assert (stand.row.phase, stand.row.reason) == (Phase.READY, "")
    assert stand.verbs == ["up"]


def test_an_engine_that_fails_is_tried_again_until_a_person_is_needed(stand: Stand) -> None:
    stand.engine.failures = ["no such subnet"] * 100
    stand.open(A)
    stand.settle()
    waits = []
    while stand.row.phase is not Phase.STUCK:
        assert stand.row.due_at is not None
        waits.append((stand.row.due_at - stand.clock.now()).total_seconds())
        assert stand.row.phase is Phase.DEGRADED
        stand.pass_due()
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    assert (stand.row.phase, stand.row.failures) == (Phase.STUCK, deadlines.MAX_FAILURES)
    assert stand.told.reason == "no such subnet"
    stand.engine.failures = []
    stand.pass_due()
    assert (stand.row.phase, stand.row.failures) == (Phase.READY, 0), "it is tried on, slowly"


def test_a_stuck_environment_is_tried_again_when_somebody_asks(stand: Stand) -> None:
    stand.engine.failures = ["no such subnet"] * deadlines.MAX_FAILURES
    stand.open(A)
    stand.settle()
    stand.rest()
    assert stand.row.phase is Phase.STUCK
    stand.push(B)
    stand.settle()
    assert (stand.row.phase, stand.row.failures) == (Phase.READY, 0)


def test_an_engine_that_fails_while_the_cluster_is_away_is_no_failure(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.engine.fault = errors.EngineError("connection refused")
    stand.prover.fault = errors.UnreachableError("the cluster did not answer")
    stand.push(B)
    stand.settle()
    for _ in range(2 * deadlines.MAX_FAILURES):
        stand.pass_due()
    assert stand.row.failures == 0
    assert stand.told.reason == "the cluster did not answer"
    stand.engine.fault = stand.prover.fault = None
    stand.pass_due()
    assert (stand.row.phase, stand.row.commit) == (Phase.READY, B)


def test_a_ready_environment_that_broke_is_found_at_the_next_look(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    stand.world.troubles["api"] = CRASH
    stand.store.hint(KEY)
    stand.settle()
    assert (stand.row.phase, stand.row.reason) == (Phase.DEGRADED, "api: crashing")


def test_stopping_interrupts_the_engine_and_gives_the_lease_back(stand: Stand) -> None:
    stand.engine.seconds = 500.0
    stand.open(A)
    end = stand.clock.now().timestamp() + 5
    assert stand.once(stopping=lambda: stand.clock.now().timestamp() > end)
    assert stand.engine.operations[0].cancelled
    assert (stand.row.phase, stand.row.failures) == (Phase.PROVISIONING, 0)
    stand.engine.seconds = 4.0
    stand.settle()
    assert stand.row.phase is Phase.READY


def test_a_lost_lease_ends_the_engine_and_nothing_more_is_written(stand: Stand) -> None:
    stand.engine.seconds = 500.0
    stand.open(A)
    at_loss: list[object] = []

    def taken_over() -> None:
        stand.clock.advance(deadlines.LEASE_SECONDS + 1)
        taken = stand.store.take("another", deadlines.LEASE_SECONDS)
        assert taken is not None
        at_loss.extend([stand.row, len(stand.reporter.reports), stand.timeline])

    stand.clock.at(10.0, taken_over)
    taken = stand.store.take("test", deadlines.LEASE_SECONDS)
    assert taken is not None
    stand.loop.run(*taken)
    assert stand.engine.operations[0].cancelled
    assert [stand.row, len(stand.reporter.reports), stand.timeline] == at_loss


def test_a_long_pass_keeps_its_lease(stand: Stand) -> None:
    stand.engine.seconds = 5 * deadlines.LEASE_SECONDS
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    assert stand.verbs == ["up"]
