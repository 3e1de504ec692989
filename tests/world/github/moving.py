"""Repositories under their old names, and under the ids that never change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import flask

from tests.world.github import errors
from tests.world.github.api.common import Answer, base
from tests.world.github.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def api_answer(error: errors.Moved) -> Answer:
    """Lead a client from `/repos/OLD/NAME/…` to the repository's id, as GitHub does."""
    asked = flask.request
    rest = asked.path.split("/", 4)[4:]
    query = asked.query_string.decode()
    url = "/".join([f"{base()}/repositories/{error.repository.id}", *rest])
    url += f"?{query}" if query else ""
    # A client repeats a 301 as a GET; other methods are told to stay what they are.
    status, message = 301, "Moved Permanently"
    if asked.method not in ("GET", "HEAD"):
        status, message = 307, "Temporary Redirect"
    flask.g.headers["Location"] = url
    documentation: Any = error.body["documentation_url"]
    return {"message": message, "url": url, "documentation_url": documentation}, status


def page_answer(error: errors.Moved) -> Any:
    """Lead a browser to the same page under the new name."""
    rest = flask.request.path.split("/", 3)[3:]
    return flask.redirect("/".join([base(), error.repository.full_name, *rest]), 301)


class ById:
    """Answers `/repositories/ID/…` as `/repos/OWNER/NAME/…`, which is what it is."""

    def __init__(self, world: World, inner: WSGIApplication) -> None:
        self._world, self._inner = world, inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = re.fullmatch(r"/repositories/(\d+)(/.*)?", environ["PATH_INFO"])
        if found is not None:
            for repository in list(self._world.state.repositories.values()):
                if repository.id == int(found[1]):
                    environ["PATH_INFO"] = f"/repos/{repository.full_name}{found[2] or ''}"
        return self._inner(environ, start_response)
