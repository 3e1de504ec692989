"""How much memory is left for another engine operation, as Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path

OPERATION_BYTES = 400 * 2**20
"""What an engine operation with its plugins takes at most: 310 MB were measured with the official
ones (docs/decisions/0004)."""
_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB$", re.MULTILINE)


def available(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that may still be used: the machine's, or fewer where the container's limit is nearer.

    None where neither is told.
    """
    found = [one for one in (_machine(proc), _container(cgroup)) if one is not None]
    return min(found, default=None)


def room() -> bool:
    """Whether another engine operation fits; also where nothing is told about it."""
    left = available()
    return left is None or left >= OPERATION_BYTES


def _machine(proc: Path) -> int | None:
    found = _AVAILABLE.search(_text(proc / "meminfo"))
    return int(found[1]) * 1024 if found else None


def _container(cgroup: Path) -> int | None:
    """The limit of control groups, version 2 or 1, less what is in use; caches count as free."""
    for limit, usage, stat, cache in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
            "memory/memory.stat",
            "total_inactive_file",
        ),
    ):
        most, used = _text(cgroup / limit).strip(), _text(cgroup / usage).strip()
        if most.isdecimal() and used.isdecimal():
            freed = re.search(rf"^{cache} (\d+)$", _text(cgroup / stat), re.MULTILINE)
            return int(most) - int(used) + (int(freed[1]) if freed else 0)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
