"""The environment's comment as Markdown; pure.

Words that come from Kubernetes, from a container or from the engine are quoted in fences that they
can't leave, or escaped: nothing in them is a link, a mention or HTML. Every part has its bound, so
that the whole always fits into one comment.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import markdown, model

MAX_CHARACTERS = 65_536
"""What GitHub takes in a comment."""
MAX_TIMELINE = 40
MAX_LINE = 300
MAX_REASON = 2000
MAX_QUOTE = 1500
MAX_QUOTES = 10
MAX_ROWS = 50

HEADLINES = {
    model.Phase.ABSENT: "🧹 The environment is gone",
    model.Phase.WAITING: "⏸️ Waiting",
    model.Phase.PROVISIONING: "⏳ Coming up",
    model.Phase.READY: "✅ Ready",
    model.Phase.DEGRADED: "⚠️ Something can't start",
    model.Phase.SLEEPING: "💤 Asleep",
    model.Phase.DESTROYING: "⏳ Being taken away",
    model.Phase.STUCK: "🛑 A person is needed",
}


def marker(key: model.EnvironmentKey) -> str:
    """The comment's first line, by which the bot finds its own comment again; hidden."""
    return f"<!-- understudy:environment {key} -->"


def comment(report: model.Report) -> str:
    """The whole comment."""
    head = [
        marker(report.key),
        f"### {HEADLINES[report.phase]}{_commit(report)}",
        _reason(report),
        _routes(report),
        _services(report),
        *_troubles(report),
        _absence(report),
    ]
    foot = f"<sub>Understudy · environment `{report.name}`</sub>"
    whole = _joined([*head, _timeline(report), foot])
    return whole if len(whole) <= MAX_CHARACTERS else _joined([*head, foot])[:MAX_CHARACTERS]


def answer(command: model.Command) -> str:
    """The comment that answers a command; its first line tells it from all others."""
    marker = f"<!-- understudy:answer {command.comment_id} {command.line} -->"
    asked = f"{markdown.code(command.text)} by {markdown.inline(command.author)}:"
    body = command.output
    whole = _joined([marker, asked, body])
    if len(whole) <= MAX_CHARACTERS:
        return whole
    cut = "\n```\n\n…cut here: GitHub takes no longer comment."
    return whole[: MAX_CHARACTERS - len(cut)] + cut


def description(report: model.Report) -> str:
    """One line for the deployment; GitHub takes 140 characters."""
    words = report.reason or HEADLINES[report.phase].partition(" ")[2]
    return markdown.bounded(markdown.visible(words), 140)


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _commit(report: model.Report) -> str:
    if report.commit is None or report.phase is model.Phase.ABSENT:
        return ""
    return f" · {markdown.code(report.commit[:7])}"


def _reason(report: model.Report) -> str:
    words = markdown.inline(markdown.bounded(report.reason, MAX_REASON))
    return words if not words or words[-1] in ".!?…" else f"{words}."


def _routes(report: model.Report) -> str:
    routes = report.routes
    if routes is None or report.phase in (model.Phase.ABSENT, model.Phase.DESTROYING):
        return ""
    lines = [f"**Preview**: {routes.url}"]
    if edge := routes.edge:
        # Only of a ready environment it is known how far CloudFront has come.
        on_the_way = report.phase is model.Phase.READY and not edge.deployed
        state = " (CloudFront is still bringing it to its edges)" if on_the_way else ""
        lines.append(f"**Behind the production domain**{state}:")
        lines.append(markdown.fenced(f"curl -H '{edge.header}: {edge.value}' https://{edge.host}/"))
    return _joined(lines)


def _services(report: model.Report) -> str:
    services = report.progress.services if report.progress else ()
    if not services or report.phase in (model.Phase.ABSENT, model.Phase.DESTROYING):
        return ""
    rows = [_service(service) for service in services[:MAX_ROWS]]
    if len(services) > MAX_ROWS:
        rows.append(f"| and {len(services) - MAX_ROWS} more | | |")
    return "\n".join(["| service | ready | pods |", "|---|---|---|", *rows])


def _service(service: model.ServiceProgress) -> str:
    sign = "⚠️" if service.trouble else "✅" if service.done else "⏳"
    states = ", ".join(sorted({pod.state for pod in service.pods}))
    if service.old:
        states = f"{states}; {service.old} of before".lstrip("; ")
    words = markdown.inline(markdown.bounded(states, MAX_LINE)) or "-"
    return f"| {markdown.code(service.name)} | {sign} {service.ready}/{service.wanted} | {words} |"


def _troubles(report: model.Report) -> list[str]:
    if report.progress is None or report.phase is model.Phase.ABSENT:
        return []
    pods = report.progress.troubles
    told = [_trouble(pod) for pod in pods[:MAX_QUOTES]]
    if len(pods) > MAX_QUOTES:
        told.append(f"…and {len(pods) - MAX_QUOTES} more services that can't start.")
    return told


def _trouble(pod: model.PodProgress) -> str:
    assert pod.trouble is not None
    head = f"**{markdown.inline(pod.service)}: {pod.trouble.value}** ({markdown.code(pod.pod)})"
    detail = markdown.bounded(pod.detail.strip(), MAX_QUOTE)
    return f"{head}\n\n{markdown.fenced(detail)}" if detail else head


def _absence(report: model.Report) -> str:
    absence = report.absence
    if absence is None:
        return ""
    if absence.remnants:
        some = absence.remnants[:MAX_ROWS]
        left = [f"- {markdown.inline(found.kind)} {markdown.code(found.name)}" for found in some]
        if len(absence.remnants) > MAX_ROWS:
            left.append(f"- and {len(absence.remnants) - MAX_ROWS} more")
        return "\n".join(["Still there:", *left])
    if not absence.proved:
        return ""
    checked = "\n".join(f"- no {markdown.inline(what)}" for what in absence.checked)
    return f"Proved by independent listings at {absence.at:%Y-%m-%d %H:%M:%S} UTC:\n{checked}"


def _timeline(report: model.Report) -> str:
    if not report.timeline:
        return ""
    lines = [
        f"{entry.at:%H:%M:%S}  {markdown.bounded(markdown.visible(entry.text), MAX_LINE)}"
        for entry in report.timeline[-MAX_TIMELINE:]
    ]
    text = markdown.fenced("\n".join(lines))
    return f"<details><summary>Timeline</summary>\n\n{text}\n\n</details>"
