from typing import Any

import pytest

from bot.clearing.budgets import DO_NOT_DISRUPT, blockers, covers
from tests.unit.bot.clearing.items import NAME, Item, item


def pod(labels: dict[str, str] | None = None, **parts: Any) -> Item:
    return item("p", labels or {"app": "web"}, namespace=NAME, **parts)


def budget(selector: Any, allowed: int = 0, namespace: str = NAME) -> Item:
    status = {"disruptionsAllowed": allowed}
    return item("b", namespace=namespace, spec={"selector": selector}, status=status)


def expression(operator: str, *values: str) -> Any:
    one: Any = {"key": "app", "operator": operator}
    return {"matchExpressions": [{**one, "values": list(values)} if values else one]}


@pytest.mark.parametrize(
    ("selector", "covered"),
    [
        pytest.param({}, True, id="an empty one is everything"),
        pytest.param(None, False, id="none is nothing"),
        pytest.param({"matchLabels": {"app": "web"}}, True, id="equal"),
        pytest.param({"matchLabels": {"app": "api"}}, False, id="unequal"),
        pytest.param(expression("In", "web", "api"), True, id="in"),
        pytest.param(expression("In", "api"), False, id="not one of"),
        pytest.param(expression("NotIn", "api"), True, id="not in"),
        pytest.param(expression("NotIn", "web"), False, id="is one of"),
        pytest.param(expression("Exists"), True, id="exists"),
        pytest.param(expression("DoesNotExist"), False, id="exists all the same"),
        pytest.param(
            {"matchLabels": {"app": "web"}, **expression("NotIn", "web")}, False, id="and"
        ),
    ],
)
def test_a_budget_covers_what_its_selector_matches(selector: Any, covered: bool) -> None:
    assert covers(budget(selector), pod()) is covered


def test_a_budget_covers_its_own_namespace_only() -> None:
    assert not covers(budget({}, namespace="other"), pod())


def test_a_budget_that_allows_one_blocks_nothing() -> None:
    assert list(blockers([pod()], [budget({}, allowed=1)])) == []


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"deleted": 1}, id="ending"),
        pytest.param({"status": {"phase": "Succeeded"}}, id="succeeded"),
        pytest.param({"status": {"phase": "Failed"}}, id="failed"),
        pytest.param({"ownerReferences": [{"kind": "Node"}]}, id="the kubelet's own"),
        pytest.param({"ownerReferences": [{"kind": "DaemonSet"}]}, id="a daemon"),
    ],
)
def test_pods_that_are_not_evicted_block_nothing(parts: dict[str, Any]) -> None:
    protected = {"annotations": {DO_NOT_DISRUPT: "true"}}
    assert list(blockers([pod(**protected, **parts)], [budget({})])) == []


@pytest.mark.parametrize(("value", "blocks"), [("true", True), ("30m", True), ("false", False)])
def test_do_not_disrupt_may_say_for_how_long_or_not_at_all(value: str, blocks: bool) -> None:
    assert bool(list(blockers([pod(annotations={DO_NOT_DISRUPT: value})], []))) is blocks
