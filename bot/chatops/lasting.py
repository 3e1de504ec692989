"""Commands about how long an environment lives, and whether it sleeps."""

from __future__ import annotations

import re

from bot import errors, life
from bot.chatops.verb import Asked, Done, Verb, Who

MAX_EXTEND_SECONDS = 90 * 86_400
"""No single command keeps an environment for longer than 90 days."""

_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?")


class Extend(Verb):
    """Puts off its end."""

    name = "extend"
    arguments = "DURATION"
    meaning = "keeps the environment at least that long from now, such as 8h, 2d or 1d12h"
    example = "extend 8h"

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        after = life.extend(asked.row.life, asked.command, _seconds(asked.rest))
        assert after.expires_at is not None
        return Done(f"it does not end before {life.moment(after.expires_at)}", after)


class Pin(Verb):
    """Keeps it."""

    name = "pin"
    meaning = "keeps the environment until it is unpinned or the pull request is closed"
    example = "pin"

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        return _pin(asked, pinned=True)


class Unpin(Verb):
    """Keeps it no longer."""

    name = "unpin"
    meaning = "lets the environment end by itself again"
    example = "unpin"

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        return _pin(asked, pinned=False)


class Sleep(Verb):
    """Scales it to zero."""

    name = "sleep"
    meaning = "scales every service to zero and keeps the data"
    example = "sleep"
    who = Who.AUTHOR

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        return _sleep(asked, asleep=True)


class Wake(Verb):
    """Scales it up again."""

    name = "wake"
    meaning = "scales the services up again"
    example = "wake"
    who = Who.AUTHOR

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        return _sleep(asked, asleep=False)


def _pin(asked: Asked, *, pinned: bool) -> Done:
    asked.no_words()
    after = life.pin(asked.row.life, asked.command, pinned=pinned)
    return Done("it is pinned" if after.pinned else "it is not pinned", after)


def _sleep(asked: Asked, *, asleep: bool) -> Done:
    asked.no_words()
    after = life.sleep(asked.row.life, asked.command, asleep=asleep)
    return Done("it is to sleep" if after.asleep else "it is to be awake", after)


def _seconds(given: str) -> float:
    found = _DURATION.fullmatch(given.replace(" ", "").lower())
    if found is not None and any(found.groups()):
        days, hours, minutes = (int(part or 0) for part in found.groups())
        seconds = days * 86_400 + hours * 3600 + minutes * 60
        if 0 < seconds <= MAX_EXTEND_SECONDS:
            return float(seconds)
    raise errors.InvalidCommandError(
        f"extend takes a duration from 1m to {MAX_EXTEND_SECONDS // 86_400}d, such as 8h or 1d12h, "
        f"not {given!r}"
    )


LASTING: tuple[Verb, ...] = (Extend(), Pin(), Unpin(), Sleep(), Wake())
"""Every one of them."""
