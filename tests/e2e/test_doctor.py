"""The doctor in a world where everything is there, and where something is not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.world.cluster import netns
from tests.world.world import World

pytestmark = [pytest.mark.world, pytest.mark.slow]


def _doctor(world: World, token: str | None = None) -> tuple[int, dict[str, Any]]:
    """Its exit code and what it found, perhaps with another token."""
    environ = world.bot_environ("bot")
    if token is not None:
        environ["UNDERSTUDY_GITHUB_TOKEN"] = token
    ran = subprocess.run(
        [*netns.enter(world.cluster.name), sys.executable, "-m", "bot", "doctor", "--json"],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return ran.returncode, found


def test_a_whole_world_is_healthy(world: World) -> None:
    code, found = _doctor(world)
    wrong = [one for one in found["findings"] if one["sign"] == "wrong"]
    assert wrong == []
    assert (code, found["healthy"]) == (0, True)
    looked_at = " ".join(one["what"] for one in found["findings"]).lower()
    for part in ("github", "cluster", "aws", "pulumi", "database", "webhook"):
        assert part in looked_at


def test_what_is_wrong_is_told_with_the_way_out(world: World) -> None:
    code, found = _doctor(world, "revoked-token")
    assert (code, found["healthy"]) == (1, False)
    wrong = [one for one in found["findings"] if one["sign"] == "wrong"]
    assert any("GitHub" in one["what"] and one["mend"] for one in wrong)
    assert "revoked-token" not in json.dumps(found)
    assert any(one["what"].startswith("cluster") for one in found["findings"]), "the rest goes on"
