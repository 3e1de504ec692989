"""The bot's engine: one child process per operation."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping, Sequence

from bot import errors, model, ports
from bot.engine import job, listing, operation
from bot.engine.settings import EngineSettings


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
