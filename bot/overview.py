"""How an environment stands, for people: its lanes put together.

What is told is a function of what is stored, so it can be told again at any time, by any replica,
and is never older than the store.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot import life as lives
from bot import model, ports

MAX_COMMANDS = 5
"""So many of the latest commands are told."""
_GONE = frozenset({model.Phase.ABSENT, model.Phase.WAITING})
"""Phases without anything that exists."""
_ENDING = _GONE | {model.Phase.DESTROYING}
_EDGE_LEFT = "nodes and namespace are gone; the way through CloudFront is still being taken away"

Lanes = Mapping[model.Lane, ports.Row]


class Overview:
    """Reads an environment from the store."""

    def __init__(
        self,
        store: ports.Store,
        routes: Callable[[Lanes], model.Routes | None],
        ends_at: Callable[[model.Life], datetime.datetime | None] = lambda life: life.ends_at,
        cost: Callable[[Lanes], model.Cost | None] = lambda _: None,
    ) -> None:
        """`ends_at` tells when a life ends by itself; by default as far as it was warned of.
        `cost` tells what an environment costs; by default nobody knows."""
        self._store = store
        self._routes = routes
        self._ends_at = ends_at
        self._cost = cost

    def of(self, key: model.EnvironmentKey) -> model.Report | None:
        """The environment as it is stored just now; None where there is no row."""
        lanes = self._store.lanes(key)
        if not lanes:
            return None
        cluster = lanes[model.Lane.CLUSTER]
        phase, reason = together(lanes)
        if phase not in _ENDING and cluster.life.ends_at is not None:
            reason = "; ".join(filter(None, (reason, warning(cluster.life))))
        return model.Report(
            key=key,
            name=cluster.name,
            phase=phase,
            commit=_commit(cluster),
            reason=reason,
            routes=self._routes(lanes),
            progress=cluster.progress,
            absence=absence(lanes),
            timeline=tuple(self._store.timeline(key)),
            life=cluster.life,
            ends_at=self._ends_at(cluster.life),
            commands=tuple(self._store.commands(key)[-MAX_COMMANDS:]),
            cost=self._cost(lanes),
        )


def _commit(row: ports.Row) -> str | None:
    """The commit that is told: of what serves, the one that it serves; else the one wanted."""
    # A newer one may be wanted already, with nothing begun: that is not what is ready.
    if row.phase in (model.Phase.READY, model.Phase.SLEEPING) and row.commit:
        return row.commit
    return row.target or row.commit


def warning(life: model.Life) -> str:
    """That the end is near, in one sentence."""
    assert life.ends_at is not None
    return f"ends at {lives.moment(life.ends_at)} unless it is extended or pinned"


def environments(rows: Iterable[ports.Row]) -> Sequence[Lanes]:
    """Rows by environment, in the order in which they came."""
    found: dict[model.EnvironmentKey, dict[model.Lane, ports.Row]] = {}
    for row in rows:
        found.setdefault(row.key, {})[row.lane] = row
    return list(found.values())


def together(lanes: Lanes) -> tuple[model.Phase, str]:
    """The environment's phase and the reason for it, out of its lanes'.

    The cluster's lane decides whether it serves; it is not gone before the edge is gone, too.
    """
    cluster, edge = lanes[model.Lane.CLUSTER], lanes.get(model.Lane.EDGE)
    if edge is None:
        return cluster.phase, cluster.reason
    going = edge.removing or cluster.phase is model.Phase.ABSENT
    if cluster.phase in _GONE and edge.stack_exists and going:
        left = edge.reason or _EDGE_LEFT
        stuck = edge.phase is model.Phase.STUCK
        return (model.Phase.STUCK if stuck else model.Phase.DESTROYING), left
    if edge.reason not in {"", cluster.reason} and edge.phase not in _GONE and not edge.removing:
        told = f"the way through CloudFront: {edge.reason}"
        return cluster.phase, f"{cluster.reason}; {told}" if cluster.reason else told
    return cluster.phase, cluster.reason


def merged(lanes: Lanes) -> ports.Row:
    """The environment as one row, for those who compare it with what there is."""
    return dataclasses.replace(
        lanes[model.Lane.CLUSTER],
        phase=together(lanes)[0],
        seen=min(row.seen for row in lanes.values()),
        stack_exists=any(row.stack_exists for row in lanes.values()),
        leased=any(row.leased for row in lanes.values()),
    )


def absence(lanes: Lanes) -> model.Absence | None:
    """What the listings of all lanes found together."""
    found = [row.absence for row in lanes.values() if row.absence is not None]
    if not found:
        return None
    checked = dict.fromkeys(what for one in found for what in one.checked)
    remnants = dict.fromkeys(left for one in found for left in one.remnants)
    at: datetime.datetime = max(one.at for one in found)
    return model.Absence(tuple(checked), tuple(remnants), at)
