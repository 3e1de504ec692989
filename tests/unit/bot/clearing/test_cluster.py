from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import clock, errors, kube_api, model
from bot.clearing import Bounds, ClusterClearer
from infra import ownership
from infra.readiness.connection import Connection
from tests.unit.bot.clearing.items import GROWN, NAME, NOW, OURS, Item, item, status
from tests.unit.infra.readiness.api_server import ApiServer, api_server

SPACES = "/api/v1/namespaces"
PODS = f"{SPACES}/{NAME}/pods"
CONFIGS = f"{SPACES}/{NAME}/configmaps"
THINGS = f"/apis/example.com/v1/namespaces/{NAME}/things"
POOLS = "/apis/karpenter.sh/v1/nodepools"
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
VOLUMES = "/api/v1/persistentvolumes"
HELD = {"deleted": 9999, "finalizers": ["example.com/x"]}


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def connection(api: ApiServer, tmp_path: Path) -> Iterator[Connection]:
    connection = kube_api.connect(api.kubeconfig(tmp_path), None)
    yield connection
    connection.close()


@pytest.fixture
def clearer(connection: Connection) -> ClusterClearer:
    return ClusterClearer(connection, clock.ManualClock(NOW))


def emptying(api: ApiServer, *kinds: str, labels: dict[str, str] | None = None) -> None:
    """The environment's namespace, of which its controller says that these are left."""
    told = ", ".join(f"{kind} has 1 resource instances" for kind in kinds)
    left = ("NamespaceContentRemaining", "True", f"Some resources are remaining: {told}")
    api.put(SPACES, item(NAME, OURS if labels is None else labels, deleted=9, status=status(left)))


def only(clearer: ClusterClearer) -> model.Obstacle:
    (obstacle,) = clearer.clear(NAME, 60)
    return obstacle


def test_where_nothing_is_left_nothing_is_done(api: ApiServer, clearer: ClusterClearer) -> None:
    assert clearer.clear(NAME, 60) == []
    assert api.written == []


def test_what_the_state_forgot_is_deleted_and_nothing_else(
    api: ApiServer, clearer: ClusterClearer
) -> None:
    for path in (SPACES, POOLS):
        api.put(path, item(NAME, OURS))
        api.put(path, item("pr-8", OURS | {"understudy.dev/environment": "pr-8"}))
    api.put(CLAIMS, item("c", GROWN))
    api.put(VOLUMES, item("v", OURS, status={"phase": "Released"}))
    api.put(VOLUMES, item("w", spec={"claimRef": {"namespace": "pr-8"}}))
    obstacles = clearer.clear(NAME, 60)
    assert [one.remnant.kind for one in obstacles] == [
        "Namespace",
        "NodePool",
        "NodeClaim",
        "PersistentVolume",
    ]
    assert all(one.done.startswith("deleted") for one in obstacles)
    assert [(verb, path) for verb, path, _ in api.written] == [
        ("DELETE", f"{SPACES}/{NAME}"),
        ("DELETE", f"{POOLS}/{NAME}"),
        ("DELETE", f"{CLAIMS}/c"),
        ("DELETE", f"{VOLUMES}/v"),
    ]


def test_what_only_has_the_name_is_never_touched(api: ApiServer, clearer: ClusterClearer) -> None:
    emptying(api, "configmaps.", labels={})
    api.put(CONFIGS, item("c", namespace=NAME, **HELD))
    api.put(POOLS, item(NAME))
    obstacles = clearer.clear(NAME, 9999)
    assert len(obstacles) == 2
    assert all("somebody else made it" in one.why for one in obstacles)
    assert api.written == []


def test_a_finalizer_inside_is_taken_away_under_our_own_manager(
    api: ApiServer, clearer: ClusterClearer
) -> None:
    emptying(api, "things.example.com")
    api.objects["/apis/example.com"] = {"preferredVersion": {"groupVersion": "example.com/v1"}}
    api.kinds[THINGS] = "ThingList"
    api.put(THINGS, item("t", namespace=NAME, **HELD))
    obstacle = only(clearer)
    assert obstacle.why.startswith("Thing t is held by finalizer example.com/x")
    assert obstacle.done.startswith("took finalizer example.com/x off Thing t")
    ((verb, path, operations),) = api.written
    assert (verb, path) == ("PATCH", f"{THINGS}/t?fieldManager={ownership.CLEARING}")
    assert [one["op"] for one in operations] == ["test", "test", "remove"]


def test_a_kind_that_its_groups_preferred_version_has_not_is_found_all_the_same(
    api: ApiServer, clearer: ClusterClearer
) -> None:
    emptying(api, "things.example.com")
    api.objects["/apis/example.com"] = {
        "preferredVersion": {"groupVersion": "example.com/v2"},
        "versions": [{"groupVersion": "example.com/v2"}, {"groupVersion": "example.com/v1"}],
    }
    api.statuses[THINGS.replace("/v1/", "/v2/")] = 404
    api.kinds[THINGS] = "ThingList"
    api.put(THINGS, item("t", namespace=NAME, **HELD))
    assert only(clearer).done.startswith("took finalizer example.com/x off Thing t")


