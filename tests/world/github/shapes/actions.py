"""Workflows of GitHub Actions and their runs."""

from __future__ import annotations

from typing import Any

from tests.world.github import git, objects
from tests.world.github.shapes.accounts import repository, user
from tests.world.github.shapes.common import node_id, stamp
from tests.world.github.shapes.pulls import pull_minimal, simple_commit


def workflow(base: str, at: objects.Repository, of: objects.Workflow) -> dict[str, Any]:
    """A workflow."""
    path = f".github/workflows/{of.file_name}"
    html = f"{base}/{at.full_name}"
    return {
        "id": of.id,
        "node_id": node_id("Workflow", of.id),
        "name": of.name,
        "path": path,
        "state": "active",
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.created_at),
        "url": f"{base}/repos/{at.full_name}/actions/workflows/{of.id}",
        "html_url": f"{html}/blob/{at.default_branch}/{path}",
        "badge_url": f"{html}/workflows/{of.name}/badge.svg",
    }


def workflow_run(
    base: str, at: objects.Repository, of: objects.WorkflowRun, commit: git.Commit
) -> dict[str, Any]:
    """A run of a workflow."""
    actions = f"{base}/repos/{at.full_name}/actions"
    url = f"{actions}/runs/{of.id}"
    when = stamp(of.created_at)
    here = repository(base, at)
    return {
        "id": of.id,
        "name": of.workflow.name,
        "node_id": node_id("WorkflowRun", of.id),
        "check_suite_id": of.suite,
        "check_suite_node_id": node_id("CheckSuite", of.suite),
        "head_branch": of.head_branch,
        "head_sha": of.head_sha,
        "path": f".github/workflows/{of.workflow.file_name}",
        "display_title": commit.message,
        "run_number": of.number,
        "run_attempt": 1,
        "event": of.event,
        "status": "completed",
        "conclusion": of.conclusion,
        "workflow_id": of.workflow.id,
        "url": url,
        "html_url": f"{base}/{at.full_name}/actions/runs/{of.id}",
        "pull_requests": [pull_minimal(base, at, item) for item in at.pulls_of(of.head_sha)],
        "created_at": when,
        "updated_at": when,
        "run_started_at": when,
        "actor": user(base, of.actor),
        "triggering_actor": user(base, of.actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{base}/repos/{at.full_name}/check-suites/{of.suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{actions}/workflows/{of.workflow.id}",
        "head_commit": simple_commit(commit),
        "repository": here,
        "head_repository": here,
    }
