"""The verbs about programs; `control_programs.Programs` is their client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.world.github.api.common import world
from tests.world.github.credentials import SCOPES
from tests.world.github.world import EVENTS, Default


def acts() -> dict[str, Callable[..., Any]]:
    """What is done for each verb."""
    return {
        "app": _app,
        "token": _token,
        "revoke": world().credentials.revoke,
    }


def _app(
    slug: str,
    hook: str | None,
    secret: str,
    events: list[str] | None,
    permissions: dict[str, str] | None,
) -> Any:
    default = None if hook is None else Default(hook, secret, events or EVENTS)
    app, key = world().add_app(slug, default, permissions, events)
    return {"app_id": app.id, "private_key": key, "login": app.bot.login}


def _token(token: str, login: str, scopes: list[str] | None) -> None:
    account = world().state.account(login)
    world().credentials.add_token(token, account, SCOPES if scopes is None else scopes)
