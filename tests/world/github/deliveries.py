"""Hooks, and the deliveries to them: signed, sent in the background, their answers recorded.

One thread sends, in order, and a receiver has 10 s, as GitHub gives. For what GitHub does on a bad
day, deliveries can be held and then released in another order, twice, or not at all.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
import queue
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

import requests

from tests.world.github import errors, examples, objects
from tests.world.github.objects import App, Delivery, Hook, Repository

TIMEOUT_SECONDS = 10.0
WAITING = 10_000
"""More deliveries than this can't wait; the change that would make one more is refused."""
KEPT = 20_000


def signature(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """The value of X-Hub-Signature-256 (or, with sha1, of X-Hub-Signature)."""
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


def _takes(hook: Hook, event: str, only: App | None) -> bool:
    if only is None:
        return hook.takes(event)
    # Who may write checks is told of those that are asked for again, subscribed or not.
    checks = "write" if only.permissions is None else only.permissions.get("checks")
    return hook.app is only and hook.active and checks == "write"


class Deliveries:
    """Every hook and every delivery, newest last."""

    def __init__(self) -> None:
        self.hooks: dict[int, Hook] = {}
        self.all: list[Delivery] = []
        self.held: list[Delivery] | None = None
        """Those that wait for a release; None while everything is sent at once."""
        self._queue: queue.Queue[Delivery | None] = queue.Queue(WAITING)
        self._unsent = 0
        self._changed = threading.Condition()
        self._ids = 0
        self._session = requests.Session()
        self._session.trust_env = False
        self._thread = threading.Thread(target=self._work, name="deliveries", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send what waits in the queue, and end."""
        self._queue.put(None)
        self._thread.join()
        self._session.close()

    # -- making -----------------------------------------------------------------------------------

    def event(
        self, repository: Repository, event: str, action: str, facts: Mapping[str, Any]
    ) -> None:
        """Deliver an event to every hook that takes it, or (`only` in the facts) to one App's."""
        guid, only = str(uuid.uuid4()), facts.get("only")
        for hook in list(self.hooks.values()):
            if hook.repository not in (None, repository) or not _takes(hook, event, only):
                continue
            installation = None
            if hook.app is not None:
                if not hook.app.covers(repository):
                    continue
                installation = hook.app.installations[repository.owner.login]
            data = examples.payload(event, action, repository, facts, installation=installation)
            self._add(self._delivery(hook, guid, event, action, repository.id, data))

    def about(self, app: App, event: str, action: str, data: Mapping[str, Any]) -> None:
        """Deliver what is about an App itself, which it can't unsubscribe from."""
        guid = str(uuid.uuid4())
        for hook in list(self.hooks.values()):
            if hook.app is app and hook.active:
                self._add(self._delivery(hook, guid, event, action, None, data))

    def ping(self, hook: Hook) -> None:
        """Tell a new repository hook that it was made, as GitHub does."""
        if hook.repository is not None:
            data = examples.payload("ping", "", hook.repository, {"hook": hook}, installation=None)
            guid = str(uuid.uuid4())
            self._add(self._delivery(hook, guid, "ping", None, hook.repository.id, data))

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send the same body again under the same GUID."""
        with self._changed:
            self._ids += 1
            again = dataclasses.replace(
                delivery,
                id=self._ids,
                redelivery=True,
                delivered_at=None,
                status="pending",
                status_code=0,
                response_headers={},
                response_body="",
            )
        self._add(again, held=False)
        return again

    def find(self, hook_id: int, delivery_id: int) -> Delivery:
        """One delivery of a hook. Raises Refusal (404)."""
        for delivery in self.all:
            if delivery.id == delivery_id and delivery.hook.id == hook_id:
                return delivery
        raise errors.not_found()

    # -- holding ----------------------------------------------------------------------------------

    def hold(self) -> None:
        """Keep new deliveries back."""
        with self._changed:
            self.held = self.held if self.held is not None else []

    def release(self, *, order: str = "kept", copies: int = 1) -> int:
        """Send what was held; `order` is `kept` or `reversed`, 0 copies lose it. How many."""
        with self._changed:
            waiting, self.held = self.held or [], None
        if order == "reversed":
            waiting.reverse()
        for delivery in waiting:
            if copies == 0:
                delivery.status = "lost"
                continue
            self._put(delivery)
            for _ in range(copies - 1):
                self.redeliver(delivery)
        return len(waiting)

    def settled(self, seconds: float) -> bool:
        """Wait until every delivery that is not held has its answer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._unsent == 0, seconds)

    # -- sending ----------------------------------------------------------------------------------

    def _delivery(
        self,
        hook: Hook,
        guid: str,
        event: str,
        action: str | None,
        repository_id: int | None,
        data: Mapping[str, Any],
    ) -> Delivery:
        body = json.dumps(data, separators=(",", ":")).encode()
        target = ("integration", hook.app.id) if hook.app else ("repository", repository_id)
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/world",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(hook.id),
            "X-GitHub-Hook-Installation-Target-ID": str(target[1]),
            "X-GitHub-Hook-Installation-Target-Type": target[0],
        }
        if hook.secret:
            headers["X-Hub-Signature"] = signature(hook.secret, body, "sha1")
            headers["X-Hub-Signature-256"] = signature(hook.secret, body)
        with self._changed:
            self._ids += 1
            number = self._ids
        return Delivery(number, guid, hook, event, action or None, repository_id, body, headers)

    def _add(self, delivery: Delivery, *, held: bool = True) -> None:
        with self._changed:
            self.all.append(delivery)
            del self.all[:-KEPT]
            if held and self.held is not None:
                self.held.append(delivery)
                return
        self._put(delivery)

    def _put(self, delivery: Delivery) -> None:
        with self._changed:
            self._unsent += 1
        try:
            self._queue.put_nowait(delivery)
        except queue.Full:
            self._done()
            raise errors.Refusal(503, f"{WAITING} deliveries are waiting already") from None

    def _done(self) -> None:
        with self._changed:
            self._unsent -= 1
            self._changed.notify_all()

    def _work(self) -> None:
        while (delivery := self._queue.get()) is not None:
            try:
                self._send(delivery)
            finally:
                self._done()

    def _send(self, delivery: Delivery) -> None:
        began = time.monotonic()
        headers: dict[str, str] = {}
        code, text = 502, ""
        try:
            answer = self._session.post(
                delivery.hook.url,
                data=delivery.body,
                headers=dict(delivery.headers),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.Timeout:
            status, code = "timed out", 504
        except requests.RequestException:
            status = "failed to connect to host"
        else:
            status = "OK" if answer.ok else f"Invalid HTTP Response: {answer.status_code}"
            code, headers, text = answer.status_code, dict(answer.headers), answer.text
        delivery.duration = round(time.monotonic() - began, 2)
        delivery.response_headers, delivery.response_body = headers, text
        delivery.status, delivery.status_code = status, code
        delivery.hook.last_code = code
        delivery.delivered_at = objects.now()
