"""A plain page for each pull request, so that people can look at the comment in a browser."""

from __future__ import annotations

import flask
from markupsafe import escape

from tests.world.github.world import World

blueprint = flask.Blueprint("page", __name__)

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
