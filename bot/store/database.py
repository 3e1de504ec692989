"""Opens the database, brings its tables to the newest form, and hands out transactions.

SQLite has one writer at a time: writers queue on a lock of this process, and wait for those of
other processes (the command line) on SQLite's own. Readers never wait, thanks to the WAL.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import alembic.command
import alembic.config
import alembic.util
import sqlalchemy as sa
from sqlalchemy import orm

from bot import errors

BUSY_SECONDS = 10.0
"""How long a writer waits for one of another process on SQLite."""
LOCKED_SECONDS = 0.02
"""Between two tries of what SQLite does not wait for by itself."""
CONNECTIONS = 20
"""Kept open at most; beyond them, threads wait for one another."""
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x75_6E_64_65_72
"""The key of the advisory lock that keeps two starting replicas apart on PostgreSQL."""
# The address is not shown: it may hold a password.
_NO_ADDRESS = (
    "UNDERSTUDY_DATABASE_URL is no database address: write sqlite:////path/to/file, or "
    "postgresql+psycopg://user:password@host/database"
)
_READING = "understudy_reading"
# Alembic keeps the migration that runs in global variables.
_alembic = threading.Lock()


class Database:
    """A database at the newest form; safe for threads."""

    def __init__(self, url: str) -> None:
        """Open and migrate. Raises UnderstudyError with one sentence for people."""
        self._shown = _address(url).render_as_string(hide_password=True)
        with self._answering():
            self._engine = _engine(url)
            migrate(self._engine)
        self._write = orm.sessionmaker(self._engine, expire_on_commit=False)
        self._read = orm.sessionmaker(self._engine.execution_options(**{_READING: True}))
        self._writer = threading.Lock() if _is_sqlite(self._engine) else None

    @contextlib.contextmanager
    def reading(self) -> Iterator[orm.Session]:
        """One consistent look. Raises UnreachableError."""
        with self._answering(), self._read.begin() as session:
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[orm.Session]:
        """One transaction: all of it is stored, or nothing. Raises UnreachableError."""
        turn = self._writer or contextlib.nullcontext()
        with self._answering(), turn, self._write.begin() as session:
            yield session

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError):
            raise  # it did answer
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            cause = getattr(error, "orig", None) or error
            raise errors.UnreachableError(
                f"the database {self._shown} does not answer ({' '.join(str(cause).split())}): "
                "check UNDERSTUDY_DATABASE_URL and UNDERSTUDY_DATA_DIR"
            ) from error


def migrate(engine: sa.Engine) -> None:
    """Run the migrations that this database has not seen yet, in one transaction."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _alembic, engine.begin() as connection:
        if not _is_sqlite(engine):
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        config.attributes["connection"] = connection
        try:
            alembic.command.upgrade(config, "head")
        except alembic.util.CommandError as error:
            raise errors.UnderstudyError(
                f"the database was written by another version of Understudy ({error}): "
                "run that version, or a newer one",
                reason="unknown-database",
            ) from error


def _address(url: str) -> sa.URL:
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise errors.InvalidSettingsError(_NO_ADDRESS) from None
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise errors.InvalidSettingsError(
            f"UNDERSTUDY_DATABASE_URL asks for {address.get_backend_name()}: only sqlite and "
            "postgresql are supported"
        )
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        raise errors.InvalidSettingsError(
            "UNDERSTUDY_DATABASE_URL names no file: what exists would be forgotten at each start"
        )
    return address


def _engine(url: str) -> sa.Engine:
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    try:
        return sa.create_engine(address, pool_pre_ping=True, pool_size=CONNECTIONS, max_overflow=0)
    except sa.exc.NoSuchModuleError:
        raise errors.InvalidSettingsError(_NO_ADDRESS) from None
    except ImportError as error:
        raise errors.InvalidSettingsError(
            f"UNDERSTUDY_DATABASE_URL needs the Python package {error.name}: install it, or use "
            "sqlite"
        ) from error


def _sqlite(address: sa.URL) -> sa.Engine:
    folder = Path(address.database or "").parent
    try:
        # The database holds the secrets of edge routes.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise errors.InvalidSettingsError(
            f"the folder {folder} for the database can't be made ({error.strerror}): set "
            "UNDERSTUDY_DATA_DIR to one that can be written to"
        ) from error
    engine = sa.create_engine(
        address,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection: object, _record: object) -> None:
        # The driver must not begin transactions by itself: `begin` below does it its own way.
        connection.isolation_level = None  # type: ignore[attr-defined]
        # FULL: what was answered with 202, and the record of a stack, outlive a power cut.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            _set(connection, pragma)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A reader that becomes a writer would fail at once instead of waiting for its turn.
        reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _set(connection: object, pragma: str) -> None:
    """Set a pragma; who makes the file at the same moment locks it, and SQLite does not wait for
    that where the journal's form is changed."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(LOCKED_SECONDS)
        else:
            return


def _is_sqlite(engine: sa.Engine) -> bool:
    return engine.dialect.name == "sqlite"
