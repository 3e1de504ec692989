"""A containerd root with all of the world's images in it, made once and kept in the cache."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.world.cluster import node
from tests.world.cluster.spawn import Spawner
from tests.world.cluster.waiting import until
from tests.world.images import IMAGES, build
from tests.world.tools import cache_dir, ensure_debian
from tests.world.tools.cache import kept
from tests.world.tools.progress import step

# The images are imported where only this and the archives tell: what runs it hardly changes.
_VERSION = "1"


def root() -> Path:
    """The golden root's folder; containerd must never be started in it."""
    ensure_debian()
    archives = [build(name) for name in IMAGES]
    digest = hashlib.sha256("\0".join([_VERSION, *(path.name for path in archives)]).encode())
    path = cache_dir() / "images" / f"golden-{digest.hexdigest()[:16]}"

    def make(target: Path) -> None:
        scratch = target.with_name("node")
        scratch.mkdir()
        node.write_containerd(scratch, "golden")
        logs = scratch / "logs"
        spawner = Spawner(logs)
        with step("importing the images once for all nodes"):
            try:
                socket = scratch / "containerd.sock"
                words = ["unshare", "--mount", "--propagation=private", "containerd"]
                spawner.start(
                    "containerd", [*words, "--config", scratch / "containerd.toml"], inside=False
                )
                until("containerd's start", socket.exists, 20)
                for archive in archives:
                    node.import_archive(socket, archive)
            finally:
                spawner.close()
        (scratch / "root").rename(target)

    return kept(path, "golden", make)
