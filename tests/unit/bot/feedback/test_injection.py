"""Whatever strangers write, the comment keeps its structure, and their words stay words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import hypothesis
import markdown_it
import markdown_it.token
import pytest
from hypothesis import strategies as st

from bot import markdown, model
from bot.feedback import render
from bot.model import Phase
from tests.unit.bot.feedback.reports import NOON, pod, report

PIECES = (
    *("@admin", "#1", "GH-1", "acme/shop#1", "a@evil.test", "http://evil.test", "www.evil.test"),
    *("[here](http://evil.test)", "![x](y)", "[x]: http://evil.test", "<http://evil.test>"),
    *("<img src=x>", "</details>", "<!--", "-->", "<script>", "&lt;b&gt;", "&#64;admin"),
    *("```", "~~~", "`", "``", "|", "|---|", "\\", "\\\\", "**", "__", "~~", "$x$", "<", ">"),
    *("\n", "\r\n", "\r", "\n\n", "\t", "    ", "- ", "1. ", "# ", "> ", "---", "===", "+ "),
    *("\u202e", "\u200b", "\x00", "\u2028", "\u3000", "word", "ß", "1"),
)
WORDS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
OURS = {
    *("<details><summary>Timeline</summary>", "<details><summary>Proof</summary>", "</details>"),
    *("<sub>", "</sub>"),
}
URL = "https://pr-7.preview.test/"
PARSER = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])


def strange(words: str, phase: Phase, *, proved: bool) -> model.Report:
    """A report in which every text is a stranger's."""
    entry = model.TimelineEntry(NOON, words)
    left = () if proved else (model.Remnant(words, words),)
    known = pod("web", model.PodTrouble.CRASHING, words).services[0].pods[0]
    one = model.PodProgress(words, words, False, words, known.trouble, words)
    command = model.Command(model.EnvironmentKey(words, 7), 1, 1, words, words, NOON, answer=words)
    return model.Report(
        model.EnvironmentKey(words[:100], 7),
        words,
        phase,
        words,
        words,
        model.Routes(URL, model.EdgeRoute(words, words, words, deployed=False)),
        model.Progress((model.ServiceProgress(words, 1, 0, (one,)),)),
        model.Absence((words,), left, NOON),
        (entry, entry),
        ends_at=NOON,
        commands=(command, command),
    )


def tokens(told: str) -> Iterator[markdown_it.token.Token]:
    """Everything that is not within code."""
    for token in PARSER.parse(told):
        yield token
        yield from token.children or ()


def structure(told: str) -> list[str]:
    return [token.type for token in PARSER.parse(told)]


def check(told: str, harmless: str) -> None:
    assert len(told) <= render.MAX_CHARACTERS
    assert told.startswith("<!-- understudy:environment ")
    for token in tokens(told):
        assert token.type not in {"link_open", "image", "em_open", "s_open", "code_block"}
        if token.type in {"html_block", "html_inline"}:
            content = token.content.strip()
            assert content in OURS or re.fullmatch(r"<!-- [\w.:/# -]+ -->", content), content
        if token.type == "text":
            words = token.content.replace(URL, "")
            assert not re.search(r"[@#]\w", words)
            assert not re.search(r"://|\bwww\.\S|\bGH-\d", words, re.IGNORECASE)
    assert not re.search("[\u202a-\u202e\x00]", told)
    assert structure(told) == structure(harmless)


@pytest.mark.parametrize("words", PIECES)
def test_each_piece_alone_stays_words(words: str) -> None:
    unchanged(words, Phase.DEGRADED, proved=False)


@hypothesis.given(WORDS, st.sampled_from(Phase), st.booleans())
def test_whatever_they_write_stays_words(words: str, phase: Phase, proved: bool) -> None:
    unchanged(words, phase, proved=proved)


def unchanged(words: str, phase: Phase, *, proved: bool) -> None:
    told = render.comment(strange(words, phase, proved=proved))
    # What is not seen is left out; all else takes the place of a word.
    same = "word" if markdown.visible(words).strip() else ""
    check(told, render.comment(strange(same, phase, proved=proved)))


@hypothesis.given(WORDS, st.integers(1, 2000), st.sampled_from(Phase))
@hypothesis.settings(max_examples=40, deadline=None)
def test_however_much_they_write_it_fits(words: str, times: int, phase: Phase) -> None:
    told = render.comment(strange(words * times, phase, proved=False))
    assert len(told) <= render.MAX_CHARACTERS
    assert told.endswith("</sub>")


def test_an_address_of_ours_is_a_link_and_no_other() -> None:
    told = render.comment(report(routes=model.Routes("https://pr-7.preview.test:8443/a")))
    assert "**Preview**: https://pr-7.preview.test:8443/a\n" in told
    told = render.comment(report(routes=model.Routes("https://x.test/](http://evil.test)")))
    assert "**Preview**: `https://x.test/](http://evil.test)`" in told
