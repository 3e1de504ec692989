"""Keeps what GitHub tells of a new App once: its private key and the secret of its webhook."""

from __future__ import annotations

import os
from pathlib import Path

from bot import errors

KEY = "private-key.pem"
SECRET = "webhook-secret"  # noqa: S105  # a file's name


class Files:
    """Two files that only their owner may read; none that exists is ever written over."""

    def __init__(self, folder: Path) -> None:
        self.key = folder.absolute() / KEY
        self.secret = folder.absolute() / SECRET

    def prepare(self) -> None:
        """Make the folder, and see that both can be written, before there is anything to lose.

        Raises InvalidSettingsError.
        """
        folder = self.key.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from error
        for path in (self.key, self.secret):
            if os.path.lexists(path):
                raise errors.InvalidSettingsError(
                    f"{path} exists, and is not written over: move it away, or choose another "
                    "folder with --out"
                )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise errors.InvalidSettingsError(
                f"{folder} can't be written to: choose another folder with --out"
            )

    def keep(self, key: str, secret: str) -> None:
        """Write both. Raises InvalidSettingsError."""
        for path, text in ((self.key, key), (self.secret, secret)):
            try:
                number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    file.write(text)
            except OSError as error:
                raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> errors.InvalidSettingsError:
    return errors.InvalidSettingsError(
        f"{path} can't be made ({error.strerror}): choose another folder with --out"
    )
