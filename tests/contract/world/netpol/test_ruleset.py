"""nft takes whatever the compiler writes."""

import hypothesis
import hypothesis.strategies as st
import pytest

from tests.contract.world.netpol.network import NODE, Network
from tests.unit.world.netpol import worlds
from tests.unit.world.netpol.objects import Json
from tests.world.netpol import Neighbour, compile_rules, table
from tests.world.netpol.enforcer import RefusedError

NEIGHBOURS = (
    Neighbour(NODE, 53, {"a": "1"}, "shop"),
    Neighbour(NODE, 4318, {"b": "2"}, "telemetry"),
)


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(
    cluster=worlds.clusters(), neighbours=st.lists(st.sampled_from(NEIGHBOURS), max_size=2)
)
def test_nft_takes_every_ruleset(
    running_network: Network,
    cluster: tuple[list[Json], list[Json], list[Json]],
    neighbours: list[Neighbour],
) -> None:
    running_network.check(compile_rules(*cluster, neighbours))


def test_loading_replaces_and_removing_needs_nothing_to_remove(network: Network) -> None:
    empty = compile_rules([], [], [])
    network.load(empty)
    network.load(empty)
    assert table.NAME in network.inside(NODE, "nft list tables")
    network.load(table.REMOVE)
    network.load(table.REMOVE)
    assert table.NAME not in network.inside(NODE, "nft list tables")


def test_a_refused_ruleset_says_why_and_changes_nothing(network: Network) -> None:
    network.load(compile_rules([], [], []))
    before = network.inside(NODE, "nft list ruleset")
    with pytest.raises(RefusedError, match="nft refused the rules"):
        network.load(f"{table.REMOVE}table inet x {{ nonsense }}")
    assert network.inside(NODE, "nft list ruleset") == before
