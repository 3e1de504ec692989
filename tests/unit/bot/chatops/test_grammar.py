from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chatops.grammar import MAX_COMMANDS, MAX_TEXT, Reader
from bot.said import Written

READER = Reader()


def read(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.text) for one in READER.read(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/stage up", [(1, "up")]),
        ("/STAGE Up", [(1, "up")]),
        ("/stage", [(1, "help")]),
        ("/stage   ", [(1, "help")]),
        ("  /stage up  ", [(1, "up")]),
        ("/stage\textend\t8h", [(1, "extend 8h")]),
        ("/stage set GREETING=Hello  World", [(1, "set GREETING=Hello  World")]),
        ("Thanks!\n\n/stage up\r\n/stage pin\r/stage sleep", [(3, "up"), (4, "pin"), (5, "sleep")]),
        ("/stage up /stage down", [(1, "up /stage down")]),
        ("/staged up", []),
        ("/stage-up", []),
        ("please /stage up", []),
        ("`/stage up`", []),
        ("- /stage up", []),
        ("", []),
    ],
)
def test_a_command_stands_on_a_line_of_its_own(text: str, found: list[tuple[int, str]]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "> /stage up",
        "   > /stage up",
        ">/stage up",
        "    /stage up",
        "\t/stage up",
        "```\n/stage up\n```",
        "```sh\n/stage up",
        "~~~\n/stage up\n```\n~~~",
        "````\n```\n/stage up\n```\n````",
        "<!-- /stage up -->",
        "<!--\n/stage up\n-->",
        "<!-- a --> <!--\n/stage up",
        "<pre>\n/stage up\n</pre>",
        "<PRE class=x>\n\n/stage up\n</PRE>",
        "<script>\n/stage up\n</script>",
    ],
)
def test_quotes_code_and_what_is_hidden_are_not_read(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "> quoted\n\n/stage up",
        "```\ncode\n```\n/stage up",
        "```\ncode\n````\n/stage up",
        "``` `no` fence\n/stage up",
        "<!-- hidden -->\n/stage up",
        "<pre>x</pre>\n/stage up",
        "<!-- one --><!-- two -->\n/stage up",
        "<previous>\n/stage up",
    ],
)
def test_what_follows_them_is(text: str) -> None:
    assert [command for _, command in read(text)] == ["up"]


def test_the_word_can_be_another() -> None:
    assert [one.text for one in Reader("@understudy").read("@Understudy up\n/stage down")] == ["up"]


def test_there_is_an_end_to_what_one_comment_may_ask() -> None:
    assert len(read("/stage up\n" * 1000)) == MAX_COMMANDS
    ((_, text),) = read("/stage set A=" + "x" * 10_000)
    assert len(text) == MAX_TEXT


PIECES = st.sampled_from(
    [
        "/stage up",
        "/stage",
        "```",
        "~~~",
        ">",
        "<!--",
        "-->",
        "<pre>",
        "</pre>",
        "\n",
        "\r",
        " ",
        "\t",
    ]
)


@settings(deadline=None)
@given(st.text() | st.lists(PIECES | st.text(max_size=5)).map("".join))
@example("\u2028/stage up")
@example("/stage \u0000")
def test_any_text_gives_commands_or_nothing(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, command in read(text):
        assert lines[number - 1].strip().lower().startswith("/stage")
        assert command == command.strip()
        assert command


@pytest.mark.parametrize(
    "piece", ["<!--", "`", "/stage ", "> ", "<pre", "\t", " " * 50, "-->", "<!-- -->"]
)
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_long_text_takes_steps_in_proportion(piece: str, end: str) -> None:
    def steps(count: int) -> int:
        taken = 0

        def trace(*_: object) -> Any:
            nonlocal taken
            taken += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            READER.read((piece + end) * count)
        finally:
            sys.settrace(before)
        return taken

    assert steps(4000) <= 11 * steps(400)


@pytest.mark.parametrize(
    ("text", "definition", "command"),
    [
        ("/stage/admin up", "admin", "up"),
        ("/stage/Admin  UP abc1234", "admin", "up abc1234"),
        ("/stage/a-1", "a-1", "help"),
        ("/stage up", "", "up"),
    ],
)
def test_a_command_may_be_for_one_definition(text: str, definition: str, command: str) -> None:
    assert Reader().read(text) == [Written(1, command, definition)]


@pytest.mark.parametrize("text", ["/stage/ up", "/stage/-a up", "/stage/a/b up", "/stage/a_b up"])
def test_what_names_no_definition_is_no_command(text: str) -> None:
    assert Reader().read(text) == []
