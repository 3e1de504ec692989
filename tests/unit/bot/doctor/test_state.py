from __future__ import annotations

from pathlib import Path

import pytest

from bot.doctor import Sign, state


@pytest.mark.parametrize(
    ("installed", "sign"),
    [((3, 259), Sign.OK), ((3, 260), Sign.OK), ((4, 0), Sign.OK), ((3, 100), Sign.WRONG)],
)
def test_the_command_line_is_no_older_than_the_sdk(installed: tuple[int, int], sign: Sign) -> None:
    (found,) = state.command_line(lambda: installed, (3, 259))
    assert found.sign is sign
    assert ("version 3.259" in found.mend) == (sign is Sign.WRONG)


def test_a_folder_of_the_default_kind_is_told_to_be_lost_with_the_disk(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    first, second = state.stacks(folder.as_uri(), folder, lambda: ["a", "b"])
    assert (first.sign, second.sign) == (Sign.OK, Sign.WARNING)
    assert "2 stack(s)" in first.found
    assert second.found == (
        "with file:// a lost disk loses the state; the sweep then removes by label what the state "
        "forgot"
    )


def test_a_folder_that_is_not_there_yet_is_not_asked(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    first, _ = state.stacks(folder.as_uri(), folder, lambda: pytest.fail("it was asked"))
    assert first.sign is Sign.OK
    assert "not there yet" in first.found
    assert not folder.exists()


@pytest.mark.parametrize("url", ["s3://bucket/x?region=eu-west-1", "file:///mnt/elsewhere"])
def test_another_place_is_no_warning(url: str, tmp_path: Path) -> None:
    (found,) = state.stacks(url, tmp_path / "state", list)
    assert found.sign is Sign.OK


def test_a_password_in_the_address_is_not_shown(tmp_path: Path) -> None:
    (found,) = state.stacks("https://me:hunter2@host/x", tmp_path / "state", list)
    assert "hunter2" not in found.found
    assert "https://host/x" in found.found


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ("passphrase", "the passphrase"),
        ("default", "the backend's own key"),
        ("awskms://alias/x?region=eu-west-1", "awskms://alias/x"),
    ],
)
def test_it_says_what_encrypts(provider: str, words: str) -> None:
    (found,) = state.passphrase(provider)
    assert found.found.endswith(words)
