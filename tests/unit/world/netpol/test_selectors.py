from typing import Any

import pytest

from tests.world.netpol.selectors import matches


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "labels", "taken"),
    [
        pytest.param({}, {}, True, id="empty takes all"),
        pytest.param({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True, id="label"),
        pytest.param({"matchLabels": {"a": "1"}}, {"a": "2"}, False, id="other value"),
        pytest.param({"matchLabels": {"a": "1", "b": "2"}}, {"a": "1"}, False, id="every label"),
        pytest.param(expression("a", "In", "1", "2"), {"a": "2"}, True, id="in"),
        pytest.param(expression("a", "In", "1"), {}, False, id="in, without the label"),
        pytest.param(expression("a", "NotIn", "1"), {"a": "1"}, False, id="not in"),
        pytest.param(expression("a", "NotIn", "1"), {}, True, id="not in, without the label"),
        pytest.param(expression("a", "Exists"), {"a": ""}, True, id="exists"),
        pytest.param(expression("a", "DoesNotExist"), {"a": ""}, False, id="does not exist"),
        pytest.param(
            {"matchLabels": {"a": "1"}} | expression("b", "Exists"), {"a": "1"}, False, id="both"
        ),
    ],
)
def test_selector(selector: dict[str, Any], labels: dict[str, str], taken: bool) -> None:
    assert matches(selector, labels) is taken


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(ValueError, match="no operator 'Like'"):
        matches(expression("a", "Like", "1"), {"a": "1"})
