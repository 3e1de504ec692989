"""Apps made from a manifest: it is checked, kept under a code, and the code exchanged once."""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Mapping
from typing import Any

from tests.world.github import errors, grants, objects
from tests.world.github.objects import Account, App
from tests.world.github.world import Manifest, World

LIFE = datetime.timedelta(hours=1)
MAX_NAME = 34


def begin(world: World, manifest: Any, owner: Account) -> str:
    """Keep a manifest and return its code. Raises Refusal (422)."""
    found = faults(world, manifest)
    if found:
        problems = [
            {"resource": "Integration", "code": "custom", "message": words} for words in found
        ]
        raise errors.Refusal(422, f"Validation Failed: {'; '.join(found)}", problems=problems)
    code = secrets.token_hex(20)
    world.manifests[code] = Manifest(manifest, owner, objects.now() + LIFE)
    return code


def convert(world: World, code: str) -> tuple[App, str]:
    """Make the App that a code stands for; it and its private key. Raises Refusal (404)."""
    kept = world.manifests.pop(code, None)
    if kept is None or kept.until <= objects.now():
        raise errors.not_found()
    given, hook = kept.given, kept.given["hook_attributes"]
    app, key = world.new_app(_slug(given["name"]), kept.owner)
    app.permissions = grants.permissions(given.get("default_permissions") or {})
    app.events = tuple(given.get("default_events") or ())
    app.name, app.url = given["name"], given["url"]
    app.description, app.everywhere = given.get("description") or "", False
    app.webhook_secret = secrets.token_hex(20)
    # An App has its hook also while it is not active; then nothing is sent to it.
    active = hook.get("active", True)
    world.add_hook(hook["url"], app.webhook_secret, app.events, app=app, active=active)
    return app, key


def faults(world: World, manifest: Any) -> list[str]:
    """What GitHub would say of a manifest; empty where an App can be made of it."""
    if not isinstance(manifest, Mapping):
        return ["Manifest is no JSON object"]
    name, hook = manifest.get("name"), manifest.get("hook_attributes")
    found = []
    if not isinstance(name, str) or not _slug(name):
        found.append("Name can't be blank")
    elif len(name) > MAX_NAME:
        found.append(f"Name is too long (maximum is {MAX_NAME} characters)")
    elif any(app.slug == _slug(name) for app in world.credentials.apps.values()):
        found.append("Name is already taken")
    if not _address(manifest.get("url")):
        found.append("Url must be a valid URL")
    if not isinstance(hook, Mapping) or not _address(hook.get("url")):
        found.append("Hook url must be a valid URL")
    may = manifest.get("default_permissions") or {}
    events = manifest.get("default_events") or []
    if not isinstance(may, Mapping) or not isinstance(events, list):
        return [*found, "Default permissions and events have the wrong type"]
    return found + grants.permission_faults(may) + grants.event_faults(events, may)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _address(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"https?://[^/]", value) is not None
