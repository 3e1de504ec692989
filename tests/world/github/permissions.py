"""What a caller must be allowed for each part of the API, as GitHub's documentation lists it.

Apps are held to the permissions that they were given, also for what everybody may read in a public
repository, so that a missing one is noticed; people only where their permission was set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.world.github import errors
from tests.world.github.credentials import Viewer
from tests.world.github.objects import Repository

IN_REPOSITORY = "/repos/<owner>/<name>"
LEVELS = ("read", "write", "admin")
ROLES = ("read", "triage", "write", "maintain", "admin")

_TALK = "issues={0}; pull_requests={0}"
_COMMENT = "/issues/comments/<int:number>"
_HOOK = "/hooks/<int:hook>"

NEEDED: dict[tuple[str, str], str] = {
    ("GET", ""): "metadata=read",
    ("GET", "/contents/"): "contents=read",
    ("GET", "/contents/<path:path>"): "contents=read",
    ("GET", "/commits/<path:ref>"): "contents=read",
    ("GET", "/git/ref/heads/<path:branch>"): "contents=read",
    ("GET", "/collaborators/<login>/permission"): "metadata=read",
    ("GET", "/pulls"): "pull_requests=read",
    ("GET", "/pulls/<int:number>"): "pull_requests=read",
    ("PATCH", "/pulls/<int:number>"): "pull_requests=write",
    ("GET", "/pulls/<int:number>/files"): "pull_requests=read",
    ("GET", "/pulls/<int:number>/commits"): "pull_requests=read",
    ("GET", "/pulls/<int:number>/reviews"): "pull_requests=read",
    ("GET", "/pulls/<int:number>/reviews/<int:review>"): "pull_requests=read",
    ("GET", "/issues/<int:number>"): _TALK.format("read"),
    ("GET", "/issues/<int:number>/labels"): _TALK.format("read"),
    ("POST", "/issues/<int:number>/labels"): _TALK.format("write"),
    ("DELETE", "/issues/<int:number>/labels/<path:label>"): _TALK.format("write"),
    ("GET", "/issues/<int:number>/comments"): _TALK.format("read"),
    ("POST", "/issues/<int:number>/comments"): _TALK.format("write"),
    ("GET", "/issues/comments"): _TALK.format("read"),
    ("GET", _COMMENT): _TALK.format("read"),
    ("PATCH", _COMMENT): _TALK.format("write"),
    ("DELETE", _COMMENT): _TALK.format("write"),
    ("GET", f"{_COMMENT}/reactions"): _TALK.format("read"),
    ("POST", f"{_COMMENT}/reactions"): _TALK.format("write"),
    ("GET", "/deployments"): "deployments=read",
    ("POST", "/deployments"): "deployments=write",
    ("GET", "/deployments/<int:number>"): "deployments=read",
    ("GET", "/deployments/<int:number>/statuses"): "deployments=read",
    ("POST", "/deployments/<int:number>/statuses"): "deployments=write",
    ("POST", "/statuses/<sha>"): "statuses=write",
    ("GET", "/commits/<ref>/statuses"): "statuses=read",
    ("GET", "/commits/<ref>/status"): "statuses=read",
    ("POST", "/check-runs"): "checks=write",
    ("PATCH", "/check-runs/<int:number>"): "checks=write",
    ("GET", "/commits/<ref>/check-runs"): "checks=read",
    ("GET", "/actions/workflows/<workflow>"): "actions=read",
    ("POST", "/actions/workflows/<workflow>/dispatches"): "actions=write",
    ("GET", "/actions/runs"): "actions=read",
    ("GET", "/actions/runs/<int:number>"): "actions=read",
    ("GET", "/hooks"): "repository_hooks=read",
    ("POST", "/hooks"): "repository_hooks=write",
    ("GET", _HOOK): "repository_hooks=read",
    ("DELETE", _HOOK): "repository_hooks=write",
    ("GET", f"{_HOOK}/deliveries"): "repository_hooks=read",
    ("GET", f"{_HOOK}/deliveries/<int:number>"): "repository_hooks=read",
    ("POST", f"{_HOOK}/deliveries/<int:number>/attempts"): "repository_hooks=write",
}
"""By method and by path in a repository, as X-Accepted-GitHub-Permissions writes it: what stands
after `;` is enough as well, and what `,` separates is needed together."""

_PEOPLE = {
    "/issues/<int:number>/comments": "read",
    f"{_COMMENT}/reactions": "read",
    "/issues/<int:number>/labels": "triage",
    "/issues/<int:number>/labels/<path:label>": "triage",
}
"""The role that a person needs for changes; `write` where nothing is said, `admin` for hooks."""

_SCOPES = {"deployments": "repo_deployment", "statuses": "repo:status", "hooks": "write:repo_hook"}
"""By the path's first word: the scope that is enough for it, beside those for everything."""


