"""A disk that can be filled and a clock that can jump, for one bot alone.

The disk is memory in a mount namespace that a small process holds open, and is reached through
/proc: when that process ends, however it ends, nothing of it is left. The clock is libfaketime's,
which the dynamic linker puts before the C library's; Go programs ask the kernel and see no jump, as
other machines would not.
"""

from __future__ import annotations

import errno
from pathlib import Path

from tests.world.cluster import Cluster
from tests.world.cluster.waiting import until
from tests.world.tools import ToolError, ensure_debian

DISK_BYTES = 256 * 2**20
_HOLD = (
    'set -e; mount -t tmpfs -o "size=$2,mode=0700" tmpfs "$1"; : > "$1/ready"; exec sleep 1000000'
)
_CHUNK = b"\0" * 2**20
PACKAGES = ("libfaketime",)
_LIBRARIES = Path("/usr/lib")


class Disk:
    """A small file system."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        mount = cluster.folder / name
        mount.mkdir()
        words = ("unshare", "--mount", "--propagation=private", "sh", "-c", _HOLD, "sh")
        cluster.spawner.start(name, [*words, str(mount), str(DISK_BYTES)])
        # The words before it replace one another, so it has their process id.
        self.folder = Path(f"/proc/{cluster.spawner.pid(name)}/root{mount}")
        until("the disk", (self.folder / "ready").exists)

    def fill(self) -> None:
        """Leave no room at all."""
        with (self.folder / "filler").open("wb", 0) as filler:
            try:
                while filler.write(_CHUNK):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        """Give the room back."""
        (self.folder / "filler").unlink(missing_ok=True)


class Clock:
    """The time of day of one bot; how long things take stays right."""

    def __init__(self, folder: Path) -> None:
        """Raises ToolError where libfaketime can't be had."""
        ensure_debian(PACKAGES)
        found = next(_LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"), None)
        if found is None:
            raise ToolError(f"no libfaketimeMT.so.1 is below {_LIBRARIES}: install libfaketime")
        self._offset = folder / "clock"
        self.jump(0)
        self.environ = {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, seconds: float) -> None:
        """Be so far from the true time, within a second."""
        self._offset.write_text(f"{seconds:+.0f}\n")
