"""Follows one namespace and tells at each change how far its workloads have come.

A thread for each kind of object lists and then watches, as controllers do: a dropped connection or
a history that is no longer kept (410 Gone) leads to another list. A namespace that does not exist
yet is an empty one. `podstate` reads the objects; it is asked again as time passes, too, because
some states become troubles only then.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from infra.readiness import podstate
from infra.readiness.connection import ClusterError, Connection, Stream
from infra.readiness.objects import Shape
from infra.readiness.progress import Progress
from infra.readiness.trouble import Crash

TICK_SECONDS = 0.25
"""So often `stop` is asked and time's own changes are looked at."""
WATCH_SECONDS = 20
"""The API server ends a watch after so long; a connection that was lost without a word is
noticed a little later."""
WATCH_GRACE_SECONDS = 5.0
AGAIN_SECONDS = 0.2
"""Between a failure and the next list."""
PATIENCE_SECONDS = 10.0
"""When lists have failed for so long, the cluster is unreachable."""
JOIN_SECONDS = 2.0

LOG_LINES = 20
LOG_BYTES = 8192
LOG_SECONDS = 3.0
LOGS_AT_ONCE = 3
"""Logs fetched between two looks; a node that does not answer costs LOG_SECONDS for each."""
LOGS_KEPT = 64

KINDS = {
    "deployments": "/apis/apps/v1/namespaces/{}/deployments",
    "replica_sets": "/apis/apps/v1/namespaces/{}/replicasets",
    "pods": "/api/v1/namespaces/{}/pods",
    "jobs": "/apis/batch/v1/namespaces/{}/jobs",
    "events": "/api/v1/namespaces/{}/events",
}
_DENIED = frozenset({401, 403})
"""Waiting does not mend these."""


def follow(
    connection: Connection,
    namespace: str,
    commit: str,
    stop: Callable[[], bool],
    now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
) -> Iterator[Progress]:
    """Yield at each change until everything is ready or `stop` says so.

    Yields once at the start, also while the namespace does not exist yet. Raises ClusterError
    when the cluster does not answer for PATIENCE_SECONDS, or refuses.
    """
    output = _Output(connection, namespace)
    last: Progress | None = None
    board = Board()
    followers = [
        _Follower(connection, kind, path.format(namespace), board) for kind, path in KINDS.items()
    ]
    try:
        for follower in followers:
            follower.start()
        while not stop():
            snapshot = board.wait(TICK_SECONDS)
            if snapshot is None:
                continue
            logs = output.of(podstate.crashes(snapshot, commit))
            progress = podstate.progress(snapshot, commit, now(), logs)
            if progress != last:
                yield progress
                last = progress
            if progress.ready:
                return
    finally:
        for follower in followers:
            follower.end()
        for follower in followers:
            follower.join(JOIN_SECONDS)


