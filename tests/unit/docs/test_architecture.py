from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.model import Phase

TEXT = (Path(__file__).parents[3] / "docs/architecture.md").read_text()
DIAGRAM = TEXT.split("```mermaid\n")[1].split("```")[0]
MOVES = re.findall(r"^ +(\[\*\]|\w+) --> (\w+)", DIAGRAM, flags=re.MULTILINE)


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_can_be_entered_left_and_is_explained(phase: Phase) -> None:
    assert any(end == phase.value for _, end in MOVES)
    assert any(begin == phase.value for begin, _ in MOVES)
    assert re.search(rf"^\| {phase.value} \|", TEXT, flags=re.MULTILINE)


def test_the_diagram_knows_no_other_phase() -> None:
    assert {word for move in MOVES for word in move} - {"[*]"} == {phase.value for phase in Phase}


def test_no_move_is_drawn_twice() -> None:
    assert len(MOVES) == len(set(MOVES))


def test_every_phase_leads_to_absent() -> None:
    """Whatever state it is in, an environment can go away."""
    reach = {"absent"}
    while more := {begin for begin, end in MOVES if end in reach} - reach:
        reach |= more
    assert reach - {"[*]"} == {phase.value for phase in Phase}
