"""The environment's comment as Markdown; pure.

Words that come from Kubernetes, from a container, from people or from the engine are quoted in
fences that they can't leave, or escaped: nothing in them is a link, a mention or HTML. Every part
has its bound, so that the whole always fits into one comment. What people look for first comes
first: the state, the reason, the address, what can't start and its mend; details are collapsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot import markdown, model, said
from bot.feedback import advice, history
from bot.feedback.bounds import MAX_LINE, MAX_NAME, MAX_ROWS

MAX_CHARACTERS = 65_536
"""What GitHub takes in a comment."""
MAX_REASON = 2000
MAX_QUOTE = 1500
MAX_QUOTES = 10

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
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9./-]*)?")
_NOT_A_KEY = re.compile(r"[^\w./#:-]", re.ASCII)


def marker(key: model.EnvironmentKey) -> str:
    """The comment's first line, by which the bot finds its own comment again; hidden."""
    return f"{said.OWN}environment {_NOT_A_KEY.sub('', str(key))} -->"


def comment(report: model.Report, word: str = said.WORD) -> str:
    """The whole comment; commands begin with `word`."""
    head = [
        marker(report.key),
        f"### {HEADLINES[report.phase]}{_definition(report)}{_commit(report)}",
        _reason(report),
        _routes(report),
        _services(report),
        *_troubles(report),
    ]
    foot = [
        history.expiry(report),
        history.cost(report),
        advice.following(report, word),
        history.commands(report, word),
    ]
    last = f"<sub>Understudy · environment {markdown.code(report.name)}</sub>"
    details = [history.absence(report), history.timeline(report)]
    whole = _joined([*head, *foot, *details, last])
    return whole if len(whole) <= MAX_CHARACTERS else _joined([*head, last])[:MAX_CHARACTERS]


def answer(command: model.Command) -> str:
    """The comment that answers a command; its first line tells it from all others."""
    definition = command.key.definition
    of = f" {definition}" if definition else ""
    marker = f"{said.OWN}answer {command.comment_id} {command.line}{of} -->"
    where = f" for {markdown.code(definition)}" if definition else ""
    asked = f"{markdown.code(command.text)}{where} by {markdown.inline(command.author)}:"
    body = command.output
    whole = _joined([marker, asked, body])
    if len(whole) <= MAX_CHARACTERS:
        return whole
    cut = "\n```\n\n…cut here: GitHub takes no longer comment."
    return whole[: MAX_CHARACTERS - len(cut)] + cut


def description(report: model.Report) -> str:
    """One line for the deployment and the check; GitHub takes 140 characters."""
    words = report.reason or headline(report)
    return markdown.bounded(markdown.visible(words), 140)


def summary(report: model.Report) -> str:
    """What the commit's check explains, as Markdown."""
    whole = _joined([_reason(report), *_troubles(report)]) or f"{headline(report)}."
    return whole[:MAX_CHARACTERS]


def headline(report: model.Report) -> str:
    """The state in a few words, without a sign."""
    return HEADLINES[report.phase].partition(" ")[2]


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _definition(report: model.Report) -> str:
    return f" · {markdown.inline(report.key.definition)}" if report.key.definition else ""


def _commit(report: model.Report) -> str:
    if report.commit is None or report.phase is model.Phase.ABSENT:
        return ""
    return f" · {markdown.code(report.commit[:7])}"


def _reason(report: model.Report) -> str:
    words = markdown.visible(markdown.bounded(report.reason, MAX_REASON)).strip()
    # The full stop comes before the escapes: after a number alone it would begin a list.
    return markdown.inline(words if not words or words[-1] in ".!?…" else f"{words}.")


def _routes(report: model.Report) -> str:
    routes = report.routes
    if routes is None or report.phase in (model.Phase.ABSENT, model.Phase.DESTROYING):
        return ""
    url = markdown.bounded(routes.url, MAX_LINE)
    lines = [f"**Preview**: {url if _URL.fullmatch(url) else markdown.code(url)}"]
    if edge := routes.edge:
        # Only of a ready environment it is known how far CloudFront has come.
        on_the_way = report.phase is model.Phase.READY and not edge.deployed
        state = " (CloudFront is still bringing it to its edges)" if on_the_way else ""
        curl = f"curl -H '{edge.header}: {edge.value}' https://{edge.host}/"
        lines.append(f"**Behind the production domain**{state}:")
        lines.append(markdown.fenced(markdown.bounded(curl, MAX_QUOTE)))
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
    name = markdown.code(markdown.bounded(service.name, MAX_NAME))
    return f"| {name} | {sign} {service.ready}/{service.wanted} | {words} |"


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
    name, service = (markdown.bounded(words, MAX_NAME) for words in (pod.pod, pod.service))
    head = f"**{markdown.inline(service)}: {pod.trouble.value}** ({markdown.code(name)})"
    detail = markdown.bounded(markdown.visible(pod.detail, lines=True).strip(), MAX_QUOTE)
    mend = advice.mend(pod)
    return _joined([head, markdown.fenced(detail) if detail else "", mend and f"💡 {mend}"])
