"""What happened, for those who want to know: commands, timeline, proof of absence. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from bot import life as lives
from bot import markdown, model
from bot.feedback.bounds import MAX_LINE, MAX_NAME, MAX_ROWS

MAX_TIMELINE = 40
SIGNS = {
    model.CommandState.PENDING: "⏳",
    model.CommandState.RUNNING: "⏳",
    model.CommandState.DONE: "✅",
    model.CommandState.REFUSED: "🚫",
}


def expiry(report: model.Report) -> str:
    """When it ends by itself, in one line; nothing where it does not, or has."""
    if report.phase in (model.Phase.ABSENT, model.Phase.WAITING, model.Phase.DESTROYING):
        return ""
    if report.life.pinned:
        return "📌 Pinned: it does not end by itself."
    if report.life.ends_at is not None or report.ends_at is None:
        return ""  # the reason warns of it
    return f"⏱️ Ends at {lives.moment(report.ends_at)} unless it is extended or pinned."


def commands(report: model.Report, word: str) -> str:
    """The latest commands, and what came of them."""
    lines = [_command(command, word) for command in report.commands]
    return "\n".join(["**Asked for**:", *lines]) if lines else ""


def _command(command: model.Command, word: str) -> str:
    asked = markdown.code(markdown.bounded(f"{word} {command.text}", MAX_LINE))
    author = markdown.inline(markdown.bounded(command.author, MAX_NAME))
    answer = markdown.inline(markdown.bounded(command.answer, MAX_LINE))
    told = f": {answer}" if answer else ""
    return f"- {SIGNS[command.state]} {asked} by {author}{told}"


def timeline(report: model.Report) -> str:
    """The newest lines, each with the time since the one before; collapsed."""
    if not report.timeline:
        return ""
    text = markdown.fenced("\n".join(_lines(report.timeline[-MAX_TIMELINE:])))
    return _collapsed("Timeline", text)


def _lines(entries: tuple[model.TimelineEntry, ...]) -> Iterator[str]:
    before: datetime.datetime | None = None
    for entry in entries:
        at = entry.at.astimezone(datetime.UTC)
        if before is not None and at.date() != before.date():
            yield f"{at:%Y-%m-%d}"
        passed = "" if before is None else took((at - before).total_seconds())
        words = markdown.bounded(markdown.visible(entry.text), MAX_LINE)
        yield f"{at:%H:%M:%S} {passed:>8}  {words}"
        before = at


def took(seconds: float) -> str:
    """A duration for people, as time that was added."""
    for most, unit, length in ((60, "s", 1.0), (3600, "min", 60.0), (86_400, "h", 3600.0)):
        if seconds < most:
            return f"+{max(seconds, 0.0) / length:.1f} {unit}"
    return f"+{seconds / 86_400:.1f} d"


def cost(report: model.Report) -> str:
    """What it costs, in a line; nothing where nobody knows, or it is nothing."""
    if report.cost is None:
        return ""
    a_day, so_far = (report.cost.shown(one) for one in (report.cost.a_day, report.cost.so_far))
    nothing = report.cost.shown(0.0)
    told = [
        *([f"about {a_day} a day"] if a_day != nothing else []),
        *([f"{so_far} until it last changed"] if so_far != nothing else []),
    ]
    if report.phase in (model.Phase.ABSENT, model.Phase.DESTROYING):
        told = [] if so_far == nothing else [f"about {so_far} in all"]
    return f"**Cost**, by what its services request: {', '.join(told)}" if told else ""


def absence(report: model.Report) -> str:
    """What is still there; or, collapsed, what proves that nothing is."""
    found = report.absence
    if found is None:
        return ""
    if found.remnants:
        left = [_remnant(one) for one in found.remnants[:MAX_ROWS]]
        if len(found.remnants) > MAX_ROWS:
            left.append(f"- and {len(found.remnants) - MAX_ROWS} more")
        return "\n".join(["Still there:", *left])
    if not found.proved:
        return ""
    checked = "\n".join(
        f"- no {markdown.inline(markdown.bounded(what, MAX_NAME))}"
        for what in found.checked[:MAX_ROWS]
    )
    told = f"Proved by independent listings at {found.at:%Y-%m-%d %H:%M:%S} UTC:\n{checked}"
    return _collapsed("Proof", told)


def _remnant(found: model.Remnant) -> str:
    kind, name = (markdown.bounded(words, MAX_NAME) for words in (found.kind, found.name))
    return f"- {markdown.inline(kind)} {markdown.code(name)}"


def _collapsed(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
