"""Import Pulumi's gRPC stubs without the rest of its SDK.

`import pulumi` costs about 0.3 s and 40 MB that a plugin process has no use for, and one such
process starts for every operation. So a process that only serves a plugin puts empty packages in
the place of `pulumi`, `pulumi.runtime` and `pulumi.runtime.proto`, which would import every stub
there is; the stubs that are asked for are imported from below it as usual.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def install() -> None:
    """Make single stubs of `pulumi.runtime.proto` importable; call it first thing in a process.

    Does nothing where the SDK is loaded already (in tests).
    """
    if "pulumi" in sys.modules:
        return
    # The launcher names a folder for compiled modules, whatever the caller's environment says.
    sys.dont_write_bytecode = sys.dont_write_bytecode and sys.pycache_prefix is None
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        raise SystemExit(
            f"The Python package 'pulumi' is not installed for {sys.executable}: "
            "install it there, or start the plugin with another interpreter."
        )
    folder = Path(found.origin).parent
    for name in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
        package = ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
