"""Published material comes from pinned archives, once, and never from others."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from tests.world.github import npm
from tests.world.tools.errors import ToolError

MEMBER = "package/data.json"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package's archive, an npm that hands it out, and a cache of its own."""
    made = tmp_path / "package.tgz"
    with tarfile.open(made, "w:gz") as tar:
        entry = tarfile.TarInfo(MEMBER)
        entry.size = 8
        tar.addfile(entry, io.BytesIO(b'{"a": 1}'))
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncp {made} "$PWD/some-1.0.0.tgz"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("UNDERSTUDY_CACHE", str(tmp_path / "cache"))
    return made


def published(archive: Path, member: str = MEMBER) -> npm.Published:
    """It, pinned as it is."""
    digest = hashlib.sha512(archive.read_bytes()).digest()
    return npm.Published(
        "@some/data", "1.0.0", f"sha512-{base64.b64encode(digest).decode()}", member
    )


def test_it_is_fetched_once(archive: Path, tmp_path: Path) -> None:
    wanted = published(archive)
    assert npm.fetch(wanted).read_text() == '{"a": 1}'
    assert npm.fetch(wanted) == wanted.path
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == 1
    assert calls[0].startswith("pack @some/data@1.0.0 ")


def test_another_archive_is_refused(archive: Path) -> None:
    wanted = published(archive)
    archive.write_bytes(archive.read_bytes() + b"\0")
    with pytest.raises(ToolError, match="not the archive that was pinned"):
        npm.fetch(wanted)
    assert not wanted.path.exists()


def test_a_failing_npm_is_said_to_fail(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "npm").write_text("#!/bin/sh\necho 'npm error 404 Not Found' >&2\nexit 1\n")
    with pytest.raises(ToolError, match="failed: npm error 404"):
        npm.fetch(published(archive))


def test_a_missing_npm_is_said_to_be_missing(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"npm is missing.*install Node.js with npm \(.*dpkg-query"):
        npm.fetch(published(archive))


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        pytest.param('cp "$NPM" "${0%/*}/npm"', "", id="installed"),
        pytest.param(
            "echo 'E: Unable to locate package npm' >&2; exit 100",
            r"npm is missing.*apt-get install .*npm.* failed: E: Unable to locate",
            id="nowhere to be had",
        ),
    ],
)
def test_a_missing_npm_comes_from_debian(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str, sentence: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    programs = tmp_path / "debian"
    programs.mkdir()
    (programs / "cp").symlink_to("/bin/cp")
    scripts = {
        "dpkg-query": "exit 1",
        "apt-get": f'echo "$@" >> {tmp_path}/apt; test "$1" = install || exit 0; {outcome}',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("NPM", str(tmp_path / "bin" / "npm"))
    monkeypatch.setenv("PATH", str(programs))
    if sentence:
        with pytest.raises(ToolError, match=sentence):
            npm.fetch(published(archive))
    else:
        assert npm.fetch(published(archive)).read_text() == '{"a": 1}'
    installed = (tmp_path / "apt").read_text().splitlines()[-1]
    assert {"install", "npm"} <= set(installed.split())
