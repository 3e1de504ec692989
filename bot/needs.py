"""What the bot needs of GitHub: permissions, scopes and events; pure.

The doctor compares with it, and the manifest of a new App asks for it. docs/github.md says what
each is for; a test holds it equal to this module.
"""

from __future__ import annotations

PERMISSIONS = {
    "contents": "read",
    "metadata": "read",
    "pull_requests": "write",
    "issues": "write",
    "deployments": "write",
    "checks": "write",
    "actions": "write",
}
"""A GitHub App's permissions on repositories, by GitHub's own names."""
OPTIONAL_PERMISSIONS = {"statuses": "write"}
"""Those that the bot can do without."""
SCOPE = "repo"
"""A classic token's scope that has all of it."""
PUBLIC_SCOPE = "public_repo"
"""What is enough of it where every repository is public."""

EVENTS = (
    "pull_request",
    "issue_comment",
    "pull_request_review",
    "push",
    "check_run",
    "check_suite",
    "workflow_run",
    "repository",
)
"""What the webhook subscribes to."""
ALWAYS_SENT = ("installation", "installation_repositories")
"""What GitHub sends to every App without being asked, and no App can subscribe to."""

_LEVELS = ("", "read", "write", "admin")


def covers(granted: str, wanted: str) -> bool:
    """Whether a level of access includes another; empty is none, and an unknown one is no more."""
    level = _LEVELS.index(granted) if granted in _LEVELS else 0
    return level >= _LEVELS.index(wanted)
