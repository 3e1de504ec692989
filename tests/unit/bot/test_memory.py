from __future__ import annotations

from pathlib import Path

import pytest

from bot import memory

MIB = 2**20


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return write(tmp_path / "proc", meminfo="MemTotal: 9 kB\nMemAvailable:    2048 kB\nx: 1 kB\n")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 2 * MIB),
        ({"memory_dot_max": "max\n", "memory_dot_current": "5\n"}, 2 * MIB),
        ({"memory_dot_max": f"{MIB}\n", "memory_dot_current": "76\n"}, MIB - 76),
        (
            {
                "memory_dot_max": f"{MIB}",
                "memory_dot_current": "76",
                "memory_dot_stat": "anon 1\ninactive_file 70\n",
            },
            MIB - 6,
        ),
        (
            {
                "memory__memory_dot_limit_in_bytes": f"{MIB}\n",
                "memory__memory_dot_usage_in_bytes": "76\n",
                "memory__memory_dot_stat": "total_inactive_file 16\n",
            },
            MIB - 60,
        ),
        ({"memory_dot_max": f"{9 * MIB}", "memory_dot_current": "0"}, 2 * MIB),
    ],
    ids=["no limit", "max", "version 2", "version 2 with cache", "version 1", "a large limit"],
)
def test_the_nearer_bound_counts(
    tmp_path: Path, proc: Path, files: dict[str, str], expected: int
) -> None:
    assert memory.available(proc, write(tmp_path / "cgroup", **files)) == expected


def test_where_nothing_is_told_nothing_is_known(tmp_path: Path) -> None:
    assert memory.available(tmp_path / "no", tmp_path / "none") is None


@pytest.mark.parametrize(
    ("left", "expected"),
    [(None, True), (memory.OPERATION_BYTES, True), (memory.OPERATION_BYTES - 1, False)],
)
def test_an_operation_fits_or_not(
    monkeypatch: pytest.MonkeyPatch, left: int | None, expected: bool
) -> None:
    monkeypatch.setattr(memory, "available", lambda: left)
    assert memory.room() is expected