def check(
    viewer: Viewer, method: str, rule: str, given: Mapping[str, Any], at: Repository | None
) -> dict[str, str]:
    """Let the caller pass, with headers for the answer. Raises Refusal (403, 404)."""
    path = rule.removeprefix(IN_REPOSITORY)
    if at is None or path == rule or not viewer.sees(at):
        return {}
    method = "GET" if method == "HEAD" else method
    if viewer.app is not None:
        return _program(viewer, NEEDED.get((method, path), ""))
    if method != "GET" or path.startswith("/hooks"):
        _scopes(viewer, method, path)
        _person(viewer, path, given, at)
    return {}


def suffices(granted: Mapping[str, str], needed: str) -> bool:
    """Whether what was granted is enough for what is needed, in the words of `NEEDED`."""
    return any(
        all(_has(granted, one.strip()) for one in enough.split(",")) for enough in needed.split(";")
    )


def _has(granted: Mapping[str, str], one: str) -> bool:
    name, _, level = one.partition("=")
    return name in granted and LEVELS.index(granted[name]) >= LEVELS.index(level)


def _program(viewer: Viewer, needed: str) -> dict[str, str]:
    if not needed:
        return {}
    headers = {"X-Accepted-GitHub-Permissions": needed}
    if viewer.permissions is not None and not suffices(viewer.permissions, needed):
        raise errors.Refusal(403, "Resource not accessible by integration", headers=headers)
    return headers


def _scopes(viewer: Viewer, method: str, path: str) -> None:
    enough = ["repo", "public_repo"]
    special = _SCOPES.get(path.split("/")[1])
    if special is not None:
        enough.append(special)
    if path.startswith("/hooks"):
        enough = ["repo", "write:repo_hook", "admin:repo_hook"]
        enough += ["read:repo_hook"] if method == "GET" else []
    if not set(enough) & set(viewer.scopes or ()):
        # GitHub does not tell whether there is anything.
        refusal = errors.not_found()
        refusal.headers["X-Accepted-OAuth-Scopes"] = ", ".join(sorted(enough))
        raise refusal


def _person(viewer: Viewer, path: str, given: Mapping[str, Any], at: Repository) -> None:
    role = at.permissions.get(viewer.account.login)
    if role is None or _own(viewer, path, given, at):
        return
    needed = "admin" if path.startswith("/hooks") else _PEOPLE.get(path, "write")
    if role in ROLES and ROLES.index(role) >= ROLES.index(needed):
        return
    if needed == "admin" or role not in ROLES:
        raise errors.not_found()
    raise errors.Refusal(403, "Must have push access to repository")


def _own(viewer: Viewer, path: str, given: Mapping[str, Any], at: Repository) -> bool:
    """Whether it is about what the caller wrote."""
    written: Mapping[int, Any] = {}
    if path == _COMMENT:
        written = at.comments
    elif path == "/pulls/<int:number>":
        written = at.pulls
    found = written.get(given.get("number", 0))
    return found is not None and found.author == viewer.account
