"""Deployments, commit statuses and checks."""

from __future__ import annotations

from typing import Any

import flask

from tests.world.github import comparing, errors, objects, shapes
from tests.world.github.api.common import (
    Answer,
    Json,
    base,
    body,
    page,
    repository,
    taken,
    viewer,
    world,
)
from tests.world.github.api.repositories import commit_or_refuse

blueprint = flask.Blueprint("work", __name__, url_prefix="/repos/<owner>/<name>")

DEPLOYMENT_STATES = (
    "error", "failure", "inactive", "in_progress", "queued", "pending", "success",
)  # fmt: skip
COMMIT_STATES = ("error", "failure", "pending", "success")
CHECK_FIELDS = (
    "name", "details_url", "external_id", "status", "started_at", "conclusion", "completed_at",
    "output", "actions",
)  # fmt: skip
MAX_DESCRIPTION = 140


# -- deployments ----------------------------------------------------------------------------------


@blueprint.get("/deployments")
def deployments(owner: str, name: str) -> Any:
    """Deployments, newest first, by sha, ref, task and environment."""
    at = repository(owner, name)
    asked = {key: flask.request.args.get(key) for key in ("sha", "ref", "task", "environment")}
    found = [
        item
        for item in reversed(at.deployments.values())
        if all(value in (None, "none", getattr(item, key)) for key, value in asked.items())
    ]
    return flask.jsonify(page(found, lambda item: shapes.deployment(base(), at, item)))


@blueprint.post("/deployments")
def create_deployment(owner: str, name: str) -> Answer:
    """Deploy a ref; by default GitHub first merges the base branch and asks for green checks."""
    at = repository(owner, name)
    given = body()
    ref = taken(given, "Deployment", "ref", str, "")
    commit = world().state.commit_at(at, ref) if ref else None
    if commit is None:
        raise errors.Refusal(422, f"No ref found for: {ref}")
    environment = taken(given, "Deployment", "environment", str, "production")
    contexts = taken(given, "Deployment", "required_contexts", list, None)
    if taken(given, "Deployment", "auto_merge", bool, True) and _behind(at, commit.sha):
        return {"message": f"Auto-merged {at.default_branch} into {ref} on deployment."}, 202
    if not _green(at, commit.sha, contexts):
        raise errors.Refusal(409, f"Conflict: Commit status checks failed for {ref}.")
    made = objects.Deployment(
        id=world().state.new_id(),
        sha=commit.sha,
        ref=ref,
        task=taken(given, "Deployment", "task", str, "deploy"),
        environment=environment,
        description=_description(given, "Deployment"),
        payload=given.get("payload", {}),
        transient=taken(given, "Deployment", "transient_environment", bool, False),
        production=taken(
            given, "Deployment", "production_environment", bool, environment == "production"
        ),
        creator=viewer().account,
    )
    at.deployments[made.id] = made
    return shapes.deployment(base(), at, made), 201


@blueprint.get("/deployments/<int:number>")
def deployment(owner: str, name: str, number: int) -> Json:
    """One deployment."""
    at, found = _deployment(owner, name, number)
    return shapes.deployment(base(), at, found)


@blueprint.get("/deployments/<int:number>/statuses")
def deployment_statuses(owner: str, name: str, number: int) -> Any:
    """A deployment's states, newest first."""
    at, found = _deployment(owner, name, number)
    return flask.jsonify(
        page(found.statuses, lambda item: shapes.deployment_status(base(), at, found, item))
    )


@blueprint.post("/deployments/<int:number>/statuses")
def create_deployment_status(owner: str, name: str, number: int) -> Answer:
    """Give a deployment a state."""
    at, found = _deployment(owner, name, number)
    given = body()
    made = objects.Status(
        id=world().state.new_id(),
        creator=viewer().account,
        state=_state(given, "DeploymentStatus", DEPLOYMENT_STATES),
        description=_description(given, "DeploymentStatus") or "",
        target_url=taken(given, "DeploymentStatus", "target_url", str, "")
        or taken(given, "DeploymentStatus", "log_url", str, ""),
        environment=taken(given, "DeploymentStatus", "environment", str, found.environment),
        environment_url=taken(given, "DeploymentStatus", "environment_url", str, ""),
    )
    world().state.add_status(at, found, made)
    return shapes.deployment_status(base(), at, found, made), 201


