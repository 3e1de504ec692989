"""What two thousand stacks in the state backend cost a single operation.

The engine, Pulumi and the program are real; the API server is a small one that keeps what is
applied, and S3 is simulated. The further stacks are copies of a real one under other names, with
everything that the backend keeps of it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from unittest import mock

import boto3

from tests.bench.report import Report
from tests.unit.bot.engine.cluster import cluster
from tests.unit.bot.engine.stand import NAME, OTHER, Stand
from tests.world.aws.process import CREDENTIALS, running

STACKS = 2000
ROUNDS = 5
LIMIT = 1.2
"""How much longer an operation may take beside so many stacks."""
SECONDS = 300.0


class Backend(Protocol):
    """Where the state is, as files by their path."""

    url: str

    def read(self) -> dict[str, bytes]:
        """Everything in it."""

    def write(self, path: str, body: bytes) -> None:
        """Put one file into it."""


class Folder:
    """A `file://` backend."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.url = folder.as_uri()

    def read(self) -> dict[str, bytes]:
        """Every file, by its path in the folder."""
        files = (one for one in self._folder.rglob("*") if one.is_file())
        return {str(one.relative_to(self._folder)): one.read_bytes() for one in files}

    def write(self, path: str, body: bytes) -> None:
        """Write a file, and the folders that it is in."""
        made = self._folder / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(body)


class Bucket:
    """An `s3://` backend."""

    def __init__(self, endpoint: str, name: str) -> None:
        self._s3 = boto3.client("s3", endpoint_url=endpoint)
        self._s3.create_bucket(Bucket=name)
        self._name = name
        self.url = f"s3://{name}?endpoint={endpoint}&region=us-east-1&s3ForcePathStyle=true"

    def read(self) -> dict[str, bytes]:
        """Every object, by its key."""
        keys = [one["Key"] for one in self._s3.list_objects_v2(Bucket=self._name)["Contents"]]
        return {key: self._s3.get_object(Bucket=self._name, Key=key)["Body"].read() for key in keys}

    def write(self, path: str, body: bytes) -> None:
        """Put an object."""
        self._s3.put_object(Bucket=self._name, Key=path, Body=body)


def run() -> Report:
    """Measure on a folder and on a bucket, one stack beside two thousand in turns."""
    figures: dict[str, float | None] = {"stacks": STACKS}
    # Pulumi's S3 client and boto3 both look for credentials in the process's own environment.
    with mock.patch.dict(os.environ, CREDENTIALS), tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        _measure("file", root, lambda name: Folder(root / f"state-{name}"), figures)
        with running() as endpoint:
            _measure("s3", root, lambda name: Bucket(endpoint, name), figures)
    limited = [name for name in figures if name.endswith("_ratio")]
    return Report(figures, dict.fromkeys(limited, LIMIT))


def _measure(
    kind: str, root: Path, backend: Callable[[str], Backend], figures: dict[str, float | None]
) -> None:
    few, many = backend(f"few-{kind}"), backend(f"many-{kind}")
    with cluster() as made:
        stands = {}
        for label, kept in (("few", few), ("many", many)):
            folder = root / f"{label}-{kind}"
            folder.mkdir()
            stands[label] = Stand.of(folder, made, backend_url=kept.url)
        _update(stands["many"], 0)
        _multiply(many)
        _remove(stands["many"])
        found = len(stands["many"].engine.names())
        if found != STACKS:
            raise RuntimeError(f"{STACKS} stacks were to be there, and {found} are")
        seconds: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):
            for label, stand in stands.items():
                for act, took in _life(stand).items():
                    seconds.setdefault((label, act), []).append(took)
    for act in ("create", "update", "destroy", "list"):
        alone, beside = (statistics.median(seconds[label, act]) for label in ("few", "many"))
        print(f"{kind:<5} {act:<8} {alone:>6.2f} s, beside {STACKS}: {beside:>6.2f} s", flush=True)
        figures[f"{kind}_{act}_s"] = beside
        if act != "list":  # that takes milliseconds, and grows with what it lists
            figures[f"{kind}_{act}_ratio"] = beside / alone


def _life(stand: Stand) -> dict[str, float]:
    return {
        "create": _timed(lambda: _update(stand, 0)),
        "update": _timed(lambda: _update(stand, 1)),
        "list": _timed(stand.engine.names),
        "destroy": _timed(lambda: _remove(stand)),
    }


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _update(stand: Stand, commit: int) -> None:
    config = stand.config(OTHER) if commit else stand.config()
    stand.engine.up(NAME, config, stand.said.append).result(SECONDS)


def _remove(stand: Stand) -> None:
    stand.engine.destroy(NAME, stand.said.append).result(SECONDS)


def _multiply(backend: Backend) -> None:
    """Keep all that there is of `NAME` under other names as well."""
    kept = {path: body for path, body in backend.read().items() if NAME in path}
    for index in range(STACKS):
        name = f"pr-{index + 1000}-shop-abcdef"
        for path, body in kept.items():
            backend.write(path.replace(NAME, name), body.replace(NAME.encode(), name.encode()))
