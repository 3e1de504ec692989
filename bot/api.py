"""The HTTP API: environments as they stand, and commands as in comments. Off without a token."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import flask

from bot import clock, direct, errors, model, overview, ports

PREFIX = "/api"
PULL_REQUEST = "/environments/<owner>/<name>/<int:number>"
BRANCH = "/environments/<owner>/<name>/branches/<path:branch>"
SCHEME = "Bearer "

Answer = tuple[dict[str, Any], int]


def blueprint(
    store: ports.Store,
    token: bytes | None,
    told: Callable[[model.EnvironmentKey], model.Report | None],
    wake: Callable[[], None],
    time: clock.Clock,
) -> flask.Blueprint:
    """`/api/environments` and what is below; `told` tells how an environment stands."""
    area = flask.Blueprint("api", __name__, url_prefix=PREFIX)

    @area.before_request
    def allowed() -> Answer | None:
        if token is None:
            return _refused(404, "off", "set UNDERSTUDY_API_TOKEN to have the API")
        given = flask.request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), SCHEME.encode() + token):
            return _refused(401, "unauthorized", "send `Authorization: Bearer TOKEN`")
        return None

    @area.get("/environments")
    def every() -> Answer:
        listed = [lanes[model.Lane.CLUSTER].key for lanes in overview.environments(store.rows())]
        reports = [report for report in map(told, listed) if report is not None]
        return {"environments": [_brief(report) for report in reports]}, 200

    @area.get(PULL_REQUEST)
    @area.get(BRANCH)
    def one(**at: Any) -> Answer:
        report = told(_key(**at))
        if report is None:
            return _refused(404, "not-found", "it has no environment and never had one")
        timeline = [{"at": one.at.isoformat(), "text": one.text} for one in report.timeline]
        return {**_brief(report), "timeline": timeline}, 200

    @area.post(f"{PULL_REQUEST}/commands")
    @area.post(f"{BRANCH}/commands")
    def ask(**at: Any) -> Answer:
        given = flask.request.get_json(silent=True)
        asked = given if isinstance(given, dict) else {}
        text, who = asked.get("command"), asked.get("as", "api")
        if not isinstance(text, str) or not isinstance(who, str):
            text = who = ""
        try:
            command = direct.ask(store, _key(**at), text, who, time.now())
        except errors.InvalidCommandError as error:
            return _refused(400, error.reason, error.message)
        wake()
        return _command(command), 202

    @area.get(f"{PULL_REQUEST}/commands/<int:identifier>")
    @area.get(f"{BRANCH}/commands/<int:identifier>")
    def read(identifier: int, **at: Any) -> Answer:
        command = direct.found(store, _key(**at), identifier)
        if command is None:
            return _refused(404, "not-found", "no such command was given here")
        return _command(command), 200

    return area


def _key(
    owner: str, name: str, number: int | None = None, branch: str = ""
) -> model.EnvironmentKey:
    """Which environment the request is about; of several definitions, `?definition=` says which."""
    definition = flask.request.args.get("definition")
    key = model.EnvironmentKey.told(f"{owner}/{name}", number, branch, definition)
    if key is None:
        flask.abort(404)
    return key


def _brief(report: model.Report) -> dict[str, Any]:
    return {
        "repository": report.key.repository,
        "pull_request": report.key.number or None,
        "branch": report.key.branch or None,
        "definition": report.key.definition or None,
        "name": report.name,
        "phase": report.phase.value,
        "commit": report.commit,
        "reason": report.reason,
        "url": report.routes.url if report.routes else None,
        "cost_a_day": report.cost.a_day if report.cost else None,
        "cost_so_far": report.cost.so_far if report.cost else None,
    }


def _command(command: model.Command) -> dict[str, Any]:
    return {
        "id": command.comment_id,
        "command": command.text,
        "as": command.author,
        "state": command.state.value,
        "answer": command.answer,
        "output": command.output,
    }


def _refused(status: int, reason: str, message: str) -> Answer:
    return {"reason": reason, "message": message}, status
