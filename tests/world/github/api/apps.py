"""What an App says of itself, beside `accounts`: its making out of a manifest."""

from __future__ import annotations

import secrets

import flask

from tests.world.github import manifests, shapes
from tests.world.github.api.common import Answer, base, world
from tests.world.github.shapes.accounts import client_id

blueprint = flask.Blueprint("apps", __name__)

CONVERSION = f"{blueprint.name}.convert"
"""The endpoint that nobody has to sign in for: the code is enough."""


@blueprint.post("/app-manifests/<code>/conversions")
def convert(code: str) -> Answer:
    """Make the App that a manifest's code stands for; its secrets are told here only."""
    made, key = manifests.convert(world(), code)
    return {
        **shapes.app(base(), made),
        "client_id": client_id(made),
        "client_secret": secrets.token_hex(20),
        "webhook_secret": made.webhook_secret,
        "pem": key,
    }, 201
