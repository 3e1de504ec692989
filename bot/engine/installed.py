"""Which Pulumi is installed: the command line, and the SDK beside us."""

from __future__ import annotations

import importlib.metadata
import subprocess

from pulumi import automation

from bot import errors

Version = tuple[int, int]


def command_line() -> Version:
    """Major and minor of the command line. Raises EngineError where there is none."""
    try:
        # Whether it is new enough is for the caller to say.
        found = automation.PulumiCommand(skip_version_check=True).version
    except (OSError, subprocess.SubprocessError) as error:
        raise errors.EngineError(
            f"the command line of Pulumi can't be run ({type(error).__name__})"
        ) from error
    if found is None:
        raise errors.EngineError("the command line of Pulumi does not tell its version")
    return found.major, found.minor


def sdk() -> Version:
    """Major and minor of the SDK."""
    major, minor, *_ = importlib.metadata.version("pulumi").split(".")
    return int(major), int(minor)
