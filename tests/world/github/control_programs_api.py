"""The verbs about programs; `control_programs.Programs` is their client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.world.github import installing, manifests, page
from tests.world.github.api.common import world
from tests.world.github.credentials import SCOPES
from tests.world.github.working import concluded
from tests.world.github.world import EVENTS, Default


def acts() -> dict[str, Callable[..., Any]]:
    """What is done for each verb."""
    return {
        "app": _app,
        "token": _token,
        "revoke": world().credentials.revoke,
        "app_manifest": _app_manifest,
        "install": lambda **given: installing.install(world(), **given),
        "uninstall": lambda **given: installing.uninstall(world(), **given),
        "select": lambda **given: installing.select(world(), **given),
        "rerequest": _rerequest,
        "complete_check": _complete_check,
        "complete_suite": _complete_suite,
        "rerequest_suite": _rerequest_suite,
        "add_workflow": _add_workflow,
        "finish_workflow": world().state.finish_workflow,
        "dispatches": _dispatches,
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


def _app_manifest(manifest: Any, organization: str | None) -> str:
    state = world().state
    if organization is None:
        return manifests.begin(world(), manifest, state.account(page.PERSON))
    return manifests.begin(world(), manifest, state.account(organization, "Organization"))


def _rerequest(repository: str, check_run_id: int, login: str) -> None:
    state = world().state
    state.rerequest(repository, check_run_id, state.account(login))


def _complete_check(repository: str, sha: str, name: str, conclusion: str, app: str) -> int:
    state, at = world().state, world().state.repository(repository)
    fields = {"name": name, "conclusion": concluded(conclusion)}
    return state.add_check(at, world().app(app), sha, fields).id


def _complete_suite(repository: str, sha: str, conclusion: str, app: str) -> int:
    return world().state.complete_suite(repository, sha, world().app(app), conclusion)


def _rerequest_suite(repository: str, sha: str, login: str, app: str) -> None:
    state = world().state
    state.rerequest_suite(repository, sha, world().app(app), state.account(login))


def _add_workflow(repository: str, file_name: str, name: str | None) -> int:
    return world().state.add_workflow(repository, file_name, name).id


def _dispatches(repository: str) -> Any:
    return [
        {
            "workflow": asked.workflow.file_name,
            "ref": asked.ref,
            "inputs": dict(asked.inputs),
            "login": asked.sender.login,
        }
        for asked in world().state.repository(repository).dispatches
    ]