def _deployment(
    owner: str, name: str, number: int
) -> tuple[objects.Repository, objects.Deployment]:
    at = repository(owner, name)
    if number not in at.deployments:
        raise errors.not_found()
    return at, at.deployments[number]


def _behind(at: objects.Repository, sha: str) -> bool:
    """Whether the default branch has what this commit has not."""
    known = comparing.ancestors(world().state.commits, sha)
    return at.branches[at.default_branch] not in known


def _green(at: objects.Repository, sha: str, contexts: list[str] | None) -> bool:
    latest = {status.context: status.state for status in reversed(at.statuses.get(sha, []))}
    wanted = latest if contexts is None else contexts
    return all(latest.get(context) == "success" for context in wanted)


# -- commit statuses ------------------------------------------------------------------------------


@blueprint.post("/statuses/<sha>")
def create_status(owner: str, name: str, sha: str) -> Answer:
    """Give a commit a state under a context."""
    at = repository(owner, name)
    commit = commit_or_refuse(at, sha)
    given = body()
    made = objects.Status(
        id=world().state.new_id(),
        creator=viewer().account,
        state=_state(given, "Status", COMMIT_STATES),
        description=_description(given, "Status") or "",
        target_url=taken(given, "Status", "target_url", str, ""),
        context=taken(given, "Status", "context", str, "default"),
    )
    at.statuses.setdefault(commit.sha, []).insert(0, made)
    return shapes.commit_status(base(), at, commit.sha, made), 201


@blueprint.get("/commits/<ref>/statuses")
def statuses(owner: str, name: str, ref: str) -> Any:
    """Every state that a commit was given, newest first."""
    at = repository(owner, name)
    sha = commit_or_refuse(at, ref).sha
    found = at.statuses.get(sha, [])
    return flask.jsonify(page(found, lambda item: shapes.commit_status(base(), at, sha, item)))


@blueprint.get("/commits/<ref>/status")
def combined(owner: str, name: str, ref: str) -> Json:
    """The newest state of each context."""
    at = repository(owner, name)
    sha = commit_or_refuse(at, ref).sha
    latest = {status.context: status for status in reversed(at.statuses.get(sha, []))}
    return shapes.combined_status(base(), at, sha, list(latest.values()))


# -- checks ---------------------------------------------------------------------------------------


@blueprint.post("/check-runs")
def create_check_run(owner: str, name: str) -> Answer:
    """Check a commit; a person may not."""
    at = repository(owner, name)
    app = viewer().app
    if app is None:
        raise errors.Refusal(403, "You must authenticate via a GitHub App.")
    given = body()
    sha = commit_or_refuse(at, taken(given, "CheckRun", "head_sha", str, "")).sha
    if not taken(given, "CheckRun", "name", str, ""):
        raise errors.invalid("CheckRun", "name", "name is missing")
    fields = {key: given[key] for key in CHECK_FIELDS if key in given}
    made = world().state.add_check(at, app, sha, fields)
    return shapes.check_run(base(), at, made), 201


@blueprint.patch("/check-runs/<int:number>")
def update_check_run(owner: str, name: str, number: int) -> Json:
    """Change a check."""
    at = repository(owner, name)
    if number not in at.check_runs:
        raise errors.not_found()
    given = body()
    fields = {key: given[key] for key in CHECK_FIELDS if key in given}
    world().state.change_check(at, at.check_runs[number], fields)
    return shapes.check_run(base(), at, at.check_runs[number])


@blueprint.get("/commits/<ref>/check-runs")
def check_runs(owner: str, name: str, ref: str) -> Json:
    """A commit's checks."""
    at = repository(owner, name)
    sha = commit_or_refuse(at, ref).sha
    found = [run for run in at.check_runs.values() if run.head_sha == sha]
    runs = page(found, lambda item: shapes.check_run(base(), at, item))
    return {"total_count": len(found), "check_runs": runs}


def _state(given: Json, resource: str, allowed: tuple[str, ...]) -> str:
    state = taken(given, resource, "state", str, "")
    if state not in allowed:
        raise errors.invalid(resource, "state", f"state is none of {', '.join(allowed)}")
    return state


def _description(given: Json, resource: str) -> str | None:
    text = taken(given, resource, "description", str, None)
    if text is not None and len(text) > MAX_DESCRIPTION:
        raise errors.invalid(
            resource, "description", f"is too long (maximum is {MAX_DESCRIPTION} characters)"
        )
    return text
