from __future__ import annotations

import pytest

from bot import github_checks


@pytest.mark.parametrize("state", github_checks.STATUSES)
def test_a_run_is_in_progress_or_has_a_conclusion(state: str) -> None:
    fields = github_checks.run("understudy", state, "title", "why", None)
    assert ("status" in fields) is (state == "in_progress")
    assert ("conclusion" in fields) is (state != "in_progress")
    assert "details_url" not in fields


def test_nothing_is_longer_than_github_takes() -> None:
    fields = github_checks.run("understudy", "failure", "x" * 999, "y" * 99_999, "http://a.test")
    assert [len(words) for words in fields["output"].values()] == [255, 65_535]
    assert len(github_checks.status("understudy", "failure", "x" * 999, None)["description"]) == 140


def test_what_is_neutral_stands_in_nobody_s_way() -> None:
    assert github_checks.status("understudy", "neutral", "", None)["state"] == "success"
    assert github_checks.status("understudy", "cancelled", "", None)["state"] == "error"
