from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot import clock, exposition, metrics, model
from bot.reconcile.sweep import Counters

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/reliability.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", TEXT, flags=re.MULTILINE)


def defined_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda one: str(one).split("/")[-1])
def test_each_test_that_is_named_exists(file: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in defined_in(file)


def test_what_looks_like_a_test_is_read_as_one() -> None:
    assert len(re.findall("::", TEXT)) == len(re.findall(r"`[\w/]+\.py::\w+`", TEXT))


def test_every_complaint_has_a_test() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 35))
    for number, _, _, named in ROWS:
        assert "::test_" in named, number


def test_every_complaint_says_where_it_was_seen() -> None:
    seen = TEXT.split("Seen at:")[1]
    assert re.findall(r"^(\d+) [\w-]+/[\w-]+#\d+", seen, flags=re.MULTILINE) == [
        number for number, *_ in ROWS
    ]


def test_every_promise_names_a_test() -> None:
    promises = TEXT.split("## What is promised")[1].split("\n## ")[0].split("\n\n**")[1:]
    assert len(promises) > 8
    for promise in promises:
        assert "::test_" in promise, promise.split("**")[0]


def test_every_metric_that_is_shown_is_explained() -> None:
    shown, counters = exposition.Exposition(), Counters()
    counts = metrics.Metrics(shown.meter())
    counts.left([model.Remnant("Node", "n")])
    counts.follow(counters)
    counters.ended_at = clock.SystemClock().now()
    for counter in (counters.findings, counters.outcomes, counters.failures):
        counter["one"] += 1
    names = set(re.findall(r"^# TYPE (\w+)", shown.text(), flags=re.MULTILINE))
    explained = set(re.findall(r"^\| `(\w+)(?:\{\w+\})?` \|", TEXT, flags=re.MULTILINE))
    assert names == explained
