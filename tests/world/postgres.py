"""A PostgreSQL server of its own for tests: Debian's programs, in memory, gone without a trace.

The server's files and its socket are in a mount namespace, its shared memory in an IPC namespace,
and both are held open by one small process. When the owner ends, however it ends, that process and
the server end, and the kernel forgets all the rest: there is no folder that could be left behind.
From outside, the socket is reached through /proc, also by processes in other network namespaces.
"""

from __future__ import annotations

import pwd
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import sqlalchemy as sa
from psycopg import sql

from tests.world.cluster import netns
from tests.world.cluster.spawn import Spawner, end
from tests.world.cluster.waiting import until
from tests.world.tools import POSTGRESQL, ToolError, ensure_debian

_USER = "postgres"
"""The package's own unprivileged user; the server refuses to run as root."""
_HOME = Path("/var/lib/postgresql")
"""Covered by memory inside the namespace only; only that user and root may enter it."""
_DATA = _HOME / "data"
_PORT = "5432"
"""Part of the socket's file name; nothing listens on the network."""
_SERVER = "postgres"
_SETTINGS = {
    "listen_addresses": "",
    "port": _PORT,
    "unix_socket_directories": str(_HOME),
    # In the IPC namespace; by default it would be files in everyone's /dev/shm.
    "dynamic_shared_memory_type": "sysv",
    "fsync": "off",
    "full_page_writes": "off",
}
_HOLD = 'set -e; mount -t tmpfs -o "mode=0700,uid=$1,gid=$2" tmpfs "$3"; echo; exec cat'
_START_SECONDS = 30.0


class Postgres:
    """One server; a context manager that is ready after about two seconds. Needs root."""

    def __init__(self) -> None:
        self._holder: subprocess.Popen[bytes] | None = None
        self._spawner: Spawner | None = None

    def __enter__(self) -> Self:
        """Raises ToolError with one sentence where the server can't be had."""
        ensure_debian(POSTGRESQL)
        try:
            self._holder = _hold()
            self._spawner = Spawner(self._home / "logs", self._inside())
            words = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
            netns.run([*self._inside(), _programs() / "initdb", "-D", _DATA, *words])
            self.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._close()

    def start(self) -> None:
        """Start the server with the databases that it had, and wait until it takes connections."""
        spawner = self._running()
        settings = [word for pair in _SETTINGS.items() for word in ("-c", "=".join(pair))]
        process = spawner.start(_SERVER, [_programs() / "postgres", "-D", _DATA, *settings])

        def answers() -> bool:
            if process.poll() is not None:
                raise ToolError(f"PostgreSQL did not start{self._last_words()}")
            try:
                self._connect().close()
            except psycopg.OperationalError:
                return False
            return True

        until("PostgreSQL's start", answers, _START_SECONDS, 0.02, self._last_words)

    def stop(self, *, crash: bool = False) -> None:
        """End the server and every connection; a `crash` leaves the tidying to the next start.

        What was committed is there after either. While it is stopped, connections are refused.
        """
        self._running().stop(_SERVER, signal.SIGQUIT if crash else signal.SIGINT)

    def restart(self, *, crash: bool = False) -> None:
        """Stop and start: every connection is lost."""
        self.stop(crash=crash)
        self.start()

    def url(self, name: str) -> str:
        """Make an empty database of this name; returns its address, also after a restart.

        Raises psycopg.errors.DuplicateDatabase.
        """
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        query = {"host": str(self._home), "port": _PORT}
        made = sa.URL.create("postgresql+psycopg", username=_USER, database=name, query=query)
        return made.render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @property
    def _namespaces(self) -> int:
        if self._holder is None:
            raise ToolError("PostgreSQL is used outside of its `with` block")
        return self._holder.pid

    @property
    def _home(self) -> Path:
        return Path(f"/proc/{self._namespaces}/root{_HOME}")

    def _inside(self) -> tuple[str, ...]:
        """The words in front of a command that is to run in the namespaces as the server's user.

        The kernel forgets the wish to die with the parent when the user changes (prctl(2)).
        Entering would leave a chroot, hence the root folder; and the server's user may not look
        into the folder that we are in, hence the holder's.
        """
        user = [f"--reuid={_USER}", f"--regid={_USER}", "--init-groups", "--pdeathsig=KILL"]
        target = f"--target={self._namespaces}"
        enter = ("nsenter", target, "--mount", "--ipc", "--root", "--wd")
        return (*enter, "--", "setpriv", *user, "--")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._home), port=_PORT, user=_USER, dbname="postgres", autocommit=True
        )

    def _run(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _running(self) -> Spawner:
        if self._spawner is None:
            raise ToolError("PostgreSQL is used outside of its `with` block")
        return self._spawner

    def _last_words(self) -> str:
        lines = self._running().log(_SERVER).read_text().strip().splitlines()[-1:]
        return f": {lines[0]}" if lines else ""

    def _close(self) -> None:
        if self._spawner is not None:
            self.stop(crash=True)  # the server collects its children, and nothing of it is kept
            self._spawner.close()
            self._spawner = None
        if self._holder is not None:
            end(self._holder)
            for pipe in (self._holder.stdin, self._holder.stdout):
                assert pipe is not None
                pipe.close()
            self._holder = None


def _hold() -> subprocess.Popen[bytes]:
    """Make the namespaces; the process that keeps them reads until its input ends: with us."""
    user = pwd.getpwnam(_USER)
    script = ["sh", "-c", _HOLD, "sh", str(user.pw_uid), str(user.pw_gid), str(_HOME)]
    holder = subprocess.Popen(
        ["unshare", "--mount", "--ipc", "--propagation=private", *script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        start_new_session=True,  # Ctrl-C is for us; we end it
    )
    assert holder.stdout is not None
    if not holder.stdout.readline():
        end(holder)
        raise ToolError("no namespaces for PostgreSQL could be made: that needs root")
    return holder


def _programs() -> Path:
    """The folder of the newest server that is installed. Raises ToolError."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found:
        raise ToolError("no PostgreSQL server is below /usr/lib/postgresql: install postgresql")
    return max(found, key=lambda path: int(path.parent.name))
