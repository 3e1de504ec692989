"""Run one Pulumi program; the order of the language host comes as JSON on standard input.

It runs in the program's interpreter, where nothing but the program's own packages can be imported.
"""

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SHOWN = 32  # as in host.py


def _main(order: dict[str, Any]) -> int:
    try:
        import pulumi  # noqa: PLC0415  # its absence is a person's mistake with a clear answer
        import pulumi.runtime  # noqa: PLC0415
    except ImportError as error:
        print(
            f"The Pulumi SDK can't be imported by {sys.executable} ({error}): install the "
            "program's requirements there.",
            file=sys.stderr,
        )
        return 1
    pulumi.runtime.set_all_config(order["config"], order["secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=order["project"],
            stack=order["stack"],
            monitor=order["monitor"],
            engine=order["engine"],
            parallel=order["parallel"],
            dry_run=order["dry_run"],
            organization=order["organization"],
            root_directory=order["root_directory"],
        )
    )
    program = Path(order["program"])
    folder = program if program.is_dir() else program.parent
    # In place of this file's own folder.
    sys.path[0] = str(folder)
    sys.argv = [str(program), *order["arguments"]]
    # Futures that a failed program leaves behind are not worth a word: the failure is.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    # Enough for as many registrations as the engine takes at once.
    loop.set_default_executor(ThreadPoolExecutor(max(order["parallel"], 1) * 4))
    asyncio.set_event_loop(loop)

    def run() -> None:
        runpy.run_path(os.fspath(program), run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return SHOWN
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + traceback.format_exc())
        return SHOWN
    finally:
        loop.close()
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(_main(json.load(sys.stdin)))
