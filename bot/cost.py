"""What an environment costs, by what its services ask for and by prices that the settings give.

An estimate from requests: what nodes really cost, and who shares one, is another matter. A sleeping
environment asks for nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from bot import model, ports
from infra import contract

RUNNING = frozenset(
    {
        model.Phase.PROVISIONING,
        model.Phase.READY,
        model.Phase.DEGRADED,
        model.Phase.STUCK,
        model.Phase.DESTROYING,
    }
)
"""Phases in which what was asked for is, or may be, there."""
_DAY_HOURS = 24.0


def used(row: ports.Row, seconds: float) -> model.Usage:
    """What a lane has asked for by now; it has been in its phase for so many seconds."""
    cores, gib = _requested(row)
    hours = seconds / 3600
    return model.Usage(row.usage.core_hours + cores * hours, row.usage.gib_hours + gib * hours)


def _requested(row: ports.Row) -> tuple[float, float]:
    """Cores, and memory in GiB, that are asked for just now."""
    if row.phase not in RUNNING:
        return 0.0, 0.0
    cores, gib = (row.outputs.get(name) for name in (contract.outputs.CPU, contract.outputs.MEMORY))
    return _number(cores), _number(gib)


def _number(given: object) -> float:
    try:
        return max(float(str(given)), 0.0)
    except ValueError:
        return 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Prices:
    """What is paid, in `currency`."""

    core_hour: float
    gib_hour: float
    currency: str = "$"

    def of(self, lanes: Mapping[model.Lane, ports.Row]) -> model.Cost:
        """What an environment costs."""
        row = lanes[model.Lane.CLUSTER]
        cores, gib = _requested(row)
        return model.Cost(
            a_day=self._paid(cores, gib) * _DAY_HOURS,
            so_far=self._paid(row.usage.core_hours, row.usage.gib_hours),
            currency=self.currency,
        )

    def _paid(self, cores: float, gib: float) -> float:
        return cores * self.core_hour + gib * self.gib_hour
