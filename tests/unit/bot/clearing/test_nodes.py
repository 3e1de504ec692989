from typing import Any

import pytest

from bot.clearing import nodes
from bot.clearing.bounds import Bounds
from bot.clearing.finding import ClusterFinding, Delete
from tests.unit.bot.clearing.items import GROWN, NAME, OURS, Item, item, status

OWNED = {"ownerReferences": [{"kind": "NodePool", "uid": f"uid-{NAME}"}]}
POOL = item(NAME, OURS, deleted=10)


def claim(*conditions: tuple[str, str, str], **parts: Any) -> Item:
    told = status(*conditions, nodeName="n", providerID="aws:///us-east-1a/i-0abc")
    return item("c", GROWN, status=told, **{"deleted": 10, **parts})


def pod(namespace: str = NAME, /, **parts: Any) -> Item:
    return item("p", {"app": "web"}, namespace=namespace, **parts)


PROTECTED = {"annotations": {"karpenter.sh/do-not-disrupt": "true"}}
BUDGET = item(
    "b",
    namespace=NAME,
    spec={"selector": {"matchLabels": {"app": "web"}}},
    status={"disruptionsAllowed": 0},
)


def waits(one: Item, pods: list[Item], *others: Item, own: str = NAME) -> ClusterFinding:
    budgets = [each for each in others if "selector" in each["spec"]]
    attachments = [each for each in others if "nodeName" in each["spec"]]
    (finding,) = nodes.node_claim(one, pods, budgets, attachments, {own})
    return finding


# -- NodePools ------------------------------------------------------------------------------------


def test_a_pool_that_nobody_deletes_is_deleted() -> None:
    finding = nodes.node_pool(item(NAME, OURS), NAME, [])
    assert finding.step == Delete(
        f"/apis/karpenter.sh/v1/nodepools/{NAME}", f"uid-{NAME}", f"deleted NodePool {NAME}"
    )


@pytest.mark.parametrize("labels", [{}, GROWN], ids=["none", "not ours"])
def test_a_pool_of_somebody_elses_is_left_alone(labels: dict[str, str]) -> None:
    finding = nodes.node_pool(item(NAME, labels), NAME, [])
    assert finding.step is None
    assert "somebody else made it" in finding.why


def test_a_pool_says_that_it_waits_for_its_claims() -> None:
    finding = nodes.node_pool(POOL, NAME, [claim(**OWNED), item("d", GROWN)])
    assert finding.why == f"NodePool {NAME} waits for its NodeClaims c"
    assert finding.step is None


def test_a_pool_without_claims_names_its_finalizers_and_keeps_them() -> None:
    held = item(NAME, OURS, deleted=9999, finalizers=["example.com/x"])
    finding = nodes.node_pool(held, NAME, [])
    assert "held by example.com/x" in finding.why
    assert finding.step is None


# -- NodeClaims -----------------------------------------------------------------------------------


def test_a_claim_that_nobody_deletes_is_deleted() -> None:
    finding = nodes.unclaimed(item("c", GROWN), NAME, [], 0, Bounds())
    assert finding is not None
    assert isinstance(finding.step, Delete)
    assert finding.step.options()["preconditions"] == {"uid": "uid-c"}


def test_a_claim_whose_pool_is_going_is_the_garbage_collectors_for_a_while() -> None:
    owned = item("c", GROWN, **OWNED)
    soon = nodes.unclaimed(owned, NAME, [POOL], 29, Bounds())
    late = nodes.unclaimed(owned, NAME, [POOL], 30, Bounds())
    assert soon is not None
    assert soon.step is None
    assert late is not None
    assert late.step is not None


def test_a_claim_of_somebody_elses_is_left_alone() -> None:
    finding = nodes.unclaimed(item("c", {"karpenter.sh/nodepool": NAME}), NAME, [], 99, Bounds())
    assert finding is not None
    assert finding.step is None


def test_a_claim_that_is_being_deleted_is_told_by_what_it_waits_for() -> None:
    assert nodes.unclaimed(claim(), NAME, [], 99, Bounds()) is None


def test_a_claim_waits_for_its_node_to_be_drained() -> None:
    assert waits(claim(), [pod()]).why == "NodeClaim c waits for its node n to be drained"


def test_a_claim_that_never_had_a_node_waits_for_its_instance() -> None:
    finding = waits(item("c", GROWN, deleted=1), [])
    assert finding.why == "NodeClaim c waits for its instance to end"


@pytest.mark.parametrize(
    ("blocking", "others", "words"),
    [
        pytest.param(pod(**PROTECTED), [], "annotated karpenter.sh/do-not-disrupt", id="do not"),
        pytest.param(pod(), [BUDGET], "PodDisruptionBudget b, which allows none", id="budget"),
        pytest.param(
            pod(),
            [BUDGET, {**BUDGET, "metadata": {**BUDGET["metadata"], "name": "b2"}}],
            "several PodDisruptionBudgets (b, b2)",
            id="two budgets",
        ),
    ],
)
def test_the_environments_own_pod_that_blocks_is_named_and_deleted(
    blocking: Item, others: list[Item], words: str
) -> None:
    finding = waits(claim(), [blocking], *others)
    assert f"NodeClaim c waits for Pod {NAME}/p, which" in finding.why
    assert words in finding.why
    assert finding.step == Delete(
        f"/api/v1/namespaces/{NAME}/pods/p", "uid-p", f"deleted Pod {NAME}/p"
    )


def test_a_pod_of_somebody_elses_that_blocks_is_only_named() -> None:
    finding = waits(claim(), [pod("kube-system", **PROTECTED)])
    assert "Pod kube-system/p" in finding.why
    assert finding.step is None


def test_the_time_by_which_karpenter_goes_on_is_told() -> None:
    bounded = claim(annotations={nodes.ENDS_AT: "2026-01-01T12:02:00Z"})
    assert "until 12:02:00 UTC at the latest" in waits(bounded, [pod(**PROTECTED)]).why
    odd = claim(annotations={nodes.ENDS_AT: "soon"})
    assert "at the latest" not in waits(odd, []).why


def test_volumes_that_are_still_attached_are_named() -> None:
    attached = item("csi-1", spec={"nodeName": "n", "source": {"persistentVolumeName": "pv-1"}})
    other = item("csi-2", spec={"nodeName": "m", "source": {"persistentVolumeName": "pv-2"}})
    drained = claim(("Drained", "True", ""))
    assert waits(drained, [pod(**PROTECTED)], attached, other).why == (
        "NodeClaim c waits for volumes pv-1 to be detached"
    )
    assert "for its instance to end" in waits(drained, []).why


def test_an_instance_that_is_ending_is_named() -> None:
    ending = claim(("Drained", "True", ""), ("InstanceTerminating", "True", ""))
    assert waits(ending, []).why == "NodeClaim c waits for its instance i-0abc to end"


# -- Nodes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "claims", "words"),
    [
        pytest.param({}, [], "somebody else made it", id="a stranger"),
        pytest.param(GROWN, [claim()], "goes with its NodeClaim c", id="with its claim"),
        pytest.param(GROWN, [], "has no NodeClaim any more", id="without"),
    ],
)
def test_a_node_is_told_and_never_deleted(
    labels: dict[str, str], claims: list[Item], words: str
) -> None:
    finding = nodes.node(item("n", labels), NAME, claims)
    assert words in finding.why
    assert finding.step is None
