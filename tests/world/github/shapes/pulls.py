"""Pull requests, their labels, commits and files."""

from __future__ import annotations

import base64
import datetime
from typing import Any

from tests.world.github import comparing, git, objects
from tests.world.github.shapes.accounts import repository, user
from tests.world.github.shapes.common import maybe, node_id, stamp

MAX_FILE = 1_000_000
"""The contents API shows larger files without their content."""


def label(base: str, full_name: str, of: objects.Label) -> dict[str, Any]:
    """A label."""
    return {
        "id": of.id,
        "node_id": node_id("Label", of.id),
        "url": f"{base}/repos/{full_name}/labels/{of.name}",
        "name": of.name,
        "color": of.color,
        "default": False,
        "description": None,
    }


def pull_simple(base: str, at: objects.Repository, of: objects.PullRequest) -> dict[str, Any]:
    """A pull request in a list."""
    url = f"{base}/repos/{at.full_name}/pulls/{of.number}"
    issue = f"{base}/repos/{at.full_name}/issues/{of.number}"
    html = f"{base}/{at.full_name}/pull/{of.number}"
    links = {
        "self": url,
        "html": html,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{base}/repos/{at.full_name}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{base}/repos/{at.full_name}/statuses/{of.head_sha}",
    }
    head = of.head_repository
    return {
        "url": url,
        "id": of.id,
        "node_id": node_id("PullRequest", of.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "number": of.number,
        "state": of.state,
        "locked": False,
        "active_lock_reason": None,
        "title": of.title,
        "user": user(base, of.author),
        "body": None,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
        "closed_at": maybe(of.closed_at),
        "merged_at": maybe(of.merged_at),
        "merge_commit_sha": of.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [label(base, at.full_name, item) for item in of.labels],
        "milestone": None,
        "draft": of.draft,
        "head": {
            "label": f"{of.head_owner.login}:{of.head_ref}",
            "ref": of.head_ref,
            "sha": of.head_sha,
            "user": user(base, of.head_owner),
            "repo": None if head is None else repository(base, head),
        },
        "base": {
            "label": f"{at.owner.login}:{of.base_ref}",
            "ref": of.base_ref,
            "sha": of.base_sha,
            "user": user(base, at.owner),
            "repo": repository(base, at),
        },
        "_links": {name: {"href": address} for name, address in links.items()},
        "author_association": "CONTRIBUTOR",
        "auto_merge": None,
    }


def pull(
    base: str,
    at: objects.Repository,
    of: objects.PullRequest,
    compared: comparing.Comparison,
) -> dict[str, Any]:
    """A pull request by itself, with what is in it."""
    merged = of.merged_at is not None
    return {
        **pull_simple(base, at, of),
        "merged": merged,
        "mergeable": None if merged else True,
        "rebaseable": None if merged else True,
        "mergeable_state": "unknown" if merged else "clean",
        "merged_by": None if of.merged_by is None else user(base, of.merged_by),
        "comments": sum(comment.number == of.number for comment in at.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(compared.commits),
        "additions": sum(change.additions for change in compared.changes),
        "deletions": sum(change.deletions for change in compared.changes),
        "changed_files": len(compared.changes),
    }


def pull_minimal(base: str, at: objects.Repository, of: objects.PullRequest) -> dict[str, Any]:
    """A pull request as checks and workflows point to it."""

    def side(ref: str, sha: str, repository: objects.Repository) -> dict[str, Any]:
        url = f"{base}/repos/{repository.full_name}"
        repo = {"id": repository.id, "url": url, "name": repository.name}
        return {"ref": ref, "sha": sha, "repo": repo}

    return {
        "id": of.id,
        "number": of.number,
        "url": f"{base}/repos/{at.full_name}/pulls/{of.number}",
        "head": side(of.head_ref, of.head_sha, of.head_repository or at),
        "base": side(of.base_ref, of.base_sha, at),
    }


def simple_commit(of: git.Commit) -> dict[str, Any]:
    """A commit as it stands in other objects."""
    who = {"name": of.author, "email": f"{of.author}@users.noreply.github.com"}
    return {
        "id": of.sha,
        "tree_id": of.tree,
        "message": of.message,
        "timestamp": stamp(datetime.datetime.fromtimestamp(of.at, datetime.UTC)),
        "author": who,
        "committer": who,
    }


def commit(base: str, at: objects.Repository, of: git.Commit) -> dict[str, Any]:
    """A commit."""
    url = f"{base}/repos/{at.full_name}"
    when = stamp(datetime.datetime.fromtimestamp(of.at, datetime.UTC))
    who = {"name": of.author, "email": f"{of.author}@users.noreply.github.com", "date": when}
    return {
        "sha": of.sha,
        "node_id": node_id("Commit", at.id),
        "commit": {
            "author": who,
            "committer": who,
            "message": of.message,
            "tree": {"sha": of.tree, "url": f"{url}/git/trees/{of.tree}"},
            "url": f"{url}/git/commits/{of.sha}",
            "comment_count": 0,
        },
        "url": f"{url}/commits/{of.sha}",
        "html_url": f"{base}/{at.full_name}/commit/{of.sha}",
        "comments_url": f"{url}/commits/{of.sha}/comments",
        "author": None,
        "committer": None,
        "parents": [
            {
                "sha": sha,
                "url": f"{url}/commits/{sha}",
                "html_url": f"{base}/{at.full_name}/commit/{sha}",
            }
            for sha in of.parents
        ],
    }


def diff_entry(base: str, at: objects.Repository, ref: str, of: comparing.Change) -> dict[str, Any]:
    """A file that a pull request changes, at its head."""
    html = f"{base}/{at.full_name}"
    made = {
        "sha": of.sha,
        "filename": of.path,
        "status": of.status,
        "additions": of.additions,
        "deletions": of.deletions,
        "changes": of.additions + of.deletions,
        "blob_url": f"{html}/blob/{ref}/{of.path}",
        "raw_url": f"{html}/raw/{ref}/{of.path}",
        "contents_url": f"{base}/repos/{at.full_name}/contents/{of.path}?ref={ref}",
    }
    more = {"patch": of.patch, "previous_filename": of.previous}
    return {**made, **{key: value for key, value in more.items() if value is not None}}


def file(
    base: str, at: objects.Repository, path: str, content: bytes | None, ref: str
) -> dict[str, Any]:
    """A file with its content, or (`content` None) a folder as an entry of a list."""
    url = f"{base}/repos/{at.full_name}"
    sha = git.blob_sha(content or b"")
    kind, part = ("dir", "tree") if content is None else ("file", "blob")
    here = f"{url}/contents/{path}?ref={ref}"
    stored = f"{url}/git/{part}s/{sha}"
    html = f"{base}/{at.full_name}/{part}/{ref}/{path}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": len(content or b""),
        "url": here,
        "html_url": html,
        "git_url": stored,
        "download_url": None if content is None else f"{base}/raw/{at.full_name}/{ref}/{path}",
        "type": kind,
        "_links": {"self": here, "git": stored, "html": html},
    }


def content(data: bytes) -> dict[str, str]:
    """What a file by itself has more than one in a list."""
    if len(data) > MAX_FILE:
        return {"content": "", "encoding": "none"}
    return {"content": base64.encodebytes(data).decode(), "encoding": "base64"}


def reference(base: str, at: objects.Repository, branch: str, tip: str) -> dict[str, Any]:
    """A branch, as git knows it."""
    url = f"{base}/repos/{at.full_name}/git"
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": node_id("Ref", at.id),
        "url": f"{url}/refs/heads/{branch}",
        "object": {"type": "commit", "sha": tip, "url": f"{url}/commits/{tip}"},
    }
