"""The shipped program under the real engine and all stand-ins: the walk of one environment.

A real API server, the simulated CloudFront with a primary, and the provider that is shipped. No
container starts: what has to be seen is what exists, what changes, and that nothing is left.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml
from pulumi import automation as auto

from infra import naming, preview
from infra.contract import SECRET_KEYS, Platform, PreviewInputs, StageFile
from infra.identity import EnvironmentKey
from tests.contract.world.plugins.conftest import Edge, changed
from tests.contract.world.plugins.control_plane import ControlPlane
from tests.world.plugins import path_folder
from tests.world.tools import crds, tool

# A program that fails leaves the Automation API's event loop and sockets to the garbage collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[4]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NAME = naming.environment_name(EnvironmentKey("acme/shop", 7))
NAMESPACE = f"/api/v1/namespaces/{NAME}"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAME}/deployments/web"
NODE_POOL = f"/apis/karpenter.sh/v1/nodepools/{NAME}"
SECRET = "sesame-sesame"
FIRST, SECOND = "1" * 40, "2" * 40
STAGE = """
services:
  web: {image: 'registry.test/web:{sha}', port: 8080, route: /, probe: {}, language: python}
  api: {image: 'registry.test/api:{sha}', port: 9090}
"""
PATIENCE = 60.0


@pytest.fixture(scope="module")
def definitions(cluster: ControlPlane) -> ControlPlane:
    """The cluster with the definitions that the program's custom resources need."""
    paths = []
    for name in ("karpenter", "opentelemetry-operator"):
        for file in sorted(crds(name).glob("*.yaml")):
            for document in filter(None, yaml.safe_load_all(file.read_text())):
                status, answer = cluster.call("POST", DEFINITIONS, document)
                assert status in (201, 409), answer
                paths.append(f"{DEFINITIONS}/{document['metadata']['name']}")
    deadline = time.monotonic() + PATIENCE
    while not all(established(cluster, path) for path in paths):
        assert time.monotonic() < deadline, "a definition is never served"
        time.sleep(0.1)
    return cluster


