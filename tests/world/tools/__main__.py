"""`python -m tests.world.tools [NAME…]`: make programs ready and print where they are."""

from __future__ import annotations

import sys

from tests.world.tools import TOOLS, ToolError, ensure_debian, kubectl, tool
from tests.world.tools.builder import crds
from tests.world.tools.manifest import CRDS


def main(names: list[str]) -> int:
    """Make the named programs ready, or all of them; 1 if one cannot be had."""
    try:
        ensure_debian()
        if not names:
            print("kubectl", kubectl())
        for name in names or TOOLS:
            print(name, tool(name), flush=True)
            if name in CRDS:
                crds(name)
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
