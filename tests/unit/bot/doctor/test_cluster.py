from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import errors, kube_api
from bot.doctor import Sign, cluster
from tests.unit.infra.readiness.api_server import ApiServer, api_server

KARPENTER = "karpenter.sh/v1"
TELEMETRY = "opentelemetry.io/v1alpha1"
METRICS = "metrics.k8s.io/v1beta1"


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """A cluster with everything, that allows everything."""
    with api_server() as server:
        server.objects["/version"] = {"gitVersion": "v1.35.0"}
        install(server, {KARPENTER: "nodepools", TELEMETRY: "instrumentations", METRICS: "pods"})
        yield server


def install(api: ApiServer, resources: dict[str, str]) -> None:
    api.objects["/apis"] = {
        "groups": [
            {
                "name": version.partition("/")[0],
                "versions": [
                    {"groupVersion": f"{version.partition('/')[0]}/v9"},
                    {"groupVersion": version},
                ],
            }
            for version in resources
        ]
    }
    for version, name in resources.items():
        api.objects[f"/apis/{version}"] = {"resources": [{"name": name}]}


@pytest.fixture
def connect(api: ApiServer, tmp_path: Path) -> Iterator[cluster.Connect]:
    connect = cluster.connector(lambda: kube_api.connect(api.kubeconfig(tmp_path), None))
    yield connect
    connect().close()


def test_it_tells_the_version(connect: cluster.Connect) -> None:
    assert [str(one) for one in cluster.reach(connect)] == [
        "ok      cluster: answers, Kubernetes v1.35.0"
    ]


def test_a_cluster_that_is_away_is_told(connect: cluster.Connect, api: ApiServer) -> None:
    api.statuses["/version"] = 503
    with pytest.raises(errors.UnreachableError, match="503"):
        list(cluster.reach(connect))


def test_a_kubeconfig_that_is_missing_is_told() -> None:
    connect = cluster.connector(lambda: kube_api.connect("/nowhere", None))
    with pytest.raises(errors.UnreachableError, match="/nowhere"):
        list(cluster.reach(connect))


def test_every_api_is_there(connect: cluster.Connect) -> None:
    found = list(cluster.apis(connect, node_pools=True, telemetry=True))
    assert [one.sign for one in found] == [Sign.OK] * 3


def test_what_the_platform_asks_for_has_to_be_there(
    connect: cluster.Connect, api: ApiServer
) -> None:
    install(api, {})
    found = list(cluster.apis(connect, node_pools=True, telemetry=True))
    assert [(one.sign, one.found) for one in found] == [
        (Sign.WRONG, "nodepools of karpenter.sh are not there"),
        (Sign.WRONG, "instrumentations of opentelemetry.io are not there"),
        (Sign.WARNING, "pods of metrics.k8s.io are not there"),
    ]
    found = list(cluster.apis(connect, node_pools=False, telemetry=False))
    assert [one.sign for one in found] == [Sign.WARNING]


def test_an_api_whose_server_is_away_is_not_there(connect: cluster.Connect, api: ApiServer) -> None:
    api.statuses[f"/apis/{METRICS}"] = 503
    *_, metrics = cluster.apis(connect, node_pools=True, telemetry=True)
    assert metrics.sign is Sign.WARNING


def test_the_bot_may_do_what_it_must(connect: cluster.Connect, api: ApiServer) -> None:
    assert [one.sign for one in cluster.rights(connect, node_pools=True)] == [Sign.OK]
    asked = [body["spec"]["resourceAttributes"] for _, _, body in api.written]
    logs = {"verb": "get", "group": "", "resource": "pods", "subresource": "log"}
    assert logs in asked


def test_every_right_that_is_missing_is_named(connect: cluster.Connect, api: ApiServer) -> None:
    api.forbidden = {"delete namespaces", "create nodepools", "get pods"}
    (found,) = cluster.rights(connect, node_pools=True)
    assert found.sign is Sign.WRONG
    assert found.found == (
        "the bot may not delete namespaces, get pods/log, create nodepools.karpenter.sh"
    )


def test_node_pools_are_not_asked_about_where_there_are_none(
    connect: cluster.Connect, api: ApiServer
) -> None:
    api.forbidden = {"create nodepools"}
    assert [one.sign for one in cluster.rights(connect, node_pools=False)] == [Sign.OK]


def test_who_may_not_even_ask_is_told(connect: cluster.Connect, api: ApiServer) -> None:
    api.refusals["selfsubjectaccessreviews"] = 403
    with pytest.raises(errors.UnreachableError, match="403"):
        list(cluster.rights(connect, node_pools=True))
