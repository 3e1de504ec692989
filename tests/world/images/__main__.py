"""`python -m tests.world.images [NAME…]`: make image archives and print where they are."""

from __future__ import annotations

import sys

from tests.world.images import IMAGES, build
from tests.world.tools import ToolError


def main(names: list[str]) -> int:
    """Make the named archives, or all; 1 if one cannot be made."""
    try:
        for name in names or IMAGES:
            print(name, build(name), flush=True)
    except (ToolError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
