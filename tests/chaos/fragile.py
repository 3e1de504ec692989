"""A disk that can be filled and a clock that can jump, for one bot alone.

The disk is memory in a mount namespace that a small process holds open, and is reached through
/proc: when that process ends, however it ends, nothing of it is left. The clock is a small
library before the C library's; Go programs ask the kernel and see no jump, as other machines would
not. (libfaketime 0.9.10 can't leave the monotonic clock alone: clock_nanosleep fails.)
"""

from __future__ import annotations

import errno
from pathlib import Path

from tests.world.cluster import netns
from tests.world.cluster.spawn import Spawner
from tests.world.cluster.waiting import until
from tests.world.tools import ensure_debian

DISK_BYTES = 256 * 2**20
_HOLD = (
    'set -e; mount -t tmpfs -o "size=$2,mode=0700" tmpfs "$1"; : > "$1/ready"; exec sleep 1000000'
)
_CHUNK = b"\0" * 2**20
PACKAGES = ("gcc", "libc6-dev")
_SOURCE = Path(__file__).with_name("clock.c")


class Disk:
    """A small file system."""

    def __init__(self, spawner: Spawner, folder: Path, name: str) -> None:
        mount = folder / name
        mount.mkdir()
        words = ("unshare", "--mount", "--propagation=private", "sh", "-c", _HOLD, "sh")
        spawner.start(name, [*words, str(mount), str(DISK_BYTES)])
        # The words before it replace one another, so it has their process id.
        self.folder = Path(f"/proc/{spawner.pid(name)}/root{mount}")
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
        """Raises ToolError where no C compiler can be had."""
        ensure_debian(PACKAGES)
        library = folder / "clock.so"
        netns.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"])
        self._offset = folder / "clock"
        self.jump(0)
        self.environ = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._offset)}

    def jump(self, seconds: float) -> None:
        """Be so far from the true time from now on."""
        fresh = self._offset.with_suffix(".new")
        fresh.write_text(f"{seconds:.0f}\n")
        fresh.replace(self._offset)  # nobody reads half of it
