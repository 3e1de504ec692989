"""A GitHub of answers that are written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import errors, github_api

APP: dict[str, Any] = {
    "id": 12,
    "slug": "understudy",
    "html_url": "https://github.com/apps/understudy",
    "owner": {"login": "acme", "type": "Organization"},
    "permissions": {
        "contents": "read",
        "metadata": "read",
        "pull_requests": "write",
        "issues": "write",
        "deployments": "write",
        "checks": "write",
        "actions": "write",
        "statuses": "write",
    },
    "events": [
        "pull_request",
        "issue_comment",
        "pull_request_review",
        "push",
        "check_run",
        "check_suite",
        "workflow_run",
        "repository",
    ],
}
INSTALLATION: dict[str, Any] = {
    "id": 1,
    "account": {"login": "acme"},
    "html_url": "https://github.com/organizations/acme/settings/installations/1",
    "suspended_at": None,
    "permissions": APP["permissions"],
}


class FakeHub:
    """Answers by path; an error is raised."""

    def __init__(self, *, as_app: bool, repositories: Sequence[str] = (), **answers: Any) -> None:
        self.as_app = as_app
        self.answers: dict[str, Any] = answers
        self.headers: dict[str, Mapping[str, str]] = {}
        self._repositories = repositories

    def repositories(self) -> Sequence[str]:
        return self._repositories

    def ask(
        self,
        what: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        verb: str = "GET",
        repository: str | None = None,
    ) -> github_api.Reply:
        found = self.answers.get(path, errors.NotFoundError(f"GitHub knows nothing of {what}"))
        if isinstance(found, Exception):
            raise found
        return github_api.Reply(found, self.headers.get(path, {}))


def app(**changes: Any) -> FakeHub:
    """An App that has everything, installed once, whose newest delivery was taken."""
    hub = FakeHub(as_app=True, repositories=["acme/shop"])
    hub.answers = {
        "/app": {**APP, **changes},
        "/app/installations": [INSTALLATION],
        "/app/hook/config": {"url": "https://bot.test/webhook", "content_type": "json"},
        "/app/hook/deliveries": [delivery(202)],
    }
    return hub


def token(scopes: str | None = "repo", **changes: Any) -> FakeHub:
    """A token that may do everything, with one repository and its hook."""
    hub = FakeHub(as_app=False, repositories=["acme/shop"])
    hook = {
        "id": 5,
        "active": True,
        "events": APP["events"],
        "config": {"url": "https://bot.test/webhook", "content_type": "json"},
    }
    hub.answers = {
        "/user": {"login": "mona"},
        "/repos/acme/shop": {
            "full_name": "acme/shop",
            "private": True,
            "permissions": {"push": True},
        },
        "/repos/acme/shop/hooks": [{**hook, **changes}],
        "/repos/acme/shop/hooks/5/deliveries": [delivery(202)],
    }
    if scopes is not None:
        hub.headers["/user"] = {"x-oauth-scopes": scopes}
    return hub


def delivery(status: int) -> dict[str, Any]:
    """One item of a list of deliveries."""
    return {
        "id": 1,
        "event": "pull_request",
        "delivered_at": "2026-01-01T00:00:00Z",
        "status": "OK" if status < 300 else "failed",
        "status_code": status,
    }
