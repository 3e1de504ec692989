"""Makes a GitHub App with a person's help: a page on this machine, one click, and GitHub's answer.

The person's browser posts the manifest to GitHub, where they are signed in, and comes back with a
code; the code is exchanged here for the App's secrets. The page is served on loopback only, and
what comes back is believed only with the random value that went out.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

import flask
import werkzeug.serving

from bot import app_exchange, app_files, app_manifest, errors

SECONDS = 600.0
"""How long the page waits; a code of GitHub's is good for an hour."""
HOST = "127.0.0.1"
_PAGE = """<!doctype html><meta charset="utf-8"><title>Understudy</title>
<style>body{font:16px sans-serif;max-width:40em;margin:4em auto}button{font:inherit}</style>
<h1>{{ title }}</h1><p>{{ text }}</p>
{% if target %}<form method="post" action="{{ target }}">
<input type="hidden" name="manifest" value="{{ manifest }}"><button>Go to GitHub</button>
</form>{% elif link %}<p><a href="{{ link }}">{{ link }}</a></p>{% endif %}"""


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """The App that GitHub made; its secrets are in the files already."""

    app_id: int
    address: str
    """The App's page."""

    @property
    def install(self) -> str:
        """Where it is installed."""
        return f"{self.address}/installations/new"


class Creation:
    """The page, and what comes of it. `api` is GitHub's API."""

    def __init__(
        self, api: str, wanted: app_manifest.Wanted, files: app_files.Files, port: int = 0
    ) -> None:
        self._api = api.rstrip("/")
        self._wanted = wanted
        self._files = files
        self._port = port
        self._state = secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.made: Made | None = None

    def run(self, opened: Callable[[str], None], seconds: float = SECONDS) -> Made:
        """Serve until the App is made; `opened` is told the page's address.

        Raises UnderstudyError where it isn't in time, and where a file can't be written.
        """
        app_manifest.site(self._api)
        self._files.prepare()
        try:
            server = werkzeug.serving.make_server(
                HOST, self._port, self._app(), threaded=True, request_handler=_Quiet
            )
        except (OSError, SystemExit) as error:
            raise errors.UnderstudyError(
                f"port {self._port} of this machine can't be used: choose another with --port"
            ) from error
        self._port = server.server_port
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            opened(self._page())
            self._ended.wait(seconds)
        finally:
            server.shutdown()
            server.server_close()
            serving.join()
        if self.made is None:
            raise errors.UnderstudyError(
                f"no App was made within {seconds / 60:g} minutes: run the command again"
            )
        return self.made

    def _page(self, path: str = "/") -> str:
        return f"http://{HOST}:{self._port}{path}"

    def _app(self) -> flask.Flask:
        app = flask.Flask("create-app", static_folder=None)

        @app.before_request
        def only_here() -> None:
            # A name that somebody else's DNS leads to this machine is not ours.
            if flask.request.host not in {f"{HOST}:{self._port}", f"localhost:{self._port}"}:
                flask.abort(403)

        @app.after_request
        def closed(response: flask.Response) -> flask.Response:
            response.headers["Cache-Control"] = "no-store"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Frame-Options"] = "DENY"
            policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
            response.headers["Content-Security-Policy"] = policy
            return response

        app.add_url_rule("/", view_func=self._ask)
        app.add_url_rule("/created", view_func=self._take)
        return app

    def _ask(self) -> str:
        name = self._wanted.name
        if self.made is not None:
            return self._done(self.made)
        return flask.render_template_string(
            _PAGE,
            title=f"Make the GitHub App {name}",
            text="GitHub shows its name and asks you to confirm; then you come back here.",
            target=self._wanted.address(self._api, self._state),
            manifest=json.dumps(self._wanted.manifest(self._page("/created"))),
        )

    def _take(self) -> tuple[str, int]:
        given = flask.request.args
        if not hmac.compare_digest(given.get("state", "").encode(), self._state.encode()):
            return _told("Refused", "This did not begin here: open the page again."), 400
        with self._lock:
            if self.made is not None:
                return self._done(self.made), 200
            try:
                found = app_exchange.exchange(self._api, given.get("code", ""))
                self._files.keep(found.key, found.secret)
            except errors.UnderstudyError as error:
                return _told("No App was made", error.message), 502
            self.made = Made(found.app_id, found.address)
        # What runs goes on until this answer is out.
        flask.after_this_request(self._end)
        return self._done(self.made), 200

    def _end(self, response: flask.Response) -> flask.Response:
        response.call_on_close(self._ended.set)
        return response

    @staticmethod
    def _done(made: Made) -> str:
        text = "Its key and secret are kept; the command line shows the settings. Install it here:"
        return _told("The App is made", text, made.install)


class _Quiet(werkzeug.serving.WSGIRequestHandler):
    """Writes no line for a request: its address has the code."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


def _told(title: str, text: str, link: str = "") -> str:
    return flask.render_template_string(_PAGE, title=title, text=text, link=link)
