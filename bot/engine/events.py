"""The engine's events and errors in people's words."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import automation
from pulumi.automation import events as automation_events

_VERBS = {
    "create": ("creating", "created"),
    "update": ("updating", "updated"),
    "delete": ("deleting", "deleted"),
    "replace": ("replacing", "replaced"),
    "create-replacement": ("creating", "created"),
    "delete-replaced": ("deleting", "deleted"),
}
_CREATIONS = frozenset({automation.OpType.CREATE, automation.OpType.CREATE_REPLACEMENT})
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""What marks a value that is more than it seems, as a secret is (sdk/go resource.SigKey)."""
ROOT = "pulumi:pulumi:Stack"
MAX_MESSAGE = 2000
"""Characters of an error that people are shown."""

_ERROR_LINE = re.compile(r"^\s*(?:stderr: )?error:\s*(.+)$", re.MULTILINE)
"""The Automation API puts `stderr: ` before the first line of what the command line printed."""
_FRAME = re.compile(r"^(Traceback|\s+File ).*$", re.MULTILINE)


def subject(urn: str) -> str | None:
    """`Deployment web` out of a URN; None for what people needn't see (components, providers)."""
    kind, _, name = urn.rpartition("::")[0].rpartition("::")[2], "", urn.rpartition("::")[2]
    own = kind.rpartition("$")[2]
    if own.startswith(("pulumi:", "understudy:")) and not own.endswith("EdgeAttachment"):
        return None
    return f"{own.rpartition(':')[2]} {name}"


class Follower:
    """Turns engine events into lines: one when a resource begins, one when it has ended."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        """Takes a line for people."""
        self.outputs: dict[str, object] | None = None
        """The root's outputs, when they were told."""
        self.changes: dict[automation.OpType, int] = {}
        """Resources by kind of change."""
        self.failed: list[dict[str, Any]] = []
        """The resources whose creation failed, as the state has resources, but without secrets."""
        self.finished = threading.Event()
        """The engine has summed up: no resource follows."""

    def __call__(self, event: automation.EngineEvent) -> None:
        """Take one event of the engine's log."""
        if event.resource_pre_event:
            self._line(event.resource_pre_event.metadata, 0)
        elif event.res_outputs_event:
            metadata = event.res_outputs_event.metadata
            self._line(metadata, 1)
            if metadata.type == ROOT and metadata.new:
                self.outputs = dict(metadata.new.outputs or {})
        elif event.res_op_failed_event:
            metadata = event.res_op_failed_event.metadata
            if name := subject(metadata.urn):
                self.say(f"failed: {name}")
            if metadata.new and metadata.op in _CREATIONS:
                self.failed.append(_resource(metadata.new))
        elif event.summary_event:
            self.changes = dict(event.summary_event.resource_changes or {})
            self.finished.set()

    def _line(self, metadata: automation.StepEventMetadata, tense: int) -> None:
        # A string where the SDK does not know the operation, else a member of its enumeration.
        verbs = _VERBS.get(str(getattr(metadata.op, "value", metadata.op)))
        name = subject(metadata.urn)
        if verbs and name:
            self.say(f"{verbs[tense]} {name}")


def _resource(told: automation_events.StepEventStateMetadata) -> dict[str, Any]:
    return {
        "urn": told.urn,
        "custom": bool(told.custom),
        "type": told.type,
        "inputs": _open(told.inputs or {}),
        "parent": told.parent,
        "provider": told.provider,
    }


def _open(value: Any) -> Any:
    """What is no secret: of those, events say only that there is one."""
    if isinstance(value, Mapping):
        return {key: _open(one) for key, one in value.items() if not _secret(one)}
    if isinstance(value, list):
        return [_open(one) for one in value if not _secret(one)]
    return value


def _secret(value: Any) -> bool:
    return isinstance(value, Mapping) and SIGNATURE in value


def error_lines(output: str) -> list[str]:
    """The engine's `error:` lines, each once."""
    return list(dict.fromkeys(line.strip() for line in _ERROR_LINE.findall(output)))


def explain(output: str) -> str:
    """The sentences that matter out of the engine's output: its `error:` lines, each once."""
    found = error_lines(output)
    specific = [line for line in found if not line.startswith(("update failed", "an unhandled"))]
    text = "; ".join(specific or found) or _FRAME.sub("", output).strip()
    return text[:MAX_MESSAGE]
