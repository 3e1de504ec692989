"""What is left to do where the world is as it is wanted: look whether it still is, and tell."""

from __future__ import annotations

import datetime

from bot import intent, model
from bot.reconcile import deadlines, removal, rise
from bot.reconcile.context import Pass


def keep(run: Pass, commit: str) -> datetime.datetime | None:
    """An environment serves (or sleeps) as wanted; returns when to look again."""
    if run.row.phase is model.Phase.READY and not _glance(run, commit):
        return rise.watch(run, commit)
    return follow_edge(run)


def follow_edge(run: Pass) -> datetime.datetime | None:
    """Tell how far CloudFront has come, without waiting for it; returns when to ask again."""
    # A due time of a ready environment is there for nothing but CloudFront.
    waited = run.row.due_at is not None
    deployed = run.ask_edge()
    if deployed and waited and run.distribution_id is not None:
        run.note("CloudFront has brought the route to all its edges")
    run.to(run.row.phase, "")
    return None if deployed else run.after(deadlines.EDGE_SECONDS)


def leave(run: Pass, ignored: model.Ignored) -> None:
    """Nothing is there, and nothing is wanted: tell it where somebody waits for an answer."""
    if sentence := intent.HELD_BACK.get(ignored.reason):
        run.to(model.Phase.WAITING, sentence)
    elif run.row.phase is not model.Phase.ABSENT:
        run.to(model.Phase.ABSENT, removal.sentence(ignored), failures=0)


def _glance(run: Pass, commit: str) -> bool:
    """Whether every workload serves. Raises UnreachableError."""
    end = run.after(deadlines.GLANCE_SECONDS)

    def stop() -> bool:
        return run.held.lost() or run.stopping() or run.stages.clock.now() > end

    # The first thing that the watch tells is how everything stands now.
    for progress in run.follow(commit, stop):
        return progress.ready
    return True
