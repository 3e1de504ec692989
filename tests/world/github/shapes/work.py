"""What programs write about commits: deployments, statuses and checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.world.github import objects
from tests.world.github.shapes.accounts import app, repository, user
from tests.world.github.shapes.common import node_id, stamp
from tests.world.github.shapes.pulls import pull_minimal


def deployment(base: str, at: objects.Repository, of: objects.Deployment) -> dict[str, Any]:
    """A deployment."""
    url = f"{base}/repos/{at.full_name}"
    when = stamp(of.statuses[0].created_at if of.statuses else of.created_at)
    return {
        "url": f"{url}/deployments/{of.id}",
        "id": of.id,
        "node_id": node_id("Deployment", of.id),
        "task": of.task,
        "original_environment": of.environment,
        "environment": of.environment,
        "description": of.description,
        "created_at": stamp(of.created_at),
        "updated_at": when,
        "statuses_url": f"{url}/deployments/{of.id}/statuses",
        "repository_url": url,
        "creator": user(base, of.creator),
        "sha": of.sha,
        "ref": of.ref,
        "payload": of.payload,
        "transient_environment": of.transient,
        "production_environment": of.production,
        "performed_via_github_app": None,
    }


def deployment_status(
    base: str, at: objects.Repository, of: objects.Deployment, status: objects.Status
) -> dict[str, Any]:
    """One state of a deployment."""
    url = f"{base}/repos/{at.full_name}"
    return {
        "url": f"{url}/deployments/{of.id}/statuses/{status.id}",
        "id": status.id,
        "node_id": node_id("DeploymentStatus", status.id),
        "state": status.state,
        "creator": user(base, status.creator),
        "description": status.description,
        "environment": status.environment or of.environment,
        "target_url": status.target_url,
        "log_url": status.target_url,
        "environment_url": status.environment_url,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
        "deployment_url": f"{url}/deployments/{of.id}",
        "repository_url": url,
        "performed_via_github_app": None,
    }


def commit_status(
    base: str, at: objects.Repository, sha: str, of: objects.Status
) -> dict[str, Any]:
    """One state of a commit, under a context."""
    return {
        "url": f"{base}/repos/{at.full_name}/statuses/{sha}",
        "avatar_url": f"{base}/avatars/u/{of.creator.id}",
        "id": of.id,
        "node_id": node_id("StatusContext", of.id),
        "state": of.state,
        "description": of.description or None,
        "target_url": of.target_url or None,
        "context": of.context,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.created_at),
        "creator": user(base, of.creator),
    }


def combined_status(
    base: str, at: objects.Repository, sha: str, latest: Sequence[objects.Status]
) -> dict[str, Any]:
    """The newest state of each context, and what they come to together."""
    states = {status.state for status in latest}
    if states & {"error", "failure"}:
        state = "failure"
    else:
        state = "success" if states == {"success"} else "pending"
    statuses = [commit_status(base, at, sha, status) for status in latest]
    for status in statuses:
        del status["creator"]  # GitHub leaves it out here
    return {
        "state": state,
        "statuses": statuses,
        "sha": sha,
        "total_count": len(statuses),
        "repository": repository(base, at),
        "commit_url": f"{base}/repos/{at.full_name}/commits/{sha}",
        "url": f"{base}/repos/{at.full_name}/commits/{sha}/status",
    }


def check_run(base: str, at: objects.Repository, of: objects.CheckRun) -> dict[str, Any]:
    """A check of a commit."""
    url = f"{base}/repos/{at.full_name}/check-runs/{of.id}"
    given = of.fields
    output = given.get("output") or {}
    done = given.get("conclusion") is not None
    return {
        "id": of.id,
        "name": given["name"],
        "node_id": node_id("CheckRun", of.id),
        "head_sha": of.head_sha,
        "external_id": given.get("external_id", ""),
        "url": url,
        "html_url": f"{base}/{at.full_name}/runs/{of.id}",
        "details_url": given.get("details_url", base),
        "status": "completed" if done else given.get("status", "queued"),
        "conclusion": given.get("conclusion"),
        "started_at": given.get("started_at", stamp(of.started_at)),
        "completed_at": given.get("completed_at", stamp(objects.now())) if done else None,
        "output": {
            "title": output.get("title"),
            "summary": output.get("summary"),
            "text": output.get("text"),
            "annotations_count": len(output.get("annotations", [])),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": of.suite},
        "app": app(base, of.app),
        "pull_requests": [pull_minimal(base, at, item) for item in at.pulls_of(of.head_sha)],
    }
