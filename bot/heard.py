"""Which webhooks have ever reached the bot: those are its own, whatever their address is."""

from __future__ import annotations

import threading

import structlog

from bot import clock, errors, ports

_log = structlog.get_logger(__name__)


class Heard:
    """Remembers webhooks by GitHub's number; any replica's are kept in the store."""

    def __init__(self, store: ports.Store, time: clock.Clock) -> None:
        self._store = store
        self._clock = time
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def note(self, hook: str) -> None:
        """A signed delivery of this webhook came; it fails nothing where that can't be kept."""
        with self._lock:
            if hook in self._known:
                return
        try:
            self._store.set_mark(_name(hook), self._clock.now())
        except errors.UnderstudyError as error:
            _log.warning("webhook not kept", action="delivery", hook=hook, why=error.message)
            return
        with self._lock:
            self._known.add(hook)

    def knows(self, hook: str) -> bool:
        """Whether it ever came. Raises UnreachableError."""
        with self._lock:
            if hook in self._known:
                return True
        return self._store.mark(_name(hook)) is not None


def _name(hook: str) -> str:
    return f"hook {hook}"
