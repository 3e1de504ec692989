"""The webhook's deliveries, as GitHub lists them: implements `bot.audit.Deliveries`.

An App has one hook. A token may see those of its repositories; the bot's own are those that have
ever reached it (`bot.heard`).
"""

from __future__ import annotations

import datetime
import functools
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import requests.utils
import structlog

from bot import audit, errors, github_api

APP_HOOK = "/app/hook"
PATH = "/webhook"
"""Where the bot takes deliveries (`bot.webhook`)."""
MAX_PAGES = 100
"""Of 100 attempts each, for one reading; what is older then is the sweep's alone."""

_log = structlog.get_logger(__name__)


class Hub(Protocol):
    """What is asked of `bot.github_api.GitHubHub`."""

    @property
    def as_app(self) -> bool:
        """Whether the bot is a GitHub App."""

    def repositories(self) -> Sequence[str]:
        """The repositories that the bot may look at."""

    def ask(
        self,
        what: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        verb: str = "GET",
        repository: str | None = None,
    ) -> github_api.Reply:
        """One request."""


class HookDeliveries:
    """Implements `bot.audit.Deliveries`."""

    def __init__(self, hub: Hub, ours: Callable[[str], bool] = lambda _: True) -> None:
        """`ours` tells of a repository's hook, by its number, whether it leads to this bot."""
        self._hub = hub
        self._ours = ours
        self._unseen: set[str] = set()
        """Where no hook may be seen, which is told once."""

    def hooks(self) -> Sequence[str]:
        """The path of each hook in GitHub's API. See `bot.audit.Deliveries`."""
        if self._hub.as_app:
            return [APP_HOOK] if self._seen("the App", self._app_hook) else []
        found: list[str] = []
        for repository in self._hub.repositories():
            found += self._seen(repository, functools.partial(self._of, repository)) or []
        return found

    def attempts(self, hook: str, since: datetime.datetime) -> Iterator[audit.Attempt]:
        """See `bot.audit.Deliveries`."""
        for page in pages(self._hub, f"the deliveries of {hook}", f"{hook}/deliveries"):
            for item in page:
                attempt = _attempt(hook, item)
                if attempt.at < since:
                    return
                yield attempt

    def ask_again(self, attempt: audit.Attempt) -> None:
        """See `bot.audit.Deliveries`."""
        path = f"{attempt.hook}/deliveries/{attempt.id}/attempts"
        self._hub.ask(f"delivery {attempt.guid} once more", path, verb="POST")

    def _app_hook(self) -> list[str]:
        self._hub.ask("the App's webhook", f"{APP_HOOK}/deliveries", {"per_page": "1"})
        return [APP_HOOK]

    def _of(self, repository: str) -> list[str]:
        return [
            f"/repos/{repository}/hooks/{one['id']}"
            for one in mine(self._hub, repository)
            if self._ours(str(one["id"]))
        ]

    def _seen(self, where: str, look: Callable[[], list[str]]) -> list[str] | None:
        """What `look` finds; None where the bot may not look, which is told once."""
        try:
            found = look()
        except (errors.ForbiddenError, errors.NotFoundError) as error:
            if where not in self._unseen:
                _log.info("no hook to be seen", action="audit", where=where, why=error.message)
            self._unseen.add(where)
            return None
        self._unseen.discard(where)
        return found


def mine(hub: Hub, repository: str) -> list[Mapping[str, Any]]:
    """A repository's hooks that lead to a bot. Raises as `GitHubHub.ask` does."""
    what = f"the webhooks of {repository}"
    return [
        hook
        for page in pages(hub, what, f"/repos/{repository}/hooks")
        for hook in page
        if leads_to_a_bot(str((hook.get("config") or {}).get("url")))
    ]


def leads_to_a_bot(url: str) -> bool:
    """Whether it could be a bot's address."""
    return urllib.parse.urlsplit(url).path.endswith(PATH)


def pages(hub: Hub, what: str, path: str) -> Iterator[list[Mapping[str, Any]]]:
    """A list's pages, each asked for when it is needed; GitHub says how the next is asked for."""
    query = {"per_page": "100"}
    for _ in range(MAX_PAGES):
        reply = hub.ask(what, path, query)
        if not isinstance(reply.content, list):
            raise _stranger(what)
        yield reply.content
        links = requests.utils.parse_header_links(reply.headers.get("link", ""))
        following = next((link["url"] for link in links if link.get("rel") == "next"), None)
        if following is None:
            return
        query |= urllib.parse.parse_qsl(urllib.parse.urlsplit(following).query)
    _log.warning("list cut short", action="audit", what=what, pages=MAX_PAGES)


def _attempt(hook: str, item: Mapping[str, Any]) -> audit.Attempt:
    try:
        at = datetime.datetime.fromisoformat(item["delivered_at"])
        return audit.Attempt(
            hook=hook,
            id=int(item["id"]),
            guid=str(item["guid"]),
            event=str(item["event"]),
            action=item["action"] or "",
            status=int(item["status_code"]),
            redelivery=bool(item["redelivery"]),
            at=at if at.tzinfo else at.replace(tzinfo=datetime.UTC),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _stranger(f"the deliveries of {hook}") from error


def _stranger(what: str) -> errors.UnreachableError:
    return errors.UnreachableError(
        f"what answered for {what} does not speak GitHub's API: check the address"
    )
