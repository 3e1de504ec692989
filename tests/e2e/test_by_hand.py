"""The same program, run by a person with the Pulumi command line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot import model
from infra import naming
from infra.identity import EnvironmentKey
from tests.world.cluster import netns
from tests.world.tools import tool
from tests.world.walk import NO_EDGE, STAGE_FILE, Walk

pytestmark = [pytest.mark.world, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
EDGE_VALUE = "5" * 32


class ByHand:
    """A person at the command line, in the folder of the program."""

    def __init__(self, walk: Walk, environ: Mapping[str, str], folder: Path) -> None:
        self._walk = walk
        self._environ = dict(environ)
        self._folder = folder

    def __call__(self, *words: str, expect: int = 0) -> str:
        command = [*netns.enter(self._walk.world.cluster.name), str(tool("pulumi")), *words]
        ran = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == expect, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr


def _resources(export: str, name: str) -> set[tuple[str, str]]:
    """Type and name of what a stack holds; providers by their kind alone."""
    found = set()
    for resource in json.loads(export)["deployment"].get("resources", []):
        own = resource["urn"].rpartition("::")[2].replace(name, "NAME")
        if not resource["type"].startswith(("pulumi:pulumi:", "pulumi:providers:")):
            found.add((resource["type"], own))
    return found


def _by_hand(walk: Walk, folder: Path, backend: str) -> ByHand:
    environ = {
        **walk.world.pulumi_environ(),
        "PULUMI_BACKEND_URL": backend,
        "PULUMI_CONFIG_PASSPHRASE": "world",
    }
    # A checkout of the person's own: a stack's config is written beside the program.
    program = folder / "stacks" / "preview"
    if not program.exists():
        shutil.copytree(ROOT / "stacks" / "preview", program)
        (folder / "infra").symlink_to(ROOT / "infra")
    return ByHand(walk, environ, program)


def test_by_hand_makes_the_same_resources(walk: Walk, tmp_path: Path) -> None:
    walk.open()
    walk.until_serving()
    bots = _by_hand(walk, tmp_path, (walk.world.cluster.folder / "bot" / "state").as_uri())
    expected = {
        resource
        for stack in (walk.name, f"{walk.name}-edge")
        for resource in _resources(bots("stack", "export", "--stack", stack), walk.name)
    }
    walk.close()
    walk.until_phase(model.Phase.ABSENT, 180)

    state = tmp_path / "state"
    state.mkdir()
    person = _by_hand(walk, tmp_path, state.as_uri())
    repository = "acme/by-hand"
    name = naming.environment_name(EnvironmentKey(repository, 7))
    person("stack", "init", "by-hand")
    for key, value in {
        "repository": repository,
        "pullRequest": "7",
        "commit": walk.commit,
        "stage": STAGE_FILE,
        "platform": walk.world.platform().model_dump_json(),
    }.items():
        person("config", "set", "--stack", "by-hand", key, value)
    person("config", "set", "--stack", "by-hand", "--secret", "edgeValue", EDGE_VALUE)
    person("up", "--stack", "by-hand", "--yes", "--skip-preview")
    # It ends when everything is ready, so the page is there at once.
    assert walk.commit in walk.world.through_ingress(name).text
    assert _resources(person("stack", "export", "--stack", "by-hand"), name) == expected
    assert EDGE_VALUE not in (tmp_path / "stacks/preview/Pulumi.by-hand.yaml").read_text()
    assert EDGE_VALUE not in person("stack", "export", "--stack", "by-hand")
    unchanged = person("preview", "--stack", "by-hand", "--diff", "--expect-no-changes")
    assert "error" not in unchanged
    person("destroy", "--stack", "by-hand", "--yes", "--skip-preview")
    assert _resources(person("stack", "export", "--stack", "by-hand"), name) == set()


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        pytest.param("commit", "main", "commit", id="commit"),
        pytest.param("stage", "services: {}", "services", id="stage"),
        pytest.param("platform", "[]", "no mapping", id="platform"),
    ],
)
def test_a_wrong_config_is_told_in_one_sentence(
    walk: Walk, tmp_path: Path, key: str, value: str, sentence: str
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    person = _by_hand(walk, tmp_path, state.as_uri())
    person("stack", "init", "by-hand")
    given = {
        "repository": "acme/by-hand",
        "pullRequest": "8",
        "commit": "0" * 40,
        "stage": NO_EDGE,
        "platform": walk.world.platform().model_dump_json(),
        key: value,
    }
    for name, text in given.items():
        person("config", "set", "--stack", "by-hand", name, text)
    told = person("up", "--stack", "by-hand", "--yes", "--skip-preview", expect=1)
    assert sentence in told
    assert "Traceback" not in told
    exported = json.loads(person("stack", "export", "--stack", "by-hand"))
    assert "kubernetes:core/v1:Namespace" not in json.dumps(exported)
