"""Import Pulumi's gRPC stubs without the rest of its SDK.

`import pulumi` costs about 0.3 s and 40 MB that a plugin process has no use for, and one such
process starts for every operation. So a process that only serves a plugin puts empty packages in
the place of `pulumi` and `pulumi.runtime`; below them, `pulumi.runtime.proto` is imported as usual.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def install() -> None:
    """Make `pulumi.runtime.proto` importable alone; call it first thing in a plugin process.

    Does nothing where the SDK is loaded already (in tests).
    """
    if "pulumi" in sys.modules:
        return
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        raise SystemExit(
            f"The Python package 'pulumi' is not installed for {sys.executable}: "
            "install it there, or start the plugin with another interpreter."
        )
    folder = Path(found.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
