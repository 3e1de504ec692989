"""The shop's stock: the service behind `web`."""

from __future__ import annotations

from flask import current_app

from .serving import COMMIT, serve, service

app = service("api")

_ITEMS = ["lantern", "curtain", "prompt book"]


@app.get("/items")
def items() -> dict[str, object]:
    """Everything there is to buy, and the commit that says so."""
    current_app.logger.info("listing %d items", len(_ITEMS))
    return {"items": _ITEMS, "commit": COMMIT}


if __name__ == "__main__":
    serve(app)
