"""Puts a cluster lane to sleep, and sees that one that is awake has nothing at zero.

Both are asked of the cluster again whenever it is looked at, so that a pass that was interrupted
between the workloads and its record of them is made up for, whatever was wanted next.
"""

from __future__ import annotations

from bot import model
from bot.reconcile.context import Pass


def sleep(run: Pass) -> None:
    """Scale everything to zero, then say so. Raises UnreachableError."""
    run.stages.sleeper.sleep(run.row.name)
    run.to(model.Phase.SLEEPING, "", progress=None, failures=0)


def awake(run: Pass) -> None:
    """Scale everything up that is asleep. Raises UnreachableError."""
    run.stages.sleeper.wake(run.row.name)
