"""The life of a pull request in steps, and how it is seen that a step came to its end.

What the bot says is compared with what the API server says; the bot's word alone is not enough.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import requests

from bot import errors, model
from tests.chaos.faults import Step
from tests.chaos.track import Track
from tests.world.cluster.api import APPS, ApiError
from tests.world.walk import STAGE_FILE, Walk

JOB = """\
jobs:
  migrate:
    image: registry.test/shop-api:{sha}
    command: ["true"]
"""
FIRST = STAGE_FILE + JOB + "capacity: {cpu: 64, memory: 256Gi}\n"
"""What the pull request is opened with: at least one of every type that an environment has. There
is room for two of kwok's nodes, which all are large."""
SECOND = (
    FIRST.replace("    route: /\n", "    route: /shop\n    egress: [10.1.2.0/24:5432]\n")
    .replace("port: 8080\n", 'port: 8081\n    env: {PORT: "8081"}\n')
    .replace("  api:\n", "  api:\n    replicas: 2\n    resources: {cpu: 200m, memory: 192Mi}\n")
    .replace("cpu: 64", "cpu: 72")
    + "telemetry: {sampling: 0.5}\n"
)
"""What is pushed: changes something of every type that can be changed."""
GONE = "Proved by independent listings"
POLL_SECONDS = 0.5


def act(track: Track, walk: Walk, step: Step, *, publish: bool) -> None:
    """Do what people do."""
    match step:
        case "open":
            walk.open(stage_file=FIRST, publish=publish)
        case "push":
            files = {".stage.yaml": SECOND, "README.md": f"{time.time_ns()}"}
            walk.commit = track.world.github.push(track.repository, walk.number, files)
            if publish:
                track.world.publish(walk.commit)
        case "close":
            walk.close()


def done(track: Track, walk: Walk, step: Step) -> bool:
    """Whether the step has come to its end, for the bot and in fact."""
    try:
        rows = track.rows(walk.key)
    except errors.UnderstudyError:
        return False  # its database is away
    if step == "close":
        return all(row.phase is model.Phase.ABSENT for row in rows) and _told(walk, GONE)
    return (
        {row.phase for row in rows} == {model.Phase.READY}
        and all(row.wanted == row.seen for row in rows)
        and _told(walk, f"Ready · `{walk.commit[:7]}`")
        and _serving(track, walk)
    )


def claimed_gone(walk: Walk) -> bool:
    """Whether people were told that the environment is gone."""
    return _told(walk, GONE)


def until(question: Callable[[], bool], seconds: float) -> bool:
    """Ask until it is so, or the time is up."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _told(walk: Walk, words: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return words in walk.comment()
    return False


def _serving(track: Track, walk: Walk) -> bool:
    """Whether every Deployment runs the newest commit, by what the API server says."""
    try:
        found = track.world.cluster.api.items(f"{APPS}/namespaces/{walk.name}/deployments")
    except ApiError:
        return False
    return {item["metadata"]["name"] for item in found} == {"web", "api"} and all(
        item["spec"]["template"]["spec"]["containers"][0]["image"].endswith(walk.commit)
        and item["status"].get("observedGeneration", 0) >= item["metadata"]["generation"]
        and item["status"].get("updatedReplicas", 0) == item["spec"]["replicas"]
        and item["status"].get("availableReplicas", 0) == item["spec"]["replicas"]
        for item in found
    )
