from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from bot.clearing import namespaces
from bot.clearing.bounds import Bounds
from bot.clearing.finding import ClusterFinding, Delete, Strip
from infra import naming
from tests.unit.bot.clearing.items import NAME, NOW, OURS, Item, item, status

CONTENT = "NamespaceContentRemaining"
PATH = f"/api/v1/namespaces/{NAME}/things/t"


def only(space: Item) -> ClusterFinding:
    (finding,) = namespaces.namespace(space, NAME)
    return finding


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({}, id="no label"),
        pytest.param({naming.LABEL_ENVIRONMENT: NAME}, id="managed by nobody"),
        pytest.param({naming.LABEL_MANAGED_BY: naming.MANAGED_BY}, id="no environment"),
        pytest.param({**OURS, naming.LABEL_ENVIRONMENT: "pr-8"}, id="another environment's"),
    ],
)
@pytest.mark.parametrize("going", [{}, {"deleted": 9999}], ids=["stays", "is being deleted"])
def test_a_namespace_that_existed_before_is_told_and_left_alone(
    labels: dict[str, str], going: dict[str, Any]
) -> None:
    finding = only(item(NAME, labels, **going))
    assert finding.step is None
    assert "somebody else made it" in finding.why


def test_a_namespace_that_nobody_deletes_is_deleted() -> None:
    finding = only(item(NAME, OURS))
    assert finding.step == Delete(
        f"/api/v1/namespaces/{NAME}", f"uid-{NAME}", f"deleted namespace {NAME}"
    )


def test_a_namespace_keeps_its_own_finalizers_for_ever() -> None:
    finding = only(item(NAME, OURS, deleted=9999, finalizers=["example.com/mine"]))
    assert finding.step is None
    assert f"namespace {NAME} is held by example.com/mine" in finding.why


@pytest.mark.parametrize("kind", namespaces.FAILURES)
def test_what_the_controller_can_not_do_is_told_and_not_worked_around(kind: str) -> None:
    space = item(NAME, OURS, deleted=9999, status=status((kind, "True", "metrics: 503")))
    finding = only(space)
    assert finding.step is None
    assert namespaces.FAILURES[kind] in finding.why
    assert "(metrics: 503)" in finding.why


def test_a_condition_that_has_passed_is_not_told() -> None:
    gone = ("NamespaceDeletionDiscoveryFailure", "False", "all fine")
    finding = only(item(NAME, OURS, deleted=1, status=status(gone)))
    assert "being emptied" in finding.why


def test_where_content_is_named_the_content_tells() -> None:
    words = "Some resources are remaining: pods. has 1 resource instances"
    space = item(NAME, OURS, deleted=1, status=status((CONTENT, "True", words)))
    assert list(namespaces.namespace(space, NAME)) == []


def test_the_controllers_words_name_the_kinds() -> None:
    words = (
        "Some resources are remaining: configmaps. has 2 resource instances, "
        "kialis.kiali.io has 1 resource instances, pods. has 0 resource instances"
    )
    space = item(NAME, OURS, deleted=1, status=status((CONTENT, "True", words)))
    assert namespaces.remaining(space) == (
        namespaces.Resource("configmaps", ""),
        namespaces.Resource("kialis", "kiali.io"),
    )


PARTS = st.from_regex(r"\A[a-z][a-z0-9-]{0,8}\Z")
GROUPS = st.lists(PARTS, max_size=3).map(".".join)


@hypothesis.given(st.lists(st.tuples(PARTS, GROUPS, st.integers(1, 999)), unique=True))
def test_every_kind_is_read_from_the_controllers_words(
    kinds: list[tuple[str, str, int]],
) -> None:
    told = [f"{plural}.{group} has {count} resource instances" for plural, group, count in kinds]
    words = f"Some resources are remaining: {', '.join(told)}"
    space = item(NAME, status=status((CONTENT, "True", words)))
    assert namespaces.remaining(space) == tuple(
        namespaces.Resource(plural, group) for plural, group, _ in kinds
    )


