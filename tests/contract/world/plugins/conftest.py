"""A real engine with the stand-ins on PATH, a file for its state, a real API server, and AWS."""

import gc
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from pulumi import automation as auto

from tests.contract.world.plugins.control_plane import ControlPlane, control_plane
from tests.world.aws.process import CREDENTIALS, running
from tests.world.aws.seed import primary_config
from tests.world.plugins import path_folder
from tests.world.tools import tool

ROOT = Path(__file__).parents[4]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/primary"

MakeStack = Callable[[Callable[[], None]], auto.Stack]


def changed(summary: Any) -> dict[str, int]:
    """How many resources an operation created, updated and so on; unchanged ones left out."""
    return {kind: count for kind, count in (summary or {}).items() if kind != "same"}


class Edge:
    """The simulated CloudFront, and its one primary distribution."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        session = boto3.Session("test", "test", region_name="us-east-1")
        client: Any = session.client("cloudfront", endpoint_url=endpoint)
        self.client = client
        config: Any = primary_config("shop.test", CERTIFICATE, "production.test", 8000)
        answer = self.client.create_distribution(DistributionConfig=config)
        self.primary_id: str = answer["Distribution"]["Id"]

    def staging(self) -> list[dict[str, Any]]:
        """The staging distributions that there are."""
        found = self.client.list_distributions()["DistributionList"].get("Items", [])
        return [one for one in found if one["Id"] != self.primary_id]

    def policies(self) -> list[dict[str, Any]]:
        """The policies that there are."""
        answer = self.client.list_continuous_deployment_policies()
        items = answer["ContinuousDeploymentPolicyList"].get("Items", [])
        return [one["ContinuousDeploymentPolicy"] for one in items]

    def attached(self) -> str:
        """The policy of the primary, or an empty text."""
        answer = self.client.get_distribution_config(Id=self.primary_id)
        return str(answer["DistributionConfig"]["ContinuousDeploymentPolicyId"])

    def change(self, identifier: str, **fields: Any) -> None:
        """Change a distribution as somebody else would."""
        answer = self.client.get_distribution_config(Id=identifier)
        self.client.update_distribution(
            Id=identifier,
            IfMatch=answer["ETag"],
            DistributionConfig=answer["DistributionConfig"] | fields,
        )

    def take_away(self, identifier: str) -> None:
        """Disable and delete a distribution as somebody else would."""
        self.change(identifier, Enabled=False)
        self.deployed(identifier)
        etag = self.client.get_distribution_config(Id=identifier)["ETag"]
        self.client.delete_distribution(Id=identifier, IfMatch=etag)

    def deployed(self, identifier: str) -> None:
        """Wait until the edges have a distribution."""
        deadline = time.monotonic() + 20
        while self.client.get_distribution(Id=identifier)["Distribution"]["Status"] != "Deployed":
            assert time.monotonic() < deadline, identifier
            time.sleep(0.05)

    def take(self) -> str:
        """Attach a policy of somebody else's to the primary; its id."""
        config = self.client.get_distribution_config(Id=self.primary_id)["DistributionConfig"]
        own = {"CallerReference": "theirs", "Staging": True}
        wanted = {key: value for key, value in config.items() if key != "Aliases"} | own
        staging = self.client.create_distribution(DistributionConfig=wanted)["Distribution"]
        names = {"Quantity": 1, "Items": [staging["DomainName"]]}
        made = self.client.create_continuous_deployment_policy(
            ContinuousDeploymentPolicyConfig={
                "Enabled": True,
                "StagingDistributionDnsNames": names,
                "TrafficConfig": {
                    "Type": "SingleWeight",
                    "SingleWeightConfig": {"Weight": 0.1},
                },
            }
        )
        identifier = str(made["ContinuousDeploymentPolicy"]["Id"])
        self.change(self.primary_id, ContinuousDeploymentPolicyId=identifier)
        return identifier

    def free(self, policy: str) -> None:
        """Undo `take`."""
        self.change(self.primary_id, ContinuousDeploymentPolicyId="")
        etag = self.client.get_continuous_deployment_policy(Id=policy)["ETag"]
        self.client.delete_continuous_deployment_policy(Id=policy, IfMatch=etag)
        for one in self.staging():
            self.take_away(one["Id"])


@pytest.fixture(autouse=True)
def left_behind() -> Iterator[None]:
    """Collect what a failed program leaves of the Automation API: its event loop and sockets.

    They would be found by whatever test runs when Python next collects, and fail that one.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One API server for all tests."""
    folder = tmp_path_factory.mktemp("control-plane")
    with control_plane(folder, deleting=True) as running:
        yield running


@pytest.fixture
def make_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeStack:
    """Make the test's stack, with this program in it; call it again to change the program."""
    path = [str(path_folder()), str(tool("pulumi").parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    (tmp_path / "state").mkdir()
    environment = {
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "plugins",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def make(program: Callable[[], None]) -> auto.Stack:
        return auto.create_or_select_stack(
            "test",
            project_name="plugins",
            program=program,
            opts=auto.LocalWorkspaceOptions(env_vars=environment),
        )

    return make


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with running(deploy_seconds=0.2) as endpoint:
        yield Edge(endpoint)


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """A folder with the shipped provider's launcher, as an installation has it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "pulumi-resource-understudy"
    program.write_text(
        f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -m infra.plugin \"$@\"\n"
    )
    program.chmod(0o755)
    return folder
