import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs

SECRET = 'hunter2-"quoted"\nhunter2-and-more'


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    logging.getLogger("bot").setLevel(logging.NOTSET)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    log = structlog.get_logger("bot.somewhere").bind(action="pass", environment="acme/shop#7")
    log.info("planned", step="up")
    (line,) = lines(capsys)
    assert line.pop("timestamp")
    assert line == {
        "action": "pass",
        "environment": "acme/shop#7",
        "step": "up",
        "event": "planned",
        "level": "info",
    }


def test_libraries_take_the_same_way_and_keep_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("retrying %s", "soon")
    (line,) = lines(capsys)
    assert (line["event"], line["logger"]) == ("retrying soon", "some.library")


def test_an_exception_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        int("why")
    except ValueError:
        structlog.get_logger("bot.x").exception("failed", action="pass")
    (line,) = lines(capsys)
    assert "ValueError: invalid literal" in str(line["exception"])


def test_no_secret_is_in_any_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure([SECRET, "short"])
    log = structlog.get_logger("bot.x")
    log.info(f"token {SECRET}", why=SECRET, nested={"deep": [SECRET]})
    logging.getLogger("some.library").warning("sent %s", SECRET)
    try:
        int(SECRET)
    except ValueError:
        log.exception("failed")
    found = lines(capsys)
    assert len(found) == 3
    assert "hunter2" not in str(found)
    assert found[0]["why"] == logs.MASK


def test_words_that_hold_a_short_secret_stay_readable(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(["world"])
    structlog.get_logger("bot.x").info("the world")
    assert lines(capsys)[0]["event"] == "the world"


def test_people_see_lines_and_no_local_variables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    logs.configure([SECRET])
    local = SECRET.splitlines()
    try:
        int("why")
    except ValueError:
        structlog.get_logger("bot.x").exception("failed", action="pass")
    shown = capsys.readouterr().err
    assert "failed" in shown
    assert "ValueError: invalid literal" in shown
    assert local[0] not in shown
