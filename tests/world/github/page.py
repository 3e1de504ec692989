"""Pages for people: each pull request with its comments, and the making of an App."""

from __future__ import annotations

import json
import urllib.parse

import flask
from markupsafe import escape
from werkzeug.wrappers import Response

from tests.world.github import manifests
from tests.world.github.world import World

blueprint = flask.Blueprint("page", __name__)

PERSON = "mona"
"""Who is signed in on the pages."""

_STYLE = "body{font:16px sans-serif;max-width:60em;margin:2em auto}pre{white-space:pre-wrap}"


@blueprint.get("/<owner>/<name>/pull/<int:number>")
def show(owner: str, name: str, number: int) -> str:
    """The pull request with its comments as they were written."""
    world: World = flask.current_app.extensions["world"]
    at, pull = world.state.pull(f"{owner}/{name}", number)
    parts = [
        f"<!doctype html><title>{escape(pull.title)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(pull.title)} #{number}</h1>",
        f"<p>{escape(at.full_name)} · {pull.state} · {pull.head_sha[:7]} · "
        f"{escape(', '.join(label.name for label in pull.labels))}</p>",
    ]
    for comment in at.comments.values():
        if comment.number == number:
            author, text = escape(comment.author.login), escape(comment.body)
            parts.append(f"<hr><h2>{author}</h2><pre>{text}</pre>")
    return "\n".join(parts)


@blueprint.post("/settings/apps/new")
@blueprint.post("/organizations/<owner>/settings/apps/new")
def new_app(owner: str | None = None) -> Response:
    """What a manifest is posted to; GitHub asks a person first, who says yes here."""
    world: World = flask.current_app.extensions["world"]
    state = world.state
    account = state.account(PERSON) if owner is None else state.account(owner, "Organization")
    given = flask.request.values
    try:
        manifest = json.loads(given.get("manifest", ""))
    except ValueError:
        return _refused(["Manifest is no JSON"])
    found = manifests.faults(world, manifest)
    back = manifest.get("redirect_url") if isinstance(manifest, dict) else None
    if not isinstance(back, str) or not back.startswith(("http://", "https://")):
        return _refused([*found, "Redirect url must be a valid URL"])
    if found:
        return _refused(found)
    query = {"code": manifests.begin(world, manifest, account)}
    if given.get("state"):
        query["state"] = given["state"]
    mark = "&" if "?" in back else "?"
    return flask.redirect(f"{back}{mark}{urllib.parse.urlencode(query)}")


def _refused(found: list[str]) -> Response:
    items = "".join(f"<li>{escape(words)}</li>" for words in found)
    title = "Invalid GitHub App configuration"
    text = f"<!doctype html><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
    return flask.Response(f"{text}<ul>{items}</ul>", status=422, mimetype="text/html")
