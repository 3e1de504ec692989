"""What the bot may do on GitHub, against what it needs (`bot.needs`); also asked at each start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot import errors, github_hooks, needs
from bot.doctor import github
from bot.doctor.findings import Finding, Sign, ok, warning, wrong
from bot.github_hooks import Hub

PERMISSIONS = "GitHub permissions"
_Granted = Mapping[str, str]


def permissions(hub: Hub) -> Iterator[Finding]:
    """Each permission that is missing, and where to grant it; or that all are there."""
    yield from _of_app(hub) if hub.as_app else _of_token(hub)


def _of_app(hub: Hub) -> Iterator[Finding]:
    app = github.told(hub, "the App", "/app")
    own: _Granted = app.get("permissions") or {}
    where = f"{github.app_settings(app)}/permissions"
    found = [
        wrong(
            PERMISSIONS,
            f"the App lacks {name}: {level}",
            f"grant it at {where}, then accept it for each installation",
        )
        for name, level in _missing(own, needs.PERMISSIONS)
    ]
    for name, level in _missing(own, needs.OPTIONAL_PERMISSIONS):
        found.append(warning(PERMISSIONS, f"the App does without {name}: {level}"))
    count = 0
    for page in github_hooks.pages(hub, "the App's installations", "/app/installations"):
        for installation in page:
            count += 1
            found += _of_installation(installation, own)
    yield from found
    if not count:
        mend = f"install it at {app.get('html_url')}/installations/new"
        yield warning(PERMISSIONS, "the App is installed nowhere", mend)
    elif not any(one.sign is Sign.WRONG for one in found):
        yield ok(PERMISSIONS, f"everything needed is granted, by {count} installation(s)")


def _of_installation(installation: Mapping[str, Any], own: _Granted) -> Iterator[Finding]:
    login = (installation.get("account") or {}).get("login", "somebody")
    page = installation.get("html_url", "the installation's page")
    if installation.get("suspended_at"):
        yield warning(
            PERMISSIONS, f"the installation on {login} is suspended", f"unsuspend it at {page}"
        )
        return
    for name, level in _missing(installation.get("permissions") or {}, needs.PERMISSIONS):
        # What the App itself lacks, no installation can have.
        if needs.covers(own.get(name, ""), level):
            yield wrong(
                PERMISSIONS,
                f"the installation on {login} lacks {name}: {level}",
                f"accept the App's new permissions at {page}",
            )


def _of_token(hub: Hub) -> Iterator[Finding]:
    scopes = hub.ask("the token", "/user").headers.get("x-oauth-scopes")
    if scopes is None:
        yield warning(
            PERMISSIONS,
            "GitHub does not tell what a fine-grained token may do",
            f"see that it has {_listed(needs.PERMISSIONS)}",
        )
        return
    given = {scope.strip() for scope in scopes.split(",")} - {""}
    if needs.SCOPE in given:
        yield ok(PERMISSIONS, f"the token has the scope {needs.SCOPE}")
    elif needs.PUBLIC_SCOPE in given:
        yield from _public_only(hub)
    else:
        yield wrong(
            PERMISSIONS,
            f"the token lacks the scope {needs.SCOPE}",
            "give it that scope under Settings, Developer settings, Personal access tokens",
        )


def _public_only(hub: Hub) -> Iterator[Finding]:
    """A token that is enough for public repositories."""
    for name in hub.repositories():
        try:
            private = github.told(hub, f"repository {name}", f"/repos/{name}", name).get("private")
        except (errors.NotFoundError, errors.ForbiddenError):
            private = True  # it looks the same
        if private:
            yield wrong(
                PERMISSIONS,
                f"the token lacks the scope {needs.SCOPE}, which {name} needs, as it is private",
                "give it that scope under Settings, Developer settings, Personal access tokens",
            )
            return
    yield ok(PERMISSIONS, f"the token has the scope {needs.PUBLIC_SCOPE}, for public repositories")


def _missing(granted: _Granted, wanted: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, level in wanted.items():
        if not needs.covers(granted.get(name, ""), level):
            yield name, level


def _listed(wanted: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {level}" for name, level in wanted.items())
