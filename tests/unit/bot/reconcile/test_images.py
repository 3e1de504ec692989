"""An environment is made of a commit when its images are there, and not before."""

from __future__ import annotations

import dataclasses
import datetime

import pytest

from bot import errors, model, ports
from bot.model import Phase
from bot.reconcile import deadlines
from infra import contract
from tests.unit.bot.reconcile.stand import KEY, A, B, C, Stand

CRASH = (model.PodTrouble.CRASHING, "exit code 1")


def image(commit: str) -> str:
    return f"registry.test/web:{commit}"


@pytest.fixture
def waiting(stand: Stand) -> Stand:
    stand.configurer.waiting = contract.Images(wait="registry", timeout="10m")
    return stand


@pytest.fixture
def serving(waiting: Stand) -> Stand:
    """An environment of A, and B was pushed, whose image is not there."""
    waiting.images.push(image(A))
    waiting.open(A)
    waiting.settle()
    waiting.push(B)
    return waiting


def pause(stand: Stand) -> float:
    assert stand.row.due_at is not None
    return (stand.row.due_at - stand.clock.now()).total_seconds()


def test_without_the_section_no_registry_is_asked(stand: Stand) -> None:
    stand.open(A)
    stand.settle()
    assert stand.row.phase is Phase.READY
    assert stand.images.asked == []
    assert stand.row.images is None


def test_nothing_is_made_before_the_image_is_there(waiting: Stand) -> None:
    waiting.open(A)
    waiting.settle()
    assert (waiting.row.phase, waiting.row.stack_exists, waiting.verbs) == (
        Phase.WAITING,
        False,
        [],
    )
    end = waiting.clock.now() + datetime.timedelta(minutes=10)
    assert waiting.told.reason == (
        f"the image {image(A)} is not there yet, and is waited for until {end:%H:%M} UTC"
    )
    assert f"waiting: {waiting.row.reason}" in waiting.timeline


def test_an_image_that_appears_is_found_and_pinned(waiting: Stand) -> None:
    waiting.open(A)
    waiting.settle()
    digest = waiting.images.push(image(A))
    waiting.pass_due()
    assert (waiting.row.phase, waiting.row.commit, waiting.row.reason) == (Phase.READY, A, "")
    assert waiting.row.images == model.Images(A, {image(A): digest})
    assert waiting.reporter.phases() == [Phase.WAITING, Phase.PROVISIONING, Phase.READY]
    assert f"found the image of commit {A[:7]}" in waiting.timeline
    assert waiting.configs == [{"commit": A, image(A): digest}]


def test_it_is_looked_for_ever_more_rarely(waiting: Stand) -> None:
    waiting.open(A)
    waiting.settle()
    told = len(waiting.timeline)
    waits = [pause(waiting)]
    for _ in range(8):
        waiting.pass_due()
        waits.append(pause(waiting))
    assert waits[0] == deadlines.FIRST_IMAGE_SECONDS
    assert waits == sorted(waits)
    for _ in range(6):
        waiting.pass_due()
        assert pause(waiting) <= deadlines.LAST_IMAGE_SECONDS
    assert len(waiting.timeline) == told, "it is told once"
    assert waiting.row.failures == 0


def test_after_its_time_people_are_told_that_it_did_not_come(waiting: Stand) -> None:
    waiting.open(A)
    waiting.settle()
    began = waiting.clock.now()
    while "after 10m" not in waiting.row.reason:
        waiting.pass_due()
    assert (waiting.clock.now() - began).total_seconds() == pytest.approx(600, abs=1)
    assert waiting.reporter.phases() == [Phase.WAITING]
    assert waiting.told.reason == (
        f"the image {image(A)} is not there after 10m: see how the build of commit {A[:7]} came "
        "along; it is looked at again at its next check, and every 10 minutes"
    )
    assert pause(waiting) == deadlines.LATE_IMAGE_SECONDS
    assert waiting.row.reason in waiting.timeline
    waiting.pass_due()
    assert pause(waiting) == deadlines.LATE_IMAGE_SECONDS
    waiting.images.push(image(A))
    waiting.pass_due()
    assert waiting.row.phase is Phase.READY


def test_the_end_of_a_check_is_a_reason_to_look_at_once(waiting: Stand) -> None:
    waiting.open(A)
    waiting.settle()
    waiting.images.push(image(A))
    assert waiting.store.hint_commit(KEY.repository, A) == [KEY]
    waiting.settle()
    assert waiting.row.phase is Phase.READY


