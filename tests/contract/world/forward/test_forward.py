"""Bytes from the host's loopback to a server inside a network namespace, and back."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.contract.world.netpol.network import NODE, Network
from tests.world import forward
from tests.world.cluster import netns
from tests.world.cluster.spawn import Spawner

ECHO, DIGEST, NOBODY = 8001, 8002, 8003
WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network() as running:
        running.listen(NODE, ECHO)
        yield running


@pytest.fixture
def spawner(network: Network, tmp_path: Path) -> Iterator[Spawner]:
    made = Spawner(tmp_path / "logs", netns.enter(network.name))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def forwarding(network: Network, spawner: Spawner) -> forward.Forwarding:
    targets = {"echo": (NODE, ECHO), "digest": (NODE, DIGEST), "nobody": (NODE, NOBODY)}
    return forward.start(spawner, network.name, targets)


def connect(forwarding: forward.Forwarding, name: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", forwarding.port(name)), timeout=WAIT_SECONDS)


def read(connection: socket.socket) -> bytes:
    """Everything until the other side ends."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_a_server_inside_answers_outside(forwarding: forward.Forwarding) -> None:
    # At once: the process that accepts may not even run yet.
    with connect(forwarding, "echo") as first, connect(forwarding, "echo") as second:
        for connection in (second, first):
            connection.sendall(b"?")
            assert connection.recv(64) == NODE.encode()


def test_the_end_of_one_direction_is_passed_on_and_the_other_goes_on(
    network: Network, forwarding: forward.Forwarding
) -> None:
    sent = bytes(range(256)) * 8192  # more than the buffers on the way hold

    def count(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        with accepted:
            received = read(accepted)
            accepted.sendall(str(len(received)).encode() + b" " + received)

    with (
        network.listener(NODE, DIGEST) as listener,
        ThreadPoolExecutor(max_workers=1) as pool,
        connect(forwarding, "digest") as connection,
    ):
        counted = pool.submit(count, listener)
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert read(connection) == str(len(sent)).encode() + b" " + sent
        counted.result()


def test_nobody_inside_is_nobody_outside(forwarding: forward.Forwarding) -> None:
    with connect(forwarding, "nobody") as connection:
        assert connection.recv(1) == b""


def test_it_ends_with_open_connections_and_says_nothing(
    forwarding: forward.Forwarding, spawner: Spawner
) -> None:
    with connect(forwarding, "echo") as connection:
        connection.sendall(b"?")
        assert connection.recv(64) == NODE.encode()
        stopping = threading.Thread(target=spawner.stop, args=("forward-echo-digest-nobody",))
        stopping.start()
        assert connection.recv(64) == b""
        stopping.join()
    assert forwarding.process.returncode == 0
    assert spawner.log("forward-echo-digest-nobody").read_text() == ""
    with pytest.raises(ConnectionRefusedError):
        connect(forwarding, "echo")


def test_a_socket_that_is_none_ends_it_with_a_sentence() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.world.forward", "999=127.0.0.1:1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[4],
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("forwarding cannot start: ")
    assert "Traceback" not in ran.stderr
