from __future__ import annotations

import re

import hypothesis
import pytest
from hypothesis import strategies as st

from bot import markdown, model
from bot.feedback import render
from bot.model import Phase
from tests.unit.bot.feedback.reports import KEY, NOON, ROUTES, A, pod, report

EVIL = "@admin please see [here](http://evil.test) <img src=x> #1 `code` | www.evil.test\n```\n# hi"


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_has_a_headline_below_the_marker(phase: Phase) -> None:
    first, empty, headline, *_ = render.comment(report(phase)).split("\n")
    assert first == "<!-- understudy:environment acme/shop#7 -->"
    assert not empty
    assert render.HEADLINES[phase] in headline
    assert headline.endswith("`aaaaaaa`") is (phase is not Phase.ABSENT)


def test_ready_shows_how_to_reach_it() -> None:
    told = render.comment(report(routes=ROUTES, progress=pod("web")))
    assert "https://pr-7-shop.preview.test/" in told
    assert "curl -H 'aws-cf-cd-pr-7-shop: 5ecre7' https://shop.test/" in told
    assert "still bringing it to its edges" in told
    assert "| `web` | ✅ 1/1 | Running |" in told


@pytest.mark.parametrize("phase", [Phase.ABSENT, Phase.DESTROYING])
def test_what_goes_away_is_not_offered(phase: Phase) -> None:
    assert "curl" not in render.comment(report(phase, routes=ROUTES))


def test_trouble_is_told_in_kubernetes_own_words() -> None:
    progress = pod("web", model.PodTrouble.CRASHING, "Traceback\nKeyError: 'DSN'")
    told = render.comment(report(Phase.DEGRADED, reason="web: crashing", progress=progress))
    assert "web: crashing." in told
    assert "**web: crashing** (`web-1`)" in told
    assert "```text\nTraceback\nKeyError: 'DSN'\n```" in told
    assert "| `web` | ⚠️ 0/1 |" in told


def test_the_proof_lists_what_was_looked_at() -> None:
    absence = model.Absence(("namespaces", "EC2 instances"), (), NOON)
    told = render.comment(report(Phase.ABSENT, absence=absence))
    assert "Proved by independent listings at 2026-01-01 12:00:00 UTC:" in told
    assert "- no namespaces\n- no EC2 instances" in told


def test_what_is_left_is_no_proof() -> None:
    absence = model.Absence(("nodes",), (model.Remnant("Node", "ip-10"),), NOON)
    told = render.comment(report(Phase.DESTROYING, absence=absence))
    assert "Still there:\n- Node `ip-10`" in told
    assert "Proved" not in told


def test_a_listing_of_nothing_is_no_proof() -> None:
    told = render.comment(report(Phase.DESTROYING, absence=model.Absence((), (), NOON)))
    assert "Proved" not in told


def test_the_newest_lines_of_the_timeline_are_shown() -> None:
    lines = tuple(model.TimelineEntry(NOON, f"line {n}") for n in range(100))
    told = render.comment(report(timeline=lines))
    assert "12:00:00  line 99" in told
    assert "line 59\n" not in told
    assert "<details><summary>Timeline</summary>" in told


def test_equal_reports_make_equal_comments() -> None:
    assert render.comment(report(routes=ROUTES)) == render.comment(report(routes=ROUTES))


def test_a_sentence_ends_once() -> None:
    assert "\n\nwait.\n" in render.comment(report(Phase.WAITING, reason="wait"))
    assert "\n\nwait.\n" in render.comment(report(Phase.WAITING, reason="wait."))


# -- words of strangers ---------------------------------------------------------------------------


def _outside_fences(told: str) -> str:
    """What GitHub would read as Markdown: without fenced blocks and code spans."""
    without = re.sub(r"^(`{3,})text\n.*?\n\1$", "", told, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"\\.|`[^`\n]*`", "", without)


def _strange(words: str) -> model.Report:
    progress = pod(words, model.PodTrouble.CRASHING, words)
    remnant = model.Remnant(words, words)
    return report(
        Phase.DEGRADED,
        reason=words,
        progress=progress,
        absence=model.Absence(("nodes",), (remnant,), NOON),
        timeline=(model.TimelineEntry(NOON, words),),
    )


def test_words_of_strangers_stay_words() -> None:
    rest = _outside_fences(render.comment(_strange(EVIL)))
    assert "@admin" not in rest
    assert "#1" not in rest
    assert "](http" not in rest
    assert "http://" not in rest
    assert "www.evil" not in rest
    assert "<img" not in rest
    assert "# hi" not in rest.replace("### ", "")


@hypothesis.given(
    st.text(st.sampled_from("`~@#<>/|[]()!*_-:. \n\r\t\\&$wha1Ω\u202e\x00"), max_size=60)
)
def test_whatever_they_write(words: str) -> None:
    told = render.comment(_strange(words))
    assert told.startswith(render.marker(KEY))
    rest = _outside_fences(told)
    # Every tag that is left is our own.
    tags = set(re.findall(r"<[^>]*>", rest))
    assert tags <= {
        render.marker(KEY), "<details>", "<summary>", "</summary>", "</details>", "<sub>", "</sub>"
    }  # fmt: skip
    assert not re.search(r"[@#]\w", rest.replace(render.marker(KEY), ""))
    assert "://" not in rest
    assert "\u202e" not in told
    assert "\x00" not in told


@hypothesis.given(st.text(st.sampled_from("`~\n a"), max_size=40))
def test_a_fence_is_never_left(words: str) -> None:
    opening, *inner, closing = markdown.fenced(words).split("\n")
    fence = opening.removesuffix("text")
    assert set(fence) == {"`"}
    assert closing == fence
    assert not any(line.strip().startswith(fence) for line in inner)


def test_the_longest_report_fits() -> None:
    words = "`" * 5000 + "@" * 5000
    services = tuple(
        pod(f"{n}{words}", model.PodTrouble.CRASHING, words).services[0] for n in range(300)
    )
    remnants = tuple(model.Remnant(words, f"{n}{words}") for n in range(300))
    long = report(
        Phase.DEGRADED,
        reason=words,
        routes=ROUTES,
        progress=model.Progress(services),
        absence=model.Absence(("nodes",), remnants, NOON),
        timeline=tuple(model.TimelineEntry(NOON, words) for _ in range(500)),
    )
    assert len(render.comment(long)) <= render.MAX_CHARACTERS


def test_real_bounds_leave_room_for_everything() -> None:
    services = tuple(
        pod(f"service-{n}", model.PodTrouble.CRASHING, "x" * 9000).services[0] for n in range(60)
    )
    long = report(
        Phase.DEGRADED,
        reason="y" * 9000,
        progress=model.Progress(services),
        timeline=tuple(model.TimelineEntry(NOON, "z" * 9000) for _ in range(500)),
    )
    told = render.comment(long)
    assert "and 10 more" in told
    assert "…and 50 more services" in told
    assert told.endswith("</sub>")
    assert "<details>" in told


def test_a_description_fits_into_a_deployment() -> None:
    assert len(render.description(report(Phase.DEGRADED, reason="x" * 500))) == 140
    assert render.description(report()) == "Ready"
    assert render.description(report(commit=A, reason="a\nb")) == "a b"
