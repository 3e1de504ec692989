"""Clears away worlds whose owner was killed before it could do so itself.

Processes die with their owner in any case; what is left are a folder, a named network namespace
and empty cgroups. An owner holds a lock on its world's folder for as long as it lives.
"""

from __future__ import annotations

import contextlib
import fcntl
from io import TextIOWrapper
from pathlib import Path

from tests.world.cluster import netns, node
from tests.world.tools import cache_dir

_LOCK = "owner"
_KEPT_LOGS = 5


def worlds() -> Path:
    """Where the folders of running worlds are."""
    path = cache_dir() / "worlds"
    path.mkdir(exist_ok=True)
    return path


def own(folder: Path) -> TextIOWrapper:
    """Hold this folder's lock until the file is closed, or this process ends."""
    handle = (folder / _LOCK).open("w")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def sweep() -> list[str]:
    """Remove what dead owners left; returns the names of their worlds."""
    swept = []
    for folder in worlds().iterdir():
        with contextlib.suppress(OSError), (folder / _LOCK).open("r") as handle:
            # Held by a living owner: not ours to touch.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)
            swept.append(folder.name)
    return swept


def keep_logs(folder: Path) -> Path:
    """Move a world's logs to where they outlive it; those of the last few worlds are kept."""
    kept = cache_dir() / "logs"
    kept.mkdir(exist_ok=True)
    target = kept / folder.name
    if (folder / "logs").exists():
        (folder / "logs").rename(target)
    by_age = sorted(kept.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in by_age[:-_KEPT_LOGS]:
        node.remove(old)
    return target


def remove(folder: Path) -> None:
    """Remove what a world without processes still has."""
    netns.delete(folder.name)
    node.remove_cgroups(folder.name)
    node.remove(folder)
