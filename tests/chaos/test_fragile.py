"""A disk that is full is full, a clock that jumps tells another time, and nothing else changes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.fragile import DISK_BYTES, Clock, Disk
from tests.world.cluster.spawn import Spawner

pytestmark = pytest.mark.world


@pytest.fixture
def spawner(tmp_path: Path) -> Iterator[Spawner]:
    made = Spawner(tmp_path / "logs")
    yield made
    made.close()


def test_a_full_disk_takes_nothing_until_it_is_freed(spawner: Spawner, tmp_path: Path) -> None:
    disk = Disk(spawner, tmp_path, "disk")
    kept = disk.folder / "kept"
    kept.write_text("before")
    disk.fill()
    with pytest.raises(OSError, match="No space left") as refused:
        (disk.folder / "new").write_bytes(b"x" * 2**20)
    assert refused.value.errno == errno.ENOSPC
    assert kept.read_text() == "before"
    disk.free()
    (disk.folder / "new").write_bytes(b"x" * 2**20)
    stated = os.statvfs(disk.folder)
    assert stated.f_blocks * stated.f_frsize == DISK_BYTES


def test_nothing_of_a_disk_is_seen_outside(spawner: Spawner, tmp_path: Path) -> None:
    disk = Disk(spawner, tmp_path, "disk")
    (disk.folder / "thing").write_text("inside")
    assert list((tmp_path / "disk").iterdir()) == []
    spawner.kill("disk")
    assert not disk.folder.exists()


def _told(clock: Clock) -> tuple[float, float]:
    """The time of day that a process tells, from the true one; and how long its half second was."""
    code = "\n".join(
        (
            "import datetime, time",
            "began = time.monotonic()",
            "time.sleep(0.5)",
            "print(datetime.datetime.now().timestamp(), time.monotonic() - began)",
        )
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **clock.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    told, lasted = map(float, ran.stdout.split())
    return told - time.time(), lasted


@pytest.mark.parametrize("seconds", [0.0, 7200.0, -200.0])
def test_a_clock_jumps_and_time_goes_on_as_before(tmp_path: Path, seconds: float) -> None:
    clock = Clock(tmp_path)
    clock.jump(seconds)
    away, lasted = _told(clock)
    assert away == pytest.approx(seconds, abs=5)
    assert lasted == pytest.approx(0.5, abs=5)
