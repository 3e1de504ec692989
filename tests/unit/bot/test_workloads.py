from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import errors, kube_api, scaling, workloads
from infra import naming, ownership
from tests.unit.infra.readiness.api_server import ApiServer, Item, api_server

NAME = "pr-7-shop-abcdef"
DEPLOYMENTS, STATEFUL_SETS = (path.format(NAME) for path in scaling.PATHS)
PODS = f"/api/v1/namespaces/{NAME}/pods"
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
STAMP = "2026-01-01T12:00:00Z"


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def acting(api: ApiServer, tmp_path: Path) -> Iterator[workloads.ClusterWorkloads]:
    connection = kube_api.connect(api.kubeconfig(tmp_path), None)
    yield workloads.ClusterWorkloads(connection)
    connection.close()


def workload(name: str, annotations: dict[str, str] | None = None, **metadata: Any) -> Item:
    return {
        "metadata": {"name": name, "uid": name, **metadata},
        "spec": {"template": {"metadata": {"annotations": annotations} if annotations else {}}},
    }


def test_every_workload_is_restarted_under_a_manager_of_its_own(
    api: ApiServer, acting: workloads.ClusterWorkloads
) -> None:
    api.put(DEPLOYMENTS, workload("api", {"a": "b"}))
    api.put(DEPLOYMENTS, workload("gone", deletionTimestamp="now"))
    api.put(STATEFUL_SETS, workload("db"))
    assert acting.restart(NAME, None, NOON) == ["api", "db"]
    where = "/spec/template/metadata/annotations"
    query = f"?fieldManager={ownership.RESTART}"
    assert api.written == [
        (
            "PATCH",
            f"{DEPLOYMENTS}/api{query}",
            [
                {
                    "op": "add",
                    "path": f"{where}/kubectl.kubernetes.io~1restartedAt",
                    "value": STAMP,
                }
            ],
        ),
        (
            "PATCH",
            f"{STATEFUL_SETS}/db{query}",
            [{"op": "add", "path": where, "value": {workloads.RESTARTED_AT: STAMP}}],
        ),
    ]


@pytest.mark.parametrize(("at", "writes"), [("2026-01-01T11:59:59Z", 1), (STAMP, 0)])
def test_one_that_was_restarted_since_is_left_alone(
    api: ApiServer, acting: workloads.ClusterWorkloads, at: str, writes: int
) -> None:
    api.put(DEPLOYMENTS, workload("api", {workloads.RESTARTED_AT: at}))
    api.put(DEPLOYMENTS, workload("web"))
    assert acting.restart(NAME, "api", NOON) == ["api"]
    assert len(api.written) == writes


def test_a_service_that_is_not_there_is_not_restarted(
    api: ApiServer, acting: workloads.ClusterWorkloads
) -> None:
    api.put(DEPLOYMENTS, workload("api"))
    assert acting.restart(NAME, "web", NOON) == []
    assert not api.written


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[workloads.ClusterWorkloads]:
    """A cluster that was shut down."""
    with api_server() as server:
        connection = kube_api.connect(server.kubeconfig(tmp_path), None)
    yield workloads.ClusterWorkloads(connection)
    connection.close()


def test_a_cluster_that_does_not_answer_is_unreachable(
    nowhere: workloads.ClusterWorkloads,
) -> None:
    with pytest.raises(errors.UnreachableError):
        nowhere.restart(NAME, None, NOON)
    with pytest.raises(errors.UnreachableError):
        nowhere.logs(NAME, None, 4)


def pod(name: str) -> Item:
    return {
        "metadata": {"name": name, "uid": name, "labels": {naming.LABEL_SERVICE: "web"}},
        "spec": {"containers": [{"name": "main"}]},
    }


def test_logs_are_those_of_each_pod_and_a_pod_without_one_has_none(
    api: ApiServer, acting: workloads.ClusterWorkloads
) -> None:
    api.put(PODS, pod("web-1"))
    api.put(PODS, pod("web-2"))
    api.logs["web-1/main"] = "listening\n"
    assert acting.logs(NAME, "web", 2) == {"web-1": "listening\n", "web-2": ""}


def test_no_more_logs_are_read_than_are_shown(
    api: ApiServer, acting: workloads.ClusterWorkloads
) -> None:
    for number in range(3):
        api.put(PODS, pod(f"web-{number}"))
    api.logs["web-0/main"] = api.logs["web-2/main"] = "listening\n"
    assert acting.logs(NAME, None, 2) == {"web-0": "listening\n", "web-1": "", "web-2": None}
