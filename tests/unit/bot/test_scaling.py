from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import errors, kube_api, scaling
from infra import naming, ownership
from infra.readiness.connection import Connection
from tests.unit.infra.readiness.api_server import ApiServer, Item, api_server

NAME = "pr-7-shop-abcdef"
DEPLOYMENTS, STATEFUL_SETS = (path.format(NAME) for path in scaling.PATHS)


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def sleeper(api: ApiServer, tmp_path: Path) -> Iterator[scaling.ClusterSleeper]:
    connection: Connection = kube_api.connect(api.kubeconfig(tmp_path), None)
    yield scaling.ClusterSleeper(connection)
    connection.close()


def workload(
    name: str, replicas: int | None, wanted: int | None = 2, *managers: str, **metadata: Any
) -> Item:
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "annotations": {} if wanted is None else {naming.ANNOTATION_REPLICAS: str(wanted)},
            "managedFields": [
                {"manager": manager, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
                for manager in managers
            ],
            **metadata,
        },
        "spec": {} if replicas is None else {"replicas": replicas},
    }


def written(api: ApiServer) -> list[tuple[str, int]]:
    """The workloads that were scaled, and to what."""
    found = []
    for verb, address, body in api.written:
        path, _, query = address.partition("?")
        assert (verb, query) == ("PATCH", f"fieldManager={ownership.SLEEP}")
        (operation,) = body
        assert (operation["op"], operation["path"]) == ("add", "/spec/replicas")
        found.append((path, operation["value"]))
    return found


def test_everything_is_put_to_sleep_whoever_scales_it(
    api: ApiServer, sleeper: scaling.ClusterSleeper
) -> None:
    api.put(DEPLOYMENTS, workload("api", 3, 2, ownership.AUTOSCALER))
    api.put(DEPLOYMENTS, workload("web", None))
    api.put(DEPLOYMENTS, workload("asleep", 0))
    api.put(STATEFUL_SETS, workload("db", 1, None))
    sleeper.sleep(NAME)
    assert written(api) == [
        (f"{DEPLOYMENTS}/api/scale", 0),
        (f"{DEPLOYMENTS}/web/scale", 0),
        (f"{STATEFUL_SETS}/db/scale", 0),
    ]


def test_what_is_asleep_is_woken_to_what_the_stage_file_asks_for(
    api: ApiServer, sleeper: scaling.ClusterSleeper
) -> None:
    api.put(DEPLOYMENTS, workload("api", 0, 2, ownership.SLEEP))
    api.put(STATEFUL_SETS, workload("db", 0, None, "kubectl"))
    sleeper.wake(NAME)
    assert written(api) == [(f"{DEPLOYMENTS}/api/scale", 2), (f"{STATEFUL_SETS}/db/scale", 1)]


@pytest.mark.parametrize(
    ("item", "scaled"),
    [
        pytest.param(workload("web", 2, 2, ownership.SLEEP), False, id="as it is to be"),
        pytest.param(workload("web", 0, 0, ownership.SLEEP), False, id="none is asked for"),
        pytest.param(workload("web", 1, 2), True, id="made with the default"),
        pytest.param(workload("web", None, 2), True, id="made without a number"),
        pytest.param(workload("web", 2, 3, ownership.SLEEP), True, id="another number by now"),
        pytest.param(workload("web", 5, 2, ownership.AUTOSCALER), False, id="an autoscaler's"),
        pytest.param(workload("web", 5, 2, naming.FIELD_MANAGER), False, id="the program's"),
        pytest.param(workload("web", 5, 2, ownership.SLEEP, "kubectl"), False, id="shared"),
        pytest.param(workload("web", 0, 2, "kubectl"), True, id="somebody's, at zero"),
        pytest.param(workload("web", 0, 2, deletionTimestamp="x"), False, id="being deleted"),
    ],
)
def test_who_is_awake_is_left_to_whoever_scales_it(
    api: ApiServer, sleeper: scaling.ClusterSleeper, item: Item, scaled: bool
) -> None:
    api.put(DEPLOYMENTS, item)
    sleeper.wake(NAME)
    assert bool(api.written) is scaled


def test_a_namespace_that_is_not_there_has_nothing_to_scale(
    api: ApiServer, sleeper: scaling.ClusterSleeper
) -> None:
    sleeper.sleep(NAME)
    sleeper.wake(NAME)
    assert not api.written


def test_what_has_gone_meanwhile_is_no_trouble(
    api: ApiServer, sleeper: scaling.ClusterSleeper
) -> None:
    api.put(DEPLOYMENTS, workload("api", 1))
    api.put(DEPLOYMENTS, workload("web", 1))
    api.refusals["/api/scale"] = 404
    sleeper.sleep(NAME)
    assert len(api.written) == 2


def test_a_refusal_is_told(api: ApiServer, sleeper: scaling.ClusterSleeper) -> None:
    api.put(DEPLOYMENTS, workload("api", 1))
    api.refusals["/scale"] = 403
    with pytest.raises(errors.UnreachableError, match="with 403"):
        sleeper.sleep(NAME)
