from __future__ import annotations

import re
from pathlib import Path

from bot import audit, needs
from bot.doctor import examination

TEXT = (Path(__file__).parents[3] / "docs/github.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \|(?: (.+) \|)?$", TEXT, flags=re.MULTILINE)


def test_each_permission_is_explained_as_it_is_asked_for() -> None:
    told = {name: (access, what) for name, access, what in ROWS if what}
    wanted = needs.PERMISSIONS | needs.OPTIONAL_PERMISSIONS
    assert {name: access for name, (access, _) in told.items()} == wanted
    optional = {name for name, (_, what) in told.items() if what.startswith("optional")}
    assert optional == set(needs.OPTIONAL_PERMISSIONS)


def test_each_event_is_explained() -> None:
    assert [name for name, _, more in ROWS if not more] == list(needs.EVENTS)
    assert all(f"`{name}`" in TEXT for name in needs.ALWAYS_SENT)


def test_its_numbers_are_those_of_the_code() -> None:
    assert f"Each\ncheck has {examination.SECONDS:g} seconds" in TEXT
    assert f"at most every {audit.EVERY.seconds // 60} minutes" in TEXT
    assert f"at most {audit.MOST} at a time" in TEXT
    assert len(audit.PAUSES) == 3
