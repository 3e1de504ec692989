"""Keeps the objects of one kind at hand, as the API server's own JSON.

A thread lists them, then watches; when the watch ends or fails it lists again. Plain JSON, because
making typed objects of every pod's every status change costs more than all the rest.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

WATCH_SECONDS = 300
"""The API server ends a watch by itself after this time."""
CONNECT_SECONDS = 5
RETRY_SECONDS = 0.5

Listing = Callable[..., Any]
"""A `list_…` method of the Kubernetes client."""


class Mirror:
    """What the API server has of one kind; `changed` is set whenever that became different."""

    def __init__(self, name: str, listing: Listing, changed: threading.Event) -> None:
        self.name = name
        self._listing = listing
        self._changed = changed
        self._lock = threading.Lock()
        self._items: dict[str, Any] | None = None
        self._silent = False

    def start(self) -> None:
        """Follow from now on, until the process ends."""
        threading.Thread(target=self._follow, name=f"mirror-{self.name}", daemon=True).start()

    def items(self) -> list[Any] | None:
        """The objects as last seen; None as long as they were never listed."""
        with self._lock:
            return None if self._items is None else list(self._items.values())

    def _follow(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self._watch(self._list())
            except Exception as error:  # whatever went wrong, list again
                if not self._silent:
                    print(f"following {self.name} is interrupted: {_first_line(error)}", flush=True)
                self._silent = True
                pause.wait(RETRY_SECONDS)

    def _list(self) -> str:
        answer = self._listing(
            _preload_content=False, _request_timeout=(CONNECT_SECONDS, WATCH_SECONDS)
        )
        found = json.loads(answer.data)
        with self._lock:
            self._items = {item["metadata"]["uid"]: item for item in found.get("items") or []}
        self._silent = False
        self._changed.set()
        return str(found["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> None:
        answer = self._listing(
            watch=True,
            resource_version=version,
            timeout_seconds=WATCH_SECONDS,
            _preload_content=False,
            _request_timeout=(CONNECT_SECONDS, WATCH_SECONDS + 30),
        )
        try:
            for line in answer:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return  # such as a version that is too old
                self._take(event["type"], event["object"])
        finally:
            answer.release_conn()

    def _take(self, kind: str, item: Any) -> None:
        with self._lock:
            items = self._items if self._items is not None else {}
            if kind == "DELETED":
                items.pop(item["metadata"]["uid"], None)
            else:
                items[item["metadata"]["uid"]] = item
        self._changed.set()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
