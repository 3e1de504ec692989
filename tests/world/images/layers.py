"""The layers that images are made of, each kept in the cache under a key of what it is made from.

A layer is made once and only its archive is looked at afterwards, so nothing here needs root, a
mirror or pip when the cache is warm.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.world.images.oci import Layer, layer_at, tar_files, tar_tree
from tests.world.tools import ToolError, cache_dir, ensure_debian
from tests.world.tools.cache import kept
from tests.world.tools.progress import step

HERE = Path(__file__).resolve().parent
SHOP_FILES = ("__init__.py", "web.py", "api.py", "serving.py")
_SUITE = "bookworm"
_PACKAGES = ("python3", "python3-flask", "python3-requests")
_ROOT_PYTHON = (3, 11)  # what the suite carries; the wheels below have to match it
_LEFT_OUT = (
    "dev",
    "proc",
    "sys",
    "run",
    "tmp",
    "var/cache",
    "var/lib/apt/lists",
    "var/log",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
)
_LOCK = "images"


def key_of(value: object) -> str:
    """A short name for everything that a kept file is made from."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


@functools.cache
def _digested(path: Path) -> Layer:
    return layer_at(path)


def _layer(name: str, made_from: object, make: Callable[[Path], None]) -> Layer:
    path = cache_dir() / "images" / "layers" / f"{name}-{key_of(made_from)}.tar"
    return _digested(kept(path, _LOCK, make))


def _run(words: list[str], what: str) -> str:
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        raise ToolError(f"{what} failed: {' '.join(last)}")
    return ran.stdout


def _mirror() -> list[str]:
    """The mirror that this machine's apt uses for the suite; none means debootstrap's own."""
    if shutil.which("apt-get") is None:
        return []
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"]
    told = subprocess.run(
        [*asked, "Created-By: Packages"], capture_output=True, text=True, check=False
    ).stdout
    return [uri for uri, _, codename in map(_split, told.splitlines()) if codename == _SUITE][:1]


def _split(line: str) -> tuple[str, str, str]:
    return line.partition(" ")


def debian() -> Layer:
    """A Debian root with Python, Flask and requests, without manuals and translations."""

    def make(target: Path) -> None:
        ensure_debian()
        if os.geteuid() != 0:
            raise ToolError("the sample shop's base image is made by debootstrap, which needs root")
        with (
            step(f"making a Debian {_SUITE} root with {', '.join(_PACKAGES)}"),
            tempfile.TemporaryDirectory(dir=target.parent) as scratch,
        ):
            root = Path(scratch) / "root"
            include = f"--include={','.join(_PACKAGES)}"
            _run(
                ["debootstrap", "--variant=minbase", include, _SUITE, str(root), *_mirror()],
                "debootstrap",
            )
            tar_tree(target, root, leave_out=_LEFT_OUT)

    return _layer("debian", [_SUITE, _PACKAGES, _LEFT_OUT], make)


def shop() -> Layer:
    """The shop's code."""
    sources = {name: (HERE / "shop" / name).read_bytes() for name in SHOP_FILES}

    def make(target: Path) -> None:
        tar_files(target, {f"shop/{name}": (text, 0o644) for name, text in sources.items()})

    return _layer("shop", {name: text.decode() for name, text in sources.items()}, make)


_PAUSE = b"""#!/bin/sh
# Holds a pod's namespaces open; as their first process it has to answer signals itself.
trap 'exit 0' TERM INT
while :; do sleep 86400 & wait $!; done
"""


def busybox() -> Layer:
    """A static busybox under each of its names, and the script that keeps a pod's sandbox."""
    if shutil.which("busybox") is None:
        ensure_debian()
    path = shutil.which("busybox")
    if path is None:
        raise ToolError("busybox is not on PATH; install the Debian package busybox-static")
    binary = Path(path).read_bytes()

    def make(target: Path) -> None:
        applets = _run([path, "--list"], "busybox --list").split()
        tar_files(
            target,
            {"bin/busybox": (binary, 0o755), "pause": (_PAUSE, 0o755)},
            {f"bin/{name}": "busybox" for name in applets if name != "busybox"},
        )

    return _layer("busybox", [hashlib.sha256(binary).hexdigest(), _PAUSE.decode()], make)


def _install(requirements: Path, target: Path) -> None:
    version = ".".join(map(str, _ROOT_PYTHON))
    wanted = ["--python-version", version, "--implementation", "cp", "--only-binary=:all:"]
    platform = ["--platform", "manylinux2014_x86_64", "--no-compile", "--no-deps"]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(target)]
    _run([*pip, *wanted, *platform, "-r", str(requirements)], "pip install")
    if sys.version_info[:2] == _ROOT_PYTHON:
        # The operator copies the files, which loses their times; unchecked ones stay valid.
        compile_ = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode"]
        _run([*compile_, "unchecked-hash", str(target)], "compileall")


def autoinstrumentation() -> Layer:
    """The published Python auto-instrumentation where the OpenTelemetry Operator looks for it."""
    requirements = HERE / "autoinstrumentation.txt"

    def make(target: Path) -> None:
        with (
            step("collecting the Python auto-instrumentation"),
            tempfile.TemporaryDirectory(dir=target.parent) as scratch,
        ):
            packages = Path(scratch) / "packages"
            _install(requirements, packages)
            tar_tree(target, packages, at="autoinstrumentation")

    return _layer("autoinstrumentation", [requirements.read_text(), _ROOT_PYTHON], make)
