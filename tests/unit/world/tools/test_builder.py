"""Where a tool is taken from, without building one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world.tools import builder, cache, official
from tests.world.tools.errors import ToolError
from tests.world.tools.manifest import TOOLS, Tool


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNDERSTUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "cache"


def put_on_path(tmp_path: Path, name: str, says: str) -> Path:
    path = tmp_path / "bin" / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def no_official(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    built: list[str] = []

    def build(entry: Tool, target: Path) -> None:
        built.append(entry.name)
        target.write_text("built")

    monkeypatch.setattr(builder, "fetch", lambda entry, target: False)
    monkeypatch.setattr(builder, "_build", build)
    return built


def test_path_is_taken_when_major_and_minor_match(tmp_path: Path) -> None:
    mine = put_on_path(tmp_path, "kubelet", "Kubernetes v1.36.99")
    assert builder.tool("kubelet") == mine


def test_path_is_left_when_the_minor_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, "kubelet", "Kubernetes v1.35.3")
    assert no_official(monkeypatch) == []
    assert builder.tool("kubelet").read_text() == "built"


def test_a_tool_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built = no_official(monkeypatch)
    assert builder.tool("etcd") == builder.tool("etcd")
    assert built == ["etcd"]


def test_the_official_release_is_preferred_to_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    built = no_official(monkeypatch)

    def fetch(entry: Tool, target: Path) -> bool:
        target.write_text("official")
        return True

    monkeypatch.setattr(builder, "fetch", fetch)
    assert builder.tool("etcd").read_text() == "official"
    assert built == []


def test_an_interrupted_build_leaves_nothing_that_looks_whole(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(entry: Tool, target: Path) -> None:
        target.write_text("half")
        raise KeyboardInterrupt

    no_official(monkeypatch)
    monkeypatch.setattr(builder, "_build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        builder.tool("etcd")
    assert [p for p in (own_cache / "tools").rglob("*") if p.is_file()] == []
    no_official(monkeypatch)
    assert builder.tool("etcd").read_text() == "built"


def test_an_unknown_tool_is_named_with_those_there_are() -> None:
    with pytest.raises(ToolError, match="no tool 'nomad'; there are: etcd"):
        builder.tool("nomad")


def test_unreachable_sites_are_asked_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def nobody(host: str, port: int) -> None:
        asked.append(host)
        raise OSError("no such host")

    monkeypatch.setattr("socket.getaddrinfo", nobody)
    official._reachable.cache_clear()
    for name in ("kubelet", "kube-proxy"):
        assert not official.fetch(TOOLS[name], tmp_path / name)
    official._reachable.cache_clear()
    assert asked == ["dl.k8s.io"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc  other.tgz\nDEF *./release/a.tgz\n", "def"),
        ("abc\n", "abc"),
        ("abc  other.tgz\n", None),
        ("", None),
    ],
)
def test_published_checksum(text: str, expected: str | None) -> None:
    assert official.published_sha256(text, "a.tgz") == expected


def test_a_wrong_checksum_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(official, "_reachable", lambda host: True)
    monkeypatch.setattr(official, "_get", lambda url: b"0" * 64)
    assert not official.fetch(TOOLS["kubelet"], tmp_path / "kubelet")
    assert not (tmp_path / "kubelet").exists()


def test_cache_folder_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cache.cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("UNDERSTUDY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_dir() == tmp_path / "xdg" / "understudy"
