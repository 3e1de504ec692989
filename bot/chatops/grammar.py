"""Finds commands in the text of a comment. Pure; any text in, commands or nothing out.

A command stands on a line of its own that begins with the bot's word. What GitHub shows as a quote
or as code, and what it does not show at all, is not addressed to the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.said import WORD, Written
from infra.identity import DEFINITION

MAX_COMMANDS = 20
"""Of one comment; nobody means more, and each is an answer."""
MAX_TEXT = 1000
"""Characters of one command."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_QUOTE = re.compile(r" {0,3}>")
_RAW_BEGIN = re.compile(r" {0,3}<(pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE)
_RAW_END = re.compile(r"</(pre|script|style|textarea)>", re.IGNORECASE)
_COMMENT_BEGIN = "<!--"
_COMMENT_END = "-->"


class Reader:
    """Reads texts for commands that begin with one word."""

    def __init__(self, word: str = WORD) -> None:
        self.word = word
        definition = rf"(?:/(?P<definition>{DEFINITION.pattern}))?"
        self._command = re.compile(
            rf" {{0,3}}{re.escape(word)}{definition}(?:[ \t]+(?P<rest>.*))?", re.IGNORECASE
        )

    def read(self, text: str) -> list[Written]:
        """The commands in a text, in their order; the bot's word alone is `help`.

        Takes time proportional to the text's length.
        """
        found = []
        for number, line in _shown(text):
            given = self._command.fullmatch(line.rstrip())
            if given is None:
                continue
            asked = (given["rest"] or "help").strip().replace("\t", " ")
            verb, _, rest = asked.partition(" ")
            command = f"{verb.lower()} {rest.strip()}".strip()[:MAX_TEXT]
            found.append(Written(number, command, (given["definition"] or "").lower()))
            if len(found) == MAX_COMMANDS:
                break
        return found


def _shown(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are neither quote, code nor hidden, with their numbers.

    Source: CommonMark 0.31, sections 4.4 to 4.6 and 5.1, as far as lines go.
    """
    fence = ""
    until: re.Pattern[str] | str | None = None
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if until is not None:
            if _ends(line, until):
                until = None
            continue
        fenced = _FENCE.fullmatch(line)
        if fence:
            if fenced and fenced[1].startswith(fence) and not fenced[2].strip():
                fence = ""
            continue
        # What follows the backticks of an opening fence holds none.
        if fenced and not (fenced[1][0] == "`" and "`" in fenced[2]):
            fence = fenced[1]
            continue
        if _RAW_BEGIN.match(line):
            until = None if _RAW_END.search(line) else _RAW_END
            continue
        before, hidden, after = line.partition(_COMMENT_BEGIN)
        if hidden:
            while hidden and _COMMENT_END in after:
                after = after.partition(_COMMENT_END)[2]
                _, hidden, after = after.partition(_COMMENT_BEGIN)
            until = _COMMENT_END if hidden else None
            # Whoever hides something on a line does not command on it.
            continue
        if not _QUOTE.match(before):
            yield number, before


def _ends(line: str, until: re.Pattern[str] | str) -> bool:
    return until in line if isinstance(until, str) else until.search(line) is not None
