"""Keeps the objects of one kind at hand.

A thread lists them, then watches; when the watch ends or fails it lists again, so that nothing is
missed for longer than that takes.
"""

from __future__ import annotations

import threading
from typing import Any

from tests.world.netpol.api import Api

RETRY_SECONDS = 0.5


class Mirror:
    """What the API server has below one path; `changed` is set whenever that became different."""

    def __init__(self, api: Api, path: str, changed: threading.Event) -> None:
        self._api = api
        self._path = path
        self._changed = changed
        self._lock = threading.Lock()
        self._items: dict[str, Any] | None = None
        self._interrupted = False

    def start(self) -> None:
        """Follow from now on, until the process ends."""
        threading.Thread(target=self._follow, name=self._path, daemon=True).start()

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
                if not self._interrupted:  # once for each interruption, not for each attempt
                    print(f"following {self._path} is interrupted: {error!r}", flush=True)
                self._interrupted = True
                pause.wait(RETRY_SECONDS)

    def _list(self) -> str:
        found = self._api.list(self._path)
        with self._lock:
            self._items = {item["metadata"]["uid"]: item for item in found.get("items") or []}
        self._interrupted = False
        self._changed.set()
        return str(found["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> None:
        for event in self._api.watch(self._path, version):
            if event["type"] == "ERROR":
                return  # such as a version that is too old
            self._take(event["type"], event["object"])

    def _take(self, kind: str, item: Any) -> None:
        uid = item["metadata"]["uid"]
        with self._lock:
            items = self._items if self._items is not None else {}
            if kind == "DELETED":
                items.pop(uid, None)
            else:
                items[uid] = item
        self._changed.set()
