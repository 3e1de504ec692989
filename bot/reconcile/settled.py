"""What is left to do where the world is as it is wanted: look whether it still is, and tell."""

from __future__ import annotations

import datetime

from bot import intent, model
from bot.reconcile import glance, removal, rise, sleeping
from bot.reconcile.context import Pass


def keep(run: Pass, commit: str) -> datetime.datetime | None:
    """A lane is as it is wanted; returns when to look again."""
    if run.row.phase is model.Phase.SLEEPING:
        sleeping.sleep(run)
        return None
    if run.row.lane is model.Lane.CLUSTER:
        sleeping.awake(run)
        if not glance.serves(run, commit):
            return rise.watch(run, commit)
    run.to(run.row.phase, "")
    return None


def leave(run: Pass, ignored: model.Ignored) -> None:
    """Nothing is there, and nothing is wanted: tell it where somebody waits for an answer."""
    sentence = intent.HELD_BACK.get(ignored.reason)
    # One lane speaks for all.
    if sentence and run.row.lane is model.Lane.CLUSTER:
        run.to(model.Phase.WAITING, sentence)
    elif run.row.phase is not model.Phase.ABSENT:
        run.to(model.Phase.ABSENT, removal.sentence(ignored), failures=0)
