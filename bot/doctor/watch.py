"""At the bot's start: which permissions are missing, in the log. It stops nobody."""

from __future__ import annotations

import threading

import structlog

from bot import errors
from bot.doctor import permissions
from bot.doctor.findings import Sign
from bot.github_hooks import Hub

_log = structlog.get_logger(__name__)


class PermissionWatch:
    """Looks once, in the background."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._thread = threading.Thread(target=self._look, name="permissions", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Nothing: a question that is under way ends with the process."""

    def _look(self) -> None:
        try:
            for found in permissions.permissions(self._hub):
                if found.sign is Sign.WRONG:
                    _log.error(
                        "permission missing", action="start", why=found.found, mend=found.mend
                    )
        except errors.UnderstudyError as error:
            _log.warning(
                "permissions not checked", action="start", reason=error.reason, why=error.message
            )
        except Exception:
            _log.exception("permissions not checked", action="start")
