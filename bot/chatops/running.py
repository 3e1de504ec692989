"""Commands about what runs in an environment."""

from __future__ import annotations

import re

from bot import errors, life, markdown
from bot.chatops.verb import Asked, Done, Verb, Who

MAX_LOG = 12_000
"""Characters of each pod's log that are shown: the newest."""
MAX_PODS = 4
MAX_VALUE = 500

_SERVICE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class Restart(Verb):
    """Starts pods anew."""

    name = "restart"
    arguments = "[SERVICE]"
    meaning = "starts the pods of one service, or of all, anew"
    example = "restart web"
    who = Who.AUTHOR

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        name = asked.existing()
        at = asked.command.asked_at
        restarted = asked.workloads.restart(name, _service(asked), at)
        if not restarted:
            raise errors.InvalidCommandError(_no_service(asked))
        # A new look at the pods is all that it changes.
        return Done(f"{', '.join(restarted)} restarts", asked.row.life)


class Logs(Verb):
    """Shows what was written last."""

    name = "logs"
    arguments = "[SERVICE]"
    meaning = "answers with the last lines that one service, or each, has written"
    example = "logs web"

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        found = asked.workloads.logs(asked.existing(), _service(asked), MAX_PODS)
        if not found:
            raise errors.InvalidCommandError(_no_service(asked))
        told = [
            f"**{markdown.inline(pod)}**\n\n{markdown.fenced(text[-MAX_LOG:].strip() or '(empty)')}"
            for pod, text in found.items()
            if text is not None
        ]
        if len(found) > MAX_PODS:
            told.append(f"…and {len(found) - MAX_PODS} more pods: name a service.")
        return Done("answered below", asked.row.life, "\n\n".join(told))


class Set(Verb):
    """Gives an environment variable another value."""

    name = "set"
    arguments = "KEY=VALUE"
    meaning = "gives every service an environment variable, until `unset`; no place for secrets"
    example = "set LOG_LEVEL=debug"

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        name, equals, value = asked.rest.partition("=")
        if not equals or not _VARIABLE.fullmatch(name.strip()) or len(value) > MAX_VALUE:
            raise errors.InvalidCommandError(
                f"set takes KEY=VALUE with A-Z, 0-9 and _ in KEY and up to {MAX_VALUE} characters "
                f"in VALUE, such as `{asked.word} {self.example}`"
            )
        after = life.override(asked.row.life, asked.command, name.strip(), value.strip())
        return Done(f"{name.strip()} is set", after, anew=after != asked.row.life)


class Unset(Verb):
    """Takes that back."""

    name = "unset"
    arguments = "KEY"
    meaning = "leaves that environment variable to the stage file again"
    example = "unset LOG_LEVEL"

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        set_now = [one.name for one in asked.row.life.overrides if one.value is not None]
        if asked.rest not in set_now:
            raise errors.InvalidCommandError(
                f"{asked.rest!r} is not set: set are {', '.join(set_now) or 'none'}"
            )
        after = life.override(asked.row.life, asked.command, asked.rest, None)
        return Done(f"{asked.rest} is as the stage file says", after, anew=True)


def _service(asked: Asked) -> str | None:
    if not asked.words:
        return None
    if len(asked.words) > 1 or not _SERVICE.fullmatch(asked.words[0]):
        raise errors.InvalidCommandError(f"{asked.rest!r} is no name of a service")
    return asked.words[0]


def _no_service(asked: Asked) -> str:
    progress = asked.row.progress
    names = ", ".join(one.name for one in progress.services) if progress else ""
    return f"there is no service {asked.rest or 'just now'}; there are: {names or 'none'}"


RUNNING: tuple[Verb, ...] = (Restart(), Logs(), Set(), Unset())
"""Every one of them."""
