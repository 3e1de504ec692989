"""Writes image archives (OCI image layout in a tar) from layers and a configuration.

An archive may leave its layers out: containerd takes it as long as it has them already. That is
why the image of a new commit costs nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_PLATFORM = {"architecture": "amd64", "os": "linux"}
# containerd names an imported image by this annotation.
_NAME = "io.containerd.image.name"


@dataclass(frozen=True)
class Layer:
    """An uncompressed layer: `path` is its tar, `digest` that of the tar."""

    path: Path
    digest: str
    size: int


@dataclass(frozen=True)
class Image:
    """A name, the layers from the lowest up, and how the image is run."""

    name: str
    layers: Sequence[Layer]
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = ""


def digest_of(content: bytes) -> str:
    """The digest of a blob as registries write it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def layer_at(path: Path) -> Layer:
    """Read the layer in the tar at `path`."""
    with path.open("rb") as handle:
        digest = "sha256:" + hashlib.file_digest(handle, "sha256").hexdigest()
    return Layer(path, digest, path.stat().st_size)


def _file(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def tar_files(
    path: Path, files: Mapping[str, tuple[bytes, int]], links: Mapping[str, str] | None = None
) -> None:
    """Write a layer of files (content, mode) and symbolic links (target) by their paths."""
    names = [*files, *(links or {})]
    folders = {str(parent) for name in names for parent in Path(name).parents} - {"."}
    with tarfile.open(path, "w") as tar:
        for folder in sorted(folders):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name in sorted(files):
            _file(tar, name, *files[name])
        for name, target in sorted((links or {}).items()):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
            tar.addfile(entry)


def tar_tree(path: Path, root: Path, at: str = "", leave_out: Iterable[str] = ()) -> None:
    """Write a layer of everything below `root`, put at `at`, but for the contents of some folders.

    Owners and times are kept: Python checks its compiled files by time.
    """
    emptied = tuple(f"{folder}/" for folder in leave_out)

    def wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        inside = entry.name.removeprefix(at).lstrip("/") if at else entry.name
        return None if inside.startswith(emptied) else entry

    keep: Callable[[tarfile.TarInfo], tarfile.TarInfo | None] = wanted
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        if at:
            tar.add(root, arcname=at, filter=keep)
            return
        for child in sorted(root.iterdir()):
            tar.add(child, arcname=child.name, filter=keep)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _config(image: Image) -> bytes:
    run: dict[str, Any] = {
        "Entrypoint": list(image.command),
        "Env": [f"{key}={value}" for key, value in sorted(image.env.items())],
        "WorkingDir": "/",
    }
    if image.user:
        run["User"] = image.user
    diff_ids = [layer.digest for layer in image.layers]
    return _json({**_PLATFORM, "config": run, "rootfs": {"type": "layers", "diff_ids": diff_ids}})


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def write_archive(target: Path, images: Sequence[Image], *, with_layers: bool = True) -> None:
    """Write the images into one archive; each layer is in it at most once."""
    blobs: dict[str, bytes] = {}
    layers: dict[str, Layer] = {}
    manifests: list[dict[str, Any]] = []
    for image in images:
        config = _config(image)
        manifest = _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _descriptor(_CONFIG, config),
                "layers": [
                    {"mediaType": _LAYER, "digest": layer.digest, "size": layer.size}
                    for layer in image.layers
                ],
            }
        )
        blobs[digest_of(config)] = config
        blobs[digest_of(manifest)] = manifest
        layers.update({layer.digest: layer for layer in image.layers})
        manifests.append(
            {
                **_descriptor(_MANIFEST, manifest),
                "platform": _PLATFORM,
                "annotations": {_NAME: image.name},
            }
        )
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
    with tarfile.open(target, "w") as tar:
        _file(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        if with_layers:
            for digest, layer in layers.items():
                tar.add(layer.path, arcname=f"blobs/{digest.replace(':', '/')}")
        for digest, content in blobs.items():
            _file(tar, f"blobs/{digest.replace(':', '/')}", content)
        _file(tar, "index.json", _json(index))
