"""Hooks of a repository and of an App, their deliveries, and redelivery."""

from __future__ import annotations

from typing import Any, TypeGuard

import flask

from tests.world.github import errors, shapes
from tests.world.github.api.common import (
    Answer,
    Json,
    base,
    body,
    page,
    repository,
    taken,
    viewer,
    world,
)
from tests.world.github.objects import Hook

blueprint = flask.Blueprint("hooks", __name__)

_HOOKS = "/repos/<owner>/<name>/hooks"


@blueprint.get(_HOOKS)
def hooks(owner: str, name: str) -> Any:
    """A repository's hooks."""
    at = repository(owner, name)
    found = [hook for hook in world().deliveries.hooks.values() if hook.repository is at]
    return flask.jsonify(page(found, lambda item: shapes.hook(base(), item)))


@blueprint.post(_HOOKS)
def create(owner: str, name: str) -> Answer:
    """Make a hook; it gets a ping."""
    at = repository(owner, name)
    given = body()
    config = taken(given, "Hook", "config", dict, {})
    url = config.get("url")
    if not _is_address(url):
        raise errors.invalid("Hook", "url", "url must start with http:// or https://")
    events = taken(given, "Hook", "events", list, ["push"])
    made = world().add_hook(url, str(config.get("secret", "")), events, at)
    return shapes.hook(base(), made), 201


@blueprint.get(f"{_HOOKS}/<int:hook>")
def get(owner: str, name: str, hook: int) -> Json:
    """One hook."""
    return shapes.hook(base(), _hook(owner, name, hook))


@blueprint.delete(f"{_HOOKS}/<int:hook>")
def delete(owner: str, name: str, hook: int) -> Answer:
    """Remove a hook."""
    del world().deliveries.hooks[_hook(owner, name, hook).id]
    return "", 204


@blueprint.get(f"{_HOOKS}/<int:hook>/deliveries")
def deliveries(owner: str, name: str, hook: int) -> Any:
    """A hook's deliveries, newest first."""
    return _deliveries(_hook(owner, name, hook))


@blueprint.get(f"{_HOOKS}/<int:hook>/deliveries/<int:number>")
def delivery(owner: str, name: str, hook: int, number: int) -> Json:
    """One delivery with what was sent and answered."""
    return shapes.delivery(world().deliveries.find(_hook(owner, name, hook).id, number))


@blueprint.post(f"{_HOOKS}/<int:hook>/deliveries/<int:number>/attempts")
def redeliver(owner: str, name: str, hook: int, number: int) -> Answer:
    """Send a delivery again."""
    return _again(_hook(owner, name, hook), number)


@blueprint.get("/app/hook/config")
def app_config() -> Json:
    """Where the App's hook leads."""
    return shapes.hook_config(_app_hook())


@blueprint.patch("/app/hook/config")
def change_app_config() -> Json:
    """Let the App's hook lead somewhere else, or sign with another secret."""
    found, given = _app_hook(), body()
    if "url" in given and not _is_address(given["url"]):
        raise errors.Refusal(422, "url must start with http:// or https://")
    found.url = given.get("url", found.url)
    if "secret" in given:
        found.secret = taken(given, "Hook", "secret", str, "")
    return shapes.hook_config(found)


@blueprint.get("/app/hook/deliveries")
def app_deliveries() -> Any:
    """The App's deliveries, newest first."""
    return _deliveries(_app_hook())


@blueprint.get("/app/hook/deliveries/<int:number>")
def app_delivery(number: int) -> Json:
    """One of the App's deliveries."""
    return shapes.delivery(world().deliveries.find(_app_hook().id, number))


@blueprint.post("/app/hook/deliveries/<int:number>/attempts")
def app_redeliver(number: int) -> Answer:
    """Send one of the App's deliveries again."""
    return _again(_app_hook(), number)


def _is_address(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _deliveries(hook: Hook) -> Any:
    # GitHub lists what was sent, not what it is about to send.
    found = [
        item
        for item in reversed(world().deliveries.all)
        if item.hook is hook and item.delivered_at is not None
    ]
    return flask.jsonify(page(found, shapes.delivery_item))


def _again(hook: Hook, number: int) -> Answer:
    world().deliveries.redeliver(world().deliveries.find(hook.id, number))
    return {}, 202


def _hook(owner: str, name: str, number: int) -> Hook:
    found = world().deliveries.hooks.get(number)
    if found is None or found.repository is not repository(owner, name):
        raise errors.not_found()
    return found


def _app_hook() -> Hook:
    if not viewer().as_app:
        raise errors.Refusal(401, "A JSON web token could not be decoded")
    for hook in world().deliveries.hooks.values():
        if hook.app is not None and hook.app is viewer().app:
            return hook
    raise errors.not_found()
