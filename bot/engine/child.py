"""What happens inside the engine's child processes.

Imported by the fork server, so that each child starts with Pulumi's SDKs in memory. The child is a
guard (`bot.engine.guard`), which forks a worker that does the job; see
docs/decisions/0007-engine-repair.md for who ends whom.
"""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import os
import signal
import tempfile
from collections.abc import Callable
from typing import TypeVar

import pulumi_kubernetes as kubernetes
from pulumi import automation
from pulumi.automation import errors as automation_errors

from bot import errors
from bot.engine import events, failures, group, guard, job, repair, state, whereabouts, workspace
from bot.engine.settings import EngineSettings
from bot.engine.stack import EVENTS_SECONDS, Deployment, EventStack
from infra import contract

INTERRUPTED = "interrupted before it was done"

_Result = TypeVar("_Result")

# The SDK loads its modules at first use: touched here, they are loaded once, before the fork.
_WARM = (
    kubernetes.core.v1.Namespace,
    kubernetes.apps.v1.Deployment,
    kubernetes.batch.v1.Job,
    kubernetes.networking.v1.NetworkPolicy,
    kubernetes.apiextensions.CustomResource,
)


def run(  # noqa: PLR0917 - a process takes its arguments by position
    what: job.Job,
    settings: EngineSettings,
    mark: str,
    deadline: float,
    beats: multiprocessing.connection.Connection,
    sender: multiprocessing.connection.Connection,
) -> None:
    """The child's main function: guard the worker that does the job, and leave nothing of it."""
    guard.lead()
    record = group.of(os.getpid(), what.stack, mark)
    try:
        place = _place(what, settings, record)
    except errors.UnreachableError as error:
        sender.send(job.Failed(error.message, job.Kind.UNREACHABLE))
        return
    except OSError as error:
        sender.send(failures.without_room(error))
        return
    worker = os.fork()
    if worker == 0:
        beats.close()
        os._exit(_Worker(what, settings, mark, place, sender).run(record.session))
    sender.close()
    code = guard.Guard(worker, beats, deadline, settings.cancel_seconds).watch()
    if guard.clear(record):
        place.leave()
    raise SystemExit(code if code >= 0 else 128 - code)


def _place(what: job.Job, settings: EngineSettings, record: group.Record) -> workspace.Place:
    """The folder to work in, in which nobody else works any more.

    Raises OSError, and UnreachableError when somebody still does.
    """
    settings.work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not what.changes:
        return workspace.Place(tempfile.mkdtemp(prefix="question-", dir=settings.work_dir))
    place = workspace.Place.of(settings.work_dir, what.stack)
    before = group.read(place.record)
    if before is not None and not group.end(before, settings.cancel_seconds):
        raise errors.UnreachableError(
            f"processes of an earlier operation on {what.stack} (session {before.session}) do not "
            "end, not even killed: look what the machine is waiting for"
        )
    group.write(record, place.record)
    return place


