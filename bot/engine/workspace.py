"""The folder and the environment variables that the command line works with."""

from __future__ import annotations

import os
import shutil
import sys
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pulumi import automation

from bot.engine import group
from bot.engine.settings import EngineSettings
from infra import contract, naming, preview

if TYPE_CHECKING:
    from bot.engine.stack import Deployment


class Place:
    """A private folder that one operation at a time works in."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    @classmethod
    def of(cls, work_dir: Path, stack: str) -> Self:
        """A stack's own, made where it is missing. Raises OSError."""
        # A stack's name may be anything that a person typed.
        folder = work_dir / f"stack-{urllib.parse.quote(stack, safe='')}"
        folder.mkdir(mode=0o700, exist_ok=True)
        return cls(folder)

    @property
    def record(self) -> Path:
        """Who works on the stack; see `bot.engine.group`."""
        return self._folder / "owner.json"

    def workspace(self, secrets_provider: str) -> automation.LocalWorkspace:
        """A workspace in it, without any stack's settings yet. Raises OSError."""
        folder = self._folder / "project"
        # What a killed operation left.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return automation.LocalWorkspace(
            work_dir=str(folder),
            program=preview.program,
            # Named as the one in stacks/preview, so both drivers share a stack.
            project_settings=automation.ProjectSettings(
                name=naming.PROJECT, runtime="python", main=str(folder)
            ),
            secrets_provider=secrets_provider,
            # Where no path leads from the root to the folder, as on a volume that was moved away
            # under a container, this is how a process finds out where it is (Go's os.Getwd).
            env_vars={"PWD": str(folder)},
        )

    def leave(self) -> None:
        """Take everything away."""
        shutil.rmtree(self._folder, ignore_errors=True)


def environment(settings: EngineSettings, mark: str) -> dict[str, str]:
    """What the command line and the plugins see, besides the process's own variables."""
    found = {
        **settings.environ,
        # Our own plugin is installed beside the interpreter that runs the bot.
        "PATH": os.pathsep.join(
            [settings.environ.get("PATH", os.environ.get("PATH", "")), str(_scripts())]
        ),
        "PULUMI_BACKEND_URL": backend(settings.backend_url),
        # Stacks with another secrets provider do without it, and with it.
        "PULUMI_CONFIG_PASSPHRASE": settings.passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        group.MARK: mark,
    }
    if settings.access_token is not None:
        found["PULUMI_ACCESS_TOKEN"] = settings.access_token
    return found


def backend(url: str) -> str:
    """The state backend as the command line is told it.

    Beside each file of a `file://` backend it would keep another with its attributes, which nobody
    needs, and which, unlike the state, it writes in place: a kill at that moment leaves an empty
    one, and no command reads the stack any more (gocloud.dev/blob/fileblob, setAttrs).
    """
    if not url.startswith("file://") or "metadata=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}metadata=skip"


def stack_settings(
    config: Mapping[str, str], deployment: Deployment | None
) -> automation.StackSettings:
    """The stack's settings file: its open config, and how its secrets are encrypted.

    The folder is new each time, so how an existing stack's secrets are encrypted comes out of its
    state.
    """
    found = automation.StackSettings(
        config={
            full(key): value for key, value in config.items() if key not in contract.SECRET_KEYS
        }
    )
    provider = (deployment or {}).get("secrets_providers") or {}
    kept = provider.get("state") or {}
    if provider.get("type") == "passphrase":
        found.encryption_salt = kept.get("salt")
    elif provider.get("type") == "cloud":
        found.secrets_provider = kept.get("url")
        found.encrypted_key = kept.get("encryptedkey")
    return found


def full(key: str) -> str:
    """A config key with the project's name."""
    return f"{naming.PROJECT}:{key}"


def _scripts() -> Path:
    return Path(sys.executable).parent
