"""The form that a database's tables have, without touching them; for `understudy doctor`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import alembic.runtime.migration
import alembic.script
import alembic.util
import sqlalchemy as sa

from bot import errors
from bot.store.database import MIGRATIONS

SECONDS = 5
"""How long a server may take to answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """How the tables are, and how this version would have them."""

    current: str | None
    """Their revision; None where there are none."""
    newest: str
    known: bool
    """Whether this version knows `current`."""


def look(url: str) -> Form | None:
    """The form of a database; None for an SQLite file that does not exist. Makes nothing.

    Raises InvalidSettingsError and UnreachableError.
    """
    try:
        address = sa.make_url(url)
        sqlite = address.get_backend_name() == "sqlite"
        if sqlite and not Path(address.database or "").is_file():
            return None
        engine = _reader(address) if sqlite else _client(address)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise errors.InvalidSettingsError(
            "UNDERSTUDY_DATABASE_URL is no database address, or one whose driver is not installed"
        ) from error
    try:
        with engine.connect() as connection:
            current = alembic.runtime.migration.MigrationContext.configure(
                connection
            ).get_current_revision()
    except sa.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise errors.UnreachableError(
            f"{address.render_as_string(hide_password=True)} does not answer "
            f"({' '.join(str(cause).split())})"
        ) from error
    finally:
        engine.dispose()
    return _form(current)


def _form(current: str | None) -> Form:
    scripts = alembic.script.ScriptDirectory(str(MIGRATIONS))
    known = {revision.revision for revision in scripts.walk_revisions()}
    return Form(current, scripts.get_current_head() or "", current in known)


def _reader(address: sa.URL) -> sa.Engine:
    path = Path(address.database or "").resolve().as_uri()
    return sa.create_engine(
        sa.URL.create("sqlite", database=path, query={"mode": "ro", "uri": "true"})
    )


def _client(address: sa.URL) -> sa.Engine:
    return sa.create_engine(address, connect_args={"connect_timeout": SECONDS})
