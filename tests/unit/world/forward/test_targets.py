import pytest

from tests.world.forward.__main__ import targets


def test_targets_are_a_descriptor_a_host_and_a_port() -> None:
    assert targets(["5=10.244.0.1:80", "6=::1:81"]) == [(5, "10.244.0.1", 80), (6, "::1", 81)]


@pytest.mark.parametrize("word", ["", "5", "5=host", "x=host:80", "5=:80", "5=host:http"])
def test_a_bad_target_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(ValueError, match="is no target: write FD=HOST:PORT"):
        targets([word])


def test_no_target_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no target"):
        targets([])
