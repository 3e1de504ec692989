"""Decide which plugins need a stand-in, and write the launchers that the engine finds on PATH."""

import functools
import hashlib
import importlib.metadata
import os
import platform
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from tests.world.tools import cache_dir

_ROOT: Final = Path(__file__).resolve().parents[3]
_RELEASES: Final = "https://get.pulumi.com/releases/plugins"
_PROBE_SECONDS: Final = 2.0
# The first entry of PYTHONPATH is ours: the language host takes it away again for the program.
# Compiled modules are kept beside the launcher (light.py sees to that): a plugin starts for every
# operation, and compiling takes as long as the rest of its start.
_LAUNCHER: Final = """\
#!/bin/sh
root={root}
python={python}
if [ ! -x "$python" ] || [ ! -d "$root/tests/world/plugins" ]; then
  echo "{program}: the checkout $root or its interpreter $python is gone: delete this file." >&2
  exit 1
fi
PYTHONPATH="$root${{PYTHONPATH:+:$PYTHONPATH}}"
export PYTHONPATH
exec "$python" -P -X pycache_prefix={compiled} \
  -m tests.world.plugins.{module} "$@"
"""
_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Plugin:
    """A plugin of Pulumi's.

    Attributes:
        program: the name by which the engine looks for it.
        module: the stand-in's module here.
        package: the SDK on PyPI whose version the engine asks for; None if it is never downloaded
            alone (language hosts come with the command line).
    """

    program: str
    module: str
    package: str | None


PLUGINS: Final = (
    Plugin("pulumi-resource-kubernetes", "kubernetes", "pulumi_kubernetes"),
    Plugin("pulumi-resource-aws", "aws", "pulumi_aws"),
    Plugin("pulumi-language-python", "python", None),
)


def written_folder() -> Path:
    """Write the launchers that are needed, and return their folder."""
    key = hashlib.sha256(f"{sys.executable}\0{_ROOT}".encode()).hexdigest()[:16]
    folder = cache_dir() / "plugins" / key
    folder.mkdir(parents=True, exist_ok=True)
    for plugin in PLUGINS:
        launcher = folder / plugin.program
        if official(plugin, folder):
            launcher.unlink(missing_ok=True)
        else:
            _write(launcher, plugin.module)
    return folder


def official(plugin: Plugin, folder: Path) -> bool:
    """Whether the engine gets at the official plugin without `folder`."""
    path = os.pathsep.join(
        place
        for place in os.environ.get("PATH", "").split(os.pathsep)
        if place and Path(place).resolve() != folder.resolve()
    )
    if shutil.which(plugin.program, path=path):
        return True
    command = shutil.which("pulumi", path=path)
    if command and (Path(command).resolve().parent / plugin.program).exists():
        return True
    if plugin.package is None:
        return False
    version = importlib.metadata.version(plugin.package)
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    kind_and_name = plugin.program.removeprefix("pulumi-")
    if (home / "plugins" / f"{kind_and_name}-v{version}").is_dir():
        return True
    system = f"{platform.system().lower()}-{_MACHINES.get(platform.machine(), 'amd64')}"
    return _served(f"{_RELEASES}/{plugin.program}-v{version}-{system}.tar.gz")


@functools.cache
def _served(url: str) -> bool:
    try:
        return requests.head(url, timeout=_PROBE_SECONDS, allow_redirects=True).ok
    except requests.RequestException:
        return False


def _write(launcher: Path, module: str) -> None:
    text = _LAUNCHER.format(
        root=shlex.quote(str(_ROOT)),
        compiled=shlex.quote(str(launcher.parent / "compiled")),
        python=shlex.quote(sys.executable),
        program=launcher.name,
        module=module,
    )
    if launcher.is_file() and launcher.read_text() == text and os.access(launcher, os.X_OK):
        return
    # Another process may be starting the launcher: replace it in one step.
    with tempfile.NamedTemporaryFile("w", dir=launcher.parent, delete=False) as fresh:
        fresh.write(text)
    Path(fresh.name).chmod(0o755)
    Path(fresh.name).replace(launcher)
