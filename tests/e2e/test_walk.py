"""The main job, end to end, on the real parts."""

from __future__ import annotations

import pytest

from bot import model
from infra import naming
from tests.world import production
from tests.world.cluster.api import CORE, KARPENTER
from tests.world.walk import Walk

pytestmark = pytest.mark.world


def _selector(walk: Walk) -> str:
    return f"{naming.LABEL_ENVIRONMENT}={walk.name}"


def test_a_pull_request_gets_an_environment_and_it_goes_away(walk: Walk) -> None:
    world = walk.world
    walk.open()
    walk.until_serving()
    first = walk.commit

    # Behind production's domain: the pull request with its header, production without.
    walk.until("the edge route", lambda: walk.edge_page(walk.edge_headers()) == first)
    assert walk.edge_page({}) == production.COMMIT
    (header, value) = next(iter(walk.edge_headers().items()))
    assert header == naming.edge_header(walk.name)
    assert len(value) == 32
    assert walk.edge_page({header: "guessed"}) == production.COMMIT
    state = world.cluster.folder / "bot" / "state"
    kept = [path for path in state.rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if value.encode() in path.read_bytes()] == []
    items = world.through_edge("/api/items", walk.edge_headers()).json()
    assert items["web"] == items["api"]["commit"] == first

    # On nodes of its own.
    api = world.cluster.api
    nodes = api.names(f"{CORE}/nodes", labelSelector=_selector(walk))
    pods = api.items(f"{CORE}/namespaces/{walk.name}/pods")
    assert nodes
    assert {pod["spec"]["nodeName"] for pod in pods} <= nodes

    # Instrumented, and their spans have come.
    for pod in pods:
        inits = [init["name"] for init in pod["spec"].get("initContainers", [])]
        assert inits == ["opentelemetry-auto-instrumentation-python"]
    walk.until("spans of both services", lambda: _joined(walk))

    # One comment, one deployment with its address.
    walk.until("the comment", lambda: "Ready" in walk.comment())
    walk.until("the deployment", lambda: _states(walk, first)[-1:] == ["success"])

    walk.push()
    walk.until_serving()
    assert walk.commit != first
    walk.until("the first deployment's end", lambda: "inactive" in _states(walk, first))
    walk.until("the new deployment", lambda: _states(walk, walk.commit)[-1:] == ["success"])
    assert walk.edge_page({}) == production.COMMIT

    walk.close()
    walk.until_phase(model.Phase.ABSENT, 180)
    walk.until("the last word", lambda: "Proved" in walk.comment())
    assert _left(walk) == []


def _joined(walk: Walk) -> bool:
    """Whether a trace has spans of both services."""
    walk.world.through_ingress(walk.name, "/api/items")
    services: dict[str, set[str]] = {}
    for span in walk.world.spans(walk.name):
        services.setdefault(span["trace"], set()).add(span["resource"].get("service.name", ""))
    return any({"web", "api"} <= found for found in services.values())


def _states(walk: Walk, commit: str) -> list[str]:
    return [
        str(status["state"])
        for deployment in walk.world.github.deployments(walk.repository)
        if deployment["sha"] == commit
        for status in deployment["statuses"]
    ]


def _left(walk: Walk) -> list[str]:
    """What a listing of ours finds: independent of the bot's own proof."""
    api = walk.world.cluster.api
    found = [f"namespace {n}" for n in api.names(f"{CORE}/namespaces") if n == walk.name]
    found += [f"node {n}" for n in api.names(f"{CORE}/nodes", labelSelector=_selector(walk))]
    for plural in ("nodepools", "nodeclaims"):
        names = api.names(f"{KARPENTER}/{plural}")
        found += [f"{plural} {name}" for name in names if name.startswith(walk.name)]
    reservations = walk.world.aws("ec2").describe_instances(
        Filters=[{"Name": "tag:karpenter.sh/nodepool", "Values": [walk.name]}]
    )["Reservations"]
    found += [
        f"instance {instance['InstanceId']}"
        for reservation in reservations
        for instance in reservation["Instances"]
        if instance["State"]["Name"] != "terminated"
    ]
    cloudfront = walk.world.aws("cloudfront")
    distributions = cloudfront.list_distributions()["DistributionList"].get("Items", [])
    found += [
        f"distribution {item['Id']}" for item in distributions if walk.name in item["Comment"]
    ]
    policies = cloudfront.list_continuous_deployment_policies()
    for item in policies["ContinuousDeploymentPolicyList"].get("Items", []):
        config = item["ContinuousDeploymentPolicy"]["ContinuousDeploymentPolicyConfig"]
        if config["TrafficConfig"]["SingleHeaderConfig"]["Header"] == naming.edge_header(walk.name):
            found.append("policy")
    return found