def test_a_push_while_waiting_is_waited_for_instead_and_has_its_own_time(waiting: Stand) -> None:
    waiting.open(A)
    waiting.settle()
    waiting.clock.advance(590.0)
    waiting.push(B)
    waiting.settle()
    assert image(B) in waiting.row.reason
    waiting.clock.advance(500.0)
    waiting.settle()
    assert "until" in waiting.row.reason
    waiting.images.push(image(A))
    waiting.pass_due()
    assert waiting.row.phase is Phase.WAITING
    waiting.images.push(image(B))
    waiting.store.hint(KEY)
    waiting.settle()
    assert (waiting.row.phase, waiting.row.commit) == (Phase.READY, B)


def test_closed_while_waiting_is_gone_and_waits_anew_when_reopened(waiting: Stand) -> None:
    waiting.open(A)
    waiting.settle()
    waiting.shut()
    waiting.settle()
    assert (waiting.row.phase, waiting.row.images, waiting.row.due_at) == (Phase.ABSENT, None, None)
    assert waiting.verbs == []
    waiting.clock.advance(6000.0)
    waiting.change(open=True)
    waiting.settle()
    assert "until" in waiting.row.reason


def test_what_serves_stays_while_the_next_image_is_built(serving: Stand) -> None:
    serving.settle()
    assert (serving.row.phase, serving.row.commit) == (Phase.READY, A)
    assert serving.row.reason.endswith(f"; commit {A[:7]} stays")
    assert serving.row.reason in serving.timeline
    assert (serving.told.phase, serving.told.commit) == (Phase.READY, A)
    assert serving.verbs == ["up"]
    digest = serving.images.push(image(B))
    serving.pass_due()
    assert (serving.row.phase, serving.row.commit, serving.row.reason) == (Phase.READY, B, "")
    assert serving.row.images == model.Images(B, {image(B): digest})


def test_what_serves_stays_also_when_the_next_image_does_not_come(serving: Stand) -> None:
    serving.settle()
    for _ in range(30):
        serving.pass_due()
    assert (serving.row.phase, serving.row.commit) == (Phase.READY, A)
    assert "after 10m" in serving.row.reason


def test_a_push_back_to_what_serves_needs_nothing(serving: Stand) -> None:
    serving.settle()
    asked = len(serving.images.asked)
    serving.push(A)
    serving.settle()
    assert (serving.row.phase, serving.row.reason, serving.verbs) == (Phase.READY, "", ["up"])
    assert len(serving.images.asked) == asked


def test_the_same_commit_runs_the_same_image_whatever_becomes_of_its_tag(waiting: Stand) -> None:
    digest = waiting.images.push(image(A))
    waiting.open(A)
    waiting.settle()
    waiting.images.push(image(A), "built anew")
    for command in ("set LEVEL=debug", "sleep", "wake"):
        waiting.command(command)
        waiting.settle()
    waiting.store.doubt(KEY)
    waiting.settle()
    assert waiting.row.phase is Phase.READY
    assert len(waiting.images.asked) == 1
    assert len(waiting.configs) == 3
    assert all(config == {"commit": A, image(A): digest} for config in waiting.configs)


def test_a_failed_update_is_tried_again_with_the_same_image(waiting: Stand) -> None:
    digest = waiting.images.push(image(A))
    waiting.engine.failures.append("quota")
    waiting.open(A)
    waiting.settle()
    waiting.images.push(image(A), "built anew")
    waiting.pass_due()
    assert waiting.row.phase is Phase.READY
    assert waiting.configs == [{"commit": A, image(A): digest}] * 2


def test_an_environment_that_was_taken_away_decides_anew(waiting: Stand) -> None:
    waiting.images.push(image(A))
    waiting.open(A)
    waiting.settle()
    waiting.command("down")
    waiting.rest()
    digest = waiting.images.push(image(A), "built anew")
    waiting.command("up")
    waiting.rest()
    assert waiting.row.images == model.Images(A, {image(A): digest})


def test_a_registry_that_does_not_answer_is_asked_again_and_no_failure(waiting: Stand) -> None:
    waiting.images.fault = errors.UnreachableError("the registry registry.test did not answer")
    waiting.open(A)
    waiting.settle()
    assert (waiting.row.phase, waiting.row.failures) == (Phase.WAITING, 0)
    assert waiting.told.reason == "the registry registry.test did not answer"
    waiting.images.fault = None
    waiting.images.push(image(A))
    waiting.pass_due()
    assert waiting.row.phase is Phase.READY


