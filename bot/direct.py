"""Commands that come past GitHub: from the command line and over the HTTP API.

They are kept, run and answered as those in comments are; who can reach the store or holds the API's
token may give each of them.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable

from bot import errors, model, ports

POLL_SECONDS = 0.5
MAX_TEXT = 1000

_WHO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@ -]{0,99}")


def ask(
    store: ports.Store, key: model.EnvironmentKey, text: str, who: str, now: datetime.datetime
) -> model.Command:
    """Keep a command, to be run by the bot. Raises InvalidCommandError."""
    verb, _, rest = " ".join(text.split()).partition(" ")
    if not verb or len(text) > MAX_TEXT or not _WHO.fullmatch(who):
        raise errors.InvalidCommandError(
            f"a command is a word with its arguments, up to {MAX_TEXT} characters, by somebody "
            "with a name of letters and digits"
        )
    command = model.Command(
        key=key,
        # GitHub's ids are far smaller, and nobody asks twice in a microsecond.
        comment_id=int(now.timestamp() * 1_000_000),
        line=1,
        text=f"{verb.lower()} {rest}".strip(),
        author=who,
        asked_at=now,
        source=model.CommandSource.DIRECT,
    )
    store.record_command(command)
    return command


def found(store: ports.Store, key: model.EnvironmentKey, number: int) -> model.Command | None:
    """A command as it stands, by the number that it was kept under."""
    for command in store.commands(key):
        if command.comment_id == number and command.source is model.CommandSource.DIRECT:
            return command
    return None


def wait(
    store: ports.Store,
    command: model.Command,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> model.Command | None:
    """The command when it has ended; None where that takes longer."""
    for _ in range(max(1, round(seconds / POLL_SECONDS))):
        now = found(store, command.key, command.comment_id)
        if now is not None and now.state.ended:
            if now.output:
                store.answered(now)
            return now
        sleep(POLL_SECONDS)
    return None
