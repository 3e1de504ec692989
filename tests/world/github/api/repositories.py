"""Repositories, their files, commits and members."""

from __future__ import annotations

from typing import Any

import flask

from tests.world.github import errors, git, shapes
from tests.world.github.api.common import Json, base, repository, world
from tests.world.github.objects import Repository
from tests.world.github.shapes.pulls import content

blueprint = flask.Blueprint("repositories", __name__, url_prefix="/repos/<owner>/<name>")


@blueprint.get("")
def get(owner: str, name: str) -> Json:
    """The repository."""
    return shapes.full_repository(base(), repository(owner, name))


@blueprint.get("/contents/", defaults={"path": ""})
@blueprint.get("/contents/<path:path>")
def contents(owner: str, name: str, path: str) -> Any:
    """A file with its content, or a folder's list."""
    found = repository(owner, name)
    ref = flask.request.args.get("ref") or found.default_branch
    commit = world().state.commit_at(found, ref)
    if commit is None:
        raise errors.Refusal(404, f"No commit found for the ref {ref}")
    data = commit.files.get(path)
    if data is None:
        return flask.jsonify(_folder(found, commit, path, ref))
    if "raw" in flask.request.headers.get("Accept", ""):
        return flask.Response(data, mimetype="application/vnd.github.raw+json")
    return {**shapes.file(base(), found, path, data, ref), **content(data)}


def _folder(at: Repository, commit: git.Commit, path: str, ref: str) -> list[Json]:
    inside = f"{path.rstrip('/')}/" if path else ""
    below = [file for file in commit.files if file.startswith(inside)]
    if not below:
        raise errors.not_found()
    names = sorted({file[len(inside) :].partition("/")[0] for file in below})
    return [
        shapes.file(base(), at, inside + name, commit.files.get(inside + name), ref)
        for name in names
    ]


@blueprint.get("/commits/<path:ref>")
def commit(owner: str, name: str, ref: str) -> Json:
    """A commit by sha or branch."""
    at = repository(owner, name)
    return shapes.commit(base(), at, commit_or_refuse(at, ref))


@blueprint.get("/git/ref/heads/<path:branch>")
def branch(owner: str, name: str, branch: str) -> Json:
    """A branch's newest commit."""
    at = repository(owner, name)
    tip = at.branches.get(branch)
    if tip is None:
        raise errors.not_found()
    return shapes.reference(base(), at, branch, tip)


@blueprint.get("/collaborators/<login>/permission")
def permission(owner: str, name: str, login: str) -> Json:
    """What a person may do."""
    at = repository(owner, name)
    account = world().state.accounts.get(login.lower())
    if account is None:
        raise errors.not_found()
    default = "admin" if account == at.owner else "read"
    given = at.permissions.get(account.login, default)
    order = ["read", "triage", "write", "maintain", "admin"]
    # GitHub's two words differ: `permission` knows no triage and no maintain.
    coarse = {"triage": "read", "maintain": "write"}.get(given, given)
    levels = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain"}
    may = {
        key: given in order and order.index(given) >= order.index(level)
        for key, level in {**levels, "admin": "admin"}.items()
    }
    who = {**shapes.user(base(), account), "permissions": may, "role_name": given}
    return {"permission": coarse, "role_name": given, "user": who}


def commit_or_refuse(at: Repository, ref: str) -> git.Commit:
    """The commit, or GitHub's refusal. Raises Refusal (422)."""
    found = world().state.commit_at(at, ref)
    if found is None:
        raise errors.Refusal(422, f"No commit found for SHA: {ref}")
    return found
