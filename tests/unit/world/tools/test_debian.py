"""What is installed, with an apt that only remembers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.world.tools import debian
from tests.world.tools.errors import ToolError


class Apt:
    """Stands in for `subprocess.run`."""

    def __init__(self, setting: Path, installed: Sequence[str] = (), fails: bool = False) -> None:
        self._setting = setting
        self._installed = installed
        self._fails = fails
        self.ran: list[list[str]] = []
        self.setting_while_installing = ""

    def __call__(self, words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if words[0] == "dpkg-query":
            lines = [f"{name} installed\n" for name in self._installed if name in words]
            return subprocess.CompletedProcess(words, 0, "".join(lines), "")
        self.ran.append(words)
        if words[1] != "install":
            return subprocess.CompletedProcess(words, 0, "", "")
        self.setting_while_installing = self._setting.read_text()
        return subprocess.CompletedProcess(words, int(self._fails), "", "E: no such package\n")


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "createcluster.d" / "understudy.conf"
    monkeypatch.setattr(debian, "_CREATE_CLUSTER", path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    return path


def test_nothing_is_installed_twice(setting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = Apt(setting, installed=debian.PACKAGES)
    monkeypatch.setattr(subprocess, "run", apt)
    debian.ensure_debian()
    assert apt.ran == []
    assert not setting.parent.exists()


def test_only_what_is_missing_is_installed(setting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = Apt(setting, installed=debian.PACKAGES[1:])
    monkeypatch.setattr(subprocess, "run", apt)
    debian.ensure_debian()
    assert [words[1] for words in apt.ran] == ["update", "install"]
    assert [name for name in debian.PACKAGES if name in apt.ran[1]] == [debian.PACKAGES[0]]


@pytest.mark.parametrize("fails", [False, True])
def test_the_database_package_makes_no_server_of_its_own(
    setting: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    apt = Apt(setting, fails=fails)
    monkeypatch.setattr(subprocess, "run", apt)
    if fails:
        with pytest.raises(ToolError, match="postgresql failed: E: no such package"):
            debian.ensure_debian(debian.POSTGRESQL)
    else:
        debian.ensure_debian(debian.POSTGRESQL)
    assert apt.setting_while_installing == "create_main_cluster = false\n"
    assert not setting.exists()


def test_who_may_not_install_is_told_the_command(
    setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = Apt(setting)
    monkeypatch.setattr(subprocess, "run", apt)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ToolError, match=r"as root, run: apt-get install .* postgresql"):
        debian.ensure_debian(debian.POSTGRESQL)
    assert apt.ran == []
