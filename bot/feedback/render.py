"""The environment's comment as Markdown; pure.

Words that come from Kubernetes, or from a container, are quoted in fences that they can't leave;
nothing in them is a link, a mention or HTML.
"""

from __future__ import annotations

import re

from bot import model

MAX_CHARACTERS = 60_000
"""GitHub takes 65,536 in a comment."""
MAX_TIMELINE = 40
MAX_QUOTE = 1500

_HEADLINES = {
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
    parts = [
        marker(report.key),
        f"### {_HEADLINES[report.phase]}{_commit(report)}",
        _reason(report),
        _routes(report),
        _services(report),
        *(_trouble(pod) for pod in _troubles(report)),
        _absence(report),
        _timeline(report),
        f"<sub>Understudy · environment `{report.name}`</sub>",
    ]
    return "\n\n".join(part for part in parts if part)[:MAX_CHARACTERS]


def description(report: model.Report) -> str:
    """One line for the deployment; GitHub takes 140 characters."""
    words = report.reason or _HEADLINES[report.phase].partition(" ")[2]
    return words if len(words) <= 140 else words[:139] + "…"


def fenced(text: str) -> str:
    """A code block that its content can't close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def inline(text: str) -> str:
    """Text in a sentence: no mentions, links, HTML or formatting."""
    flat = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>()#|~@])", r"\\\1", flat).replace("\\@", "@\u200b")


def _commit(report: model.Report) -> str:
    if report.commit is None or report.phase is model.Phase.ABSENT:
        return ""
    return f" · `{report.commit[:7]}`"


def _reason(report: model.Report) -> str:
    return f"{inline(report.reason)}." if report.reason else ""


def _routes(report: model.Report) -> str:
    routes = report.routes
    if routes is None or report.phase in (model.Phase.ABSENT, model.Phase.DESTROYING):
        return ""
    lines = [f"**Preview**: {routes.url}"]
    if edge := routes.edge:
        state = "" if edge.deployed else " (CloudFront is still bringing it to its edges)"
        lines.append(f"**Behind the production domain**{state}:")
        lines.append(fenced(f"curl -H '{edge.header}: {edge.value}' https://{edge.host}/"))
    return "\n\n".join(lines)


def _services(report: model.Report) -> str:
    if report.progress is None or not report.progress.services:
        return ""
    rows = [
        f"| {service.name} | {'✅' if service.done else '⏳'} {service.ready}/{service.wanted} "
        f"| {inline(', '.join(sorted({pod.state for pod in service.pods}))) or '–'} |"
        for service in report.progress.services
    ]
    return "\n".join(["| service | ready | pods |", "|---|---|---|", *rows])


def _troubles(report: model.Report) -> tuple[model.PodProgress, ...]:
    return report.progress.troubles if report.progress else ()


def _trouble(pod: model.PodProgress) -> str:
    assert pod.trouble is not None
    head = f"**{pod.service}: {pod.trouble.value}** (`{pod.pod}`)"
    detail = pod.detail.strip()[:MAX_QUOTE]
    return f"{head}\n\n{fenced(detail)}" if detail else head


def _absence(report: model.Report) -> str:
    absence = report.absence
    if absence is None:
        return ""
    if absence.remnants:
        left = "\n".join(f"- {found.kind} `{found.name}`" for found in absence.remnants)
        return f"Still there:\n{left}"
    checked = "\n".join(f"- no {what}" for what in absence.checked)
    return f"Proved by independent listings at {absence.at:%Y-%m-%d %H:%M:%S} UTC:\n{checked}"


def _timeline(report: model.Report) -> str:
    if not report.timeline:
        return ""
    lines = [f"{entry.at:%H:%M:%S}  {entry.text}" for entry in report.timeline[-MAX_TIMELINE:]]
    text = fenced("\n".join(lines))
    return f"<details><summary>Timeline</summary>\n\n{text}\n\n</details>"
