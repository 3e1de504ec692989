from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot import errors
from bot.doctor import Check, Finding, Sign, examine
from bot.doctor.findings import ok, warning, wrong


def fine() -> Iterator[Finding]:
    yield ok("a", "fine")


def test_findings_come_in_order() -> None:
    found = list(examine([Check("a", fine, "x"), Check("b", lambda: [warning("b", "hm")], "x")]))
    assert found == [ok("a", "fine"), warning("b", "hm")]


@pytest.mark.parametrize(
    ("error", "words"),
    [(errors.UnreachableError("it is away"), "it is away"), (ValueError("odd"), "ValueError: odd")],
)
def test_what_fails_is_told_and_stops_no_other(error: Exception, words: str) -> None:
    def fail() -> Iterator[Finding]:
        raise error
        yield

    found = list(examine([Check("a", fail, "mend it"), Check("b", fine, "x")]))
    assert found == [wrong("a", words, "mend it"), ok("a", "fine")]


def test_what_builds_on_it_is_not_checked() -> None:
    asked: list[str] = []

    def ask() -> list[Finding]:
        asked.append("b")
        return []

    checks = [
        Check("a", lambda: [wrong("a", "broken", "mend it")], "x"),
        Check("b", ask, "x", ("a",)),
        Check("c", ask, "x", ("b",)),
        Check("d", fine, "x", ("e",)),
    ]
    found = list(examine(checks))
    assert [one.found for one in found] == [
        "broken",
        'not checked, as "a" failed',
        'not checked, as "b" failed',
        "fine",
    ]
    assert [one.sign for one in found[1:3]] == [Sign.WARNING] * 2
    assert asked == []


def test_a_warning_keeps_nothing_from_being_checked() -> None:
    checks = [Check("a", lambda: [warning("a", "hm")], "x"), Check("b", fine, "x", ("a",))]
    assert [one.found for one in examine(checks)] == ["hm", "fine"]


def test_nothing_is_waited_for_longer_than_its_time() -> None:
    never = threading.Event()

    def hang() -> Iterator[Finding]:
        yield ok("a", "a part")
        never.wait()

    found = list(examine([Check("a", hang, "mend it"), Check("b", fine, "x")], seconds=0.05))
    never.set()
    assert found == [
        ok("a", "a part"),
        wrong("a", "no answer within 0.05 s", "mend it"),
        ok("a", "fine"),
    ]


def test_a_line_has_sign_thing_finding_and_cure() -> None:
    line = str(wrong("cluster", "it\nis \x1b[31maway", "start it"))
    assert line == "wrong   cluster: it is [31maway -> start it"
    assert str(ok("a", "fine")) == "ok      a: fine"
