"""The programs the local world is made of, found, downloaded or built.

`tool("kubelet")` gives the path of a binary that is ready to run. See `builder` for the order
in which the places are tried and `manifest` for the list.
"""

from tests.world.tools.builder import crds, kubectl, tool
from tests.world.tools.cache import cache_dir
from tests.world.tools.debian import POSTGRESQL, ensure_debian
from tests.world.tools.errors import ToolError
from tests.world.tools.manifest import TOOLS

__all__ = [
    "POSTGRESQL",
    "TOOLS",
    "ToolError",
    "cache_dir",
    "crds",
    "ensure_debian",
    "kubectl",
    "tool",
]