class _Worker:
    """Does one job."""

    def __init__(
        self,
        what: job.Job,
        settings: EngineSettings,
        mark: str,
        place: workspace.Place,
        sender: multiprocessing.connection.Connection,
    ) -> None:
        self._what = what
        self._settings = settings
        self._mark = mark
        self._place = place
        self._sender = sender
        self._interrupted = False
        self._opening = True
        """Only the state backend was asked so far."""

    def run(self, leader: int) -> int:
        """Do it, send the answer, and return the process's exit code."""
        guard.follow(leader)
        # The command line gets the same interrupt and ends orderly; this process has to stay to
        # hear how, and begins nothing more. A handler, as an ignored signal stays ignored in the
        # programs that are started.
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, lambda *_: None)
        try:
            answer: job.Message = self._do()
        except automation_errors.CommandError as error:
            answer = (
                job.Failed(INTERRUPTED)
                if self._interrupted and self._opening
                else failures.judge(str(error), opening=self._opening)
            )
        except errors.UnreachableError as error:
            answer = job.Failed(error.message, job.Kind.UNREACHABLE)
        except errors.EngineError as error:
            answer = job.Failed(error.message)
        except OSError as error:
            answer = failures.without_room(error)
        except Exception as error:
            answer = job.Failed(f"{type(error).__name__}: {error}")
        self._sender.send(answer)
        self._sender.close()
        return 0

    def _interrupt(self, *_: object) -> None:
        self._interrupted = True

    def _say(self, text: str) -> None:
        self._sender.send(job.Event(text))

    def _do(self) -> job.Done:
        if self._what.verb == "warm":
            return job.Done({}, {})
        # The Automation API looks for `pulumi` on this process's own PATH.
        os.environ.update(workspace.environment(self._settings, self._mark))
        opened = self._place.workspace(self._settings.secrets_provider)
        if self._what.changes:
            failures.check_room(self._settings.backend_url)
        if self._what.verb == "names":
            return job.Done({"names": [one.name for one in opened.list_stacks()]}, {})
        target = EventStack(self._what.stack, opened, events.Follower(self._say))
        deployment = target.state()
        match self._what.verb:
            case "exists":
                return job.Done({"exists": deployment is not None}, {})
            case "origin":
                return job.Done({"origin": deployment and state.origin(deployment)}, {})
            case "up":
                return self._up(target, opened, deployment)
            case _:
                return self._destroy(target, opened, deployment)

    def _up(
        self,
        target: EventStack,
        opened: automation.LocalWorkspace,
        deployment: Deployment | None,
    ) -> job.Done:
        config = self._what.config
        opened.save_stack_settings(target.name, workspace.stack_settings(config, deployment))
        if deployment is None:
            target.make(self._settings.secrets_provider)
        # Whatever is in the config goes into the state's history: secrets only encrypted.
        secrets = {
            workspace.full(key): automation.ConfigValue(config[key], secret=True)
            for key in contract.SECRET_KEYS
            if config.get(key)
        }
        if secrets:
            target.set_all_config(secrets)
        self._repair(target, deployment)
        try:
            result = self._begin(
                target,
                lambda: target.up(
                    on_event=target.follow, suppress_outputs=True, suppress_progress=True
                ),
            )
        except automation_errors.CommandError:
            self._doubt(target)
            raise
        outputs = {name: output.value for name, output in result.outputs.items()}
        return job.Done(outputs, _changes(result.summary))

    def _destroy(
        self,
        target: EventStack,
        opened: automation.LocalWorkspace,
        deployment: Deployment | None,
    ) -> job.Done:
        if deployment is None:
            return job.Done({}, {})
        opened.save_stack_settings(target.name, workspace.stack_settings({}, deployment))
        self._repair(target, deployment)
        result = self._begin(
            target,
            lambda: target.destroy(
                on_event=target.follow, suppress_outputs=True, suppress_progress=True, remove=True
            ),
        )
        return job.Done({}, _changes(result.summary))

    def _repair(self, target: EventStack, deployment: Deployment | None) -> None:
        """Take up what an interrupted operation left."""
        for resource in repair.pending(deployment or {}):
            name = events.subject(resource["urn"])
            if name:
                self._say(f"looking again at {name}, which an interrupted engine was working on")
        if deployment and deployment.get(repair.PENDING):
            target.replace(repair.mended(deployment, whereabouts.find))

    def _doubt(self, target: EventStack) -> None:
        """Take up what creations that failed may have made all the same."""
        target.follow.finished.wait(EVENTS_SECONDS)
        if not target.follow.failed:
            return
        # Where it is not to be found out now, the next update meets it and fails, and it is then;
        # why this one failed is what people are told.
        with contextlib.suppress(errors.UnderstudyError, automation_errors.CommandError):
            deployment = target.state() or {}
            mended = repair.mended(deployment, whereabouts.find, target.follow.failed)
            if mended != deployment:
                target.replace(mended)

    def _begin(self, target: EventStack, operate: Callable[[], _Result]) -> _Result:
        if self._interrupted:
            raise errors.EngineError(INTERRUPTED)
        self._opening = False
        return target.unlocked(operate)


def _changes(summary: automation.UpdateSummary) -> dict[str, int]:
    changes = summary.resource_changes or {}
    return {str(getattr(kind, "value", kind)): count for kind, count in changes.items()}
