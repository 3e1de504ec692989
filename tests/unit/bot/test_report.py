from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence

import pytest
import rich.console
import structlog

from bot import doctor, errors, report
from bot.doctor.findings import ok, warning, wrong

SECRET = "hunter2-passphrase"
MESSAGE = f"it is {'very ' * 20}far away, and [/red] knows {SECRET}"


class FakeCheckup:
    """Three findings, one of them with a secret."""

    def __init__(self, *findings: doctor.Finding, readable: bool = True) -> None:
        self._findings = findings
        self._readable = readable

    def checks(self) -> Sequence[doctor.Check]:
        return [doctor.Check("all", lambda: self._findings, "")]

    def secrets(self) -> tuple[str, ...]:
        if not self._readable:
            raise errors.InvalidSettingsError
        return (SECRET,)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def shown(what: FakeCheckup, *, as_json: bool = False) -> tuple[bool, str]:
    console = rich.console.Console(width=40, highlight=False)
    with console.capture() as captured:
        healthy = report.show(what, console, as_json=as_json)
    return healthy, captured.get()


ILL = FakeCheckup(ok("a", "fine"), warning("b", "hm"), wrong("c", MESSAGE, f"set {SECRET}"))


def test_each_finding_is_one_line_however_narrow_the_terminal() -> None:
    healthy, text = shown(ILL)
    assert not healthy
    assert [line.split()[0] for line in text.splitlines()] == ["ok", "warning", "wrong"]
    assert "[/red]" in text, "words of others are no markup"


def test_warnings_are_no_illness() -> None:
    assert shown(FakeCheckup(ok("a", "fine"), warning("b", "hm")))[0] is True


def test_json_says_the_same() -> None:
    healthy, text = shown(ILL, as_json=True)
    told = json.loads(text)
    assert told["healthy"] is healthy is False
    assert [one["sign"] for one in told["findings"]] == ["ok", "warning", "wrong"]
    assert set(told["findings"][0]) == {"sign", "what", "found", "mend"}


@pytest.mark.parametrize("as_json", [False, True])
def test_no_secret_is_shown(as_json: bool) -> None:
    _, text = shown(ILL, as_json=as_json)
    assert "hunter2" not in text
    assert text.count("[secret]") == 2


def test_settings_that_can_not_be_read_have_no_secrets() -> None:
    assert shown(FakeCheckup(wrong("settings", "missing", "set it"), readable=False))[0] is False
