"""What is to be told next, and what becomes of it: a reporter without threads.

Whoever drives it takes a job, does it, and settles it; `pause` tells when to look again. `do` asks
GitHub and may be called by several threads at once, all else by one at a time.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Callable

import structlog

from bot import clock as clocks
from bot import errors, model
from bot.feedback import errands, queue
from bot.feedback.governor import Governor, NoRoomError, Rank
from bot.feedback.writer import NoRoomForRestError, Writer

Job = queue.Waiting | errands.Errand
_log = structlog.get_logger(__name__)


@enum.unique
class End(enum.Enum):
    """What came of a job."""

    TOLD = enum.auto()
    """It was written, or it need never be."""
    REFUSED = enum.auto()
    """GitHub did not take it: to be tried again."""
    NO_ROOM = enum.auto()
    """It was not tried."""
    NO_ROOM_FOR_REST = enum.auto()
    """The comment was written, not all that goes with it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job, and when there is room for it."""

    end: End
    seconds: float = 0.0
    rank: Rank = Rank.PROGRESS


class Desk:
    """Newest reports and errands, and the writer that tells them."""

    def __init__(self, writer: Writer, governor: Governor, clock: clocks.Clock) -> None:
        self._writer = writer
        self._governor = governor
        self._clock = clock
        self._queue = queue.Queue()
        self._errands = errands.Errands()

    def report(self, report: model.Report) -> None:
        """How an environment stands is to be told."""
        self._queue.put(report, self._clock.now())

    def acknowledge(self, command: model.Command) -> None:
        """That a command was read is to be told."""
        self._errands.acknowledge(command, self._clock.now())

    def answer(self, command: model.Command) -> None:
        """What a command asked for is to be told."""
        self._errands.answer(command, self._clock.now())

    def take(self, *, hurry: bool = False) -> Job | None:
        """The next job that may be done now, to be given back to `settle`; None without one."""
        now, room = self._clock.now(), self._room()
        return self._errands.pop(now, room) or self._queue.pop(now, wait=room, hurry=hurry)

    def pause(self) -> float | None:
        """Seconds until there may be a job; None while nothing waits."""
        now, room = self._clock.now(), self._room()
        waits = (self._queue.wait(now, room), self._errands.wait(now, room))
        return min((one for one in waits if one is not None), default=None)

    def __len__(self) -> int:
        """What waits and what is in hand."""
        return len(self._queue) + len(self._errands)

    def do(self, job: Job) -> Outcome:
        """Write; never raises."""
        key = job.command.key if isinstance(job, errands.Errand) else job.report.key
        try:
            if isinstance(job, errands.Errand):
                self._writer.errand(job)
            else:
                self._writer.report(key, job.rank)
        except NoRoomForRestError as full:
            return Outcome(End.NO_ROOM_FOR_REST, full.seconds, full.rank)
        except NoRoomError as full:
            return Outcome(End.NO_ROOM, full.seconds, full.rank)
        except errors.NotFoundError as error:
            # What is gone can't be told any more.
            _say("nobody to tell", key, error)
        except errors.UnderstudyError as error:
            _say("GitHub was not told", key, error)
            return Outcome(End.REFUSED)
        except Exception:
            # A fault of ours would be the same the next time; the next report has other content.
            _log.exception("report failed", action="report", environment=str(key))
        return Outcome(End.TOLD)

    def settle(self, job: Job, outcome: Outcome, *, last: bool = False) -> None:
        """Keep what came of a job; where it was the `last` chance, nothing is tried again."""
        now = self._clock.now()
        due = now + datetime.timedelta(seconds=outcome.seconds)
        end = End.TOLD if last else outcome.end
        if isinstance(job, errands.Errand):
            if end in (End.NO_ROOM, End.NO_ROOM_FOR_REST):
                self._errands.put_back(job, due)
            else:
                self._errands.ended(job, now, told=end is End.TOLD)
        elif end is End.NO_ROOM:
            self._queue.put_back(job, due)
        elif end is End.NO_ROOM_FOR_REST:
            self._queue.leave(job, due, outcome.rank, now)
        elif end is End.REFUSED:
            self._queue.again(job, now)
        else:
            self._queue.told(job, now)

    def _room(self) -> queue.Wait:
        """The governor's answers of this moment; what was written is counted once."""
        known: dict[str, Callable[[Rank], float]] = {}

        def wait(repository: str, rank: Rank) -> float:
            account = self._governor.account(repository)
            if account not in known:
                known[account] = self._governor.waits(repository)
            return known[account](rank)

        return wait


def _say(what: str, key: model.EnvironmentKey, error: errors.UnderstudyError) -> None:
    _log.warning(what, action="report", environment=str(key), why=error.message)
