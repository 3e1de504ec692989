"""`python -m tests.world.github` serves, delivers, and ends when told to."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.world.github.control import GitHubWorld, WorldError

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """The program with a token and a hook that nobody listens to."""
    words = ["-m", "tests.world.github", "--token", "t", "--secret", "s"]
    hook = ["--hook", "http://127.0.0.1:1/webhook", "--events", "pull_request,issue_comment"]
    with subprocess.Popen(
        [sys.executable, *words, *hook], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as started:
        yield started
        started.kill()


def test_it_serves_until_it_is_told_to_end(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    url = process.stdout.readline().rpartition(" ")[2].strip()
    github = GitHubWorld(url)
    github.create_repository("acme/shop", {"a": "1"})
    number, sha = github.open_pull_request("acme/shop", files={"a": "2"}, labels=["stage"])
    github.comment("acme/shop", number, "mona", "/stage up")
    github.settled()
    assert [delivery["event"] for delivery in github.deliveries()] == [
        "ping",
        "pull_request",
        "pull_request",
        "issue_comment",
    ]
    assert {delivery["status_code"] for delivery in github.deliveries()} == {502}
    answer = requests.get(
        f"{url}/repos/acme/shop/pulls/{number}", headers={"Authorization": "token t"}, timeout=10
    )
    assert answer.json()["head"]["sha"] == sha
    with pytest.raises(WorldError, match="push"):
        github.push("acme/shop", 9, {"a": "3"})
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
