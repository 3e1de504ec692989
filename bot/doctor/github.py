"""GitHub: whether it answers, whose name the bot acts in, and what it may see."""

from __future__ import annotations

import datetime
import email.utils
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from bot import clock, errors
from bot.doctor.findings import Finding, ok, warning, wrong
from bot.github_hooks import Hub

ADDRESS = "GitHub"
CLOCK = "clock"
CREDENTIALS = "GitHub credentials"
REPOSITORIES = "repositories"
MAX_SKEW = datetime.timedelta(minutes=1)
"""GitHub refuses an App's signature that was made in its future, or too far in its past."""
TIMEOUT_SECONDS = 5


class Address:
    """GitHub's address, asked once, without credentials."""

    def __init__(self, url: str, time: clock.Clock) -> None:
        self._url = url
        self._clock = time
        self._skew: datetime.timedelta | None = None

    def reach(self) -> Iterator[Finding]:
        """Whether anything answers there."""
        began = self._clock.now()
        try:
            answer = requests.get(
                self._url, timeout=TIMEOUT_SECONDS, headers={"User-Agent": "understudy"}
            )
        except requests.RequestException as error:
            raise errors.UnreachableError(
                f"{self._url} does not answer ({type(error).__name__})"
            ) from error
        if answer.status_code >= 500:
            raise errors.UnreachableError(f"{self._url} answers {answer.status_code}")
        self._skew = _skew(answer.headers.get("Date"), began, self._clock.now())
        yield ok(ADDRESS, f"{self._url} answers")

    def compare_clocks(self) -> Iterator[Finding]:
        """Whether this machine's clock goes as GitHub's."""
        if self._skew is None:
            yield warning(CLOCK, "GitHub's answer has no time to compare with")
            return
        seconds = self._skew.total_seconds()
        side = "ahead of" if seconds > 0 else "behind"
        found = f"{abs(seconds):.0f} s {side} GitHub's"
        if abs(self._skew) < MAX_SKEW:
            yield ok(CLOCK, found)
        else:
            yield wrong(CLOCK, found, "set this machine's clock, for example by NTP")


def _skew(
    date: str | None, began: datetime.datetime, ended: datetime.datetime
) -> datetime.timedelta | None:
    """How far the clock is ahead; an answer's time lies between its question and its arrival."""
    if date is None:
        return None
    try:
        theirs = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=datetime.UTC)
    if theirs > ended:
        return ended - theirs
    # The header has whole seconds.
    return max(began - theirs - datetime.timedelta(seconds=1), datetime.timedelta(0))


def identity(hub: Hub) -> Iterator[Finding]:
    """Whose name the bot acts in."""
    if hub.as_app:
        app = told(hub, "the App", "/app")
        owner = (app.get("owner") or {}).get("login", "somebody")
        yield ok(
            CREDENTIALS, f"acts as {app.get('slug')}[bot], GitHub App {app.get('id')} of {owner}"
        )
        return
    yield ok(CREDENTIALS, f"acts as {told(hub, 'the token', '/user').get('login')}, by its token")


def visible(hub: Hub) -> Iterator[Finding]:
    """Whether each repository can be seen, and written to."""
    names = hub.repositories()
    if hub.as_app:
        if names:
            yield ok(REPOSITORIES, f"{len(names)} can be seen")
        else:
            mend = "install the App on the repositories that are to have environments"
            yield warning(REPOSITORIES, "the App is installed on none", mend)
        return
    if not names:
        mend = "set UNDERSTUDY_REPOSITORIES, so that the sweep finds what deliveries missed"
        yield warning(REPOSITORIES, "none is named", mend)
    for name in names:
        yield _repository(hub, name)


def _repository(hub: Hub, name: str) -> Finding:
    what = f"repository {name}"
    try:
        found = told(hub, what, f"/repos/{name}", name)
    except (errors.NotFoundError, errors.ForbiddenError):
        mend = f"give the bot access to {name}, or take it out of UNDERSTUDY_REPOSITORIES"
        return wrong(what, "can't be seen", mend)
    today = str(found.get("full_name", name))
    if today.lower() != name.lower():
        return warning(what, f"is called {today} today", "write that in UNDERSTUDY_REPOSITORIES")
    if found.get("permissions", {}).get("push") is False:
        return wrong(
            what,
            "can be seen, and not written to",
            f"give the token's owner the role Write in {name}, which deployments need",
        )
    return ok(what, "can be seen")


def told(hub: Hub, what: str, path: str, repository: str | None = None) -> Mapping[str, Any]:
    """An object of GitHub's. Raises as `GitHubHub.ask` does."""
    found = hub.ask(what, path, repository=repository).content
    if not isinstance(found, dict):
        raise errors.UnreachableError(
            f"what answered for {what} does not speak GitHub's API: check UNDERSTUDY_GITHUB_URL"
        )
    return found


def app_settings(app: Mapping[str, Any]) -> str:
    """Where a person changes the App."""
    url = urllib.parse.urlsplit(str(app.get("html_url", "https://github.com")))
    owner = app.get("owner") or {}
    of = f"/organizations/{owner.get('login')}" if owner.get("type") == "Organization" else ""
    return f"{url.scheme}://{url.netloc}{of}/settings/apps/{app.get('slug')}"
