"""The REST API, one blueprint for each part of it."""

from tests.world.github.api import (
    accounts,
    actions,
    apps,
    comments,
    hooks,
    pulls,
    repositories,
    work,
)

BLUEPRINTS = (
    accounts.blueprint,
    apps.blueprint,
    repositories.blueprint,
    pulls.blueprint,
    comments.blueprint,
    work.blueprint,
    actions.blueprint,
    hooks.blueprint,
)

__all__ = ["BLUEPRINTS"]
