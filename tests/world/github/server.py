"""The HTTP server: authentication, limits and failures around the API, the control beside it."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import flask
import werkzeug.exceptions
import werkzeug.serving
from werkzeug.wrappers import Response

from tests.world.github import control_api, errors, moving, page, permissions
from tests.world.github.api import BLUEPRINTS
from tests.world.github.api.apps import CONVERSION
from tests.world.github.world import Exchange, World


def create_app(world: World) -> flask.Flask:
    """The application that shows one world."""
    app = flask.Flask("github", static_folder=None)
    app.extensions["world"] = world
    app.url_map.strict_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    for blueprint in (*BLUEPRINTS, control_api.blueprint, page.blueprint):
        app.register_blueprint(blueprint)
    for name, view in app.view_functions.items():
        # The control's verbs see to this themselves: one of them waits.
        if not name.startswith(f"{control_api.blueprint.name}."):
            app.view_functions[name] = _one_at_a_time(world, view)

    @app.before_request
    def enter() -> Response | None:
        flask.g.headers = {}
        if not _is_api():
            return None
        failure = world.limits.planned(flask.request.method, flask.request.path)
        if failure is not None:
            time.sleep(failure.delay)
            if failure.status:
                after = failure.retry_after
                headers = None if after is None else {"Retry-After": str(after)}
                raise errors.Refusal(failure.status, failure.message, headers=headers)
        if flask.request.endpoint == CONVERSION:
            return None
        flask.g.viewer = world.credentials.viewer(flask.request.headers.get("Authorization"))
        if flask.g.viewer.scopes is not None:
            flask.g.headers["X-OAuth-Scopes"] = ", ".join(flask.g.viewer.scopes)
        # Asking how much is left costs nothing.
        if flask.request.path != "/rate_limit":
            key = flask.g.viewer.key
            flask.g.headers |= world.limits.spend(key, flask.request.method)
        flask.g.headers |= _allowed(world)
        return None

    @app.after_request
    def leave(response: Response) -> Response:
        if not _is_api():
            return response
        response.headers.extend(flask.g.headers)
        response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        if response.mimetype == "application/json":
            response.headers["Content-Type"] = "application/json; charset=utf-8"
        response = _unchanged(world, response)
        _note(world, response)
        return response

    @app.errorhandler(errors.Moved)
    def moved(error: errors.Moved) -> Any:
        if _is_api():
            return moving.api_answer(error)
        if flask.request.blueprint == page.blueprint.name:
            return moving.page_answer(error)
        return {"message": f"it is {error.repository.full_name} now"}, 404

    @app.errorhandler(errors.Refusal)
    def refuse(error: errors.Refusal) -> tuple[Any, int]:
        flask.g.headers |= error.headers
        return error.body, error.status

    @app.errorhandler(werkzeug.exceptions.HTTPException)
    def unknown(error: werkzeug.exceptions.HTTPException) -> tuple[Any, int]:
        # GitHub says no more of a path, or of a method, that it does not know.
        return errors.not_found().body, 404

    app.wsgi_app = moving.ById(world, app.wsgi_app)  # type: ignore[method-assign]  # Flask's own advice
    return app


def _one_at_a_time(world: World, view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def locked(**given: Any) -> Any:
        with world.state.lock:
            return view(**given)

    return locked


def _is_api() -> bool:
    return flask.request.blueprint not in (control_api.blueprint.name, page.blueprint.name)


def _allowed(world: World) -> dict[str, str]:
    """Hold the caller against what the asked-for needs."""
    asked = flask.request
    given = asked.view_args or {}
    name = f"{given.get('owner')}/{given.get('name')}".lower()
    rule = asked.url_rule.rule if asked.url_rule else ""
    at = world.state.repositories.get(name)
    return permissions.check(flask.g.viewer, asked.method, rule, given, at)


def _note(world: World, response: Response) -> None:
    asked = flask.request
    viewer = getattr(flask.g, "viewer", None)
    sent = answered = None
    if world.keep_bodies and response.mimetype == "application/json":
        sent = asked.get_json(force=True, silent=True) if asked.data else None
        answered = json.loads(response.get_data() or b"null")
    world.exchanges.append(
        Exchange(
            method=asked.method,
            path=asked.path,
            status=response.status_code,
            rule=asked.url_rule.rule if asked.url_rule else "",
            viewer=viewer.account.login if viewer else "",
            media=response.mimetype or "" if response.get_data() else "",
            sent=sent,
            answered=answered,
        )
    )


def _unchanged(world: World, response: Response) -> Response:
    """Answer 304 to who has this already."""
    if flask.request.method != "GET" or response.status_code != 200:
        return response
    tag = f'W/"{hashlib.sha256(response.get_data()).hexdigest()}"'
    response.headers["ETag"] = tag
    if flask.request.headers.get("If-None-Match") == tag:
        response.status_code = 304
        response.set_data(b"")
        world.limits.refund(flask.g.viewer.key)
    return response


class _Quiet(werkzeug.serving.WSGIRequestHandler):
    """Keeps connections open, as GitHub does, and writes no line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the world remembers its exchanges."""


class Server:
    """A running GitHub; a context manager."""

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world = world
        self._server = werkzeug.serving.make_server(
            host, port, create_app(world), threaded=True, request_handler=_Quiet
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # of the threaded one
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self.serve, name="github", daemon=True)

    def serve(self) -> None:
        """Answer until closed."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self.world.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
        self._thread.join()
