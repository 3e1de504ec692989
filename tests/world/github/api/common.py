"""What every part of the API needs: the world, the caller, the body, pages."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import flask

from tests.world.github import errors, objects
from tests.world.github.credentials import Viewer
from tests.world.github.world import World

Json = dict[str, Any]
Answer = tuple[Any, int]
MAX_PAGE = 100

T = TypeVar("T")


def world() -> World:
    """The world that this application shows."""
    return cast(World, flask.current_app.extensions["world"])


def base() -> str:
    """The address that the client came by; links lead back there."""
    return flask.request.host_url.rstrip("/")


def viewer() -> Viewer:
    """Who is asking."""
    return cast(Viewer, flask.g.viewer)


def repository(owner: str, name: str) -> objects.Repository:
    """A repository that the caller may see. Raises Refusal (404; 301)."""
    try:
        found = world().state.repository(f"{owner}/{name}")
    except errors.Moved as moved:
        raise moved if viewer().sees(moved.repository) else errors.not_found() from None
    if not viewer().sees(found):
        raise errors.not_found()
    return found


def pull(owner: str, name: str, number: int) -> tuple[objects.Repository, objects.PullRequest]:
    """A pull request that the caller may see. Raises Refusal (404)."""
    return world().state.pull(repository(owner, name).full_name, number)


def body() -> Json:
    """The request's JSON object. Raises Refusal (400)."""
    data = flask.request.get_json(force=True, silent=True)
    if not isinstance(data, dict):
        raise errors.Refusal(400, "Problems parsing JSON")
    return data


def taken(
    given: Json, resource: str, name: str, kind: type[T] | tuple[type[T], ...], default: T
) -> T:
    """A field of the body, of the right type. Raises Refusal (422)."""
    value = given.get(name, default)
    if value is not None and not isinstance(value, kind):
        raise errors.invalid(resource, name, f"{name} has the wrong type")
    return cast(T, value)


def page(items: Sequence[T], shape: Callable[[T], Json]) -> list[Json]:
    """The asked-for part of a list, with the links to the others."""
    asked = flask.request.args
    size = min(_number(asked.get("per_page"), 30), MAX_PAGE)
    number = _number(asked.get("page"), 1)
    last = max(1, -(-len(items) // size))
    wanted = {"first": 1, "prev": number - 1} if number > 1 else {}
    if number < last:
        wanted |= {"next": number + 1, "last": last}
    cut = world().limits.cut(flask.request.path)
    links = [f'<{_page_url(at)}>; rel="{name}"' for name, at in wanted.items()]
    if links and cut is None:
        flask.g.headers["Link"] = ", ".join(links)
    return [shape(item) for item in items[:cut][(number - 1) * size : number * size]]


def _page_url(number: int) -> str:
    query = {**flask.request.args.to_dict(), "page": str(number)}
    return f"{flask.request.base_url}?{urllib.parse.urlencode(query)}"


def _number(text: str | None, default: int) -> int:
    return max(1, int(text)) if text and text.isdigit() else default
