"""Which pods may not be evicted from a node, and why. Pure.

What Karpenter's terminator asks before it evicts (sigs.k8s.io/karpenter, pkg/utils/pod and
pkg/utils/pdb): the annotation do-not-disrupt, and PodDisruptionBudgets that allow nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.clearing.objects import Item, annotated, deleted_at, labels, listed, name_of, owners

DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
_ENDED = ("Succeeded", "Failed")


def blockers(pods: Sequence[Item], budgets: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """The pods that keep a node from being drained, each with what protects it."""
    for pod in pods:
        if _drains_by_itself(pod):
            continue
        mine = [budget for budget in budgets if covers(budget, pod)]
        closed = [each for each in mine if not _allows(each)]
        # "true", or for how long; Karpenter knows when that is over, and then evicts it.
        if annotated(pod).get(DO_NOT_DISRUPT, "false") != "false":
            yield pod, f"is annotated {DO_NOT_DISRUPT}"
        elif len(mine) > 1:
            names = listed([name_of(each) for each in mine])
            yield pod, f"has several PodDisruptionBudgets ({names}), which no eviction can satisfy"
        elif closed:
            yield (
                pod,
                f"is protected by PodDisruptionBudget {name_of(closed[0])}, which allows none",
            )


def covers(budget: Item, pod: Item) -> bool:
    """Whether a PodDisruptionBudget (policy/v1) counts this pod."""
    if budget["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    selector = budget["spec"].get("selector")
    if selector is None:
        return False
    found = labels(pod)
    wanted = selector.get("matchLabels") or {}
    return all(found.get(key) == value for key, value in wanted.items()) and all(
        _meets(found, expression) for expression in selector.get("matchExpressions") or ()
    )


def _meets(found: Mapping[str, str], expression: Item) -> bool:
    value, values = found.get(expression["key"]), expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _allows(budget: Item) -> bool:
    return bool((budget.get("status") or {}).get("disruptionsAllowed", 0))


def _drains_by_itself(pod: Item) -> bool:
    """Ended, ending, or not evicted in the first place: a mirror of the kubelet's, or a daemon."""
    return (
        deleted_at(pod) is not None
        or (pod.get("status") or {}).get("phase") in _ENDED
        or any(owner.get("kind") in ("Node", "DaemonSet") for owner in owners(pod))
    )
