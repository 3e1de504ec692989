"""Why NodePools, NodeClaims and nodes do not go. Pure.

Karpenter ends a NodeClaim in steps that its conditions tell: Drained, VolumesDetached,
InstanceTerminating (sigs.k8s.io/karpenter, pkg/controllers/node/termination). A draining pod is
waited for until the pool's terminationGracePeriod is over; the environment's own pods go at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from bot import model
from bot.clearing.bounds import Bounds
from bot.clearing.budgets import blockers
from bot.clearing.finding import ClusterFinding, Delete
from bot.clearing.objects import (
    Item,
    annotated,
    clock_time,
    deleted_at,
    finalizers,
    grown,
    holds,
    listed,
    moment,
    name_of,
    ours,
    owners,
    stranger,
)

POOLS = "/apis/karpenter.sh/v1/nodepools"
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
ENDS_AT = "karpenter.sh/nodeclaim-termination-timestamp"
"""When Karpenter ends the instance whatever stands in the way."""


def node_pool(item: Item, name: str, claims: Sequence[Item]) -> ClusterFinding:
    """A pool that is being deleted waits for its NodeClaims."""
    found = name_of(item)
    remnant = model.Remnant("NodePool", found)
    if not ours(item, name):
        return stranger("NodePool", item)
    if deleted_at(item) is None:
        step = Delete(f"{POOLS}/{found}", item["metadata"]["uid"], f"deleted NodePool {found}")
        return ClusterFinding(remnant, f"nobody was deleting NodePool {found}", step)
    waits = [name_of(claim) for claim in claims if _owned_by(claim, item)]
    if waits:
        return ClusterFinding(remnant, f"NodePool {found} waits for its NodeClaims {listed(waits)}")
    held = listed(list(finalizers(item))) or "nothing"
    return ClusterFinding(remnant, f"NodePool {found} is being deleted, held by {held}")


def unclaimed(
    item: Item, name: str, pools: Sequence[Item], seconds: float, bounds: Bounds
) -> ClusterFinding | None:
    """A NodeClaim that nobody deletes, or that isn't ours; None where it is being deleted."""
    found = name_of(item)
    remnant = model.Remnant("NodeClaim", found)
    if not grown(item, name):
        return stranger("NodeClaim", item)
    if deleted_at(item) is not None:
        return None
    owner = next((pool for pool in pools if _owned_by(item, pool)), None)
    if owner is not None and seconds < bounds.owned_seconds:
        return ClusterFinding(
            remnant, f"NodeClaim {found} is the garbage collector's to delete, with its NodePool"
        )
    step = Delete(f"{CLAIMS}/{found}", item["metadata"]["uid"], f"deleted NodeClaim {found}")
    return ClusterFinding(remnant, f"nobody was deleting NodeClaim {found}", step)


def node_claim(
    item: Item,
    pods: Sequence[Item],
    budgets: Sequence[Item],
    attachments: Sequence[Item],
    own: Set[str],
) -> Iterator[ClusterFinding]:
    """What a NodeClaim that is being deleted waits for.

    `pods` run on its node; `own` are the environment's namespaces, where pods may be deleted.
    """
    found = name_of(item)
    remnant = model.Remnant("NodeClaim", found)
    node = (item.get("status") or {}).get("nodeName") or ""
    if holds(item, "InstanceTerminating"):
        instance = str((item.get("status") or {}).get("providerID", "?")).rpartition("/")[2]
        yield ClusterFinding(remnant, f"NodeClaim {found} waits for its instance {instance} to end")
        return
    ends = moment(annotated(item).get(ENDS_AT))
    until = f", until {clock_time(ends)} at the latest" if ends else ""
    if holds(item, "Drained"):
        volumes = [
            str((each["spec"].get("source") or {}).get("persistentVolumeName") or name_of(each))
            for each in attachments
            if each["spec"].get("nodeName") == node
        ]
        what = f"volumes {listed(volumes)} to be detached" if volumes else "its instance to end"
        yield ClusterFinding(remnant, f"NodeClaim {found} waits for {what}{until}")
        return
    blocking = list(blockers(pods, budgets))
    for pod, protection in blocking:
        yield _blocked(item, pod, protection, until, own)
    if not blocking:
        where = f"its node {node} to be drained" if node else "its instance to end"
        yield ClusterFinding(remnant, f"NodeClaim {found} waits for {where}{until}")


def _blocked(claim: Item, pod: Item, protection: str, until: str, own: Set[str]) -> ClusterFinding:
    """The environment is going anyway, and so may its own pods; others' are only told."""
    space, name = pod["metadata"]["namespace"], name_of(pod)
    why = f"NodeClaim {name_of(claim)} waits for Pod {space}/{name}, which {protection}{until}"
    step = None
    if space in own:
        path = f"/api/v1/namespaces/{space}/pods/{name}"
        step = Delete(path, pod["metadata"]["uid"], f"deleted Pod {space}/{name}")
    return ClusterFinding(model.Remnant("NodeClaim", name_of(claim)), why, step)


def node(item: Item, name: str, claims: Sequence[Item]) -> ClusterFinding:
    """A node is Karpenter's to end, with its NodeClaim; it is never deleted here."""
    found = name_of(item)
    if not grown(item, name):
        return stranger("Node", item)
    its = [one for one in claims if (one.get("status") or {}).get("nodeName") == found]
    if its:
        why = f"node {found} goes with its NodeClaim {name_of(its[0])}"
    else:
        held = listed(list(finalizers(item))) or "nothing"
        why = (
            f"node {found} has no NodeClaim any more and is held by {held}: Karpenter and the "
            "cloud's own controller take it away when its instance has ended"
        )
    return ClusterFinding(model.Remnant("Node", found), why)


def _owned_by(item: Item, owner: Item) -> bool:
    uid = owner["metadata"]["uid"]
    return any(reference.get("uid") == uid for reference in owners(item))
