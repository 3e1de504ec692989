"""How far the bot goes, and how long it waits before. All times in seconds."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """What one call may do, and after how long; tests set shorter times."""

    finalizer_seconds: float = 600.0
    """An object in the environment's own namespace keeps its finalizers for so long after its
    deletion began: whoever set them may have something outside the cluster to take away."""
    node_seconds: float = 300.0
    """A node that is not Ready for so long will not tell any more that its pods have ended; the
    taint manager evicts pods after the same time."""
    owned_seconds: float = 30.0
    """What has an owner that is being deleted is the garbage collector's for so long."""
    most_steps: int = 20
    """Things done in one call; the rest has its turn in the next one."""
    most_told: int = 20
    """Objects of one kind that are looked at in one call."""
