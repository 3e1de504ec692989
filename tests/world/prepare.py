"""`python -m tests.world.prepare`: have everything ready that the tests need, with progress.

Programs, images and published examples go into the cache outside the checkout; when they are there,
this takes a second. An interrupted run goes on where it was.
"""

from __future__ import annotations

import json
import sys
import time

from tests.world import images, tools
from tests.world.cluster import golden
from tests.world.cluster.choice import KIND, OWN
from tests.world.github import npm
from tests.world.tools import ToolError
from tests.world.tools.manifest import CRDS, TOOLS
from tests.world.tools.progress import say

_RECORD = "cold-setup.json"
_COLD_SECONDS = 300.0
"""What takes longer than this has filled an empty cache, or most of one."""


def cold_seconds() -> float | None:
    """How long the filling of this cache took, as it was measured then; None if it wasn't."""
    path = tools.cache_dir() / _RECORD
    if not path.exists():
        return None
    return float(json.loads(path.read_text())["seconds"])


def prepare(cluster: str = OWN) -> float:
    """Make ready what a world on that cluster is made of; returns the seconds that it took.

    Raises ToolError.
    """
    seconds = _prepare(cluster)
    if seconds > _COLD_SECONDS:
        (tools.cache_dir() / _RECORD).write_text(json.dumps({"seconds": seconds}))
    return seconds


def _prepare(cluster: str) -> float:
    began = time.monotonic()
    tools.kubectl()
    if cluster == OWN:
        tools.ensure_debian()
        for name in TOOLS:
            tools.tool(name)
            if name in CRDS:
                tools.crds(name)
        golden.root()
    else:
        tools.tool("pulumi")
        if cluster == KIND:
            tools.tool("traefik")
        images.build("shop")
    npm.fetch(npm.EXAMPLES)
    npm.fetch(npm.DESCRIPTION)
    return time.monotonic() - began


def main() -> int:
    """Prepare, and say how long it took; 1 with a sentence where something can't be had."""
    try:
        seconds = prepare()
        tools.ensure_debian(tools.POSTGRESQL)
    except (ToolError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    say(f"everything is ready ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
