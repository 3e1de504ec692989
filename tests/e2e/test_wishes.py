"""What people may do with a pull request, and what must not happen."""

from __future__ import annotations

import pytest

from bot import model
from tests.world.cluster.api import CORE
from tests.world.walk import LABEL, NO_EDGE, STAGE_FILE, Walk

pytestmark = pytest.mark.world
slow = pytest.mark.slow


def _namespaces(walk: Walk) -> set[str]:
    return walk.world.cluster.api.names(f"{CORE}/namespaces")


def test_the_label_asks_and_its_removal_takes_away(walk: Walk) -> None:
    walk.open(stage_file=NO_EDGE, labels=())
    walk.until("the delivery", lambda: walk.row() is not None)
    assert walk.comment() == ""
    assert walk.name not in _namespaces(walk)
    walk.world.github.label(walk.repository, walk.number, LABEL)
    walk.until_serving()
    walk.world.github.unlabel(walk.repository, walk.number, LABEL)
    walk.until_phase(model.Phase.ABSENT, 180)
    walk.until("the last word", lambda: "Proved" in walk.comment())
    assert walk.name not in _namespaces(walk)
    assert walk.world.github.pull_request(walk.repository, walk.number)["state"] == "open"


@pytest.mark.parametrize(
    ("stage_file", "sentence"),
    [
        pytest.param("services: [", "is no valid YAML", id="malformed", marks=slow),
        pytest.param("{}", "'services' is missing", id="empty", marks=slow),
        pytest.param(
            STAGE_FILE + "wings: 2\n", "unknown key 'wings'", id="unknown key", marks=slow
        ),
        pytest.param(
            STAGE_FILE.replace("  api:", "  Api_1:"),
            "is no DNS label",
            id="no DNS label",
            marks=slow,
        ),
        pytest.param(
            STAGE_FILE.replace("shop-api:{sha}", "shop-api:1"), "lacks", id="no commit", marks=slow
        ),
    ],
)
def test_a_stage_file_that_cannot_be_used_is_told_and_nothing_is_made(
    walk: Walk, stage_file: str, sentence: str
) -> None:
    walk.open(stage_file=stage_file, publish=False)
    walk.until_phase(model.Phase.WAITING)
    walk.until("the comment", lambda: ".stage.yaml" in walk.comment().replace("\\", ""))
    told = walk.comment().replace("\\", "")
    assert sentence in told
    assert walk.name not in _namespaces(walk)
    walk.push({".stage.yaml": NO_EDGE})
    walk.until_serving()


def test_the_code_of_a_fork_is_not_run(walk: Walk) -> None:
    walk.open(fork="stranger/shop", publish=False)
    walk.until("the comment", lambda: "no write access" in walk.comment())
    assert walk.row() is model.Phase.WAITING
    assert walk.name not in _namespaces(walk)


@slow
def test_the_code_of_a_deleted_fork_is_not_run(walk: Walk) -> None:
    walk.open(fork="stranger/gone", labels=(), publish=False)
    walk.world.github.delete_fork("stranger/gone")
    walk.world.github.label(walk.repository, walk.number, LABEL)
    walk.until("the comment", lambda: "deleted" in walk.comment())
    assert walk.name not in _namespaces(walk)


@pytest.mark.parametrize(
    ("env", "trouble"),
    [
        pytest.param({"SHOP_FAULT": "crash"}, "crashing", id="crash", marks=slow),
        pytest.param({"SHOP_FAULT": "unready"}, "readiness probe failing", id="probe", marks=slow),
        pytest.param(None, "image not found", id="image", marks=slow),
    ],
)
def test_a_pod_that_cannot_start_is_told_with_its_reason(
    walk: Walk, env: dict[str, str] | None, trouble: str
) -> None:
    walk.open(stage_file=NO_EDGE, env=env, publish=env is not None)
    walk.until("the trouble in the comment", lambda: trouble in walk.comment())
    walk.until_phase(model.Phase.DEGRADED)
    walk.push()
    walk.until_serving()


@slow
def test_a_pod_that_no_node_can_hold_is_told(walk: Walk) -> None:
    large = NO_EDGE.replace(
        "    language: python\n    probe",
        "    resources: {cpu: 7}\n    language: python\n    probe",
    )
    walk.open(stage_file=large)
    walk.until("the trouble in the comment", lambda: "unschedulable" in walk.comment(), 120)


@slow
def test_closing_while_it_comes_up_takes_it_away(walk: Walk) -> None:
    walk.open()
    walk.until_phase(model.Phase.PROVISIONING)
    walk.close()
    walk.until_phase(model.Phase.ABSENT, 180)
    assert walk.name not in _namespaces(walk)


@slow
def test_a_redelivery_changes_nothing(walk: Walk) -> None:
    walk.open(stage_file=NO_EDGE)
    walk.until_serving()
    before = walk.pods().keys()
    (guid,) = (
        delivery["guid"]
        for delivery in walk.world.github.deliveries()
        if delivery.get("action") == "opened"
        and delivery["request"]["payload"]["repository"]["full_name"] == walk.repository
    )
    walk.world.github.redeliver(guid)
    walk.world.github.settled()
    walk.until_phase(model.Phase.READY)
    assert walk.pods().keys() == before
