"""The bot's engine: one child process per operation."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import errors, model, ports
from bot.engine import job, listing, operation


@dataclasses.dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where the engine keeps its state, and what its processes see."""

    backend_url: str
    """Pulumi's state backend: `file://…`, `s3://…` or Pulumi Cloud."""
    passphrase: str = dataclasses.field(repr=False)
    """Encrypts the secrets in the state."""
    work_dir: Path
    """A folder of this bot's own, for what operations need while they run. Losing it loses
    nothing."""
    secrets_provider: str = "passphrase"
    """What encrypts the secrets of new stacks: `passphrase`, `awskms://…`, …"""
    access_token: str | None = dataclasses.field(default=None, repr=False)
    """For Pulumi Cloud."""
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Environment variables of the engine and its plugins, besides the process's own."""
    cancel_seconds: float = 20.0
    """How long an interrupted operation may take to end by itself."""
    watchdog_seconds: float = 25.0
    """An operation that was not vouched for so long is interrupted. With `cancel_seconds` it has to
    be less than what is left of a lease when it was vouched for the last time."""


class PulumiEngine:
    """Implements `bot.ports.Engine` and `bot.ports.Stacks`."""

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
        """Whether the backend has a stack of this name. See `bot.ports.Engine`."""
        return bool(self._ask("exists", name)["exists"])

    def names(self) -> Sequence[str]:
        """Every stack of the project. See `bot.ports.Stacks`."""
        found = listing.names(self._settings.backend_url)
        if found is None:
            answer = self._ask("names")["names"]
            assert isinstance(answer, list)
            found = answer
        return found

    def origin(self, name: str) -> model.Origin | None:
        """Whose stack it is. See `bot.ports.Stacks`."""
        found = self._ask("origin", name)["origin"]
        assert found is None or isinstance(found, model.Origin)
        return found

    def warm(self) -> None:
        """Start the fork server and its imports, so that the first operation needn't."""
        self._ask("warm")

    def _ask(self, verb: job.Verb, name: str = "") -> Mapping[str, object]:
        try:
            return self._start(job.Job(verb, name, {}), lambda _: None).result().outputs
        except errors.EngineError as error:
            # Whatever kept it from being answered: a question that failed proves nothing.
            raise errors.UnreachableError(error.message) from error

    def _start(self, what: job.Job, on_event: ports.OnEvent) -> operation.ChildOperation:
        return operation.ChildOperation(self._context, what, self._settings, on_event)
