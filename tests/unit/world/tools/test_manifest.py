"""The manifest agrees with the pinning modules, and the key with what a binary is made from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.world.tools import manifest
from tests.world.tools.manifest import CRDS, TOOLS, Tool


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_has_a_pinned_version_and_checksums(name: str) -> None:
    tool = TOOLS[name]
    assert tool.version.count(".") == 2
    assert f"{tool.module} {tool.version}" in (tool.directory / "go.sum").read_text()


@pytest.mark.parametrize("name", TOOLS)
def test_templates_are_filled(name: str) -> None:
    tool = TOOLS[name]
    templates = [tool.ldflags]
    if tool.download is not None:
        templates += [tool.download.url, tool.download.checksums or ""]
    for template in templates:
        assert "{" not in tool.fill(template)


def test_definitions_are_named_for_known_tools() -> None:
    assert set(CRDS) <= set(TOOLS)


@pytest.fixture
def etcd_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "etcd"
    shutil.copytree(TOOLS["etcd"].directory, folder)
    monkeypatch.setattr(manifest, "HERE", tmp_path)
    return folder


def test_key_is_the_same_for_the_same_files(etcd_copy: Path) -> None:
    copied = TOOLS["etcd"].key
    (etcd_copy / "go.mod").write_text((etcd_copy / "go.mod").read_text())
    assert TOOLS["etcd"].key == copied


@pytest.mark.parametrize("changed", ["go.mod", "go.sum", "placeholder/new.go"])
def test_key_changes_with_every_file(etcd_copy: Path, changed: str) -> None:
    before = TOOLS["etcd"].key
    path = etcd_copy / changed
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n// changed\n")
    assert TOOLS["etcd"].key != before


def test_key_changes_with_package_and_flags() -> None:
    def key(package: str, ldflags: str) -> str:
        return Tool("x", "etcd", "go.etcd.io/etcd/server/v3", package, ldflags=ldflags).key

    keys = {key("a", "-s"), key("b", "-s"), key("a", "-w")}
    assert len(keys) == 3
