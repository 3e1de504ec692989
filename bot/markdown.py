"""Words of other programs and people as Markdown that is only words; pure.

Nothing that passes through here is a link, a mention, a reference, formatting or HTML, and nothing
in it turns the direction of writing.
"""

from __future__ import annotations

import re

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()|~!&$#])")
_LIVE = re.compile(
    r"(?<=[@#])(?=\S)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\bGH)(?=-\d)|^(?=[-+]|\d+[.)])", re.IGNORECASE
)
"""Where GitHub would make a mention, a reference, a link or a list."""
_SPLIT = "\u200b"


def fenced(text: str) -> str:
    """A code block that its content can't close."""
    text = visible(text, lines=True)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def inline(text: str) -> str:
    """Text in a sentence: no mentions, links, HTML or formatting."""
    return _LIVE.sub(_SPLIT, _SPECIAL.sub(r"\\\1", visible(text)))


def code(text: str) -> str:
    """A name in a sentence or a table."""
    return f"`{visible(text).replace('`', chr(39)).replace('|', '¦') or ' '}`"


def visible(text: str, *, lines: bool = False) -> str:
    """Without characters that are not seen; on one line, unless `lines` are kept."""
    if lines:
        return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _INVISIBLE.sub("", " ".join(text.split()))


def bounded(text: str, most: int) -> str:
    """The beginning of it, with at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
