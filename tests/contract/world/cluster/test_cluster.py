"""A cluster comes from nothing, serves, stands beside another one, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world.cluster import NODE, Cluster, netns, stale
from tests.world.cluster.api import CORE
from tests.world.cluster.node import cgroup_roots
from tests.world.cluster.waiting import until
from tests.world.images import BUSYBOX

pytestmark = pytest.mark.world


def _of_world(name: str) -> list[str]:
    """The command lines of processes that know the world's name."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            text = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (path / "environ").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if int(path.name) != os.getpid() and (name in text or name in environment):
            found.append(text)
    return found


def _rules() -> str:
    ran = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True)
    return "\n".join(line for line in ran.stdout.splitlines() if not line.startswith("#"))


def _interfaces() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir()}


def _run_pod(cluster: Cluster, name: str) -> tuple[str, str]:
    """Start a pod that serves a page; returns its address and its uid when it runs."""
    pods = f"{CORE}/namespaces/default/pods"
    script = "mkdir -p /tmp/w; echo hello >/tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"
    container = {"name": "web", "image": BUSYBOX, "command": ["sh", "-c", script]}
    body = {"metadata": {"name": name}, "spec": {"containers": [container]}}
    cluster.api.create(pods, body)

    def running() -> bool:
        status = cluster.api.get(f"{pods}/{name}")["status"]
        return status["phase"] == "Running" and "podIP" in status

    until(f"pod {name}", running, 60, 0.1)
    pod = cluster.api.get(f"{pods}/{name}")
    return str(pod["status"]["podIP"]), str(pod["metadata"]["uid"])


def _fetch(cluster: Cluster, address: str) -> str:
    """The page of a pod; its program may need a moment after its container runs."""
    url = f"http://{address}:8080/"
    script = f"import urllib.request as r; print(end=r.urlopen({url!r}, timeout=2).read().decode())"
    words = [*netns.enter(cluster.name), sys.executable, "-c", script]
    page = ""

    def fetched() -> bool:
        nonlocal page
        page = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        return bool(page)

    until("an answer of the pod", fetched, 20, 0.1)
    return page


def test_it_runs_pods_and_leaves_nothing() -> None:
    before = (_rules(), _interfaces(), Path("/proc/mounts").read_text())
    with Cluster() as cluster:
        assert cluster.node_ready(NODE)
        address, _ = _run_pod(cluster, "web")
        assert _fetch(cluster, address) == "hello\n"
        for program in ("etcd", "kube-apiserver", f"kubelet-{NODE}", "coredns", "traefik"):
            assert (cluster.logs / f"{program}.log").exists()
        assert cluster.spawner.dead() == []
    assert _of_world(cluster.name) == []
    assert not netns.exists(cluster.name)
    assert not cluster.folder.exists()
    assert [root for root in cgroup_roots() if (root / cluster.name).exists()] == []
    assert (_rules(), _interfaces(), Path("/proc/mounts").read_text()) == before


@pytest.mark.slow
def test_two_stand_side_by_side() -> None:
    with Cluster() as one, Cluster() as other:
        (here, own), (there, others) = (_run_pod(cluster, "web") for cluster in (one, other))
        assert here == there
        assert own != others
        assert [_fetch(one, here), _fetch(other, there)] == ["hello\n"] * 2


_OWNER = """
import time
from tests.world.cluster import Cluster

with Cluster() as cluster:
    print(cluster.name, flush=True)
    time.sleep(300)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_its_owner(number: signal.Signals) -> None:
    owner = subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner:
        name = owner.stdout.readline().strip()
        owner.send_signal(number)
        owner.wait(timeout=30)
    assert name.startswith("understudy-")
    until("the end of every process", lambda: not _of_world(name), 20)
    # Who was killed leaves a folder and a name; the next world sweeps them away.
    stale.sweep()
    assert not netns.exists(name)
    assert not (stale.worlds() / name).exists()
    assert [root for root in cgroup_roots() if (root / name).exists()] == []
