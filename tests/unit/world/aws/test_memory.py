from pathlib import Path

import pytest

from tests.world.aws import memory

ASKED = {"Action": ["DescribeSpotPriceHistory"], "StartTime": ["2026-01-01T00:00:00Z"]}


def test_what_was_written_once_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_CACHE", str(tmp_path))
    assert memory.kept("us-east-1", ASKED, lambda: "<é/>") == "<é/>"
    later = {**ASKED, "StartTime": ["2026-01-02T00:00:00Z"]}
    assert memory.kept("us-east-1", later, lambda: "<other/>") == "<é/>"


def test_another_question_or_region_has_its_own_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_CACHE", str(tmp_path))
    memory.kept("us-east-1", ASKED, lambda: "<one/>")
    filtered = {**ASKED, "Filter.1.Name": ["instance-type"]}
    assert memory.kept("us-east-1", filtered, lambda: "<two/>") == "<two/>"
    assert memory.kept("eu-west-1", ASKED, lambda: "<three/>") == "<three/>"


def test_an_answer_that_could_not_be_made_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_CACHE", str(tmp_path))

    def fail() -> str:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        memory.kept("us-east-1", ASKED, fail)
    assert memory.kept("us-east-1", ASKED, lambda: "<fine/>") == "<fine/>"
