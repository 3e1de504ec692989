"""Keeps the bot's writes below GitHub's limits, however many pull requests there are.

GitHub allows 80 requests that make content a minute and 500 an hour (documentation, "Rate limits
for the REST API"). It counts them for each installation, and a GitHub App has one installation for
each owner of repositories; so everything here is by owner, and one that has no room keeps nobody
else waiting. Every write is made inside `Governor.writing`, which counts it in the ledger that all
replicas share, and which learns from refusals how long GitHub wants to be left alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from bot import backoff, clock, errors, model, ports

LIMITS = ((60.0, 79), (3600.0, 499))
"""Seconds, and the writes that are allowed in them."""
LIMITED_SECONDS = 60.0
"""A pause where GitHub names no other (documentation, "Exceeding the rate limit")."""
LEAST_SECONDS = 0.001
"""Nobody is told to come back sooner, so that nobody comes back for nothing."""
OUTAGE = 3
"""Where GitHub takes none of so many environments, it is GitHub that is out of order."""
FIRST_PAUSE_SECONDS = 5.0
LAST_PAUSE_SECONDS = 60.0
"""Then nobody's report is tried for so long, and then one: tries are counted by GitHub as well."""


@enum.unique
class Rank(enum.IntEnum):
    """What goes first where there is room for a part only."""

    NEWS = 0
    """It is ready, or something failed."""
    PHASE = 1
    """Any other phase, and answers."""
    PROGRESS = 2
    """The same phase, a little further."""
    COURTESY = 3
    """Reactions: missed by nobody."""


SHARES: Mapping[Rank, float] = MappingProxyType(
    {Rank.NEWS: 1.0, Rank.PHASE: 0.95, Rank.PROGRESS: 0.5, Rank.COURTESY: 0.5}
)
"""The part of the limits that each may use up; the rest is kept for those that go first."""


class NoRoomError(Exception):
    """No write is allowed now; `seconds` is when it may be asked again."""

    def __init__(self, seconds: float, rank: Rank) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.rank = rank


@dataclasses.dataclass(slots=True)
class Permit:
    """The right to some writes; whoever made fewer of them says so."""

    used: int


@dataclasses.dataclass(slots=True)
class _Account:
    """What was learnt of one installation."""

    name: str
    paused_until: datetime.datetime | None = None
    refused: set[model.EnvironmentKey] = dataclasses.field(default_factory=set)
    """Whom GitHub did not take since it last took anybody."""
    outages: int = 0


def owner(repository: str) -> str:
    """The installation that a repository belongs to, for an App."""
    return repository.partition("/")[0].lower()


class Governor:
    """Counts every write of the last hour, by installation; safe for threads."""

    def __init__(
        self, ledger: ports.Ledger, time: clock.Clock, account: Callable[[str], str] = owner
    ) -> None:
        """`account` names what shares one limit with a repository; a token has one for all."""
        self._ledger = ledger
        self._clock = time
        self._account = account
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    def wait(self, repository: str, rank: Rank) -> float:
        """Seconds until a write is allowed; 0 when it is now."""
        return self.waits(repository)(rank)

    def waits(self, repository: str) -> Callable[[Rank], float]:
        """The same for any rank, by what has been written until now: counted once for all."""
        account = self._of(repository)
        try:
            made = self._ledger.written(account.name)
        except errors.UnderstudyError:
            return lambda _: FIRST_PAUSE_SECONDS  # who can't count does not write
        return lambda rank: self._wait(account, rank, 1, made)

    def account(self, repository: str) -> str:
        """What shares its limits with this repository."""
        return self._account(repository)

    @contextlib.contextmanager
    def writing(self, key: model.EnvironmentKey, rank: Rank, most: int = 1) -> Iterator[Permit]:
        """Make up to `most` writes, now. Raises NoRoomError where they are not allowed.

        A refusal for the sake of limits is a NoRoomError as well; other errors pass through.
        """
        permit = Permit(most)
        account = self._of(key.repository)
        seconds, number = self._ledger.spend(
            account.name, most, lambda made: self._wait(account, rank, most, made)
        )
        if seconds:
            raise NoRoomError(seconds, rank)
        failed: errors.UnreachableError | None = None
        try:
            yield permit
        except errors.UnreachableError as error:
            failed = error
        finally:
            # What failed may have been counted by GitHub all the same.
            with contextlib.suppress(errors.UnderstudyError):  # then all of them stay counted
                self._ledger.spent(number, permit.used)
            with self._lock:
                self._learn(account, key, failed)
        if failed is None:
            return
        if failed.limited:
            raise NoRoomError(self.wait(key.repository, rank), rank) from failed
        raise failed

    def _of(self, repository: str) -> _Account:
        name = self._account(repository)
        with self._lock:
            return self._accounts.setdefault(name, _Account(name))

    def _wait(
        self, account: _Account, rank: Rank, writes: int, made: Sequence[datetime.datetime]
    ) -> float:
        now = self._clock.now()
        waits = [0.0]
        if account.paused_until is not None:
            waits.append((account.paused_until - now).total_seconds())
        for seconds, limit in LIMITS:
            # So many may lie in the window when these are made.
            room = int(limit * SHARES[rank]) - writes
            if len(made) > room:
                waits.append(seconds - (now - made[-room - 1]).total_seconds())
        return max(*waits, LEAST_SECONDS) if max(waits) > 0 else 0.0

    def _learn(
        self,
        account: _Account,
        key: model.EnvironmentKey,
        failed: errors.UnreachableError | None,
    ) -> None:
        if failed is None:
            account.refused.clear()
            account.outages = 0
            return
        if failed.limited:
            self._pause(account, failed.retry_after or LIMITED_SECONDS)
            return
        account.refused.add(key)
        # One that GitHub never takes must not hold up the others.
        if len(account.refused) >= OUTAGE:
            pause = backoff.pause(account.outages, FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS)
            account.outages += 1
            self._pause(account, pause)

    def _pause(self, account: _Account, seconds: float) -> None:
        until = self._clock.now() + datetime.timedelta(seconds=seconds)
        account.paused_until = max(account.paused_until or until, until)
