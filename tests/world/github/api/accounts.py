"""The caller, Apps and their installations, rate limits."""

from __future__ import annotations

from typing import Any

import flask

from tests.world.github import errors, objects, permissions, shapes
from tests.world.github.api.common import Answer, Json, base, body, page, taken, viewer, world
from tests.world.github.shapes.accounts import granted
from tests.world.github.shapes.common import stamp

blueprint = flask.Blueprint("accounts", __name__)


@blueprint.get("/user")
def user() -> Json:
    """The person whose token it is; a program has none."""
    if viewer().app is not None:
        raise errors.Refusal(403, "Resource not accessible by integration")
    return shapes.public_user(base(), viewer().account)


@blueprint.get("/rate_limit")
def rate_limit() -> Json:
    """What is left of this hour."""
    window = world().limits.windows[viewer().key].roll()
    core = {
        "limit": window.limit,
        "used": window.used,
        "remaining": max(0, window.limit - window.used),
        "reset": int(window.reset),
    }
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]}
    return {"resources": {"core": core, "search": search}, "rate": core}


@blueprint.get("/app")
def app() -> Json:
    """The App itself."""
    return {**shapes.app(base(), _app()), "installations_count": len(_app().installations)}


@blueprint.get("/app/installations")
def installations() -> Any:
    """The App's installations."""
    owners = [world().state.account(login) for login in _app().installations]
    return flask.jsonify(page(owners, lambda owner: shapes.installation(base(), _app(), owner)))


@blueprint.get("/app/installations/<int:number>")
def installation(number: int) -> Json:
    """One of the App's installations."""
    return shapes.installation(base(), _app(), world().state.account(_owner(number)))


@blueprint.get("/installation/repositories")
def installed_repositories() -> Json:
    """The repositories that an installation's token may see."""
    app, owner = viewer().app, viewer().owner
    if app is None or owner is None:
        raise errors.Refusal(403, "Resource not accessible by personal access token")
    found = [item for item in world().state.repositories.values() if viewer().sees(item)]
    return {
        "total_count": len(found),
        "repository_selection": shapes.selection(app, owner),
        "repositories": page(found, lambda item: shapes.repository(base(), item)),
    }


@blueprint.get("/repos/<owner>/<name>/installation")
def repository_installation(owner: str, name: str) -> Json:
    """The App's installation that covers a repository."""
    found = world().state.repository(f"{owner}/{name}")
    if not _app().covers(found):
        raise errors.not_found()
    return shapes.installation(base(), _app(), found.owner)


@blueprint.post("/app/installations/<int:number>/access_tokens")
def access_token(number: int) -> Answer:
    """A token for an hour; `permissions` ask for less than the App has."""
    owner, asking = _owner(number), _app()
    given = body() if flask.request.data else {}
    less = taken(given, "InstallationToken", "permissions", dict, None) or None
    has = granted(asking)["permissions"]
    if less is not None and not all(
        permissions.suffices(has, f"{name}={level}") for name, level in less.items()
    ):
        words = "The permissions requested are not granted to this installation."
        raise errors.Refusal(422, words)
    token, until = world().credentials.installation_token(asking, owner, less)
    return {
        "token": token,
        "expires_at": stamp(until),
        "permissions": has if less is None else {"metadata": "read", **less},
        "repository_selection": shapes.selection(asking, owner),
    }, 201


def _owner(number: int) -> str:
    """The login that an installation is of. Raises Refusal (404)."""
    for login, found in _app().installations.items():
        if found == number:
            return login
    raise errors.not_found()


def _app() -> objects.App:
    asking = viewer()
    if not asking.as_app or asking.app is None:
        raise errors.Refusal(401, "A JSON web token could not be decoded")
    return asking.app