def test_a_registry_that_does_not_answer_leaves_what_serves(serving: Stand) -> None:
    serving.images.fault = errors.UnreachableError("the registry registry.test did not answer")
    serving.settle()
    assert (serving.row.phase, serving.row.commit) == (Phase.READY, A)
    assert serving.row.reason == (
        f"the registry registry.test did not answer; commit {A[:7]} stays"
    )
    assert serving.row.reason in serving.timeline
    assert pause(serving) == deadlines.UNREACHABLE_SECONDS


def test_what_is_to_sleep_does_not_wait_for_a_silent_registry(serving: Stand) -> None:
    serving.images.fault = errors.UnreachableError("the registry registry.test did not answer")
    serving.command("sleep")
    serving.settle()
    assert serving.row.phase is Phase.SLEEPING
    assert serving.world.asleep(serving.row.name) == {"api", "web"}


def test_what_serves_in_an_older_form_is_not_told_ready_as_the_next_commit(serving: Stand) -> None:
    """A variable was set in the same moment: nobody knows any more which commit serves how."""
    serving.images.fault = errors.UnreachableError("the registry registry.test did not answer")
    serving.command("set LEVEL=debug")
    serving.settle()
    assert (serving.told.phase, serving.told.commit) == (Phase.DEGRADED, B)


def test_what_is_no_reference_is_refused_like_the_rest_of_the_file(waiting: Stand) -> None:
    waiting.images.fault = errors.InvalidStageFileError("'Web' is no image reference")
    waiting.open(A)
    waiting.settle()
    assert (waiting.row.phase, waiting.row.due_at) == (Phase.WAITING, None)
    assert waiting.told.reason == "'Web' is no image reference"


# -- what there is meanwhile ----------------------------------------------------------------------


def test_what_was_coming_up_is_told_ready_when_it_serves(waiting: Stand) -> None:
    waiting.images.push(image(A))
    waiting.world.start_seconds = 30.0
    waiting.clock.at(10.0, lambda: waiting.push(B))
    waiting.open(A)
    waiting.settle()
    assert (waiting.row.phase, waiting.row.commit) == (Phase.PROVISIONING, A)
    assert image(B) in waiting.row.reason
    for _ in range(6):
        waiting.pass_due()
    assert (waiting.row.phase, waiting.row.commit) == (Phase.READY, A)
    assert image(B) in waiting.row.reason


def test_what_can_not_start_stays_degraded(waiting: Stand) -> None:
    waiting.images.push(image(A))
    waiting.world.troubles["web"] = CRASH
    waiting.open(A)
    waiting.settle()
    waiting.push(B)
    waiting.settle()
    assert waiting.told.phase is Phase.DEGRADED
    assert image(B) in waiting.row.reason
    del waiting.world.troubles["web"]
    waiting.pass_due()
    assert waiting.row.phase is Phase.READY


def test_sleeping_and_waking_do_not_wait_for_the_image(serving: Stand) -> None:
    serving.command("sleep")
    serving.settle()
    assert (serving.row.phase, serving.row.commit) == (Phase.SLEEPING, A)
    assert serving.world.asleep(serving.row.name) == {"api", "web"}
    assert image(B) in serving.row.reason
    serving.command("wake")
    serving.settle()
    assert serving.world.asleep(serving.row.name) == set()
    serving.pass_due()
    assert (serving.row.phase, serving.row.commit) == (Phase.READY, A)


def test_half_an_update_is_not_told_ready(waiting: Stand) -> None:
    waiting.images.push(image(A))
    waiting.engine.failures.append("quota")
    waiting.open(A)
    waiting.settle()
    waiting.push(B)
    waiting.settle()
    assert (waiting.row.phase, waiting.row.failures) == (Phase.DEGRADED, 0)
    assert waiting.row.reason.startswith(f"the image {image(B)} is not there yet")
    waiting.images.push(image(B))
    waiting.pass_due()
    assert (waiting.row.phase, waiting.row.commit) == (Phase.READY, B)


def test_closing_what_serves_while_the_next_image_is_built_takes_it_away(serving: Stand) -> None:
    serving.settle()
    serving.shut()
    serving.rest()
    assert (serving.row.phase, serving.row.stack_exists) == (Phase.ABSENT, False)
    assert serving.row.images is None


