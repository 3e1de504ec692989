"""What becomes of the state after a kill; pure cases, and kills of the real engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot import errors
from bot.engine import group, repair
from bot.engine.stack import CLEARED
from tests.unit.bot.engine import edge as edges
from tests.unit.bot.engine.cluster import Cluster
from tests.unit.bot.engine.stand import COMMIT, NAME, OTHER, Stand
from tests.world.aws.process import CREDENTIALS

URN = "urn:pulumi:s::p::"


def resource(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"urn": f"{URN}{kind}::{name}", "type": kind, "custom": True, **fields}


def state(*resources: dict[str, Any], **pending: list[dict[str, Any]]) -> dict[str, Any]:
    operations = [
        {"type": kind, "resource": one} for kind, found in pending.items() for one in found
    ]
    return {"resources": list(resources), repair.PENDING: operations}


def never(*_: object) -> str | None:
    raise AssertionError("nothing is to be looked for")


def test_a_creation_that_may_have_taken_place_is_looked_at_before_anything_else() -> None:
    pod = resource("kubernetes:core/v1:Pod", "a")
    made = repair.mended(state(creating=[pod]), lambda *_: "ns/a")
    assert made == {"resources": [{**pod, "id": "ns/a", repair.LOOK: True}]}


def test_a_creation_that_certainly_did_not_is_forgotten() -> None:
    made = repair.mended(state(creating=[resource("aws:x:X", "a")]), lambda *_: None)
    assert made == {"resources": []}


@pytest.mark.parametrize("kind", ["updating", "deleting"])
def test_an_update_or_deletion_keeps_its_resource_and_looks_at_it(kind: str) -> None:
    known = resource("kubernetes:core/v1:Pod", "a", id="ns/a", outputs={"x": 1})
    other = resource("kubernetes:core/v1:Pod", "b", id="ns/b")
    made = repair.mended(state(known, other, **{kind: [known]}), never)
    assert made["resources"] == [{**known, repair.LOOK: True}, other]


def test_components_and_providers_have_nothing_outside_the_state() -> None:
    component = {**resource("understudy:index:X", "a"), "custom": False}
    provider = resource("pulumi:providers:aws", "a")
    assert repair.mended(state(creating=[component, provider]), never) == {"resources": []}


def test_the_creation_of_what_the_state_knows_already_adds_nothing() -> None:
    known = resource("kubernetes:core/v1:Pod", "a", id="ns/a")
    made = repair.mended(state(known, creating=[known]), lambda *_: "ns/a")
    assert made["resources"] == [{**known, repair.LOOK: True}]


def test_the_new_one_of_a_replacement_takes_the_place_of_the_old_which_is_to_go() -> None:
    old = resource("aws:x:X", "a", id="1")
    after = resource("aws:x:Y", "b", id="2", dependencies=[old["urn"]])
    new = resource("aws:x:X", "a")
    made = repair.mended(state(old, after, creating=[new]), lambda *_: "3")
    looked = {**new, "id": "3", repair.LOOK: True}
    assert made["resources"] == [looked, after, {**old, "delete": True}]


def test_a_creation_that_failed_may_have_taken_place_as_well() -> None:
    there = resource("kubernetes:core/v1:Pod", "a", id="ns/a")
    pod = resource("kubernetes:core/v1:Pod", "b")
    made = repair.mended({"resources": [there]}, lambda *_: "ns/b", [pod])
    assert made == {"resources": [there, {**pod, "id": "ns/b", repair.LOOK: True}]}
    assert repair.mended({"resources": [there]}, lambda *_: None, [pod]) == {"resources": [there]}


def test_the_state_that_was_read_is_not_changed() -> None:
    before = state(creating=[resource("kubernetes:core/v1:Pod", "a")])
    copy = json.loads(json.dumps(before))
    repair.mended(before, lambda *_: "ns/a")
    assert before == copy


# -- the real engine, killed ----------------------------------------------------------------------


def kill_in(stand: Stand, path: str, *, handled_first: bool, commit: str = COMMIT) -> None:
    """Kill -9 everything of an update while a write to this path is under way."""
    stand.cluster.hold(path, handled_first=handled_first)
    operation = stand.engine.up(NAME, stand.config(commit), stand.said.append)
    assert stand.cluster.waiting.wait(60)
    assert group.kill(stand.record())
    with pytest.raises(errors.EngineError, match="ended without an answer"):
        operation.result(60)
    stand.cluster.release()
    stand.said.clear()


def looked_at(stand: Stand) -> list[str]:
    return [line for line in stand.said if line.startswith("looking again at")]


@pytest.mark.slow
@pytest.mark.parametrize("handled_first", [True, False], ids=["accepted", "lost"])
@pytest.mark.parametrize("last", ["namespaces/pr-7-shop-d21b2c", "deployments/web"])
def test_an_update_after_a_kill_makes_the_rest(
    stand: Stand, last: str, handled_first: bool
) -> None:
    kill_in(stand, last, handled_first=handled_first)
    stand.engine.up(NAME, stand.config(OTHER), stand.said.append).result(120)
    assert looked_at(stand)
    assert CLEARED in stand.said
    found = next(one for path, one in stand.cluster.objects.items() if "deployments" in path)
    assert OTHER in json.dumps(found)
    again = stand.engine.up(NAME, stand.config(OTHER), stand.said.append).result(120)
    assert set(again.changes) == {"same"}


@pytest.mark.parametrize(
    "last",
    [
        "namespaces/pr-7-shop-d21b2c",
        pytest.param("deployments/web", marks=pytest.mark.slow),
    ],
)
def test_a_removal_after_a_kill_leaves_nothing(stand: Stand, last: str) -> None:
    kill_in(stand, last, handled_first=True)
    assert stand.cluster.objects
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert looked_at(stand)
    assert stand.cluster.objects == {}
    assert not stand.engine.exists(NAME)


@pytest.mark.parametrize(
    "path",
    [
        "deployments/web",
        pytest.param("namespaces/pr-7-shop-d21b2c", marks=pytest.mark.slow),
        pytest.param("nodepools/pr-7-shop-d21b2c", marks=pytest.mark.slow),
    ],
)
def test_what_was_made_though_the_answer_was_lost_is_no_stranger(stand: Stand, path: str) -> None:
    stand.cluster.hold(path, handled_first=True)
    operation = stand.engine.up(NAME, stand.config(), stand.said.append)
    assert stand.cluster.waiting.wait(60)
    stand.cluster.release()
    with pytest.raises(errors.EngineError, match="unreachable"):
        operation.result(120)
    stand.engine.up(NAME, stand.config(OTHER), stand.said.append).result(120)
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert stand.cluster.objects == {}


@pytest.mark.slow
@pytest.mark.parametrize("path", ["namespaces/pr-7-shop-d21b2c", "nodepools/pr-7-shop-d21b2c"])
def test_what_somebody_else_has_under_our_name_is_left_alone(stand: Stand, path: str) -> None:
    kill_in(stand, path, handled_first=False)
    prefix = "/api/v1/" if "namespaces" in path else "/apis/karpenter.sh/v1/"
    stand.cluster.applied(prefix + path, {"metadata": {"name": NAME, "labels": {"of": "others"}}})
    with pytest.raises(errors.EngineError, match="already exists"):
        stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    with pytest.raises(errors.EngineError, match="already exists"):
        stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert list(stand.cluster.objects) == [prefix + path]


@pytest.mark.slow
def test_an_update_that_nobody_knows_of_is_undone_by_the_way_back(stand: Stand) -> None:
    stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    kill_in(stand, "deployments/web", handled_first=True, commit=OTHER)
    # The state still says the old commit, and the old commit is wanted: no difference by itself.
    stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    found = next(one for path, one in stand.cluster.objects.items() if "deployments" in path)
    assert OTHER not in json.dumps(found)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["namespaces/pr-7-shop-d21b2c", "deployments/web"])
def test_what_could_not_be_looked_at_is_looked_at_the_next_time(stand: Stand, path: str) -> None:
    kill_in(stand, path, handled_first=True)
    objects, stand.cluster.away = dict(stand.cluster.objects), True
    with pytest.raises((errors.UnreachableError, errors.EngineError)):
        stand.engine.destroy(NAME, stand.said.append).result(120)
    stand.cluster.away = False
    assert stand.cluster.objects == objects
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert stand.cluster.objects == {}


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["up", "destroy"])
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "lost"])
@pytest.mark.parametrize("made", ["/distribution", "/continuous-deployment-policy"])
def test_cloudfront_keeps_nothing_that_nobody_heard_of(
    tmp_path: Path,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    made: str,
    verb: str,
    killed: bool,
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with edges.edge() as edge:
        stand = Stand.of(tmp_path, cluster)
        config = stand.config(
            edge_value="of-the-edge",
            primary_distribution_id=edge.primary_id,
            aws_endpoint=edge.address,
        )
        edge.held = made
        operation = stand.engine.up(NAME, config, stand.said.append)
        assert edge.waiting.wait(60)
        if killed:
            assert group.kill(stand.record())
        edge.held = None
        with pytest.raises(errors.EngineError):
            operation.result(60)
        assert len(edge.staging()) == 1
        if verb == "up":
            stand.engine.up(NAME, config, stand.said.append).result(120)
            assert len(edge.staging()) == 1
            assert edge.policies() == [edge.attached()]
        stand.engine.destroy(NAME, stand.said.append).result(120)
        assert edge.staging() == edge.policies() == []
        assert edge.attached() == ""
        assert cluster.objects == {}
