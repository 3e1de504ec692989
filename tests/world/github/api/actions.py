"""Workflows of GitHub Actions: asking for one, and what has run."""

from __future__ import annotations

import flask

from tests.world.github import errors, objects, shapes
from tests.world.github.api.common import (
    Answer,
    Json,
    base,
    body,
    page,
    repository,
    viewer,
    world,
)

blueprint = flask.Blueprint("actions", __name__, url_prefix="/repos/<owner>/<name>/actions")

MAX_INPUTS = 25


@blueprint.get("/workflows/<workflow>")
def get(owner: str, name: str, workflow: str) -> Json:
    """A workflow by its file's name or its id."""
    at = repository(owner, name)
    return shapes.workflow(base(), at, _workflow(at, workflow))


@blueprint.post("/workflows/<workflow>/dispatches")
def dispatch(owner: str, name: str, workflow: str) -> Answer:
    """Ask for a workflow to run; it is noted only."""
    at = repository(owner, name)
    found = _workflow(at, workflow)
    given = body()
    ref, inputs = given.get("ref"), given.get("inputs") or {}
    if not isinstance(ref, str) or not ref:
        raise errors.Refusal(422, 'Invalid request. "ref" wasn\'t supplied.')
    # Only the name of a branch will do: no commit.
    if ref.removeprefix("refs/heads/") not in at.branches:
        raise errors.Refusal(422, f"No ref found for: {ref}")
    if not isinstance(inputs, dict) or len(inputs) > MAX_INPUTS:
        raise errors.Refusal(422, f"Invalid request. Inputs are at most {MAX_INPUTS} by name.")
    at.dispatches.append(objects.Dispatch(found, ref, dict(inputs), viewer().account))
    return "", 204


@blueprint.get("/runs")
def runs(owner: str, name: str) -> Json:
    """Runs of all workflows, newest first, by commit, branch, event and state."""
    at = repository(owner, name)
    asked = flask.request.args
    found = [
        run
        for run in reversed(at.workflow_runs.values())
        if asked.get("head_sha") in (None, run.head_sha)
        and asked.get("branch") in (None, run.head_branch)
        and asked.get("event") in (None, run.event)
        # GitHub's `status` asks for states and for conclusions.
        and asked.get("status") in (None, "completed", run.conclusion)
    ]
    return {
        "total_count": len(found),
        "workflow_runs": page(found, lambda item: _run(at, item)),
    }


@blueprint.get("/runs/<int:number>")
def get_run(owner: str, name: str, number: int) -> Json:
    """One run."""
    at = repository(owner, name)
    if number not in at.workflow_runs:
        raise errors.not_found()
    return _run(at, at.workflow_runs[number])


def _run(at: objects.Repository, run: objects.WorkflowRun) -> Json:
    return shapes.workflow_run(base(), at, run, world().state.commits[run.head_sha])


def _workflow(at: objects.Repository, name: str) -> objects.Workflow:
    for found in at.workflows.values():
        if name in (found.file_name, str(found.id)):
            return found
    raise errors.not_found()
