"""What the engine is told by the composition root."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path


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
