"""Commands that ask for an answer."""

from __future__ import annotations

from bot import errors, life, markdown, model
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


class Cost(Verb):
    """Tells what it costs."""

    name = "cost"
    meaning = "answers with what the environment costs, a day and so far, by what it requests"
    example = "cost"
    who = Who.AUTHOR

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        asked.no_words()
        cost = asked.report.cost if asked.report else None
        if cost is None:
            raise errors.InvalidCommandError(
                "nobody has told what a core and a GiB cost: the bot's operator can, by "
                "UNDERSTUDY_CORE_HOUR_PRICE and UNDERSTUDY_GIB_HOUR_PRICE"
            )
        told = (
            f"About {cost.shown(cost.a_day)} a day as it stands, by what its services request; "
            f"{cost.shown(cost.so_far)} until it last changed."
        )
        return Done("answered below", asked.row.life, told)


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


LOOKING: tuple[Verb, ...] = (Status(), Cost())
"""Every one of them, but for `help`, which knows them all."""
