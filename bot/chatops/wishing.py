"""Commands that ask for an environment, or against it."""

from __future__ import annotations

import re

from bot import errors, life, model
from bot.chatops import building
from bot.chatops.verb import Asked, Done, Verb, Who

_COMMIT = re.compile(r"[0-9a-f]{7,40}")


class Up(Verb):
    """Asks for one."""

    name = "up"
    arguments = "[SHA]"
    meaning = "makes the environment, of the newest commit or of the one named until the next push"
    example = "up"
    reach = model.Reach.CHANGED

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        commit = None
        if asked.words:
            commit = _commit(asked)
            if not asked.hub.belongs(asked.pull_request.key, commit):
                raise errors.InvalidCommandError(
                    f"{commit} is no commit of this pull request: name one of those that it lists"
                )
            commit = asked.hub.commit(asked.pull_request.key.repository, commit)
        newest = asked.pull_request.head_sha
        lived = asked.row.life
        after = life.wish(lived, asked.command, wished=True, commit=commit, over=newest)
        which = f"commit {commit[:7]}" if commit else "the newest commit"
        return Done(f"{which} is asked for" if after.wished else "asked otherwise later", after)


class Down(Verb):
    """Asks against one."""

    name = "down"
    meaning = "takes the environment away; no push brings it back, only `up` or the label anew"
    example = "down"
    who = Who.AUTHOR

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        asked.no_words()
        after = life.wish(asked.row.life, asked.command, wished=False)
        answer = "asked otherwise later" if after.wished else "it is taken away"
        return Done(answer, after)


class Approve(Verb):
    """Lets one commit of a stranger run."""

    name = "approve"
    arguments = "SHA"
    meaning = (
        "lets this one commit run, of an author without write access; a later push needs another"
    )
    example = "approve 1a2b3c4"
    reach = model.Reach.CHANGED

    def run(self, asked: Asked) -> Done:
        """See `Verb`."""
        head = asked.pull_request.head_sha
        if not asked.words:
            raise errors.InvalidCommandError(
                f"approve takes the commit that you have read: the newest is {head[:7]}"
            )
        if not head.startswith(_commit(asked)):
            raise errors.InvalidCommandError(
                f"{asked.words[0]} is not the newest commit, which is {head[:7]}: read that one, "
                "then approve it"
            )
        after = life.approve(asked.row.life, asked.command, head)
        built = building.ask(asked.hub, asked.pull_request)
        return Done("; ".join(filter(None, (f"commit {head[:7]} may run", built))), after)


def _commit(asked: Asked) -> str:
    given = asked.words[0].lower()
    if len(asked.words) > 1 or not _COMMIT.fullmatch(given):
        raise errors.InvalidCommandError(
            f"{asked.rest!r} is no commit: give 7 to 40 of the characters 0-9 and a-f"
        )
    return given


WISHING: tuple[Verb, ...] = (Up(), Down(), Approve())
"""Every one of them."""
