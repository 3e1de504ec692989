"""The database: whether it answers, and whether its tables are of this version."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from bot.doctor.findings import Finding, ok, warning, wrong

DATABASE = "database"
FOLDER = "data folder"


class Form(Protocol):
    """What is told of a database; see `bot.store.schema`."""

    @property
    def current(self) -> str | None:
        """The revision that its tables have; None without any."""

    @property
    def newest(self) -> str:
        """The revision that this version has."""

    @property
    def known(self) -> bool:
        """Whether this version knows `current`."""


def folder(path: Path) -> Iterator[Finding]:
    """Whether the bot may write where it keeps what it knows."""
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        mend = f"let the bot's user write to {place}, or set UNDERSTUDY_DATA_DIR to another folder"
        yield wrong(FOLDER, f"{path} can't be written to", mend)
    elif place == path:
        yield ok(FOLDER, f"{path} can be written to")
    else:
        yield ok(FOLDER, f"{path} is not there yet: the first start makes it")


def tables(look: Callable[[], Form | None]) -> Iterator[Finding]:
    """`look` gives None where there is no database yet."""
    form = look()
    if form is None:
        yield ok(DATABASE, "there is none yet: the first start makes it")
    elif form.current is None:
        yield ok(DATABASE, "answers, and is empty: the first start makes its tables")
    elif not form.known:
        yield wrong(
            DATABASE,
            f"its tables are of a version ({form.current}) that this one does not know",
            "run the version of Understudy that wrote them, or a newer one",
        )
    elif form.current != form.newest:
        yield warning(
            DATABASE,
            f"its tables have the form {form.current}: the next start brings them to {form.newest}",
        )
    else:
        yield ok(DATABASE, f"answers, its tables have the newest form, {form.newest}")
