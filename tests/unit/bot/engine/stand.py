"""An engine with the real Pulumi, the plugins' stand-ins, and a cluster that can hold back."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pydantic

from bot.engine import EngineSettings, PulumiEngine, group
from infra.contract import Platform, PreviewInputs, StageFile
from tests.unit.bot.engine.cluster import Cluster
from tests.world.aws.process import CREDENTIALS
from tests.world.plugins import path_folder
from tests.world.tools import tool

NAME = "pr-7-shop-abcdef"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"
STAGE = StageFile.parse("services: {web: {image: 'registry.test/web:{sha}', port: 8080}}")
PATIENCE = 60.0
ROOT = Path(__file__).parents[4]


def path() -> str:
    """A search path with Pulumi and the stand-ins on it."""
    places = [str(path_folder()), str(tool("pulumi").parent), os.environ["PATH"]]
    return os.pathsep.join(places)


def launcher(folder: Path) -> Path:
    """A folder with the shipped provider's launcher, as an installation has it."""
    folder.mkdir(exist_ok=True)
    program = folder / "pulumi-resource-understudy"
    program.write_text(
        f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -m infra.plugin \"$@\"\n"
    )
    program.chmod(0o755)
    return folder


@dataclasses.dataclass
class Stand:
    """One engine with a state of its own."""

    folder: Path
    cluster: Cluster
    settings: EngineSettings
    engine: PulumiEngine
    said: list[str] = dataclasses.field(default_factory=list)
    """Every event line."""

    @classmethod
    def of(cls, folder: Path, cluster: Cluster, **changes: object) -> Stand:
        (folder / "state").mkdir(exist_ok=True)
        settings = EngineSettings(
            backend_url=(folder / "state").as_uri(),
            passphrase="stand",
            work_dir=folder / "work",
            environ={
                "PATH": f"{launcher(folder / 'bin')}:{path()}",
                "PULUMI_HOME": str(folder / "home"),
                **CREDENTIALS,
            },
            cancel_seconds=5.0,
            # Most tests wait for the result, and do not beat.
            watchdog_seconds=600.0,
        )
        settings = dataclasses.replace(settings, **changes)  # type: ignore[arg-type]
        return cls(folder, cluster, settings, PulumiEngine(settings))

    def config(
        self, commit: str = COMMIT, edge_value: str = "", **platform: object
    ) -> Mapping[str, str]:
        described = {
            "domain": "preview.test",
            "kubeconfig": self.cluster.kubeconfig(self.folder),
            **platform,
        }
        return PreviewInputs(
            repository="acme/shop",
            pull_request=7,
            commit=commit,
            stage=STAGE,
            platform=Platform.model_validate(described),
            edge_value=pydantic.SecretStr(edge_value),
            gate=False,
            driver="bot",
        ).to_config()

    def record(self) -> group.Record:
        """Who works on the stack at the moment."""
        file = self.settings.work_dir / f"stack-{NAME}" / "owner.json"
        wait(lambda: group.read(file) is not None)
        found = group.read(file)
        assert found is not None
        return found

    @property
    def state_file(self) -> Path:
        return self.folder / f"state/.pulumi/stacks/understudy-preview/{NAME}.json"


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
