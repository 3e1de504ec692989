"""Asks GitHub again for the deliveries that nobody answered; see docs/github.md.

GitHub tries a delivery once. Most of what was lost while the bot was away is found by the sweep; a
review, or the end of a check, is not. So every few minutes the newest attempts are read, and events
of which no attempt was answered 2xx are asked for once more. How often that was done is read from
GitHub's own list, so neither a restart nor another replica asks more often than it should.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

import structlog

from bot import clock, errors

KEPT = datetime.timedelta(days=3)
"""GitHub delivers nothing again that is older (documentation, "Redelivering webhooks")."""
EVERY = datetime.timedelta(minutes=10)
"""No more than one audit in so long."""
OVERLAP = datetime.timedelta(minutes=15)
"""How far an audit reads back behind the one before: a receiver has its time to answer, and two
clocks differ."""
MOST = 20
"""Deliveries that one audit asks for."""
PAUSES = (
    datetime.timedelta(0),
    datetime.timedelta(minutes=30),
    datetime.timedelta(hours=4),
)
"""How long after the last attempt each further one may be; there are no more than these."""

_log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of GitHub's to deliver an event to a hook."""

    hook: str
    """Whose it is; see `Deliveries.hooks`."""
    id: int
    guid: str
    """The event's; further attempts have the same."""
    event: str
    action: str
    """Empty where the event has none."""
    status: int
    """The HTTP status of the answer, or what GitHub puts in its place."""
    redelivery: bool
    at: datetime.datetime

    @property
    def answered(self) -> bool:
        """Whether the receiver took it."""
        return 200 <= self.status < 300


class Deliveries(Protocol):
    """What GitHub tells of its deliveries to this bot. Raises UnreachableError."""

    def hooks(self) -> Sequence[str]:
        """The hooks that lead to this bot, as far as it may see them."""

    def attempts(self, hook: str, since: datetime.datetime) -> Iterator[Attempt]:
        """A hook's attempts since then, newest first."""

    def ask_again(self, attempt: Attempt) -> None:
        """Have it delivered again. Raises NotFoundError for one that GitHub has forgotten."""


class Audit:
    """Reads and asks, when it is due; raises nothing that GitHub is to blame for."""

    def __init__(self, deliveries: Deliveries, events: Collection[str], time: clock.Clock) -> None:
        self._deliveries = deliveries
        self._events = frozenset(events)
        self._clock = time
        self._due = time.now()
        self._hooks: dict[str, _Hook] = {}

    def __call__(self) -> None:
        """Make an audit, unless the last one was just now."""
        now = self._clock.now()
        if now < self._due:
            return
        self._due = now + EVERY
        try:
            names = self._deliveries.hooks()
        except errors.UnderstudyError as error:
            _tell(error)
            return
        self._hooks = {name: self._hooks.get(name) or _Hook() for name in names}
        self._ask([hook for name, hook in self._hooks.items() if self._read(name, hook, now)], now)

    def _read(self, name: str, hook: _Hook, now: datetime.datetime) -> bool:
        """Bring what is known of a hook up to date; of one that can't be read nothing is asked."""
        try:
            hook.read(self._handled(name, hook.since(now)), now)
        except errors.UnderstudyError as error:
            _tell(error)
            return False
        return True

    def _handled(self, name: str, since: datetime.datetime) -> Iterator[Attempt]:
        found = self._deliveries.attempts(name, since)
        return (attempt for attempt in found if attempt.event in self._events)

    def _ask(self, hooks: Sequence[_Hook], now: datetime.datetime) -> None:
        due = [(hook, event) for hook in hooks for event in hook.due(now)]
        # Those that GitHub will forget first.
        due.sort(key=lambda found: (found[1].origin.at, found[1].origin.id))
        for hook, event in due[:MOST]:
            hook.note(event.origin.guid, now)
            log = _log.bind(action="audit", delivery=event.origin.guid)
            try:
                self._deliveries.ask_again(event.origin)
            except errors.NotFoundError as error:
                log.info("delivery forgotten", why=error.message)
            except errors.UnderstudyError as error:
                _tell(error)
                return
            else:
                log.info(
                    "delivery asked for again",
                    github_event=event.origin.event,
                    github_action=event.origin.action,
                    answered=event.origin.status,
                    times=event.tries + 1,
                )


@dataclasses.dataclass(frozen=True, slots=True)
class _Event:
    """An event that was never answered."""

    origin: Attempt
    """The first attempt."""
    tries: int
    """Further ones."""
    last: datetime.datetime


class _Hook:
    """What is known of one hook's deliveries."""

    def __init__(self) -> None:
        self._open: dict[str, dict[int, Attempt]] = {}
        """Attempts by GUID and id, of events that were not answered."""
        self._answered: dict[str, datetime.datetime] = {}
        self._asked: dict[str, list[datetime.datetime]] = {}
        """When this process asked, as it takes a while until GitHub lists the attempt."""
        self._read_until: datetime.datetime | None = None

    def since(self, now: datetime.datetime) -> datetime.datetime:
        """How far back there may be something new."""
        oldest = now - KEPT
        return oldest if self._read_until is None else max(oldest, self._read_until - OVERLAP)

    def read(self, attempts: Iterable[Attempt], now: datetime.datetime) -> None:
        """Take in what GitHub lists, and forget what it forgets."""
        for attempt in attempts:
            if attempt.answered:
                self._answered[attempt.guid] = attempt.at
            else:
                self._open.setdefault(attempt.guid, {})[attempt.id] = attempt
        self._read_until = now
        self._answered = {guid: at for guid, at in self._answered.items() if at > now - KEPT}
        self._open = {
            guid: found
            for guid, found in self._open.items()
            if guid not in self._answered and max(one.at for one in found.values()) > now - KEPT
        }
        self._asked = {guid: at for guid, at in self._asked.items() if guid in self._open}

    def due(self, now: datetime.datetime) -> Iterator[_Event]:
        """The events that may be asked for now."""
        for guid, found in self._open.items():
            event = self._event(guid, found)
            # Without its first attempt, an event is older than what GitHub keeps.
            if event is None or event.origin.at <= now - KEPT or event.tries >= len(PAUSES):
                continue
            if now - event.last >= PAUSES[event.tries]:
                yield event

    def note(self, guid: str, now: datetime.datetime) -> None:
        """Keep that an event is asked for."""
        self._asked.setdefault(guid, []).append(now)

    def _event(self, guid: str, found: dict[int, Attempt]) -> _Event | None:
        origin = next((one for one in found.values() if not one.redelivery), None)
        if origin is None:
            return None
        asked = self._asked.get(guid, [])
        listed = sum(one.redelivery for one in found.values())
        last = max([one.at for one in found.values()] + asked)
        return _Event(origin, max(listed, len(asked)), last)


def _tell(error: errors.UnderstudyError) -> None:
    _log.warning("audit incomplete", action="audit", reason=error.reason, why=error.message)
