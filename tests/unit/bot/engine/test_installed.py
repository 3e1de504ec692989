from __future__ import annotations

from pathlib import Path

import pytest

from bot import errors
from bot.engine import installed


def program(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_the_version_is_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "echo v3.1.2", monkeypatch)
    assert installed.command_line() == (3, 1)


@pytest.mark.parametrize("text", ["exit 3", "echo nonsense"])
def test_one_that_does_not_run_or_tell_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    program(tmp_path, text, monkeypatch)
    with pytest.raises(errors.EngineError, match="command line of Pulumi"):
        installed.command_line()


def test_without_one_there_is_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.EngineError, match="can't be run"):
        installed.command_line()


def test_the_sdk_has_a_version() -> None:
    assert installed.sdk() > (3, 0)
