import datetime
from typing import Any
from xml.etree import ElementTree

import botocore.session
import hypothesis
import hypothesis.strategies as st
import pytest
from botocore.model import DenormalizedStructureBuilder, OperationModel, StructureShape
from botocore.validate import ParamValidator

from tests.world.aws import shapes

MODEL = botocore.session.get_session().get_service_model("cloudfront")
POLICY: Any = MODEL.shape_for("ContinuousDeploymentPolicyConfig")


def policy(**changes: Any) -> dict[str, Any]:
    names = {"Quantity": 1, "Items": ["d1.cloudfront.net"]}
    return {"StagingDistributionDnsNames": names, "Enabled": True, **changes}


def test_what_the_model_allows_has_no_violations() -> None:
    assert list(shapes.violations(POLICY, policy())) == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([], "ContinuousDeploymentPolicyConfig must be a structure, not []"),
        ({"Enabled": True}, "StagingDistributionDnsNames is required"),
        (policy(Colour="red"), "Colour is unknown"),
        (policy(Enabled="yes"), "Enabled must be a boolean, not 'yes'"),
        (
            policy(StagingDistributionDnsNames={"Quantity": True}),
            "StagingDistributionDnsNames.Quantity must be a integer, not True",
        ),
        (
            policy(StagingDistributionDnsNames={"Quantity": 1, "Items": "d1"}),
            "StagingDistributionDnsNames.Items must be a list, not 'd1'",
        ),
        (
            policy(StagingDistributionDnsNames={"Quantity": 1, "Items": [7]}),
            "StagingDistributionDnsNames.Items[0] must be a string, not 7",
        ),
        (
            policy(TrafficConfig={"Type": "Magic"}),
            "TrafficConfig.Type must be one of SingleWeight, SingleHeader, not 'Magic'",
        ),
    ],
)
def test_each_violation_is_one_sentence(value: Any, sentence: str) -> None:
    assert list(shapes.violations(POLICY, value)) == [sentence]


def structure(**members: Any) -> StructureShape:
    shape: StructureShape = DenormalizedStructureBuilder().with_members(members).build_model()
    return shape


@pytest.mark.parametrize(
    ("member", "good", "bad", "words"),
    [
        ({"type": "string", "min": 2, "max": 3}, "ab", "a", "length of 1, less than 2"),
        ({"type": "string", "min": 2, "max": 3}, "abc", "abcd", "length of 4, more than 3"),
        ({"type": "integer", "min": 1}, 1, 0, "value of 0, less than 1"),
        ({"type": "long", "max": 9}, 9, 10, "value of 10, more than 9"),
        ({"type": "float", "max": 0.15}, 0.15, 0.16, "more than 0.15"),
        ({"type": "list", "member": {"type": "string"}, "max": 1}, ["a"], ["a", "b"], "length"),
        ({"type": "timestamp"}, datetime.datetime.now(datetime.UTC), "now", "timestamp"),
        (
            {"type": "map", "key": {"type": "string"}, "value": {"type": "integer"}},
            {"a": 1},
            {"a": "b"},
            "Field.a must be a integer",
        ),
    ],
)
def test_bounds_and_kinds_are_held(member: Any, good: Any, bad: Any, words: str) -> None:
    shape = structure(Field=member)
    assert list(shapes.violations(shape, {"Field": good})) == []
    (sentence,) = shapes.violations(shape, {"Field": bad})
    assert words in sentence


def values() -> st.SearchStrategy[Any]:
    """Values that are nearly right: the model's names with anything in them."""
    leaves = st.one_of(st.booleans(), st.integers(0, 3), st.text("ad", max_size=2), st.none())
    names = st.sampled_from([*POLICY.members, "Quantity", "Items", "Type"])
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=8
    )


@hypothesis.given(value=values())
def test_what_botocore_refuses_is_refused_here(value: Any) -> None:
    """botocore's own validator is weaker (it knows no enumerations), never stronger."""
    if ParamValidator().validate(value, POLICY).has_errors():
        # Of a member that is null, botocore says more; here it is as good as missing.
        hypothesis.assume("None" not in repr(value))
        assert list(shapes.violations(POLICY, value))


@hypothesis.given(count=st.integers(0, 4), said=st.integers(0, 4))
def test_quantities_have_to_be_true(count: int, said: int) -> None:
    value = {"A": [{"B": {"Quantity": said, "Items": ["x"] * count}}]}
    assert list(shapes.quantities(value)) == ([] if count == said else ["A[0].B"])


def test_a_quantity_of_none_needs_no_items() -> None:
    assert list(shapes.quantities({"Quantity": 0})) == []


def test_elements_that_the_model_does_not_have_are_found_wherever_they_are() -> None:
    body = ElementTree.fromstring(
        "<C xmlns='http://x/'><Enabled>true</Enabled><Colour/><StagingDistributionDnsNames>"
        "<Quantity>1</Quantity><Items><DnsName>d</DnsName><Other/></Items>"
        "</StagingDistributionDnsNames></C>"
    )
    assert list(shapes.unknown_elements(POLICY, body)) == [
        "Colour",
        "StagingDistributionDnsNames.Items.Other",
    ]


def test_an_answer_is_held_against_what_the_operation_promises() -> None:
    operation: OperationModel = MODEL.operation_model("GetContinuousDeploymentPolicyConfig")
    shapes.check_answer(operation, {"ContinuousDeploymentPolicyConfig": policy(), "ETag": "E1"})
    with pytest.raises(shapes.ShapeError, match="Tag is unknown"):
        shapes.check_answer(operation, {"Tag": "E1"})
    names = {"Quantity": 2, "Items": ["d"]}
    config = policy(StagingDistributionDnsNames=names)
    with pytest.raises(shapes.ShapeError, match="Quantity and Items differ"):
        shapes.check_answer(operation, {"ContinuousDeploymentPolicyConfig": config})


def test_where_nothing_is_promised_nothing_is_answered() -> None:
    operation: OperationModel = MODEL.operation_model("DeleteDistribution")
    shapes.check_answer(operation, None)
    with pytest.raises(shapes.ShapeError, match="no answer is promised"):
        shapes.check_answer(operation, {"ETag": "E1"})
