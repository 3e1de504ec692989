"""The program against a real API server, its rules in a network of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.world.netpol.conftest import API, DNS, OTHER, PORT, WEB
from tests.contract.world.netpol.network import NODE, UDP, Network
from tests.contract.world.plugins.control_plane import ControlPlane, control_plane
from tests.unit.world.netpol.objects import Json, labelled
from tests.world.netpol import table

ROOT = Path(__file__).resolve().parents[4]
POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
LIMIT_SECONDS = 30.0

Enforcer = subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("control-plane")) as running:
        yield running


@pytest.fixture(scope="module")
def cluster(server: ControlPlane) -> ControlPlane:
    """Two pods in one namespace and one in another, which have addresses as if they ran."""
    for namespace in ("shop", "other"):
        create(server, "/api/v1/namespaces", {"metadata": {"name": namespace}})
    for namespace, name, address in (
        ("shop", "web", WEB),
        ("shop", "api", API),
        ("other", "web", OTHER),
    ):
        add_pod(server, namespace, name, address)
    return server


def create(server: ControlPlane, path: str, body: Json) -> None:
    status, answer = server.call("POST", path, body)
    assert status == 201, answer


def add_pod(server: ControlPlane, namespace: str, name: str, address: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    spec = {"containers": [{"name": "c", "image": "i"}]}
    create(server, path, {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec})
    server.patch(f"{path}/{name}/status", {"status": {"phase": "Running", "podIP": address}})


@pytest.fixture
def enforcer(cluster: ControlPlane, network: Network, tmp_path: Path) -> Iterator[Enforcer]:
    """The running program; policies of the test are removed with it."""
    path = tmp_path / "kubeconfig"
    path.write_text(cluster.kubeconfig)
    words = ["--kubeconfig", str(path), "--netns", network.name]
    words += ["--neighbour", f"{NODE}:{DNS}=kube-system/k8s-app=kube-dns"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.world.netpol", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: table.NAME in tables(network))
        yield process
    finally:
        process.kill()
        process.wait()
        cluster.call("DELETE", POLICIES)


def tables(network: Network) -> str:
    return network.inside(NODE, "nft list tables")


def until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not question():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


def add_policy(cluster: ControlPlane, name: str, **spec: object) -> None:
    create(cluster, POLICIES, {"metadata": {"name": name}, "spec": {"podSelector": {}, **spec}})


def test_policies_bite_and_their_removal_opens_again(
    enforcer: Enforcer, cluster: ControlPlane, network: Network
) -> None:
    assert network.reaches(WEB, API, PORT)
    add_policy(cluster, "deny", policyTypes=["Ingress", "Egress"])
    until(lambda: not network.reaches(WEB, API, PORT))
    everyone: list[Json] = [{"podSelector": {}}]
    add_policy(cluster, "within", ingress=[{"from": everyone}], egress=[{"to": everyone}])
    until(lambda: network.reaches(WEB, API, PORT))
    assert not network.reaches(OTHER, API, PORT)
    cluster.call("DELETE", POLICIES)
    until(lambda: network.reaches(OTHER, API, PORT))


def test_a_new_pod_and_a_namespaces_new_label_change_the_rules(
    enforcer: Enforcer, cluster: ControlPlane, network: Network
) -> None:
    peer = {"namespaceSelector": labelled(team="friend")}
    add_policy(cluster, "friends", ingress=[{"from": [peer]}])
    until(lambda: not network.reaches(OTHER, API, PORT))
    cluster.patch("/api/v1/namespaces/other", {"metadata": {"labels": {"team": "friend"}}})
    until(lambda: network.reaches(OTHER, API, PORT))
    path = "/api/v1/namespaces/other/pods/web"
    cluster.call("DELETE", path, {"gracePeriodSeconds": 0})
    until(lambda: not network.reaches(OTHER, API, PORT))
    add_pod(cluster, "other", "web", OTHER)
    until(lambda: network.reaches(OTHER, API, PORT))


def test_a_neighbour_is_allowed_by_labels(
    enforcer: Enforcer, cluster: ControlPlane, network: Network
) -> None:
    add_policy(cluster, "deny", policyTypes=["Egress"])
    until(lambda: not network.reaches(WEB, NODE, DNS, UDP))
    peer = {
        "namespaceSelector": labelled(**{"kubernetes.io/metadata.name": "kube-system"}),
        "podSelector": labelled(**{"k8s-app": "kube-dns"}),
    }
    ports = [{"protocol": "UDP", "port": DNS}]
    add_policy(cluster, "dns", policyTypes=["Egress"], egress=[{"to": [peer], "ports": ports}])
    until(lambda: network.reaches(WEB, NODE, DNS, UDP))
    assert not network.reaches(WEB, NODE, DNS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_no_rules_behind(
    enforcer: Enforcer, cluster: ControlPlane, network: Network, number: signal.Signals
) -> None:
    add_policy(cluster, "deny", policyTypes=["Ingress"])
    until(lambda: not network.reaches(WEB, API, PORT))
    enforcer.send_signal(number)
    assert enforcer.wait(timeout=LIMIT_SECONDS) == 0
    assert table.NAME not in tables(network)
    assert network.reaches(WEB, API, PORT)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kubeconfig", "/nowhere"], "there is no kubeconfig at /nowhere"),
        (["--kubeconfig", __file__], "test_enforcer.py is of no use: The kubeconfig"),
        (["--kubeconfig", "/nowhere", "--neighbour", "dns"], "'dns' is no neighbour: write"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(words: list[str], said: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.world.netpol", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
