from collections.abc import Iterator, Sequence

import pytest

from bot import errors, model, proof
from bot.clearing import Clearing, InstanceClearer

NAME = "pr-7-shop-abcdef"


class Part:
    """Tells one obstacle, or does not answer."""

    def __init__(self, name: str, *, silent: bool = False) -> None:
        self.obstacle = model.Obstacle(model.Remnant("Thing", name), "why")
        self.silent = silent
        self.asked: list[tuple[str, float]] = []

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:
        self.asked.append((name, seconds))
        if self.silent:
            raise errors.UnreachableError(f"{self.obstacle.remnant.name} is silent")
        return [self.obstacle]


def test_each_part_has_its_turn() -> None:
    parts = [Part("a"), Part("b")]
    assert Clearing(parts).clear(NAME, 3) == [part.obstacle for part in parts]
    assert [part.asked for part in parts] == [[(NAME, 3)], [(NAME, 3)]]


def test_a_silent_part_keeps_no_other_from_its_turn() -> None:
    parts = [Part("a", silent=True), Part("b")]
    with pytest.raises(errors.UnreachableError, match="a is silent"):
        Clearing(parts).clear(NAME, 3)
    assert parts[1].asked


class Instances:
    def look(self, name: str) -> Iterator[proof.Listing]:
        yield proof.Listing("EC2 instances", (model.Remnant("Instance", "i-0"),))


def test_an_instance_is_told_and_left_to_karpenter() -> None:
    (obstacle,) = InstanceClearer(Instances()).clear(NAME, 3)
    assert obstacle.remnant == model.Remnant("Instance", "i-0")
    assert "ends with its NodeClaim" in obstacle.why
    assert obstacle.done == ""
