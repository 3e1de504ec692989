"""Rate limits as GitHub keeps them, and failures that a test asks for."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

from tests.world.github import errors

HOURLY = 5000
WINDOW = 3600.0


@dataclass(slots=True)
class Failure:
    """The next `times` requests that match are answered with this status."""

    status: int
    method: str = ""
    path: str = ""
    """A part of the path; empty matches all."""
    message: str = "Server Error"
    times: int = 1
    delay: float = 0.0
    """Seconds to wait before the answer, or before going on where the status is 0."""
    retry_after: int | None = None
    """The header of this name, in seconds."""

    def matches(self, method: str, path: str) -> bool:
        """Whether it is meant for this request."""
        return self.times > 0 and self.method in ("", method) and self.path in path


@dataclass(slots=True)
class Cut:
    """The next `times` lists that match have so many items at most, and no links to other pages."""

    items: int
    path: str = ""
    """A part of the path; empty matches all."""
    times: int = 1


@dataclass(slots=True)
class Window:
    """What one caller has used of this hour."""

    used: int = 0
    limit: int = HOURLY
    reset: float = field(default_factory=lambda: time.time() + WINDOW)

    def roll(self) -> Window:
        """Begin anew where the hour is over."""
        if time.time() >= self.reset:
            self.used, self.limit, self.reset = 0, HOURLY, time.time() + WINDOW
        return self

    def headers(self) -> dict[str, str]:
        """As GitHub sends them with each answer."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(int(self.reset)),
            "X-RateLimit-Resource": "core",
        }


class Limits:
    """Primary limit by caller; secondary limits on content, when they are switched on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.windows: defaultdict[str, Window] = defaultdict(self._window)
        self._used, self._reset_in = 0, WINDOW
        self.failures: list[Failure] = []
        self.cuts: list[Cut] = []
        self.content: tuple[int, int] | None = None
        """Writes that make content: how many a minute and an hour; None: not counted."""
        self.paused_until = 0.0
        """Everything is a secondary limit's refusal until then."""
        self._writes: deque[float] = deque(maxlen=10_000)

    def set_primary(self, remaining: int, reset_in: float) -> None:
        """Leave every caller, known or new, so many requests, and begin anew after so long."""
        with self.lock:
            self._used, self._reset_in = HOURLY - remaining, reset_in
            for caller in self.windows:
                self.windows[caller] = self._window()

    def clear(self) -> None:
        """Forget everything that was asked for, and what was used."""
        with self.lock:
            self.failures.clear()
            self.cuts.clear()
            self.windows.clear()
            self._writes.clear()
            self.content, self.paused_until = None, 0.0
            self._used, self._reset_in = 0, WINDOW

    def _window(self) -> Window:
        return Window(used=self._used, reset=time.time() + self._reset_in)

    def planned(self, method: str, path: str) -> Failure | None:
        """The failure that this request meets, if one was asked for; counts it."""
        with self.lock:
            for failure in self.failures:
                if failure.matches(method, path):
                    failure.times -= 1
                    return failure
        return None

    def cut(self, path: str) -> int | None:
        """How much of a list this request gets, if less was asked for; counts it."""
        with self.lock:
            for cut in self.cuts:
                if cut.times > 0 and cut.path in path:
                    cut.times -= 1
                    return cut.items
        return None

    def spend(self, caller: str, method: str) -> dict[str, str]:
        """Count a request and return its headers. Raises Refusal (403)."""
        with self.lock:
            window = self.windows[caller].roll()
            if window.used >= window.limit:
                message = f"API rate limit exceeded for {caller}."
                raise errors.Refusal(403, message, headers=window.headers())
            now = time.time()
            if now < self.paused_until:
                raise self._secondary(self.paused_until - now, window)
            if method in {"POST", "PATCH", "PUT"}:
                self._count_content(now, window)
            window.used += 1
            return window.headers()

    def refund(self, caller: str) -> None:
        """An answer of 304 is free."""
        with self.lock:
            self.windows[caller].used -= 1

    def _count_content(self, now: float, window: Window) -> None:
        if self.content is not None:
            for most, seconds in zip(self.content, (60.0, 3600.0), strict=True):
                recent = [at for at in self._writes if at > now - seconds]
                if len(recent) >= most:
                    raise self._secondary(recent[0] + seconds - now, window)
        self._writes.append(now)

    @staticmethod
    def _secondary(seconds: float, window: Window) -> errors.Refusal:
        message = "You have exceeded a secondary rate limit and have been temporarily blocked "
        message += "from content creation. Please retry your request again later."
        headers = {**window.headers(), "Retry-After": str(int(seconds) + 1)}
        return errors.Refusal(403, message, headers=headers)