class Board:
    """What the followers know, put together."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._objects: dict[str, dict[str, Shape]] = {}
        self._news = False
        self._error: Exception | None = None

    def replace(self, kind: str, items: dict[str, Shape]) -> None:
        """All objects of a kind, as listed."""
        with self._changed:
            self._objects[kind] = items
            self._tell()

    def put(self, kind: str, uid: str, item: Shape | None) -> None:
        """One object as it is now; None: it is gone."""
        with self._changed:
            if item is None:
                self._objects[kind].pop(uid, None)
            else:
                self._objects[kind][uid] = item
            self._tell()

    def fail(self, error: Exception) -> None:
        """A follower has given up."""
        with self._changed:
            self._error = self._error or error
            self._tell()

    def wait(self, seconds: float) -> podstate.Snapshot | None:
        """The objects, after the next change or so many seconds; None until all are listed.

        Raises what a follower has given up for.
        """
        with self._changed:
            if not self._news:
                self._changed.wait(seconds)
            self._news = False
            if self._error:
                raise self._error
            if len(self._objects) < len(KINDS):
                return None
            return podstate.Snapshot(
                **{kind: tuple(items.values()) for kind, items in self._objects.items()}
            )

    def _tell(self) -> None:
        self._news = True
        self._changed.notify_all()


class _Follower(threading.Thread):
    """Keeps one kind of object on the board as the cluster has it."""

    def __init__(self, connection: Connection, kind: str, path: str, board: Board) -> None:
        super().__init__(name=f"follow {path}", daemon=True)
        self._connection = connection
        self._kind = kind
        self._path = path
        self._board = board
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._stream: Stream | None = None

    def end(self) -> None:
        """Ask the thread to end, and wake it."""
        with self._lock:
            self._ended.set()
            if self._stream:
                self._stream.interrupt()

    def run(self) -> None:
        """List and watch until the end is asked for."""
        failing_since: float | None = None
        while not self._ended.is_set():
            try:
                version = self._list()
                failing_since = None
                self._watch(version)
            except ClusterError as error:
                # A watch that fails while lists succeed makes this a slow poll, and no error.
                began = failing_since = failing_since or time.monotonic()
                if error.status in _DENIED or time.monotonic() - began > PATIENCE_SECONDS:
                    return self._board.fail(error)
                self._ended.wait(AGAIN_SECONDS)
            except Exception as error:
                # Who waits at the board must hear of it, whatever it was.
                return self._board.fail(error)
        return None

    def _list(self) -> str:
        answer = self._connection.get(self._path)
        self._board.replace(
            self._kind, {item["metadata"]["uid"]: item for item in answer.get("items") or ()}
        )
        return str(answer["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> None:
        """Take events, one stream after another; ClusterError asks for another list."""
        while not self._ended.is_set():
            stream = self._connection.stream(
                self._path,
                WATCH_SECONDS + WATCH_GRACE_SECONDS,
                watch=1,
                resourceVersion=version,
                allowWatchBookmarks="true",
                timeoutSeconds=WATCH_SECONDS,
            )
            try:
                with self._lock:
                    self._stream = stream
                    if self._ended.is_set():
                        return
                for event in stream:
                    version = self._take(event)
            finally:
                with self._lock:
                    self._stream = None
                stream.close()
            # Something on the way may end every stream at once.
            self._ended.wait(AGAIN_SECONDS)

    def _take(self, event: dict[str, Any]) -> str:
        """Put an event on the board and return the version it brings."""
        item = event["object"]
        match event["type"]:
            case "ADDED" | "MODIFIED":
                self._board.put(self._kind, item["metadata"]["uid"], item)
            case "DELETED":
                self._board.put(self._kind, item["metadata"]["uid"], None)
            case "ERROR":
                raise ClusterError(
                    f"the watch on {self._path} ended: {item.get('message', 'no reason given')}",
                    int(item.get("code", 0)),
                )
        return str(item["metadata"]["resourceVersion"])


class _Output:
    """The last lines of containers that crashed, each fetched once."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self._namespace = namespace
        self._logs: dict[Crash, str] = {}

    def of(self, crashes: Iterator[Crash]) -> dict[Crash, str]:
        """What is known by now; a few more are fetched at each call."""
        missing = [crash for crash in crashes if crash not in self._logs]
        for crash in missing[:LOGS_AT_ONCE]:
            self._logs[crash] = self._fetch(crash)
            if len(self._logs) > LOGS_KEPT:
                del self._logs[next(iter(self._logs))]
        return self._logs

    def _fetch(self, crash: Crash) -> str:
        try:
            return self._connection.text(
                f"/api/v1/namespaces/{self._namespace}/pods/{crash.pod}/log",
                LOG_SECONDS,
                container=crash.container,
                previous=str(crash.running).lower(),
                tailLines=LOG_LINES,
                limitBytes=LOG_BYTES,
            )
        except ClusterError:
            # A nicety: the exit code is told without it.
            return ""
