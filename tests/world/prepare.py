"""`python -m tests.world.prepare`: have everything ready that a world is made of, with progress.

Programs, images and published examples go into the cache outside the checkout; when they are there,
this takes a second. An interrupted run goes on where it was.
"""

from __future__ import annotations

import sys
import time

from tests.world import tools
from tests.world.cluster import golden
from tests.world.github import npm
from tests.world.tools import ToolError
from tests.world.tools.manifest import CRDS, TOOLS
from tests.world.tools.progress import say


def prepare() -> float:
    """Make everything ready; returns the seconds that it took. Raises ToolError."""
    began = time.monotonic()
    tools.ensure_debian()
    tools.kubectl()
    for name in TOOLS:
        tools.tool(name)
        if name in CRDS:
            tools.crds(name)
    golden.root()
    npm.fetch(npm.EXAMPLES)
    npm.fetch(npm.DESCRIPTION)
    return time.monotonic() - began


def main() -> int:
    """Prepare, and say how long it took; 1 with a sentence where something can't be had."""
    try:
        seconds = prepare()
    except (ToolError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    say(f"everything is ready ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
