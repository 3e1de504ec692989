"""What happens inside the engine's child process.

Imported by the fork server, so that each child starts with Pulumi's SDKs in memory. The child leads
a process group of its own, which its parent can end as a whole, and dies with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing.connection
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes
from pulumi import automation
from pulumi.automation import errors as automation_errors

from bot.engine import events, job, stack
from infra import contract, naming, preview

if TYPE_CHECKING:
    from bot.engine.engine import EngineSettings

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""

# The SDK loads its modules at first use: touched here, they are loaded once, before the fork.
_WARM = (
    kubernetes.core.v1.Namespace,
    kubernetes.apps.v1.Deployment,
    kubernetes.batch.v1.Job,
    kubernetes.networking.v1.NetworkPolicy,
    kubernetes.apiextensions.CustomResource,
)


def run(
    what: job.Job,
    settings: EngineSettings,
    sender: multiprocessing.connection.Connection,
) -> None:
    """The child's main function: do the job, send events and the answer, and end."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The engine's own process gets the interrupt too, as a member of the group, and ends orderly;
    # this process has to stay to hear how.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        answer: job.Message = _do(what, settings, sender)
    except automation_errors.CommandError as error:
        answer = job.Failed(events.explain(str(error)))
    except Exception as error:
        answer = job.Failed(f"{type(error).__name__}: {error}")
    sender.send(answer)
    sender.close()


def _do(
    what: job.Job,
    settings: EngineSettings,
    sender: multiprocessing.connection.Connection,
) -> job.Done:
    if what.verb == "warm":
        return job.Done({}, {})
    with _workspace(what, settings) as workspace:
        if what.verb == "exists":
            names = [summary.name for summary in workspace.list_stacks()]
            return job.Done({"exists": what.stack in names}, {})
        follow = events.Follower(lambda text: sender.send(job.Event(text)))
        if what.verb == "destroy":
            return _destroy(what.stack, workspace, follow)
        target = stack.EventStack(what.stack, workspace, follow, make=True)
        # Whatever is in the config goes into the state's history: secrets only encrypted.
        secrets = {
            _full(key): automation.ConfigValue(what.config[key], secret=True)
            for key in contract.SECRET_KEYS
            if what.config.get(key)
        }
        if secrets:
            target.set_all_config(secrets)
        result = target.up(on_event=follow, suppress_outputs=True, suppress_progress=True)
        outputs = {name: output.value for name, output in result.outputs.items()}
        return job.Done(outputs, _changes(result.summary))


def _destroy(name: str, workspace: automation.LocalWorkspace, follow: events.Follower) -> job.Done:
    try:
        target = stack.EventStack(name, workspace, follow, make=False)
    except automation_errors.StackNotFoundError:
        return job.Done({}, {})
    result = target.destroy(
        on_event=follow, suppress_outputs=True, suppress_progress=True, remove=True
    )
    return job.Done({}, _changes(result.summary))


def _changes(summary: automation.UpdateSummary) -> dict[str, int]:
    changes = summary.resource_changes or {}
    return {str(getattr(kind, "value", kind)): count for kind, count in changes.items()}


@contextlib.contextmanager
def _workspace(what: job.Job, settings: EngineSettings) -> Iterator[automation.LocalWorkspace]:
    """A workspace in a private folder that holds the stack's config and goes afterwards."""
    environ = {
        **settings.environ,
        # Our own plugin is installed beside the interpreter that runs the bot.
        "PATH": os.pathsep.join(
            [settings.environ.get("PATH", os.environ.get("PATH", "")), str(_scripts())]
        ),
        "PULUMI_BACKEND_URL": settings.backend_url,
        "PULUMI_CONFIG_PASSPHRASE": settings.passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    # The Automation API looks for `pulumi` on this process's own PATH.
    os.environ.update(environ)
    with tempfile.TemporaryDirectory(prefix="understudy-engine-") as folder:
        # The project is named as the one in stacks/preview, so both drivers share a stack.
        project = automation.ProjectSettings(name=naming.PROJECT, runtime="python", main=folder)
        config = {
            _full(key): value
            for key, value in what.config.items()
            if key not in contract.SECRET_KEYS
        }
        yield automation.LocalWorkspace(
            work_dir=folder,
            program=preview.program,
            project_settings=project,
            stack_settings={what.stack: automation.StackSettings(config=config)}
            if config
            else None,
        )


def _full(key: str) -> str:
    """A config key with the project's name."""
    return f"{naming.PROJECT}:{key}"


def _scripts() -> Path:
    return Path(sys.executable).parent
