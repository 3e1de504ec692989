"""One network with three pods, and a node with the programs of a world."""

from collections.abc import Iterator

import pytest

from tests.contract.world.netpol.network import NODE, TCP, UDP, Network
from tests.world.netpol import table

WEB, API, OTHER = "10.244.0.11", "10.244.0.12", "10.244.1.13"
PORT, DNS, OTLP = 8080, 53, 4318


@pytest.fixture(scope="session")
def running_network() -> Iterator[Network]:
    with Network() as network:
        for address in (WEB, API, OTHER):
            network.add_pod(address)
            network.listen(address, PORT)
            network.listen(address, 9090)
            network.listen(address, 5353, UDP)
        network.listen(NODE, DNS, TCP)
        network.listen(NODE, DNS, UDP)
        network.listen(NODE, OTLP)
        network.listen(NODE, 6443)
        yield network


@pytest.fixture
def network(running_network: Network) -> Iterator[Network]:
    """The network, without rules before and after."""
    yield running_network
    running_network.load(table.REMOVE)
