"""The edge lane: an environment's way through CloudFront.

CloudFront takes minutes to bring a change to its edges. Nobody waits for that: the engine makes the
change, and a due time asks how far it has come.
"""

from __future__ import annotations

import datetime

from bot import errors, intent, model
from bot.reconcile import deadlines, operations, removal
from bot.reconcile.context import Pass
from infra.contract import outputs


def up(run: Pass, pull_request: model.PullRequest, commit: str) -> datetime.datetime | None:
    """Create or update the route; returns when to look how far CloudFront has come.

    Raises EngineError, UnreachableError and LeaseLostError.
    """
    try:
        config = run.stages.configurer.config(run.row, pull_request, trusted=run.trusted)
    except errors.InvalidStageFileError as error:
        # The cluster's lane tells people, who mend the file for both; what is half made waits.
        if run.row.stack_exists:
            run.to(model.Phase.DEGRADED, error.message)
        return None
    if config is None:
        # Neither asked for nor possible here; an earlier commit may have had one.
        return removal.remove(run, model.Ignored(intent.NO_EDGE)) if run.row.stack_exists else None
    if not run.row.stack_exists and (away := run.unreachable()):
        raise away
    run.to(model.Phase.PROVISIONING, "", stack_exists=True, commit=None)
    operation = run.stages.engine.up(run.row.stack, config, run.engine_event)
    if not operations.ended(run, operation):
        return run.stages.clock.now()
    result = operation.result()
    run.save(commit=commit, outputs=dict(result.outputs))
    return watch(run, commit)


def watch(run: Pass, commit: str) -> datetime.datetime | None:  # noqa: ARG001 - as the cluster's
    """Tell how far CloudFront has come, without waiting for it. Raises UnreachableError."""
    found = run.row.outputs.get(outputs.STAGING_DISTRIBUTION_ID)
    if isinstance(found, str) and not run.stages.edge.deployed(found):
        run.to(model.Phase.PROVISIONING, "", failures=0)
        return run.after(deadlines.edge_seconds(run.in_phase()))
    if run.row.phase is not model.Phase.READY:
        run.note("CloudFront has brought the route to all its edges")
    run.to(model.Phase.READY, "", failures=0)
    return None
