"""Accounts, repositories and Apps."""

from __future__ import annotations

from typing import Any

from tests.world.github import grants, objects
from tests.world.github.shapes.common import node_id, stamp

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_URLS = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}


def user(base: str, account: objects.Account) -> dict[str, Any]:
    """An account as it stands in other objects."""
    url = f"{base}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("User", account.id),
        "avatar_url": f"{base}/avatars/u/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{account.login}",
        **{name: url + path for name, path in _USER_URLS.items()},
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(base: str, account: objects.Account) -> dict[str, Any]:
    """An account by itself."""
    nothing = ("name", "company", "location", "email", "hireable", "bio", "twitter_username")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user(base, account),
        **dict.fromkeys(nothing),
        "blog": "",
        **dict.fromkeys(counts, 0),
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }


def repository(base: str, of: objects.Repository) -> dict[str, Any]:
    """A repository as it stands in a pull request."""
    url = f"{base}/repos/{of.full_name}"
    html = f"{base}/{of.full_name}"
    opened = sum(pull.state == "open" for pull in of.pulls.values())
    at = stamp(of.created_at)
    return {
        "id": of.id,
        "node_id": node_id("Repository", of.id),
        "name": of.name,
        "full_name": of.full_name,
        "private": False,
        "owner": user(base, of.owner),
        "html_url": html,
        "description": None,
        "fork": of.parent is not None,
        "url": url,
        **{name: url + path for name, path in _REPOSITORY_URLS.items()},
        "created_at": at,
        "updated_at": at,
        "pushed_at": at,
        "git_url": f"git://{html.partition('://')[2]}.git",
        "ssh_url": f"git@{html.partition('://')[2]}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "homepage": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": opened,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "public",
        "forks": 0,
        "open_issues": opened,
        "watchers": 0,
        "default_branch": of.default_branch,
    }


def full_repository(base: str, of: objects.Repository) -> dict[str, Any]:
    """A repository by itself."""
    made = {**repository(base, of), "network_count": 0, "subscribers_count": 0}
    if of.parent is not None:
        made["parent"] = made["source"] = repository(base, of.parent)
    return made


def granted(of: objects.App) -> dict[str, Any]:
    """An App's permissions and events."""
    permissions = grants.DEFAULT if of.permissions is None else of.permissions
    events = grants.EVENTS if of.events is None else of.events
    return {"permissions": dict(permissions), "events": list(events)}


def client_id(of: objects.App) -> str:
    """Another name of an App."""
    return f"Iv1.{of.id:016x}"


def selection(of: objects.App, owner: str) -> str:
    """Whether an owner installed an App for all repositories or for `selected` ones."""
    return "selected" if owner in of.selected else "all"


def app(base: str, of: objects.App) -> dict[str, Any]:
    """A GitHub App."""
    at = stamp(of.created_at)
    return {
        "id": of.id,
        "slug": of.slug,
        "node_id": node_id("Integration", of.id),
        "client_id": client_id(of),
        "owner": user(base, of.owner),
        "name": of.name or of.slug,
        "description": of.description,
        "external_url": of.url or base,
        "html_url": f"{base}/apps/{of.slug}",
        "created_at": at,
        "updated_at": at,
        **granted(of),
    }


def installation(base: str, of: objects.App, owner: objects.Account) -> dict[str, Any]:
    """An App's installation on an account."""
    number = of.installations[owner.login]
    at = stamp(of.created_at)
    return {
        "id": number,
        "client_id": client_id(of),
        "account": user(base, owner),
        "repository_selection": selection(of, owner.login),
        "access_tokens_url": f"{base}/app/installations/{number}/access_tokens",
        "repositories_url": f"{base}/installation/repositories",
        "html_url": f"{base}/organizations/{owner.login}/settings/installations/{number}",
        "app_id": of.id,
        "app_slug": of.slug,
        "target_id": owner.id,
        "target_type": owner.kind,
        **granted(of),
        "created_at": at,
        "updated_at": at,
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }
