from __future__ import annotations

import dataclasses
import datetime

import hypothesis
import pytest
from hypothesis import strategies as st

from bot import intent, markdown, model
from bot.feedback import render
from bot.model import Phase
from tests.unit.bot.feedback.reports import KEY, NOON, ROUTES, A, pod, report


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
    assert "12:00:00   +0.0 s  line 99" in told
    assert "line 59\n" not in told
    assert "<details><summary>Timeline</summary>" in told


def test_the_timeline_tells_how_long_each_step_took() -> None:
    seconds = (0, 3.2, 63.2, 7263.2, 200_000)
    lines = tuple(
        model.TimelineEntry(NOON + datetime.timedelta(seconds=at), f"line {n}")
        for n, at in enumerate(seconds)
    )
    told = render.comment(report(timeline=lines))
    assert "12:00:00           line 0" in told
    assert "12:00:03   +3.2 s  line 1" in told
    assert "12:01:03 +1.0 min  line 2" in told
    assert "14:01:03   +2.0 h  line 3\n2026-01-03\n" in told
    assert "+2.2 d  line 4" in told


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_says_what_to_type_next(phase: Phase) -> None:
    assert "\n\n**Next**: `!stage " in render.comment(report(phase), "!stage")


def test_the_commands_of_a_trouble_name_its_service() -> None:
    progress = pod("web", model.PodTrouble.CRASHING, "exit code 1")
    told = render.comment(report(Phase.DEGRADED, progress=progress))
    assert "**Next**: `/stage logs web` · `/stage restart` · push a fix" in told


def test_an_approval_names_the_commit() -> None:
    reason = intent.HELD_BACK[intent.NOT_APPROVED]
    assert "`/stage approve aaaaaaa`" in render.comment(report(Phase.WAITING, reason=reason))
    without = render.comment(report(Phase.WAITING, reason=reason, commit=None))
    assert "`/stage approve SHA`" in without


def test_the_end_is_told_once() -> None:
    pinned = report(life=model.Life(pinned=True), ends_at=None)
    assert "Pinned" in render.comment(pinned)
    assert "`/stage unpin`" in render.comment(pinned)
    later = report(ends_at=NOON)
    assert "Ends at 12:00 UTC on 2026-01-01 unless" in render.comment(later)
    warned = report(ends_at=NOON, life=model.Life(ends_at=NOON))
    assert "Ends at" not in render.comment(warned)
    assert "Ends at" not in render.comment(report(Phase.ABSENT, ends_at=NOON))
    assert "Ends at" not in render.comment(report())


def test_commands_are_told_with_what_came_of_them() -> None:
    given = model.Command(KEY, 1, 1, "extend 8h", "ada", NOON)
    refused = dataclasses.replace(
        given, text="down", author="eve", state=model.CommandState.REFUSED, answer="eve may not"
    )
    told = render.comment(report(commands=(given, refused)))
    assert "- ⏳ `/stage extend 8h` by ada\n- 🚫 `/stage down` by eve: eve may not" in told


def test_what_is_long_is_collapsed() -> None:
    absence = model.Absence(("nodes",), (), NOON)
    line = (model.TimelineEntry(NOON, "a line"),)
    told = render.comment(report(Phase.ABSENT, absence=absence, timeline=line))
    before = told.partition("<details>")[0]
    assert "Proved" not in before
    assert "a line" not in before


def test_equal_reports_make_equal_comments() -> None:
    assert render.comment(report(routes=ROUTES)) == render.comment(report(routes=ROUTES))


def test_a_sentence_ends_once() -> None:
    assert "\n\nwait.\n" in render.comment(report(Phase.WAITING, reason="wait"))
    assert "\n\nwait.\n" in render.comment(report(Phase.WAITING, reason="wait."))


# -- bounds --------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("phase", "cost", "told"),
    [
        (Phase.READY, model.Cost(1.234, 0.0, "$"), "about $1.23 a day"),
        (Phase.READY, model.Cost(1.2, 3.4, "€"), "about €1.20 a day, €3.40 until it last changed"),
        (Phase.SLEEPING, model.Cost(0.0, 3.4, "$"), "$3.40 until it last changed"),
        (Phase.ABSENT, model.Cost(0.0, 3.4, "$"), "about $3.40 in all"),
    ],
)
def test_what_it_costs_is_told_with_what_it_is_counted_by(
    phase: Phase, cost: model.Cost, told: str
) -> None:
    line = f"**Cost**, by what its services request: {told}"
    assert line in render.comment(report(phase, cost=cost)).splitlines()


@pytest.mark.parametrize("cost", [None, model.Cost(0.0, 0.001, "$")])
def test_what_nobody_knows_or_is_nothing_is_not_told(cost: model.Cost | None) -> None:
    assert "Cost" not in render.comment(report(cost=cost))


def test_each_definition_has_a_comment_of_its_own() -> None:
    admin = dataclasses.replace(report(), key=KEY.defined("admin"))
    first, head, *_ = render.comment(admin).splitlines()[::2]
    assert first == "<!-- understudy:environment acme/shop#7:admin -->"
    assert head.startswith("### ✅ Ready · admin · ")


def test_answers_to_one_line_differ_by_definition() -> None:
    command = model.Command(KEY, 5, 1, "status", "ada", NOON, output="fine")
    admin = dataclasses.replace(command, key=KEY.defined("admin"))
    heads = [render.answer(one).partition("\n")[0] for one in (command, admin)]
    assert heads == ["<!-- understudy:answer 5 1 -->", "<!-- understudy:answer 5 1 admin -->"]