def test_many_images_are_named_in_bounds(waiting: Stand) -> None:
    names = tuple(f"registry.test/{name}:{C}" for name in "abcde")
    needed = waiting.configurer.images

    def many(*given: object, **options: object) -> object:
        return dataclasses.replace(needed(*given, **options), references=names)  # type: ignore[arg-type]

    waiting.configurer.images = many  # type: ignore[method-assign,assignment]
    waiting.open(C)
    waiting.settle()
    assert waiting.row.reason.startswith(
        f"each of 5 images ({', '.join(names[:3])} and 2 more) is not there yet"
    )


# -- a workflow's success -------------------------------------------------------------------------


BUILD = "build.yml"


@pytest.fixture
def building(stand: Stand) -> Stand:
    stand.configurer.waiting = contract.Images(wait="workflow", workflow=BUILD, timeout="10m")
    return stand


@pytest.mark.parametrize("state", [None, ports.RUNNING])
def test_a_workflow_is_waited_for(building: Stand, state: str | None) -> None:
    if state is not None:
        building.hub.runs[BUILD, A] = state
    building.open(A)
    building.settle()
    assert building.row.phase is Phase.WAITING
    assert building.told.reason.startswith(
        f"the workflow {BUILD} has not succeeded for commit {A[:7]} yet, and is waited for until "
    )
    building.hub.runs[BUILD, A] = "success"
    building.store.hint_commit(KEY.repository, A)
    building.settle()
    assert building.reporter.phases() == [Phase.WAITING, Phase.PROVISIONING, Phase.READY]
    assert building.configs == [{"commit": A}]
    assert building.images.asked == []


def test_a_workflow_that_succeeded_is_asked_about_once(building: Stand) -> None:
    building.hub.runs[BUILD, A] = "success"
    building.open(A)
    building.settle()
    building.hub.runs[BUILD, A] = "failure"
    building.command("set LEVEL=debug")
    building.settle()
    assert (building.row.phase, building.row.reason) == (Phase.READY, "")
    assert building.verbs == ["up", "up"]


@pytest.mark.parametrize("state", ["failure", "cancelled", "timed_out"])
def test_a_workflow_that_failed_is_told_at_once(building: Stand, state: str) -> None:
    building.hub.runs[BUILD, A] = state
    building.open(A)
    building.settle()
    assert building.told.reason == (
        f"the workflow {BUILD} ended with {state} for commit {A[:7]}: run it again, or push a "
        "commit that mends it"
    )
    assert pause(building) == deadlines.LATE_IMAGE_SECONDS
    building.hub.runs[BUILD, A] = "success"
    building.pass_due()
    assert building.row.phase is Phase.READY


def test_a_workflow_that_failed_leaves_what_serves(building: Stand) -> None:
    building.hub.runs |= {(BUILD, A): "success", (BUILD, B): "failure"}
    building.open(A)
    building.settle()
    building.push(B)
    building.settle()
    assert (building.row.phase, building.row.commit) == (Phase.READY, A)
    assert building.row.reason.endswith(f"that mends it; commit {A[:7]} stays")


def test_for_a_fork_only_the_run_that_was_asked_for_counts(building: Stand) -> None:
    building.hub.runs[BUILD, A] = "success"
    building.open(A, fork="ada/shop")
    building.settle()
    assert building.row.phase is Phase.WAITING
    building.hub.dispatched[BUILD, A] = "success"
    building.pass_due()
    assert building.reporter.phases()[-1] is Phase.READY


def test_an_approved_commit_of_a_fork_is_built_and_comes_up(building: Stand) -> None:
    building.hub.permissions["ada"] = model.Permission.READ
    building.hub.files[KEY.repository, ".stage.yaml", "main"] = f"images: {{workflow: {BUILD}}}\n"
    building.hub.workflows.add(BUILD)
    building.open(A, fork="ada/shop")
    building.settle()
    assert building.row.phase is Phase.WAITING
    building.command(f"approve {A}", author="grace")
    building.settle()
    assert building.hub.dispatches == [(BUILD, "main", {"sha": A, "pull_request": "7"})]
    assert f"the workflow {BUILD} has not succeeded" in building.row.reason
    [given] = building.store.commands(KEY)
    assert given.answer == f"commit {A[:7]} may run; {BUILD} was asked to build its images"
    building.hub.dispatched[BUILD, A] = "success"
    building.pass_due()
    assert building.reporter.phases()[-1] is Phase.READY
