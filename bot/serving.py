"""`understudy serve`: gunicorn with one process, which also runs the workers.

The web and the workers share memory, so that a stored hint wakes a worker at once. gunicorn's
arbiter starts that process anew if it dies; what it left is taken over by its leases.
"""

from __future__ import annotations

import signal
from typing import Any

import gunicorn.app.base  # type: ignore[import-untyped]
import gunicorn.errors  # type: ignore[import-untyped]

from bot import app, errors, logs
from bot.settings import Settings

GRACE_SECONDS = 60
"""How long an end may take: a running engine gets 25 s, then GitHub has to be told."""


class Server(gunicorn.app.base.BaseApplication):  # type: ignore[misc]
    """Runs until SIGTERM or SIGINT, and leaves no process behind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bot: app.Bot | None = None
        super().__init__()

    def load_config(self) -> None:
        """gunicorn's own settings."""
        address = self._settings.host
        if ":" in address:
            address = f"[{address}]"  # IPv6
        for key, value in {
            "bind": f"{address}:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 8,
            # Whoever runs the container asks /healthz; a second watchdog would end passes that
            # only wait for a busy machine.
            "timeout": 0,
            "graceful_timeout": GRACE_SECONDS,
            "proc_name": "understudy",
            "loglevel": "warning",
            "logger_class": logs.GunicornLogger,
            "control_socket_disable": True,
            "post_worker_init": _end_gently,
            "worker_exit": self._end,
        }.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        """Called in the serving process, after the fork: threads may be started here."""
        try:
            self._bot = app.build(self._settings)
        except errors.UnderstudyError as error:
            # The one error that makes the arbiter end instead of trying again for ever.
            raise gunicorn.errors.AppImportError(f"understudy: {error.message}") from error
        self._bot.start()
        return self._bot.app

    def _end(self, _arbiter: object, _worker: object) -> None:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the end has begun already
        if self._bot is not None:
            self._bot.stop()


def _end_gently(worker: Any) -> None:
    """Ctrl-C reaches the whole process group: here it is to end as gently as SIGTERM does."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, worker.handle_exit)
