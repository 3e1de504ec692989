"""Sees that a commit's images are there before anything is made of it.

Until they are, whatever serves of an earlier commit stays. What was found is kept with the row, so
that the commit runs the same images whenever it is updated again.
"""

from __future__ import annotations

import dataclasses
import datetime

import structlog

from bot import errors, model, ports
from bot.reconcile import deadlines, glance, plan, sleeping
from bot.reconcile.context import Pass
from infra import contract

_SUCCESS = "success"
MAX_NAMED = 3
"""Images that are named in a sentence."""

_log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class _Lack:
    """What is not there yet."""

    sentence: str
    """That it is not there, without an end."""
    hopeless: bool = False
    """It does not come by itself."""


def missing(run: Pass, pull_request: model.PullRequest, commit: str) -> datetime.datetime | None:
    """Tell what is waited for, and return when to look again; None where everything is there.

    Raises InvalidStageFileError, LeaseLostError, and UnreachableError where what there is can't be
    looked at.
    """
    needed = run.stages.configurer.images(pull_request, trusted=run.trusted)
    if needed.waiting.wait == "none":
        return None
    try:
        if needed.waiting.wait == "registry":
            lack = _in_registry(run, needed, commit)
        else:
            lack = _of_workflow(run, pull_request, needed.waiting.workflow or "", commit)
    except errors.UnreachableError as error:
        # It says nothing of the images; what there is goes on meanwhile.
        _log.warning(
            "service not reached", action="images", environment=str(run.key), why=error.message
        )
        _hold(run, error.message)
        return run.after(deadlines.UNREACHABLE_SECONDS)
    return None if lack is None else _wait(run, needed.waiting, lack, commit)


def _wait(run: Pass, waiting: contract.Images, lack: _Lack, commit: str) -> datetime.datetime:
    """Tell what is waited for and until when; returns when to look again."""
    kept = run.row.images or model.Images()
    since = kept.since if kept.awaited == commit else None
    if since is None:
        since = run.stages.clock.now()
        run.save(images=dataclasses.replace(kept, awaited=commit, since=since))
    waited = (run.stages.clock.now() - since).total_seconds()
    left = waiting.seconds - waited
    if lack.hopeless:
        sentence = lack.sentence
    elif left <= 0:
        sentence = (
            f"{lack.sentence} after {waiting.timeout}: see how the build of commit {commit[:7]} "
            "came along; it is looked at again at its next check, and every "
            f"{deadlines.LATE_IMAGE_SECONDS / 60:.0f} minutes"
        )
    else:
        until = since + datetime.timedelta(seconds=waiting.seconds)
        sentence = f"{lack.sentence} yet, and is waited for until {until:%H:%M} UTC"
    _hold(run, sentence)
    late = lack.hopeless or left <= 0
    pause = min(deadlines.image_seconds(waited), left)
    return run.after(deadlines.LATE_IMAGE_SECONDS if late else pause)


def _in_registry(run: Pass, needed: ports.Needed, commit: str) -> _Lack | None:
    """Look for every image, and keep what they are when all of them are there."""
    kept = run.row.images
    known = dict(kept.digests) if kept is not None and kept.commit == commit else {}
    wanted = [one for one in needed.references if one not in known]
    if not wanted:
        return None
    found = run.stages.images.resolve(wanted)
    absent = [one for one in wanted if found.get(one) is None]
    if absent:
        return _Lack(_sentence(absent))
    known |= {one: digest for one, digest in found.items() if digest is not None}
    run.save(images=model.Images(commit, known))
    run.note(f"found {_counted(len(wanted))} of commit {commit[:7]}")
    return None


def _of_workflow(
    run: Pass, pull_request: model.PullRequest, workflow: str, commit: str
) -> _Lack | None:
    """Look how the workflow's newest run stands; once it has succeeded, that is kept."""
    if run.row.images is not None and run.row.images.commit == commit:
        return None
    hub, repository = run.stages.hub, pull_request.key.repository
    state = None
    if not pull_request.from_fork:
        state = hub.workflow_state(repository, workflow, commit)
    # What runs for a fork's commit has no right to push images; only what was asked for has.
    state = state or hub.dispatched_state(repository, workflow, commit)
    if state in (None, ports.RUNNING):
        return _Lack(f"the workflow {workflow} has not succeeded for commit {commit[:7]}")
    if state != _SUCCESS:
        return _Lack(
            f"the workflow {workflow} ended with {state} for commit {commit[:7]}: run it again, or "
            "push a commit that mends it",
            hopeless=True,
        )
    run.save(images=model.Images(commit))
    run.note(f"the workflow {workflow} succeeded for commit {commit[:7]}")
    return None


def _hold(run: Pass, sentence: str) -> None:
    """Make nothing of the new commit, and keep what there is of an earlier one."""
    phase = _held(run)
    if run.row.stack_exists and run.row.commit:
        sentence = f"{sentence}; commit {run.row.commit[:7]} stays"
    if phase is run.row.phase and sentence != run.row.reason:
        run.note(sentence)
    run.to(phase, sentence, failures=0)


def _held(run: Pass) -> model.Phase:
    """The phase of what there is meanwhile, which goes on as it was and as it is to be."""
    row = run.row
    if not row.stack_exists:
        return model.Phase.WAITING
    if row.commit is None:
        # An update that did not end, and whose commit is no longer wanted.
        return model.Phase.DEGRADED
    assert isinstance(run.wish, model.Desired)
    wish = dataclasses.replace(run.wish, commit=row.commit)
    phase = row.phase
    match plan.next_step(wish, model.Observed(phase, row.stack_exists, row.removing, row.commit)):
        case model.Step.SLEEP:
            run.stages.sleeper.sleep(row.name)
            phase = model.Phase.SLEEPING
        case model.Step.WAKE:
            sleeping.awake(run)
            phase = model.Phase.PROVISIONING
        case model.Step.WATCH if glance.serves(run, row.commit):
            phase = model.Phase.READY
        case model.Step.UP:
            phase = model.Phase.DEGRADED
    return phase


def _sentence(absent: list[str]) -> str:
    if len(absent) == 1:
        return f"the image {absent[0]} is not there"
    named = ", ".join(absent[:MAX_NAMED])
    more = f" and {len(absent) - MAX_NAMED} more" if len(absent) > MAX_NAMED else ""
    return f"each of {len(absent)} images ({named}{more}) is not there"


def _counted(number: int) -> str:
    return "the image" if number == 1 else f"{number} images"