@hypothesis.given(st.text())
def test_words_that_can_not_be_read_name_nothing_dangerous(words: str) -> None:
    for resource in namespaces.remaining(item(NAME, status=status((CONTENT, "True", words)))):
        assert "/" not in resource.plural
        assert not any(sign.isspace() for sign in resource.group)


# -- What is inside -------------------------------------------------------------------------------


def thing(**parts: Any) -> Item:
    return item("t", namespace=NAME, **parts)


def content(one: Item, **bounds: float) -> ClusterFinding:
    return namespaces.content("Thing", PATH, one, NOW, Bounds(**bounds))  # type: ignore[arg-type]


def test_the_finalizer_and_the_object_that_it_holds_are_named() -> None:
    finding = content(thing(deleted=599, finalizers=["example.com/a", "example.com/b"]))
    assert finding.why == (
        "Thing t is held by finalizers example.com/a, example.com/b since 11:50:01 UTC: who set it "
        "has until 12:00:01 UTC to take it away"
    )
    assert finding.step is None
    assert (finding.remnant.kind, finding.remnant.name) == ("Namespace", NAME)


def test_after_its_time_a_finalizer_is_taken_away_with_a_record() -> None:
    finding = content(thing(deleted=600, finalizers=["example.com/a"]))
    assert isinstance(finding.step, Strip)
    assert finding.step.path == PATH
    assert finding.step.operations() == [
        {"op": "test", "path": "/metadata/uid", "value": "uid-t"},
        {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
        {"op": "remove", "path": "/metadata/finalizers"},
    ]
    assert "took finalizer example.com/a off Thing t" in finding.step.done


@pytest.mark.parametrize(
    ("one", "words"),
    [
        pytest.param(thing(finalizers=["a/b"]), "next to be deleted", id="not yet"),
        pytest.param(thing(deleted=9999), "is ending", id="held by nothing"),
    ],
)
def test_what_is_not_held_is_waited_for(one: Item, words: str) -> None:
    finding = content(one)
    assert finding.step is None
    assert words in finding.why


# -- Pods -----------------------------------------------------------------------------------------

POD = f"/api/v1/namespaces/{NAME}/pods/t"
READY = item("n", status=status(("Ready", "True", "")))
LOST = item("n", status=status(("Ready", "Unknown", "")))


def pod(one: Item, node: Item | None, **bounds: Any) -> ClusterFinding:
    return namespaces.pod(POD, one, node, NOW, Bounds(**bounds))


def running(**parts: Any) -> Item:
    return thing(spec={"nodeName": "n"}, **parts)


@pytest.mark.parametrize(
    ("node", "words"),
    [
        pytest.param(None, "node n is gone", id="gone"),
        pytest.param(LOST, "node n is not Ready since 11:53:20 UTC", id="not Ready for long"),
    ],
)
def test_a_pod_on_a_lost_node_is_deleted_at_once(node: Item | None, words: str) -> None:
    finding = pod(running(deleted=1), node)
    assert words in finding.why
    assert isinstance(finding.step, Delete)
    assert finding.step.options() == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "uid-t"},
        "gracePeriodSeconds": 0,
    }


@pytest.mark.parametrize(
    ("one", "node"),
    [
        pytest.param(running(deleted=9999), READY, id="its node is there"),
        pytest.param(running(deleted=-5), None, id="its grace period goes on"),
        pytest.param(running(), None, id="it is not being deleted"),
        pytest.param(thing(deleted=1), None, id="it never had a node"),
        pytest.param(running(deleted=1, finalizers=["a/b"]), None, id="a finalizer comes first"),
    ],
)
def test_other_pods_are_waited_for(one: Item, node: Item | None) -> None:
    assert pod(one, node).step is None


def test_a_node_that_is_not_ready_for_a_moment_may_come_back() -> None:
    finding = pod(running(deleted=1), LOST, node_seconds=401)
    assert finding.step is None
    assert finding.why == "Pod t is ending on node n"


def test_a_node_without_a_condition_is_not_lost() -> None:
    assert pod(running(deleted=1), item("n")).step is None
