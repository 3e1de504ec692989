"""Every command by its name, and the nearest ones to a name that is none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from bot import errors, model
from bot.chatops import guide
from bot.chatops.lasting import LASTING
from bot.chatops.looking import LOOKING
from bot.chatops.running import RUNNING
from bot.chatops.verb import Asked, Done, Verb, Who
from bot.chatops.wishing import WISHING

NEAREST = 3
"""So many are offered instead of one that there is not."""


class Help(Verb):
    """Shows them all."""

    name = "help"
    meaning = "answers with this list"
    example = "help"
    who = Who.ANYONE
    reach = model.Reach.ONCE
    when_closed = True

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        output = guide.table(VERBS.values(), asked.word)
        return Done("answered below", asked.row.life, output)


VERBS: Mapping[str, Verb] = MappingProxyType(
    {verb.name: verb for verb in (*WISHING, *LASTING, *RUNNING, *LOOKING, Help())}
)


def find(name: str, word: str) -> Verb:
    """The command of this name. Raises InvalidCommandError that offers the nearest ones."""
    if name in VERBS:
        return VERBS[name]
    near = difflib.get_close_matches(name[:40], VERBS, NEAREST, 0.5)
    offered = " or ".join(f"`{word} {one}`" for one in near) or f"`{word} help` lists them"
    raise errors.InvalidCommandError(
        f"there is no command {name[:40]!r}: {f'did you mean {offered}?' if near else offered}"
    )
