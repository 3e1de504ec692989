"""Cluster, edge and instances, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from bot import errors, model, ports, proof


class Clearing:
    """Implements `bot.ports.Clearer` with the others."""

    def __init__(self, parts: Sequence[ports.Clearer]) -> None:
        self._parts = parts

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:
        """Give each part its turn, also where another does not answer. See `bot.ports.Clearer`."""
        obstacles: list[model.Obstacle] = []
        silent: list[errors.UnreachableError] = []
        for part in self._parts:
            try:
                obstacles += part.clear(name, seconds)
            except errors.UnreachableError as error:
                silent.append(error)
        if silent:
            # What the other parts did is in the log; what is left is told when all answer.
            raise silent[0]
        return obstacles


class InstanceClearer:
    """Implements `bot.ports.Clearer` for EC2: instances are Karpenter's, and only told."""

    def __init__(self, listing: proof.Source) -> None:
        self._listing = listing

    def clear(self, name: str, seconds: float) -> Sequence[model.Obstacle]:  # noqa: ARG002 - the port's
        """Tell what each instance waits for. See `bot.ports.Clearer`."""
        return [
            model.Obstacle(
                remnant,
                f"instance {remnant.name} ends with its NodeClaim; Karpenter ends one without a "
                "NodeClaim within some minutes",
            )
            for listing in self._listing.look(name)
            for remnant in listing.remnants
        ]
