"""Where an App is installed: on which accounts, and there on which repositories."""

from __future__ import annotations

from collections.abc import Sequence

from tests.world.github import errors, examples
from tests.world.github.objects import Account, App, Repository
from tests.world.github.world import World


def install(world: World, slug: str, owner: str, repositories: Sequence[str] | None) -> int:
    """Install an App on an account, for all its repositories or for some; the id."""
    app, account = world.app(slug), world.state.account(owner)
    if account.login in app.installations:
        raise errors.invalid("Installation", "account", f"{slug} is installed on {owner}")
    number = app.installations[account.login] = world.state.new_id()
    app.removed.discard(account.login)
    if repositories is not None:
        app.selected[account.login] = {item.id for item in _named(world, account, repositories)}
    _tell(world, app, account, "installation", "created", _covered(world, app, account))
    return number


def uninstall(world: World, slug: str, owner: str) -> None:
    """Remove an App from an account; its tokens end."""
    app, account = _installed(world, slug, owner)
    data = examples.installation(
        "installation",
        "deleted",
        app,
        app.installations[account.login],
        account,
        _covered(world, app, account),
    )
    del app.installations[account.login]
    app.selected.pop(account.login, None)
    app.removed.add(account.login)
    world.credentials.forget(app, account.login)
    world.deliveries.about(app, "installation", "deleted", data)


def select(world: World, slug: str, repository: str, *, chosen: bool) -> None:
    """Add a repository to an installation, or take it out; from then on only some are selected."""
    at = world.state.repository(repository)
    app, account = _installed(world, slug, at.owner.login)
    if app.covers(at) == chosen:
        return
    before = {item.id for item in _covered(world, app, account)}
    app.selected[account.login] = before | {at.id} if chosen else before - {at.id}
    action = "added" if chosen else "removed"
    _tell(world, app, account, "installation_repositories", action, [at])


def _tell(
    world: World,
    app: App,
    owner: Account,
    event: str,
    action: str,
    repositories: Sequence[Repository],
) -> None:
    number = app.installations[owner.login]
    data = examples.installation(event, action, app, number, owner, repositories)
    world.deliveries.about(app, event, action, data)


def _installed(world: World, slug: str, owner: str) -> tuple[App, Account]:
    app, account = world.app(slug), world.state.account(owner)
    if account.login not in app.installations:
        raise errors.not_found()
    return app, account


def _covered(world: World, app: App, owner: Account) -> list[Repository]:
    found = world.state.repositories.values()
    return [item for item in found if item.owner == owner and app.covers(item)]


def _named(world: World, owner: Account, names: Sequence[str]) -> list[Repository]:
    found = [world.state.repository(name) for name in names]
    for repository in found:
        if repository.owner != owner:
            words = f"{repository.full_name} is not {owner.login}'s"
            raise errors.invalid("Installation", "repositories", words)
    return found
