"""An archive holds what the image layout asks for, blob by blob."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.world.images.oci import Image, Layer, layer_at, tar_files, tar_tree, write_archive


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    path = tmp_path / "layer.tar"
    tar_files(path, {"bin/tool": (b"binary", 0o755)}, {"bin/alias": "tool"})
    return layer_at(path)


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        read = {entry.name: tar.extractfile(entry) for entry in tar if entry.isfile()}
        return {name: handle.read() for name, handle in read.items() if handle is not None}


def blob(files: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    content = files[f"blobs/{descriptor['digest'].replace(':', '/')}"]
    assert len(content) == descriptor["size"]
    assert "sha256:" + hashlib.sha256(content).hexdigest() == descriptor["digest"]
    return content


def test_archive_can_be_walked_from_index_to_layer(tmp_path: Path, layer: Layer) -> None:
    image = Image("registry.test/a:1", [layer], ["tool"], {"B": "2", "A": "1"}, user="1:1")
    write_archive(tmp_path / "a.tar", [image])
    files = contents(tmp_path / "a.tar")
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (listed,) = json.loads(files["index.json"])["manifests"]
    assert listed["annotations"] == {"io.containerd.image.name": "registry.test/a:1"}
    manifest = json.loads(blob(files, listed))
    config = json.loads(blob(files, manifest["config"]))
    assert config["config"]["Entrypoint"] == ["tool"]
    assert config["config"]["Env"] == ["A=1", "B=2"]
    assert config["config"]["User"] == "1:1"
    (only,) = manifest["layers"]
    assert config["rootfs"]["diff_ids"] == [only["digest"]] == [layer.digest]
    assert blob(files, only) == layer.path.read_bytes()


def test_images_share_a_layer_blob(tmp_path: Path, layer: Layer) -> None:
    images = [Image(f"registry.test/{name}:1", [layer], ["tool"]) for name in ("a", "b")]
    write_archive(tmp_path / "both.tar", images)
    with tarfile.open(tmp_path / "both.tar") as tar:
        names = tar.getnames()
    assert names.count(f"blobs/{layer.digest.replace(':', '/')}") == 1
    assert len(names) == len(set(names))


def test_thin_archive_has_everything_but_layers(tmp_path: Path, layer: Layer) -> None:
    image = Image("registry.test/a:2", [layer], ["tool"])
    write_archive(tmp_path / "whole.tar", [image])
    write_archive(tmp_path / "thin.tar", [image], with_layers=False)
    whole, thin = contents(tmp_path / "whole.tar"), contents(tmp_path / "thin.tar")
    assert set(whole) - set(thin) == {f"blobs/{layer.digest.replace(':', '/')}"}
    assert all(whole[name] == content for name, content in thin.items())


def test_layer_of_files_is_the_same_each_time(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        tar_files(tmp_path / name, {"b/c": (b"x", 0o644), "a": (b"y", 0o755)})
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    with tarfile.open(tmp_path / "one") as tar:
        assert [(e.name, oct(e.mode)) for e in tar] == [
            ("b", "0o755"),
            ("a", "0o755"),
            ("b/c", "0o644"),
        ]


def test_layer_of_a_tree_keeps_emptied_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("var/cache/apt/archive", "usr/bin/python3"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("x")
    (root / "bin").symlink_to("usr/bin")
    tar_tree(tmp_path / "plain.tar", root, leave_out=["var/cache"])
    tar_tree(tmp_path / "moved.tar", root, at="opt/here", leave_out=["var/cache"])
    with tarfile.open(tmp_path / "plain.tar") as tar:
        assert set(tar.getnames()) == {
            "bin", "usr", "usr/bin", "usr/bin/python3", "var", "var/cache",
        }  # fmt: skip
        assert tar.getmember("bin").linkname == "usr/bin"
    with tarfile.open(tmp_path / "moved.tar") as tar:
        assert "opt/here/var/cache" in tar.getnames()
        assert not any(name.startswith("opt/here/var/cache/") for name in tar.getnames())
