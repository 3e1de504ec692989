"""A store in memory that keeps the promises of `bot.ports.Store`, for tests that need thousands.

The same contract tests run on it as on the real one (tests/contract/test_store.py).
"""

from __future__ import annotations

import dataclasses
import datetime
import secrets
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from bot import clock, errors, model, ports
from infra import naming


@dataclasses.dataclass(slots=True)
class _Entry:
    """One lane: its row, and what the row does not show."""

    row: ports.Row
    waiting_since: datetime.datetime
    order: int
    token: int = 0
    until: datetime.datetime | None = None


@dataclasses.dataclass(slots=True)
class _Writes:
    """Writes to GitHub, made at one time or on their way."""

    account: str
    count: int
    at: datetime.datetime
    ended: bool = False


class MemoryStore:
    """Implements `bot.ports.Store`; what it keeps ends with the object."""

    def __init__(self, time: clock.Clock) -> None:
        self._clock = time
        self._lock = threading.RLock()
        self._entries: dict[tuple[str, model.Lane], _Entry] = {}
        self._deliveries: set[str] = set()
        self._lines: dict[str, list[model.TimelineEntry]] = {}
        self._commands: dict[str, dict[tuple[int, int], model.Command]] = {}
        """By environment, then by comment and line."""
        self._rights: dict[str, tuple[str, datetime.datetime]] = {}
        self._deeds: dict[str, list[model.Deed]] = {}
        self._marks: dict[str, datetime.datetime] = {}
        self._writes: list[_Writes] = []
        self.fault: errors.UnderstudyError | None = None
        """What every call raises while it is set."""

    def close(self) -> None:
        """Nothing is open."""

    # -- hints ------------------------------------------------------------------------------------

    def record_delivery(
        self,
        delivery: ports.Delivered,
        keys: Collection[model.EnvironmentKey] = (),
        commands: Collection[model.Command] = (),
    ) -> bool:
        """See `bot.ports.Store`."""
        with self._locked():
            known = delivery.id in self._deliveries
            self._deliveries.add(delivery.id)
            for key in sorted(keys):
                self._raise_wanted(key)
            if keys and not known:
                deed = delivery.deed(self._clock.now())
                self._deeds.setdefault(min(keys).identity, []).append(deed)
            for command in commands:
                self.record_command(command)
            return not known

    def hint_commit(self, repository: str, commit: str) -> Sequence[model.EnvironmentKey]:
        """See `bot.ports.Store`."""
        return self._hint_those(repository, lambda row: row.target == commit)

    def hint_branch(self, repository: str, branch: str) -> Sequence[model.EnvironmentKey]:
        """See `bot.ports.Store`."""
        return self._hint_those(repository, lambda row: row.key.branch == branch)

    def hint_definitions(self, key: model.EnvironmentKey) -> None:
        """See `bot.ports.Store`."""
        self._hint_those(
            key.repository,
            lambda row: (
                bool(row.key.definition)
                and (row.key.number, row.key.branch) == (key.number, key.branch)
            ),
        )

    def _hint_those(
        self, repository: str, chosen: Callable[[ports.Row], bool]
    ) -> Sequence[model.EnvironmentKey]:
        with self._locked():
            keys = sorted(
                entry.row.key
                for (_, lane), entry in self._entries.items()
                if lane is model.Lane.CLUSTER
                and chosen(entry.row)
                and entry.row.key.repository.lower() == repository.lower()
            )
            for key in keys:
                self._raise_wanted(key)
            return keys

    def hint(self, key: model.EnvironmentKey) -> None:
        """See `bot.ports.Store`."""
        with self._locked():
            self._raise_wanted(key)

    def adopt(self, key: model.EnvironmentKey) -> bool:
        """See `bot.ports.Store`."""
        with self._locked():
            self._raise_wanted(key)
            silent = [entry for entry in self._of(key) if not entry.row.stack_exists]
            for entry in silent:
                entry.row = dataclasses.replace(entry.row, stack_exists=True)
            return bool(silent)

    def doubt(self, key: model.EnvironmentKey) -> None:
        """See `bot.ports.Store`."""
        with self._locked():
            self._raise_wanted(key)
            for entry in self._of(key):
                entry.row = dataclasses.replace(entry.row, commit=None)

    def prune(self) -> None:
        """Nothing here grows old."""

    def _raise_wanted(self, key: model.EnvironmentKey) -> None:
        now = self._clock.now()
        if not self._of(key):
            self._make(key, now)
        for entry in self._of(key):
            if entry.row.seen >= entry.row.wanted:
                entry.waiting_since = now
            entry.row = dataclasses.replace(entry.row, wanted=entry.row.wanted + 1)

    def _make(self, key: model.EnvironmentKey, now: datetime.datetime) -> None:
        name = naming.environment_name(key)
        edge_value = secrets.token_hex(16)
        for lane in model.Lane:
            row = ports.Row(
                key=key,
                lane=lane,
                name=name,
                wanted=0,
                seen=0,
                due_at=None,
                phase=model.Phase.ABSENT,
                phase_since=now,
                stack_exists=False,
                removing=False,
                destroyed_at=None,
                commit=None,
                target=None,
                reason="",
                edge_value=edge_value,
                outputs={},
                progress=None,
                absence=None,
                comment_id=None,
                comment_digest=None,
                deployment_id=None,
                deployment_commit=None,
                failures=0,
                leased=False,
            )
            self._entries[key.identity, lane] = _Entry(row, now, len(self._entries))

    # -- leases -----------------------------------------------------------------------------------

    def take(
        self, owner: str, seconds: float, lanes: Collection[model.Lane] = tuple(model.Lane)
    ) -> tuple[ports.Row, ports.Lease] | None:
        """See `bot.ports.Store`."""
        del owner
        with self._locked():
            now = self._clock.now()
            waiting = [
                (since, entry.order, entry)
                for entry in self._entries.values()
                if entry.row.lane in lanes
                and (entry.until is None or entry.until <= now)
                and (since := _since(entry, now)) is not None
            ]
            if not waiting:
                return None
            entry = min(waiting, key=lambda one: one[:2])[2]
            entry.token += 1
            entry.until = now + datetime.timedelta(seconds=seconds)
            return self._shown(entry), self._lease(entry)

    def may(self, right: str, owner: str, seconds: float) -> bool:
        """See `bot.ports.Store`."""
        with self._locked():
            now = self._clock.now()
            holder, until = self._rights.get(right, (owner, now))
            if holder != owner and until > now:
                return False
            self._rights[right] = (owner, now + datetime.timedelta(seconds=seconds))
            return True

    def renew(self, lease: ports.Lease, seconds: float) -> ports.Lease:
        """See `bot.ports.Store`."""
        with self._locked():
            entry = self._held(lease)
            entry.until = self._clock.now() + datetime.timedelta(seconds=seconds)
            return self._lease(entry)

    def save(self, lease: ports.Lease, **changes: object) -> ports.Row:
        """See `bot.ports.Store`."""
        _only(changes, ports.SAVED)
        if "phase" in changes:
            changes["phase"] = model.Phase(str(changes["phase"]))
        with self._locked():
            entry = self._held(lease)
            if changes.get("phase", entry.row.phase) is not entry.row.phase:
                changes["phase_since"] = self._clock.now()
            life = changes.pop("life", None)
            if isinstance(life, model.Life):
                self._live(lease.key, life)
            entry.row = dataclasses.replace(entry.row, **changes)  # type: ignore[arg-type]
            return self._shown(entry)

    def release(self, lease: ports.Lease, seen: int, due_at: datetime.datetime | None) -> None:
        """See `bot.ports.Store`."""
        with self._locked():
            entry = self._held(lease)
            entry.row = dataclasses.replace(
                entry.row, seen=max(entry.row.seen, seen), due_at=due_at
            )
            entry.waiting_since = self._clock.now()
            entry.until = None

    def remember(self, key: model.EnvironmentKey, **feedback: object) -> None:
        """See `bot.ports.Store`."""
        _only(feedback, ports.REMEMBERED)
        with self._locked():
            for entry in self._of(key):
                entry.row = dataclasses.replace(entry.row, **feedback)  # type: ignore[arg-type]

    # -- commands ---------------------------------------------------------------------------------

    def record_command(self, command: model.Command) -> bool:
        """See `bot.ports.Store`."""
        with self._locked():
            mine = self._commands.setdefault(command.key.identity, {})
            if (command.comment_id, command.line) in mine:
                return False
            mine[command.comment_id, command.line] = dataclasses.replace(
                command,
                state=model.CommandState.PENDING,
                answer="",
                output="",
                answered=False,
            )
            self._raise_wanted(command.key)
            return True

    def begin_command(self, lease: ports.Lease) -> model.Command | None:
        """See `bot.ports.Store`."""
        with self._locked():
            self._held(lease)
            for state in (model.CommandState.RUNNING, model.CommandState.PENDING):
                for command in self.commands(lease.key):
                    if command.state is state:
                        running = model.CommandState.RUNNING
                        return self._keep(dataclasses.replace(command, state=running))
            return None

    def finish_command(
        self, lease: ports.Lease, command: model.Command, life: model.Life | None = None
    ) -> ports.Row:
        """See `bot.ports.Store`."""
        if not command.state.ended:
            raise ValueError(f"a command does not end {command.state.value}")
        with self._locked():
            entry = self._held(lease)
            self._keep(command)
            if life is not None and life != entry.row.life:
                self._live(lease.key, life)
                self._raise_wanted(lease.key)
            return self._shown(entry)

    def answered(self, command: model.Command) -> None:
        """See `bot.ports.Store`."""
        with self._locked():
            mine = self._commands.get(command.key.identity, {})
            kept = mine.get((command.comment_id, command.line))
            if kept is not None:
                self._keep(dataclasses.replace(kept, answered=True))

    def untold(self) -> Sequence[model.Command]:
        """See `bot.ports.Store`."""
        with self._locked():
            every = [one for mine in self._commands.values() for one in mine.values()]
            untold = [one for one in every if one.output and not one.answered]
            return sorted(untold, key=lambda command: command.order)

    def commands(self, key: model.EnvironmentKey) -> Sequence[model.Command]:
        """See `bot.ports.Store`."""
        with self._locked():
            mine = self._commands.get(key.identity, {})
            return sorted(mine.values(), key=lambda command: command.order)

    def _keep(self, command: model.Command) -> model.Command:
        self._commands[command.key.identity][command.comment_id, command.line] = command
        return command

    def _live(self, key: model.EnvironmentKey, life: model.Life) -> None:
        for entry in self._of(key):
            entry.row = dataclasses.replace(entry.row, life=life)

    # -- writes to GitHub -------------------------------------------------------------------------

    def written(self, account: str) -> Sequence[datetime.datetime]:
        """See `bot.ports.Ledger`."""
        with self._locked():
            now = self._clock.now()
            recent = [
                one
                for one in self._writes
                if one.account == account and now - one.at < datetime.timedelta(hours=1)
            ]
            return sorted(at for one in recent for at in [one.at if one.ended else now] * one.count)

    def spend(self, account: str, writes: int, wait: ports.Wait) -> tuple[float, int]:
        """See `bot.ports.Ledger`."""
        with self._locked():
            if seconds := wait(self.written(account)):
                return seconds, 0
            self._writes.append(_Writes(account, writes, self._clock.now()))
            return 0.0, len(self._writes)

    def spent(self, number: int, writes: int) -> None:
        """See `bot.ports.Ledger`."""
        with self._locked():
            found = self._writes[number - 1]
            found.count, found.at, found.ended = writes, self._clock.now(), True

    # -- marks ------------------------------------------------------------------------------------

    def mark(self, name: str) -> datetime.datetime | None:
        """See `bot.ports.Store`."""
        with self._locked():
            return self._marks.get(name)

    def set_mark(self, name: str, at: datetime.datetime) -> None:
        """See `bot.ports.Store`."""
        with self._locked():
            self._marks[name] = at

    # -- reading ----------------------------------------------------------------------------------

    def deeds(self, key: model.EnvironmentKey) -> Sequence[model.Deed]:
        """See `bot.ports.Store`."""
        with self._locked():
            asked = [command.deed for command in self.commands(key)]
            return sorted([*self._deeds.get(key.identity, ()), *asked])

    def row(
        self, key: model.EnvironmentKey, lane: model.Lane = model.Lane.CLUSTER
    ) -> ports.Row | None:
        """See `bot.ports.Store`."""
        return self.lanes(key).get(lane)

    def lanes(self, key: model.EnvironmentKey) -> Mapping[model.Lane, ports.Row]:
        """See `bot.ports.Store`."""
        with self._locked():
            return {entry.row.lane: self._shown(entry) for entry in self._of(key)}

    def rows(self) -> Sequence[ports.Row]:
        """See `bot.ports.Store`."""
        with self._locked():
            # Pairs of lanes, the newest pair first.
            entries = sorted(
                self._entries.values(),
                key=lambda entry: (-(entry.order // len(model.Lane)), entry.order),
            )
            return [self._shown(entry) for entry in entries]

    def healthy(self) -> bool:
        """See `bot.ports.Store`."""
        return self.fault is None

    # -- timelines --------------------------------------------------------------------------------

    def note(self, key: model.EnvironmentKey, text: str) -> None:
        """See `bot.ports.Store`."""
        with self._locked():
            if self._of(key):
                lines = self._lines.setdefault(key.identity, [])
                lines.append(model.TimelineEntry(self._clock.now(), text))
                del lines[: -ports.MAX_TIMELINE]

    def timeline(self, key: model.EnvironmentKey) -> Sequence[model.TimelineEntry]:
        """See `bot.ports.Store`."""
        with self._locked():
            return list(self._lines.get(key.identity, ()))

    # -- parts ------------------------------------------------------------------------------------

    def _locked(self) -> threading.RLock:
        if self.fault is not None:
            raise self.fault
        return self._lock

    def _of(self, key: model.EnvironmentKey) -> list[_Entry]:
        found = (self._entries.get((key.identity, lane)) for lane in model.Lane)
        return [entry for entry in found if entry is not None]

    def _held(self, lease: ports.Lease) -> _Entry:
        entry = self._entries[lease.key.identity, lease.lane]
        if entry.until is None or entry.token != lease.token or entry.until <= self._clock.now():
            raise errors.LeaseLostError(f"the lease on {lease.key} ran out or was taken over")
        return entry

    def _lease(self, entry: _Entry) -> ports.Lease:
        assert entry.until is not None
        return ports.Lease(entry.row.key, entry.row.lane, entry.token, entry.until)

    def _shown(self, entry: _Entry) -> ports.Row:
        leased = entry.until is not None and entry.until > self._clock.now()
        return dataclasses.replace(entry.row, leased=leased)


def _since(entry: _Entry, now: datetime.datetime) -> datetime.datetime | None:
    """Since when it is work; None while it is none."""
    row = entry.row
    due = row.due_at if row.due_at is not None and row.due_at <= now else None
    if row.wanted > row.seen:
        return min(due, entry.waiting_since) if due else entry.waiting_since
    return due


def _only(changes: Mapping[str, object], columns: frozenset[str]) -> None:
    unknown = set(changes) - columns
    if unknown:
        raise ValueError(f"not to be changed by this verb: {', '.join(sorted(unknown))}")
