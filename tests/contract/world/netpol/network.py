"""A world's network with pods that are nothing but network namespaces on its bridge.

Sockets are made by a thread that enters a pod's namespace for a moment; a socket stays where it was
made, so that tests need no process in any pod.
"""

import contextlib
import ctypes
import os
import secrets
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from tests.world.cluster import netns
from tests.world.netpol.enforcer import loader

NODE = netns.ADDRESS
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
DENIED_SECONDS = 0.4
"""How long a dropped packet is waited for; an allowed one takes less than a millisecond."""
_CLONE_NEWNET = 0x40000000
_CHECK = 'printf %s "$1" | nft --check --file -'
_SETNS = ctypes.CDLL(None, use_errno=True).setns


class Network:
    """The node's namespace, and one for each pod; a context manager."""

    def __init__(self) -> None:
        self.name = f"netpol-{secrets.token_hex(3)}"
        self._pods: dict[str, str] = {NODE: self.name}
        self._servers = selectors.DefaultSelector()
        self._wake, waker = socket.socketpair()
        self._servers.register(waker, selectors.EVENT_READ)
        self._held = [waker]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        netns.create(self.name)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join()
        for each in self._held:
            each.close()
        self._servers.close()
        for name in self._pods.values():
            netns.delete(name)

    def add_pod(self, address: str) -> None:
        """Put a pod on the bridge, as the bridge CNI does."""
        name = f"{self.name}-{len(self._pods)}"
        netns.run(["ip", "netns", "add", name])
        self._pods[address] = name
        port = f"veth{len(self._pods)}"
        self.inside(NODE, f"ip link add {port} type veth peer name eth0 netns {name}")
        self.inside(NODE, f"ip link set {port} master {netns.BRIDGE} up")
        for words in (
            "ip link set lo up",
            # An address of IPv6 is usable at once.
            "sysctl -qw net.ipv6.conf.eth0.accept_dad=0",
            f"ip addr add {address}/16 dev eth0",
            "ip link set eth0 up",
            f"ip route add default via {NODE}",
        ):
            self.inside(address, words)
        self.inside(NODE, f"bridge link set dev {port} hairpin on")

    def inside(self, address: str, words: str) -> str:
        """Run a command where an address is, and return what it printed."""
        return netns.run([*netns.enter(self._pods[address]), *words.split()])

    def load(self, ruleset: str) -> None:
        """Put rules in force on the node."""
        loader(netns.enter(self.name))(ruleset)

    def check(self, ruleset: str) -> None:
        """Let nft read rules without putting them in force."""
        netns.run([*netns.enter(self.name), "sh", "-c", _CHECK, "sh", ruleset])

    def listen(self, address: str, port: int, kind: int = TCP) -> None:
        """Answer whatever comes with the address that it came to."""
        self._keep(self.listener(address, port, kind), address)

    def listener(self, address: str, port: int, kind: int = TCP) -> socket.socket:
        """A socket of the caller's own at an address."""
        made = self._socket(address, socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        if kind == TCP:
            made.listen()
        return made

    def listen_ipv6(self, address: str, port: int) -> str:
        """Answer at the link-local address of a pod, and return that."""
        self._keep(self._bound_ipv6(address, port), address)
        printed = self.inside(address, "ip -6 -brief addr show dev eth0")
        return printed.split()[2].partition("/")[0]

    def reaches(self, source: str, target: str, port: int, kind: int = TCP) -> bool:
        """Whether a pod gets an answer."""
        with self.connected(source, target, port, kind) as connection:
            return connection is not None and _answered(connection)

    def reaches_ipv6(self, source: str, target: str, port: int) -> bool:
        """Whether a pod gets an answer from a link-local address."""
        client = self._socket(source, socket.AF_INET6, UDP)
        with client:
            client.settimeout(DENIED_SECONDS)
            scope = self._in_namespace(source, lambda: socket.if_nametoindex("eth0"))
            client.connect((target, port, 0, scope))
            return _answered(client)

    @contextlib.contextmanager
    def connected(
        self, source: str, target: str, port: int, kind: int = TCP
    ) -> Iterator[socket.socket | None]:
        """A connection, or None if it does not come about."""
        client = self._socket(source, socket.AF_INET, kind)
        with client:
            client.settimeout(DENIED_SECONDS)
            try:
                client.connect((target, port))
            except TimeoutError:
                yield None
            else:
                yield client

    def answers(self, connection: socket.socket) -> bool:
        """Whether an open connection still leads to somebody."""
        return _answered(connection)

    # -- parts ------------------------------------------------------------------------------------

    def _in_namespace(self, address: str, make: Callable[[], Any]) -> Any:
        def enter() -> Any:
            descriptor = os.open(Path("/run/netns") / self._pods[address], os.O_RDONLY)
            try:
                if _SETNS(descriptor, _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            finally:
                os.close(descriptor)
            return make()

        # The thread ends with the call, and with it its stay in the namespace.
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(enter).result()

    def _socket(self, address: str, family: int, kind: int) -> socket.socket:
        made: socket.socket = self._in_namespace(address, lambda: socket.socket(family, kind))
        return made

    def _bound_ipv6(self, address: str, port: int) -> socket.socket:
        listener = self._socket(address, socket.AF_INET6, UDP)
        listener.bind(("::", port))
        return listener

    def _keep(self, listener: socket.socket, address: str) -> None:
        self._held.append(listener)
        self._servers.register(listener, selectors.EVENT_READ, address.encode())

    def _serve(self) -> None:
        while True:
            for key, _ in self._servers.select():
                ready: Any = key.fileobj
                if key.data is None:
                    return
                if ready.type == UDP:
                    _, sender = ready.recvfrom(64)
                    ready.sendto(key.data, sender)
                elif ready.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    accepted, _ = ready.accept()
                    self._keep(accepted, key.data.decode())
                elif ready.recv(64):
                    ready.sendall(key.data)
                else:
                    self._servers.unregister(ready)


def _answered(connection: socket.socket) -> bool:
    try:
        connection.send(b"?")
        return bool(connection.recv(64))
    except TimeoutError:
        return False
