"""Commands that ask for an answer."""

from __future__ import annotations

from bot import life, markdown, model
from bot.chatops.verb import Asked, Done, Verb, Who


class Status(Verb):
    """Tells how it stands."""

    name = "status"
    meaning = "answers with how the environment stands"
    example = "status"
    who = Who.ANYONE

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        asked.no_words()
        return Done("answered below", asked.row.life, _told(asked.report, asked.row.life))


def _told(report: model.Report | None, lived: model.Life) -> str:
    if report is None:
        return "There is no environment, and there was none."
    lines = [f"**{report.phase.value.capitalize()}**"]
    if report.commit:
        lines[0] += f", commit {markdown.code(report.commit[:7])}"
    if report.reason:
        lines.append(markdown.inline(report.reason))
    if report.routes is not None and report.phase is not model.Phase.ABSENT:
        lines.append(report.routes.url)
    services = report.progress.services if report.progress else ()
    lines += [f"{markdown.code(one.name)} {one.ready}/{one.wanted} ready" for one in services[:50]]
    if report.cost is not None and report.cost.a_day:
        lines.append(f"about {report.cost.shown(report.cost.a_day)} a day by what it requests")
    if lived.pinned:
        lines.append("pinned: it does not end by itself")
    elif lived.expires_at is not None:
        lines.append(f"it does not end before {life.moment(lived.expires_at)}")
    return "\n\n".join(lines)


LOOKING: tuple[Verb, ...] = (Status(),)
"""Every one of them, but for `help`, which knows them all."""
