"""The cache outside the checkout, and the rules by which several runs share it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_dir() -> Path:
    """`$UNDERSTUDY_CACHE`, else `$XDG_CACHE_HOME/understudy`, else `~/.cache/understudy`."""
    if own := os.environ.get("UNDERSTUDY_CACHE"):
        path = Path(own)
    elif xdg := os.environ.get("XDG_CACHE_HOME"):
        path = Path(xdg) / "understudy"
    else:
        path = Path.home() / ".cache" / "understudy"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock that other processes using this cache respect; the kernel frees it on death."""
    folder = cache_dir() / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def kept(path: Path, lock: str, make: Callable[[Path], None]) -> Path:
    """Return `path`, made by `make(temporary)` if it is not there.

    What is made appears under its name only when it is whole, so that an interrupted run leaves
    nothing that looks finished.
    """
    if path.exists():
        return path
    with locked(lock):
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            make(scratch / path.name)
            (scratch / path.name).rename(path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return path
