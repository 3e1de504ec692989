from collections.abc import Iterator

import pytest

from bot import clock, errors, model, proof

CLUSTER, EDGE = model.Lane.CLUSTER, model.Lane.EDGE


class Source:
    def __init__(self, *listings: proof.Listing) -> None:
        self.listings = listings
        self.asked: list[str] = []

    def look(self, name: str) -> Iterator[proof.Listing]:
        self.asked.append(name)
        yield from self.listings


class Silent:
    def look(self, name: str) -> Iterator[proof.Listing]:
        yield proof.Listing("namespaces")
        raise errors.UnreachableError("no answer")


def test_absence_is_proved_when_every_listing_is_empty() -> None:
    time = clock.ManualClock()
    cluster, cloud = Source(proof.Listing("nodes")), Source(proof.Listing("EC2 instances"))
    absence = proof.Prover({CLUSTER: [cluster], EDGE: [cloud]}, time).look("pr-7")
    assert absence == model.Absence(("nodes", "EC2 instances"), (), time.now())
    assert absence.proved
    assert cluster.asked == cloud.asked == ["pr-7"]


def test_a_lane_is_proved_by_its_own_listings() -> None:
    cluster, cloud = Source(proof.Listing("nodes")), Source(proof.Listing("policies"))
    prover = proof.Prover({CLUSTER: [cluster], EDGE: [cloud]}, clock.ManualClock())
    assert prover.look("pr-7", EDGE).checked == ("policies",)
    assert not cluster.asked
    assert not proof.Prover({CLUSTER: [cluster]}, clock.ManualClock()).look("pr-7", EDGE).proved


def test_what_is_left_is_named_once() -> None:
    node = model.Remnant("Node", "n1")
    source = Source(proof.Listing("nodes", (node,)), proof.Listing("more nodes", (node,)))
    absence = proof.Prover({CLUSTER: [source]}, clock.ManualClock()).look("pr-7")
    assert absence.remnants == (node,)
    assert not absence.proved


def test_nothing_listed_proves_nothing() -> None:
    assert not proof.Prover({}, clock.ManualClock()).look("pr-7").proved


def test_one_listing_that_fails_spoils_the_proof() -> None:
    with pytest.raises(errors.UnreachableError):
        proof.Prover({CLUSTER: [Source(), Silent()]}, clock.ManualClock()).look("pr-7")
