"""The bot's engine: one child process per operation."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Mapping

from bot import ports
from bot.engine import job, operation


@dataclasses.dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where the engine keeps its state, and what its processes see."""

    backend_url: str
    """Pulumi's state backend: `file://…`, `s3://…` or Pulumi Cloud."""
    passphrase: str = dataclasses.field(repr=False)
    """Encrypts the secrets in the state."""
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Environment variables of the engine and its plugins, besides the process's own."""
    cancel_seconds: float = 20.0
    """How long an interrupted operation may take to end by itself."""


class PulumiEngine:
    """Implements `bot.ports.Engine`."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        # A fork server imports Pulumi's SDKs once; each operation is a fork of it and starts warm.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["bot.engine.child"])

    def up(self, name: str, config: Mapping[str, str], on_event: ports.OnEvent) -> ports.Operation:
        """Create or update a stack. See `bot.ports.Engine`."""
        return self._start(job.Job("up", name, dict(config)), on_event)

    def destroy(self, name: str, on_event: ports.OnEvent) -> ports.Operation:
        """Destroy and remove a stack. See `bot.ports.Engine`."""
        return self._start(job.Job("destroy", name, {}), on_event)

    def exists(self, name: str) -> bool:
        """Whether the backend has a stack of this name. Raises EngineError."""
        found = self._start(job.Job("exists", name, {}), lambda _: None).result()
        return bool(found.outputs.get("exists"))

    def warm(self) -> None:
        """Start the fork server and its imports, so that the first operation needn't."""
        self._start(job.Job("warm", "", {}), lambda _: None).result()

    def _start(self, what: job.Job, on_event: ports.OnEvent) -> operation.ChildOperation:
        return operation.ChildOperation(self._context, what, self._settings, on_event)