def established(cluster: ControlPlane, path: str) -> bool:
    conditions = ((cluster.get(path) or {}).get("status") or {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


@pytest.fixture
def environ(
    tmp_path: Path, launcher: Path, monkeypatch: pytest.MonkeyPatch, edge: Edge
) -> dict[str, str]:
    """What the engine is started with; also in place for the Automation API."""
    folders = [str(path_folder()), str(tool("pulumi").parent), str(launcher), os.environ["PATH"]]
    (tmp_path / "state").mkdir()
    given = {
        "PATH": os.pathsep.join(folders),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "plugins",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def inputs(definitions: ControlPlane, edge: Edge, tmp_path: Path) -> PreviewInputs:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(definitions.kubeconfig)
    return PreviewInputs(
        repository="acme/shop",
        pull_request=7,
        commit=FIRST,
        stage=StageFile.parse(STAGE),
        platform=Platform(
            domain="preview.test",
            scheme="http",
            port=8000,
            kubeconfig=str(kubeconfig),
            otlp_endpoint="http://10.244.0.1:4318",
            primary_distribution_id=edge.primary_id,
            aws_endpoint=edge.endpoint,
        ),
        edge_value=pydantic.SecretStr(SECRET),
        gate=False,
    )


MakeStack = Callable[[PreviewInputs], auto.Stack]


@pytest.fixture
def stack(environ: dict[str, str]) -> MakeStack:
    """Make the environment's stack with this config; call it again to change the config."""

    def make(inputs: PreviewInputs) -> auto.Stack:
        made = auto.create_or_select_stack(
            NAME,
            project_name=naming.PROJECT,
            program=preview.program,
            opts=auto.LocalWorkspaceOptions(env_vars=environ),
        )
        config = {
            key: auto.ConfigValue(value, secret=key in SECRET_KEYS)
            for key, value in inputs.to_config().items()
        }
        made.set_all_config(config)
        return made

    return make


def kinds(stack: auto.Stack) -> list[str]:
    """The types of all resources in the state."""
    deployment = stack.export_stack().deployment or {}
    resources = deployment.get("resources", [])
    return sorted(resource["type"] for resource in resources)


def image(deployment: dict[str, Any]) -> str:
    """The image of a Deployment's one container."""
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def test_an_environment_comes_changes_and_goes(
    stack: MakeStack,
    inputs: PreviewInputs,
    edge: Edge,
    definitions: ControlPlane,
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    planned = stack(inputs).preview()
    assert set(planned.change_summary) == {auto.OpType.CREATE}
    assert definitions.get(NAMESPACE) is None
    assert edge.staging() == edge.policies() == []

    made = stack(inputs).up()
    assert changed(made.summary.resource_changes) == {
        "create": planned.change_summary[auto.OpType.CREATE]
    }
    live = definitions.get(DEPLOYMENT)
    assert live is not None
    assert image(live) == f"registry.test/web:{FIRST}"
    assert definitions.get(NODE_POOL) is not None
    [policy], [staging] = edge.policies(), edge.staging()
    assert edge.attached() == policy["Id"]
    assert staging["Origins"]["Items"][0]["DomainName"] == inputs.host
    assert made.outputs["stagingDistributionId"].value == staging["Id"]
    assert SECRET not in "".join(file.read_text() for file in state.rglob("*.json"))

    again = stack(inputs).up()
    assert changed(again.summary.resource_changes) == {}
    # The first refresh may still see the distribution become Deployed, which nobody waited for.
    stack(inputs).refresh()
    refreshed = stack(inputs).refresh()
    assert changed(refreshed.summary.resource_changes) == {}

    pushed = inputs.model_copy(update={"commit": SECOND})
    foreseen = stack(pushed).preview()
    assert foreseen.change_summary[auto.OpType.UPDATE] == 2
    live = definitions.get(DEPLOYMENT)
    assert live is not None
    assert FIRST in image(live)
    updated = stack(pushed).up()
    # Two Deployments carry the commit; the Instrumentation names it too.
    assert set(changed(updated.summary.resource_changes)) == {"update"}
    live = definitions.get(DEPLOYMENT)
    assert live is not None
    assert SECOND in image(live)
    assert [one["Id"] for one in edge.staging()] == [staging["Id"]]

    stack(pushed).destroy()
    assert kinds(stack(pushed)) == []
    assert edge.attached() == ""
    assert edge.staging() == edge.policies() == []
    deadline = time.monotonic() + PATIENCE
    while definitions.get(NAMESPACE) or definitions.get(NODE_POOL):
        assert time.monotonic() < deadline, "the namespace stays"
        time.sleep(0.1)


def test_the_command_line_makes_the_same_by_the_language_host(
    stack: MakeStack,
    inputs: PreviewInputs,
    environ: dict[str, str],
    edge: Edge,
    definitions: ControlPlane,
    tmp_path: Path,
) -> None:
    made = stack(inputs)
    made.up()
    by_bot = kinds(made)
    made.destroy()

    config = {f"{naming.PROJECT}:{key}": value for key, value in inputs.to_config().items()}
    settings = tmp_path / "Pulumi.hand.yaml"
    settings.write_text(yaml.safe_dump({"config": config}))

    def command(*words: str) -> str:
        ran = subprocess.run(
            ["pulumi", "--non-interactive", *words],
            cwd=ROOT / "stacks" / "preview",
            env={**os.environ, **environ, "PULUMI_PYTHON_CMD": sys.executable},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    file = ["--config-file", str(settings)]
    command("stack", "init", "hand")
    assert "to create" in command("preview", "--stack", "hand", *file)
    command("up", "--yes", "--skip-preview", "--stack", "hand", *file)
    state = json.loads(command("stack", "export", "--stack", "hand"))
    by_hand = sorted(resource["type"] for resource in state["deployment"]["resources"])
    assert by_hand == by_bot
    assert len(edge.staging()) == 1
    command("destroy", "--yes", "--skip-preview", "--stack", "hand", *file)
    command("stack", "rm", "--yes", "hand")
    assert edge.staging() == edge.policies() == []
    assert (definitions.get(NAMESPACE) or {}).get("status", {}).get("phase") != "Active"
