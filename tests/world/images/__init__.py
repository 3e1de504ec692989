"""The container images of the local world, made without a registry and without Docker.

`build(name)` gives an archive that `ctr images import` takes; `commit_image(service, sha)` gives
the few kilobytes that a new commit adds to it.
"""

from tests.world.images.recipes import (
    AUTOINSTRUMENTATION,
    BUSYBOX,
    IMAGES,
    PAUSE,
    SERVICES,
    build,
    commit_image,
    commit_name,
    write_commit,
)

__all__ = [
    "AUTOINSTRUMENTATION",
    "BUSYBOX",
    "IMAGES",
    "PAUSE",
    "SERVICES",
    "build",
    "commit_image",
    "commit_name",
    "write_commit",
]
