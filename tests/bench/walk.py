"""A pull request from opened to ready, pushed, and gone, beside what people would do by hand.

The reference is `kubectl apply` of the very objects that the environment has, timed until every
Deployment is rolled out, on a node that Karpenter has to launch first, as for the environment. The
second one is the same program with the provider's own awaits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import requests
import yaml

from bot import model
from infra import contract, naming
from tests.bench.report import Report
from tests.world import plugins
from tests.world.cluster import netns
from tests.world.prepare import cold_seconds
from tests.world.tools import kubectl
from tests.world.walk import REPOSITORY, STAGE_FILE, Walk
from tests.world.world import SECRET, World

ROOT = Path(__file__).resolve().parents[2]
PINGS = 30
DEFAULT_SECONDS = 300.0
"""So long `up` and `destroy` with every await may take at most."""
LIMIT_DEMO = 90.0
LIMIT_DEFAULT = 0.5
LIMIT_KUBECTL = 2.0
_NAMESPACED_LAST = ("Deployment",)


def run() -> Report:
    """Measure everything in one run."""
    figures: dict[str, float | None] = {"cold_setup_s": cold_seconds()}
    if figures["cold_setup_s"] is None:
        print("cold_setup_s: the cache was not filled by this version; nothing is claimed")
    figures["warm_demo_s"] = _demo()
    with World() as world:
        world.start_bot()
        world.github.create_repository(REPOSITORY, {".stage.yaml": STAGE_FILE})
        figures["ack_ms"] = _acknowledged(world)
        walk = Walk(world)
        try:
            figures |= _walked(walk)
        finally:
            walk.close_store()
    by_default = figures["pulumi_up_default_s"]
    ready, by_hand = figures["opened_to_ready_s"], figures["kubectl_apply_s"]
    assert ready is not None and by_hand is not None and by_default is not None
    figures["ready_vs_kubectl"] = ready / by_hand
    figures["ready_vs_pulumi_default"] = ready / by_default
    limits = {"warm_demo_s": LIMIT_DEMO, "ready_vs_kubectl": LIMIT_KUBECTL}
    if plugins.replaced("pulumi-resource-kubernetes"):
        print("pulumi_up_default_s was measured with the stand-in for the Kubernetes plugin:")
        print("it is no limit here; the reference is kubectl")
    else:
        limits["ready_vs_pulumi_default"] = LIMIT_DEFAULT
    for name, value in figures.items():
        print(f"{name:<26} {'-' if value is None else f'{value:.2f}'}")
    return Report(figures, limits)


def _demo() -> float:
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "tests.world.demo"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - began


def _acknowledged(world: World) -> float:
    """The median time from a signed delivery to its 202, in milliseconds."""
    body = json.dumps(
        {"action": "edited", "number": 999, "repository": {"full_name": REPOSITORY}}
    ).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    times = []
    with requests.Session() as session:
        for _ in range(PINGS):
            headers = {
                "Content-Type": "application/json",
                "X-GitHub-Event": "pull_request",
                "X-GitHub-Delivery": str(uuid.uuid4()),
                "X-Hub-Signature-256": f"sha256={digest}",
            }
            began = time.monotonic()
            answer = session.post(f"{world.url('bot')}/webhook", body, headers=headers, timeout=10)
            times.append(time.monotonic() - began)
            assert answer.status_code == 202, answer.text
    return statistics.median(times) * 1000


def _walked(walk: Walk) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    began = time.monotonic()
    walk.open()
    walk.until_serving()
    figures["opened_to_ready_s"] = time.monotonic() - began
    objects = _objects(walk)
    began = time.monotonic()
    walk.push()
    walk.until_serving()
    figures["push_to_ready_s"] = time.monotonic() - began
    began = time.monotonic()
    walk.close()
    walk.until_phase(model.Phase.ABSENT, 180)
    figures["close_to_absent_s"] = time.monotonic() - began
    figures["kubectl_apply_s"] = _by_kubectl(walk, objects)
    figures["pulumi_up_default_s"] = _by_default(walk)
    return figures


def _kubectl(walk: Walk, *words: str, text: str | None = None) -> str:
    command = [str(kubectl()), "--kubeconfig", str(walk.world.cluster.kubeconfig), *words]
    ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


_KINDS = (
    "resourcequotas,limitranges,networkpolicies,services,deployments.apps,ingresses,"
    "instrumentations.opentelemetry.io"
)
_SERVERS = (
    *("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "finalizers"),
    *("ownerReferences", "deletionTimestamp"),
)


def _objects(walk: Walk) -> list[dict[str, Any]]:
    """The environment's own objects, as a person would have them in files; named anew."""
    found = [
        json.loads(_kubectl(walk, "get", "namespace", walk.name, "-o", "json")),
        json.loads(_kubectl(walk, "get", "nodepool", walk.name, "-o", "json")),
    ]
    selector = f"{naming.LABEL_ENVIRONMENT}={walk.name}"
    inside = json.loads(
        _kubectl(walk, "get", _KINDS, "-n", walk.name, "-l", selector, "-o", "json")
    )["items"]
    for item in (*found, *inside):
        item.pop("status", None)
        for key in _SERVERS:
            item["metadata"].pop(key, None)
        for key in ("clusterIP", "clusterIPs"):
            item["spec"].pop(key, None)
        if item["kind"] == "Namespace":
            item["spec"] = {}
    text = json.dumps([*found, *inside]).replace(walk.name, f"by-hand-{walk.number}")
    renamed: list[dict[str, Any]] = json.loads(text)
    return sorted(renamed, key=lambda item: item["kind"] in _NAMESPACED_LAST)


def _by_kubectl(walk: Walk, objects: list[dict[str, Any]]) -> float:
    name = f"by-hand-{walk.number}"
    text = yaml.safe_dump_all(objects)
    began = time.monotonic()
    _kubectl(walk, "apply", "-f", "-", text=text)
    for item in objects:
        if item["kind"] == "Deployment":
            deployment = f"deployment/{item['metadata']['name']}"
            _kubectl(walk, "rollout", "status", deployment, "-n", name, "--timeout=120s")
    seconds = time.monotonic() - began
    _kubectl(walk, "delete", "namespace", name)
    _kubectl(walk, "delete", "nodepool", name)
    return seconds


def _by_default(walk: Walk) -> float:
    """`up` of the same program by a person, with every await of the providers."""
    inputs = contract.PreviewInputs(
        repository="acme/by-default",
        pull_request=walk.number,
        commit=walk.commit,
        stage=contract.StageFile.parse(STAGE_FILE),
        platform=walk.world.platform(),
        edge_value="0" * 32,
        gate=False,
    )
    given = walk.world.cluster.folder / "by-default.json"
    given.write_text(json.dumps(inputs.to_config()))
    words = [*netns.enter(walk.world.cluster.name), sys.executable, "-m", "tests.bench.default_up"]
    state = walk.world.cluster.folder / "by-default"
    state.mkdir()
    environ = {
        **walk.world.pulumi_environ(),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "bench",
    }
    ran = subprocess.run(
        [*words, str(given)],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEFAULT_SECONDS,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return float(ran.stdout.strip().splitlines()[-1])
