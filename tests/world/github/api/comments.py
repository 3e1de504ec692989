"""Comments on pull requests, and reactions to them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import flask

from tests.world.github import errors, objects, shapes
from tests.world.github.api.common import (
    Answer,
    Json,
    base,
    body,
    page,
    pull,
    repository,
    viewer,
    world,
)

blueprint = flask.Blueprint("comments", __name__, url_prefix="/repos/<owner>/<name>")

_ALL = "/issues/comments"
_OF_ONE = "/issues/<int:number>/comments"
_ONE = f"{_ALL}/<int:number>"
_REACTIONS = f"{_ONE}/reactions"

SORTS = ("created", "updated")
DIRECTIONS = ("asc", "desc")


@blueprint.get(_ALL)
def everything(owner: str, name: str) -> Any:
    """The repository's comments; without `sort`, `direction` counts for nothing."""
    at = repository(owner, name)
    asked = flask.request.args
    sort = _one_of("sort", SORTS)
    backwards = _one_of("direction", DIRECTIONS) == "desc" and "sort" in asked
    found = _since(at.comments.values())
    found.sort(
        key=lambda item: (item.updated_at if sort == "updated" else item.created_at, item.id),
        reverse=backwards,
    )
    return _page(at, found)


@blueprint.get(_OF_ONE)
def comments(owner: str, name: str, number: int) -> Any:
    """A pull request's comments, oldest first."""
    at, _ = pull(owner, name, number)
    return _page(at, _since(item for item in at.comments.values() if item.number == number))


@blueprint.post(_OF_ONE)
def create(owner: str, name: str, number: int) -> Answer:
    """Comment on a pull request."""
    at, _ = pull(owner, name, number)
    asking = viewer()
    made = world().state.comment(
        at.full_name, number, asking.account, body().get("body", ""), asking.app
    )
    return shapes.comment(base(), at, made), 201


@blueprint.get(_ONE)
def get(owner: str, name: str, number: int) -> Json:
    """One comment."""
    at = repository(owner, name)
    return shapes.comment(base(), at, _comment(at, number))


@blueprint.patch(_ONE)
def edit(owner: str, name: str, number: int) -> Json:
    """Change a comment's text; with write access, also somebody else's."""
    at = repository(owner, name)
    made = world().state.edit_comment(at.full_name, number, body().get("body", ""))
    return shapes.comment(base(), at, made)


@blueprint.delete(_ONE)
def delete(owner: str, name: str, number: int) -> Answer:
    """Delete a comment."""
    world().state.delete_comment(repository(owner, name).full_name, number)
    return "", 204


@blueprint.get(_REACTIONS)
def reactions(owner: str, name: str, number: int) -> Any:
    """Reactions to a comment, oldest first; `content` asks for one kind."""
    found = _comment(repository(owner, name), number).reactions
    content = flask.request.args.get("content")
    wanted = [item for item in found if content in (None, item.content)]
    return flask.jsonify(page(wanted, lambda item: shapes.reaction(base(), item)))


@blueprint.post(_REACTIONS)
def react(owner: str, name: str, number: int) -> Answer:
    """React to a comment; 200 where the caller did so before."""
    at = repository(owner, name)
    _comment(at, number)
    content = body().get("content")
    made, new = world().state.react(at.full_name, number, viewer().account, content)
    return shapes.reaction(base(), made), 201 if new else 200


def _page(at: objects.Repository, found: list[objects.Comment]) -> Any:
    return flask.jsonify(page(found, lambda item: shapes.comment(base(), at, item)))


def _since(found: Iterable[objects.Comment]) -> list[objects.Comment]:
    """Those that were changed at the time of `since` or later."""
    text = flask.request.args.get("since")
    if not text:
        return list(found)
    try:
        since = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid("IssueComment", "since", f"{text} is no time") from None
    if since.tzinfo is None:
        since = since.replace(tzinfo=datetime.UTC)
    return [item for item in found if item.updated_at >= since]


def _one_of(name: str, allowed: tuple[str, ...]) -> str:
    """What the query says; the first where it says nothing. Raises Refusal (422)."""
    value = flask.request.args.get(name, allowed[0])
    if value not in allowed:
        raise errors.invalid("IssueComment", name, f"{name} is none of {', '.join(allowed)}")
    return value


def _comment(at: objects.Repository, number: int) -> objects.Comment:
    if number not in at.comments:
        raise errors.not_found()
    return at.comments[number]
