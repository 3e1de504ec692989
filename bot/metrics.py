"""What the bot counts: proofs of absence, listings that failed, what was left, and its sweeps.

The instruments are OpenTelemetry's; `bot.exposition` shows them. Every count begins anew with the
process, as those who read them expect.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from opentelemetry import metrics

from bot import model

_Callback = Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]


class Sweeps(Protocol):
    """What sweeps have come to; see `bot.reconcile.Counters`."""

    sweeps: int
    ended_at: datetime.datetime | None

    @property
    def findings(self) -> Mapping[str, int]:
        """By kind."""

    @property
    def outcomes(self) -> Mapping[str, int]:
        """By what was done."""

    @property
    def failures(self) -> Mapping[str, int]:
        """Listings that failed, by source."""


class Metrics:
    """The counters; safe for threads."""

    def __init__(self, meter: metrics.Meter | None = None) -> None:
        """On that meter; without one, nothing is kept."""
        self._meter = meter or metrics.NoOpMeter("understudy")
        self._proofs = self._meter.create_counter(
            "understudy.proofs", description="Removals that ended in proved absence, by lane."
        )
        self._failures = self._meter.create_counter(
            "understudy.proof.failures",
            description="Listings after a destroy that failed and so proved nothing, by lane.",
        )
        self._remnants = self._meter.create_counter(
            "understudy.remnants",
            description="Resources that outlived the destroy of their stack, by kind.",
        )
        for lane in model.Lane:
            # What never happened is a zero, and not a gap.
            self._proofs.add(0, {"lane": lane.value})
            self._failures.add(0, {"lane": lane.value})

    def proved(self, lane: model.Lane) -> None:
        """A lane was proved absent."""
        self._proofs.add(1, {"lane": lane.value})

    def not_listed(self, lane: model.Lane) -> None:
        """A listing failed."""
        self._failures.add(1, {"lane": lane.value})

    def left(self, remnants: Iterable[model.Remnant]) -> None:
        """Something is still there some seconds after its stack was destroyed."""
        for remnant in remnants:
            self._remnants.add(1, {"kind": remnant.kind})

    def follow(self, sweeps: Sweeps) -> None:
        """Show from now on what these sweeps have come to, each time that somebody asks."""
        counted: dict[str, tuple[str, str, Callable[[], Mapping[str, int]]]] = {
            "understudy.sweep.findings": (
                "Differences found, by kind; orphan-stack and orphan-resources are leaks.",
                "kind",
                lambda: sweeps.findings,
            ),
            "understudy.sweep.outcomes": (
                "What was done about differences.",
                "done",
                lambda: sweeps.outcomes,
            ),
            "understudy.sweep.failures": (
                "Listings of sweeps that failed, by source.",
                "source",
                lambda: sweeps.failures,
            ),
        }
        for name, (description, label, read) in counted.items():
            self._meter.create_observable_counter(
                name, [_each(label, read)], description=description
            )
        self._meter.create_observable_counter(
            "understudy.sweeps",
            [lambda _: [metrics.Observation(sweeps.sweeps)]],
            description="Sweeps that came to their end.",
        )

        def ended(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
            if sweeps.ended_at is not None:
                yield metrics.Observation(sweeps.ended_at.timestamp())

        self._meter.create_observable_gauge(
            "understudy.sweep.ended",
            [ended],
            unit="s",
            description="When the last sweep ended, in seconds since 1970.",
        )


def _each(label: str, read: Callable[[], Mapping[str, int]]) -> _Callback:
    def observe(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        # A copy: the sweep goes on counting.
        return [metrics.Observation(value, {label: key}) for key, value in dict(read()).items()]

    return observe
