"""A short look at whether everything serves."""

from __future__ import annotations

from bot.reconcile import deadlines
from bot.reconcile.context import Pass


def serves(run: Pass, commit: str) -> bool:
    """Whether every workload of a commit serves just now. Raises UnreachableError."""
    end = run.after(deadlines.GLANCE_SECONDS)

    def stop() -> bool:
        return run.held.lost() or run.stopping() or run.stages.clock.now() > end

    # The first thing that the watch tells is how everything stands now.
    for progress in run.follow(commit, stop):
        return progress.ready
    return True
