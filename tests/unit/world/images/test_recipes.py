"""A commit's image differs from another's by its name and settings alone."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.world.images import build, commit_image, commit_name, layers
from tests.world.images.oci import Layer, layer_at, tar_files

ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture(autouse=True)
def small_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_CACHE", str(tmp_path / "cache"))
    tar_files(tmp_path / "layer.tar", {"x": (b"x", 0o644)})
    small: Layer = layer_at(tmp_path / "layer.tar")
    monkeypatch.setattr(layers, "debian", lambda: small)


def config(archive: Path) -> dict[str, list[str]]:
    with tarfile.open(archive) as tar:
        for entry in tar:
            handle = tar.extractfile(entry)
            if handle is not None and b'"rootfs"' in (text := handle.read(4096)):
                run: dict[str, list[str]] = json.loads(text)["config"]
                return run
    raise AssertionError("no configuration in the archive")


def test_commit_is_in_the_settings() -> None:
    assert f"COMMIT={ONE}" in config(commit_image("web", ONE))["Env"]
    assert config(commit_image("api", ONE))["Entrypoint"] == ["python3", "-m", "shop.api"]


def test_archives_are_kept_and_told_apart() -> None:
    assert commit_image("web", ONE) == commit_image("web", ONE)
    others = [
        commit_image("web", TWO),
        commit_image("api", ONE),
        commit_image("web", ONE, {"SHOP_FAULT": "crash"}),
    ]
    assert len({commit_image("web", ONE), *others}) == 4


def test_a_commits_archive_is_small() -> None:
    assert commit_image("web", ONE).stat().st_size <= 10_240


def test_the_shop_comes_without_a_commit() -> None:
    assert not [line for line in config(build("shop"))["Env"] if line.startswith("COMMIT=")]


@pytest.mark.parametrize("sha", ["main", "1" * 39, "G" * 40, ""])
def test_only_full_commits_are_taken(sha: str) -> None:
    with pytest.raises(ValueError, match="no full commit"):
        commit_name("web", sha)


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="it has web and api"):
        commit_name("db", ONE)
    with pytest.raises(ValueError, match="pause, busybox, shop, autoinstrumentation"):
        build("nginx")