def test_an_api_inside_that_does_not_answer_is_told(
    api: ApiServer, clearer: ClusterClearer
) -> None:
    emptying(api, "things.example.com", "configmaps.")
    api.statuses["/apis/example.com"] = 503
    api.put(CONFIGS, item("c", namespace=NAME, **HELD))
    down, held = clearer.clear(NAME, 60)
    assert "what is left of things.example.com can't be listed" in down.why
    assert down.done == ""
    assert held.done


def test_a_pod_whose_node_is_gone_is_deleted_at_once(
    api: ApiServer, clearer: ClusterClearer
) -> None:
    emptying(api, "pods.")
    api.kinds[PODS] = "PodList"
    api.put(PODS, item("p", namespace=NAME, deleted=1, spec={"nodeName": "n"}))
    api.put(PODS, item("q", namespace=NAME, deleted=1, spec={"nodeName": "m"}))
    api.missing.add("/api/v1/nodes/n")
    api.objects["/api/v1/nodes/m"] = item("m", status=status(("Ready", "True", "")))
    gone, ending = clearer.clear(NAME, 60)
    assert "node n is gone" in gone.why
    assert ending.why == "Pod q is ending on node m"
    ((verb, path, options),) = api.written
    assert (verb, path, options["gracePeriodSeconds"]) == ("DELETE", f"{PODS}/p", 0)


@pytest.mark.parametrize("status_code", [0, 403, 500])
def test_a_node_that_can_not_be_asked_for_is_not_gone(
    api: ApiServer, clearer: ClusterClearer, status_code: int
) -> None:
    emptying(api, "pods.")
    api.kinds[PODS] = "PodList"
    api.put(PODS, item("p", namespace=NAME, deleted=1, spec={"nodeName": "n"}))
    api.statuses["/api/v1/nodes/n"] = status_code
    with pytest.raises(errors.UnreachableError):
        clearer.clear(NAME, 60)
    assert api.written == []


def test_a_pod_that_keeps_a_node_is_deleted_in_our_namespace_only(
    api: ApiServer, clearer: ClusterClearer
) -> None:
    emptying(api)
    claim_status = status(nodeName="n")
    api.put(CLAIMS, item("c", GROWN, deleted=9, status=claim_status))
    protected = {
        "annotations": {"karpenter.sh/do-not-disrupt": "true"},
        "spec": {"nodeName": "n"},
    }
    api.put("/api/v1/pods", item("mine", namespace=NAME, **protected))
    api.put("/api/v1/pods", item("other", namespace="kube-system", **protected))
    api.put("/api/v1/pods", item("far", namespace=NAME, **protected | {"spec": {"nodeName": "m"}}))
    told = [one for one in clearer.clear(NAME, 60) if one.remnant.kind == "NodeClaim"]
    assert [bool(one.done) for one in told] == [True, False]
    assert [path for _, path, _ in api.written] == [f"{PODS}/mine"]


def test_a_cluster_without_karpenter_has_no_pools(api: ApiServer, clearer: ClusterClearer) -> None:
    api.missing |= {POOLS, CLAIMS}
    api.put("/api/v1/nodes", item("n", GROWN))
    assert "has no NodeClaim" in only(clearer).why


# -- What can go wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        pytest.param(404, "it was gone already", id="gone"),
        pytest.param(409, "", id="another has its name"),
        pytest.param(422, "", id="changed"),
        pytest.param(403, "tried in vain: ", id="not allowed"),
    ],
)
def test_a_step_that_is_refused_is_told(
    api: ApiServer, clearer: ClusterClearer, refusal: int, words: str
) -> None:
    api.put(POOLS, item(NAME, OURS))
    api.refusals[POOLS] = refusal
    done = only(clearer).done
    assert done.startswith(words)
    assert bool(done) is bool(words)


def test_a_step_without_an_answer_is_unreachable(api: ApiServer, clearer: ClusterClearer) -> None:
    api.put(POOLS, item(NAME, OURS))
    api.refusals[POOLS] = 503
    with pytest.raises(errors.UnreachableError):
        clearer.clear(NAME, 60)


@pytest.mark.parametrize(
    "part", ["namespaces", "nodepools", "nodeclaims", "nodes", "persistentvolumes"]
)
def test_a_listing_that_fails_does_nothing(
    api: ApiServer, clearer: ClusterClearer, part: str
) -> None:
    api.put(SPACES, item(NAME, OURS))
    api.put(POOLS, item(NAME, OURS))
    api.statuses[part] = 500
    with pytest.raises(errors.UnreachableError):
        clearer.clear(NAME, 60)
    assert api.written == []


def test_one_call_does_and_looks_at_so_much_and_no_more(
    api: ApiServer, connection: Connection
) -> None:
    bounds = Bounds(most_steps=2, most_told=3)
    clearer = ClusterClearer(connection, clock.ManualClock(NOW), bounds)
    emptying(api, "configmaps.")
    for number in range(5):
        one: Item = item(f"c{number}", namespace=NAME, **HELD)
        api.put(CONFIGS, one)
    obstacles = clearer.clear(NAME, 60)
    assert [bool(one.done) for one in obstacles] == [True, True, False]
    assert len(api.written) == 2


def test_everything_done_is_recorded(
    api: ApiServer, clearer: ClusterClearer, caplog: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    api.put(POOLS, item(NAME, OURS))
    clearer.clear(NAME, 60)
    assert f"deleted NodePool {NAME}" in capsys.readouterr().out
