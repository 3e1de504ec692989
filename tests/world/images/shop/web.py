"""The shop's front: a page that shows its commit, and the stock fetched from `api`."""

from __future__ import annotations

import os

import requests
from flask import render_template_string

from .serving import COMMIT, serve, service

app = service("web")

_API = os.environ.get("API_URL", "http://api:8080")
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The shop</title>
<h1>The shop</h1>
<p>This page runs commit <code id="commit">{{ commit }}</code>.</p>
<p><a href="/api/items">What we have</a></p>
</html>
"""


@app.get("/")
def page() -> str:
    """The page with the commit it runs."""
    return render_template_string(_PAGE, commit=COMMIT)


@app.get("/api/items")
def items() -> tuple[dict[str, object], int]:
    """The stock, as `api` tells it; 502 when it can't be asked."""
    try:
        answer = requests.get(f"{_API}/items", timeout=2)
        answer.raise_for_status()
    except requests.RequestException as error:
        return {"error": f"{_API} does not answer: {type(error).__name__}"}, 502
    return {"web": COMMIT, "api": answer.json()}, 200


if __name__ == "__main__":
    serve(app)
