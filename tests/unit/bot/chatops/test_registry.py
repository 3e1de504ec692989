from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import errors, said
from bot.chatops import guide, registry
from bot.chatops.verb import Verb, Who

DOCUMENT = Path(__file__).parents[4] / "docs" / "commands.md"


def test_the_document_is_made_of_the_commands() -> None:
    """`python -m bot.chatops > docs/commands.md` writes it anew."""
    made = guide.document(registry.VERBS.values(), said.WORD)
    assert DOCUMENT.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("verb", registry.VERBS.values(), ids=lambda verb: str(verb.name))
def test_each_command_tells_what_it_is(verb: Verb) -> None:
    assert registry.VERBS[verb.name] is verb
    assert re.fullmatch(r"[a-z]+", verb.name)
    assert verb.example.partition(" ")[0] == verb.name
    assert "|" not in verb.usage + verb.meaning
    assert verb.meaning[0].islower()
    assert isinstance(verb.who, Who)


def test_only_what_shows_nothing_secret_is_for_anyone() -> None:
    anyone = {verb.name for verb in registry.VERBS.values() if verb.who is Who.ANYONE}
    assert anyone == {"help", "status"}


@pytest.mark.parametrize(
    ("given", "offered"),
    [
        ("uo", "`/stage up`"),
        ("dwon", "`/stage down`"),
        ("extent", "`/stage extend`"),
        ("log", "`/stage logs`"),
        ("xyzzy", "`/stage help` lists them"),
        ("x" * 10_000, "`/stage help` lists them"),
    ],
)
def test_who_mistypes_is_offered_the_nearest(given: str, offered: str) -> None:
    with pytest.raises(errors.InvalidCommandError) as caught:
        registry.find(given, "/stage")
    assert offered in caught.value.message
    assert len(caught.value.message) < 250
