"""Pull requests, their reviews and labels."""

from __future__ import annotations

from typing import Any

import flask

from tests.world.github import errors, objects, shapes
from tests.world.github.api.common import (
    Json,
    base,
    body,
    page,
    pull,
    repository,
    world,
)

blueprint = flask.Blueprint("pulls", __name__, url_prefix="/repos/<owner>/<name>")


@blueprint.get("/pulls")
def pulls(owner: str, name: str) -> Any:
    """Pull requests, newest first; open ones unless `state` asks otherwise."""
    at = repository(owner, name)
    asked = flask.request.args
    state, head = asked.get("state", "open"), asked.get("head", "")
    # GitHub's default is `desc`, unless another order than `created` is asked for.
    oldest_first = asked.get("direction", "desc") == "asc"
    found = [
        item
        for item in (at.pulls.values() if oldest_first else reversed(at.pulls.values()))
        if state in ("all", item.state) and head in ("", f"{item.head_owner.login}:{item.head_ref}")
    ]
    return flask.jsonify(page(found, lambda item: shapes.pull_simple(base(), at, item)))


@blueprint.get("/pulls/<int:number>")
def get(owner: str, name: str, number: int) -> Json:
    """One pull request."""
    return _shown(*pull(owner, name, number))


@blueprint.patch("/pulls/<int:number>")
def update(owner: str, name: str, number: int) -> Json:
    """Close, reopen or rename a pull request."""
    at, found = pull(owner, name, number)
    given = body()
    if "title" in given:
        found.title = str(given["title"])
    if given.get("state") == "closed":
        world().state.close(at.full_name, number)
    elif given.get("state") == "open":
        world().state.reopen(at.full_name, number)
    return _shown(at, found)


@blueprint.get("/pulls/<int:number>/files")
def files(owner: str, name: str, number: int) -> Any:
    """The files that a pull request changes, by path."""
    at, found = pull(owner, name, number)
    changes = world().state.compared(found).changes
    return flask.jsonify(
        page(changes, lambda item: shapes.diff_entry(base(), at, found.head_sha, item))
    )


@blueprint.get("/pulls/<int:number>/commits")
def commits(owner: str, name: str, number: int) -> Any:
    """A pull request's commits, oldest first."""
    at, found = pull(owner, name, number)
    own = world().state.compared(found).commits
    return flask.jsonify(page(own, lambda item: shapes.commit(base(), at, item)))


@blueprint.get("/pulls/<int:number>/reviews")
def reviews(owner: str, name: str, number: int) -> Any:
    """A pull request's reviews, oldest first."""
    at, _ = pull(owner, name, number)
    found = [item for item in at.reviews.values() if item.number == number]
    return flask.jsonify(page(found, lambda item: shapes.review(base(), at, item)))


@blueprint.get("/pulls/<int:number>/reviews/<int:review>")
def get_review(owner: str, name: str, number: int, review: int) -> Json:
    """One review."""
    at, _ = pull(owner, name, number)
    found = at.reviews.get(review)
    if found is None or found.number != number:
        raise errors.not_found()
    return shapes.review(base(), at, found)


@blueprint.get("/issues/<int:number>")
def issue(owner: str, name: str, number: int) -> Json:
    """A pull request as the issue that it is too."""
    return shapes.issue(base(), *pull(owner, name, number))


@blueprint.get("/issues/<int:number>/labels")
def labels(owner: str, name: str, number: int) -> Any:
    """A pull request's labels."""
    at, found = pull(owner, name, number)
    return _labels(at, found.labels)


@blueprint.post("/issues/<int:number>/labels")
def add_labels(owner: str, name: str, number: int) -> Any:
    """Add labels."""
    at, found = pull(owner, name, number)
    for label in body().get("labels", []):
        world().state.label(at.full_name, number, str(label))
    return _labels(at, found.labels)


@blueprint.delete("/issues/<int:number>/labels/<path:label>")
def remove_label(owner: str, name: str, number: int, label: str) -> Any:
    """Remove a label."""
    at, _ = pull(owner, name, number)
    return _labels(at, world().state.unlabel(at.full_name, number, label))


def _shown(at: objects.Repository, found: objects.PullRequest) -> Json:
    return shapes.pull(base(), at, found, world().state.compared(found))


def _labels(at: objects.Repository, found: list[objects.Label]) -> Any:
    return flask.jsonify([shapes.label(base(), at.full_name, label) for label in found])
