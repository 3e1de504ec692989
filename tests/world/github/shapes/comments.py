"""What people write about pull requests, and pull requests as the issues that they are too."""

from __future__ import annotations

from typing import Any

from tests.world.github import objects
from tests.world.github.shapes.accounts import app, user
from tests.world.github.shapes.common import maybe, node_id, stamp
from tests.world.github.shapes.pulls import label


def comment(base: str, at: objects.Repository, of: objects.Comment) -> dict[str, Any]:
    """A comment."""
    url = f"{base}/repos/{at.full_name}/issues"
    return {
        "url": f"{url}/comments/{of.id}",
        "html_url": f"{base}/{at.full_name}/pull/{of.number}#issuecomment-{of.id}",
        "issue_url": f"{url}/{of.number}",
        "id": of.id,
        "node_id": node_id("IssueComment", of.id),
        "user": user(base, of.author),
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
        "author_association": "NONE",
        "body": of.body,
        "performed_via_github_app": None if of.app is None else app(base, of.app),
    }


def reaction(base: str, of: objects.Reaction) -> dict[str, Any]:
    """Somebody's reaction to a comment."""
    return {
        "id": of.id,
        "node_id": node_id("Reaction", of.id),
        "user": user(base, of.author),
        "content": of.content,
        "created_at": stamp(of.created_at),
    }


def review(base: str, at: objects.Repository, of: objects.Review) -> dict[str, Any]:
    """A review of a pull request."""
    html = f"{base}/{at.full_name}/pull/{of.number}#pullrequestreview-{of.id}"
    url = f"{base}/repos/{at.full_name}/pulls/{of.number}"
    return {
        "id": of.id,
        "node_id": node_id("PullRequestReview", of.id),
        "user": user(base, of.author),
        "body": of.body,
        "state": of.state,
        "html_url": html,
        "pull_request_url": url,
        "author_association": "NONE",
        "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        "submitted_at": stamp(of.submitted_at),
        "commit_id": of.commit_id,
    }


def issue(base: str, at: objects.Repository, of: objects.PullRequest) -> dict[str, Any]:
    """A pull request as an issue; `pull_request` tells it from the others."""
    repository = f"{base}/repos/{at.full_name}"
    url = f"{repository}/issues/{of.number}"
    html = f"{base}/{at.full_name}/pull/{of.number}"
    return {
        "url": url,
        "repository_url": repository,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": html,
        "id": of.id,
        "node_id": node_id("PullRequest", of.id),
        "number": of.number,
        "title": of.title,
        "user": user(base, of.author),
        "labels": [label(base, at.full_name, item) for item in of.labels],
        "state": of.state,
        "state_reason": None,
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": sum(item.number == of.number for item in at.comments.values()),
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
        "closed_at": maybe(of.closed_at),
        "closed_by": None if of.merged_by is None else user(base, of.merged_by),
        "author_association": "CONTRIBUTOR",
        "active_lock_reason": None,
        "draft": of.draft,
        "pull_request": {
            "url": f"{repository}/pulls/{of.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": maybe(of.merged_at),
        },
        "body": None,
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
    }
