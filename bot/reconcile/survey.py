"""Lists everything for a sweep, in an order in which nothing new looks like something left over."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, Protocol, TypeVar

import structlog

from bot import errors, model, ports
from bot.reconcile import differences
from bot.reconcile.differences import Listings
from bot.reconcile.wanting import Wanting

_log = structlog.get_logger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Rows(Protocol):
    """What is stored."""

    def rows(self) -> Sequence[ports.Row]:
        """All environments."""


class Survey:
    """Asks every source; one that fails is counted in `failures` and left out."""

    def __init__(
        self,
        store: Rows,
        *,
        pull_requests: ports.PullRequests,
        policies: ports.Policies,
        stacks: ports.Stacks,
        inventory: ports.Inventory,
        failures: collections.Counter[str],
    ) -> None:
        self._store = store
        self._pull_requests = pull_requests
        self._policies = policies
        self._stacks = stacks
        self._inventory = inventory
        self._failures = failures

    def listings(self, stopping: Callable[[], bool]) -> Listings | None:
        """Everything that could be listed; None without the rows.

        Asks nothing more as soon as `stopping` says so; what it has then is worth nothing.
        """
        # A row is written before anything is made, and stays; it says "gone" only after all is. So
        # what exists is listed first and the rows afterwards: whatever is made meanwhile is not in
        # the older list, and its row is in the younger one, so it never looks like an orphan. In
        # the same way pull requests come after the rows: none that is opened meanwhile is missing
        # for a row. What is made or taken away as a whole between two lists may look wrong once,
        # and what deliveries change meanwhile is seen when the row is read again; the sweep sees to
        # both.
        names = self.ask("state", self._stacks.names)
        if stopping():
            return None
        holdings = self.ask("inventory", self._inventory.holdings)
        if stopping():
            return None
        rows = self.ask("store", self._store.rows)
        if rows is None:
            return None
        stacks = None if names is None else frozenset(names)
        origins = self._origins(stacks or frozenset(), rows, stopping)
        wanting = Wanting(
            self._pull_requests, self._policies, functools.partial(self.ask, "github")
        )
        return Listings(
            lanes=rows,
            stacks=stacks,
            holdings=holdings,
            origins=origins,
            pull_requests=self._open(rows, wanting, stopping),
            policies=wanting.policies,
        )

    def ask(
        self, source: str, question: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T | None:
        """The answer, or None where there is none; whatever went wrong is this question's only."""
        try:
            return question(*args, **kwargs)
        except errors.UnderstudyError as error:
            _log.warning(
                "no answer", action="sweep", source=source, reason=error.reason, why=error.message
            )
        except Exception:
            _log.exception("no answer", action="sweep", source=source)
        self._failures[source] += 1
        return None

    def _origins(
        self, stacks: frozenset[str], rows: Sequence[ports.Row], stopping: Callable[[], bool]
    ) -> Mapping[str, model.Origin | None]:
        found = {}
        for name in differences.unclaimed(stacks, rows):
            if stopping():
                break
            answer = self.ask("state", self._origin, name)
            if answer is not None:
                found[name] = answer[0]
        return found

    def _origin(self, name: str) -> tuple[model.Origin | None]:
        # In a tuple, as None is an answer as well.
        return (self._stacks.origin(name),)

    def _open(
        self, rows: Sequence[ports.Row], wanting: Wanting, stopping: Callable[[], bool]
    ) -> Mapping[str, Sequence[model.PullRequest]]:
        known = self.ask("github", self._pull_requests.repositories) or ()
        # Also where the bot was given no list, or one that has become shorter.
        ours: dict[str, set[model.EnvironmentKey]] = {}
        names: dict[str, str] = {}
        for key in (row.key for row in rows if _there(row)):
            folded = differences.folded(key.repository)
            names[folded] = key.repository
            ours.setdefault(folded, set()).add(key)
        # GitHub may spell them otherwise than the rows do.
        names |= {differences.folded(name): name for name in known}
        found = {}
        for folded, name in names.items():
            if stopping():
                break
            answer = self.ask("github", wanting.of, name, ours.get(folded, set()))
            if answer is not None:
                found[folded] = answer
        return found


def _there(row: ports.Row) -> bool:
    """Whether anything of an environment exists, or is said of it."""
    return row.stack_exists or row.phase is not model.Phase.ABSENT
