from typing import Any

import pytest

from bot.clearing.finding import Delete
from bot.clearing.volumes import volume
from tests.unit.bot.clearing.items import NAME, OURS, Item, item

CLAIM = {"namespace": NAME, "name": "data"}


def made(policy: str, phase: str, labels: dict[str, str] | None = None, **parts: Any) -> Item:
    spec = {"claimRef": CLAIM, "persistentVolumeReclaimPolicy": policy}
    words = {"message": parts.pop("message")} if "message" in parts else {}
    return item("v", labels, spec=spec, status={"phase": phase, **words}, **parts)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        pytest.param(made("Retain", "Released"), "by its reclaim policy Retain", id="retained"),
        pytest.param(made("Delete", "Released"), "its provisioner is deleting it", id="released"),
        pytest.param(made("Delete", "Failed", message="no disk"), "no disk", id="failed"),
        pytest.param(made("Retain", "Bound", OURS), "goes after its claim data", id="bound"),
        pytest.param(
            made("Retain", "Released", OURS, deleted=9999, finalizers=["example.com/x"]),
            "held by example.com/x",
            id="held",
        ),
    ],
)
def test_a_volume_is_told_and_left_alone(one: Item, words: str) -> None:
    finding = volume(one, NAME)
    assert words in finding.why
    assert finding.step is None


@pytest.mark.parametrize(("policy", "stays"), [("Retain", True), ("Delete", False)])
def test_only_a_volume_with_our_labels_is_deleted(policy: str, stays: bool) -> None:
    step = volume(made(policy, "Released", OURS), NAME).step
    assert isinstance(step, Delete)
    assert step.path == "/api/v1/persistentvolumes/v"
    assert ("the disk behind it stays" in step.done) is stays
