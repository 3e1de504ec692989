"""Commands in comments, and what they do to a real cluster."""

from __future__ import annotations

from typing import Any

import pytest

from bot import model
from tests.world.cluster.api import APPS
from tests.world.walk import NO_EDGE, Walk

pytestmark = [pytest.mark.world, pytest.mark.slow]


def _containers(walk: Walk) -> dict[str, Any]:
    """The container of each Deployment."""
    found = walk.world.cluster.api.items(f"{APPS}/namespaces/{walk.name}/deployments")
    return {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]
        for item in found
    }


def _variable(walk: Walk, service: str, name: str) -> str | None:
    container = _containers(walk).get(service, {})
    given = {one["name"]: one.get("value") for one in container.get("env", ())}
    return given.get(name)


def test_what_people_write_is_done(walk: Walk) -> None:
    walk.open(stage_file=NO_EDGE, labels=())
    walk.say("Show me:\n/stage up")
    walk.until_serving()
    walk.say("/stage logs web")
    walk.until("the answer", lambda: any("GET /healthz" in one for one in walk.answers()))
    walk.say("/stage set GREETING=hello world")
    walk.until("the variable", lambda: _variable(walk, "web", "GREETING") == "hello world")
    walk.until_serving()
    walk.until("the pods of before to be gone", lambda: len(walk.pods()) == 2)
    before = walk.pods().keys()
    walk.say("/stage restart web")
    walk.until(
        "another pod of web",
        lambda: any(pod.startswith("web-") for pod in walk.pods().keys() - before),
    )
    walk.until_serving()
    assert {pod for pod in before if pod.startswith("api-")} <= walk.pods().keys(), (
        "api was left alone"
    )
    walk.say("/stage down")
    walk.until_phase(model.Phase.ABSENT, 180)
    walk.until("the last word", lambda: "Proved" in walk.comment())
    assert walk.world.github.pull_request(walk.repository, walk.number)["state"] == "open"


def test_a_strangers_commit_runs_when_it_was_approved(walk: Walk) -> None:
    walk.open(stage_file=NO_EDGE, fork="stranger/other")
    walk.until("the comment", lambda: "no write access" in walk.comment())
    assert walk.row() is model.Phase.WAITING
    walk.say(f"/stage approve {walk.commit[:7]}")
    walk.until_serving()
