"""`python -m tests.bench.default_up CONFIG`: seconds of one `up` with the providers' own awaits.

Runs inside the world. The program is the shipped one; only its annotations that skip awaits, and
the distribution's `waitForDeployment`, are taken away again.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import pulumi
from pulumi import automation

from infra import naming, preview


def _waiting(
    arguments: pulumi.ResourceTransformArgs,
) -> pulumi.ResourceTransformResult:
    props = dict(arguments.props)
    metadata = props.get("metadata")
    if isinstance(metadata, dict) and "annotations" in metadata:
        kept = {
            key: value
            for key, value in metadata["annotations"].items()
            if key != "pulumi.com/skipAwait"
        }
        props["metadata"] = {**metadata, "annotations": kept}
    if "waitForDeployment" in props:
        props["waitForDeployment"] = True
    return pulumi.ResourceTransformResult(props=props, opts=arguments.opts)


def _program() -> None:
    pulumi.runtime.register_resource_transform(_waiting)
    preview.program()


def main() -> None:
    """Bring it up, print the seconds, and take it away."""
    config = json.loads(Path(sys.argv[1]).read_text())
    with tempfile.TemporaryDirectory() as folder:
        stack = automation.create_stack(
            "by-default",
            project_name=naming.PROJECT,
            program=_program,
            opts=automation.LocalWorkspaceOptions(work_dir=folder),
        )
        for key, value in config.items():
            stack.set_config(key, automation.ConfigValue(value, secret=key == "edgeValue"))
        began = time.monotonic()
        stack.up(suppress_outputs=True)
        seconds = time.monotonic() - began
        stack.destroy(suppress_outputs=True)
    print(seconds)


if __name__ == "__main__":
    main()
