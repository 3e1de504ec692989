"""Clients of GitHub for a token or for each installation of an App, and what all of them ask."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import github
import urllib3
from github import Auth, GithubIntegration, Repository
from github.Requester import Requester

from bot import errors, github_pages
from bot.github_api.asking import asking, error_of

TIMEOUT_SECONDS = 10
"""For each request; a pass holds a lease while it asks."""
MAX_READ = 2000
"""Answers that are remembered."""
MAX_KEPT = 100_000
"""Characters of one that is; longer ones are read anew each time."""
_T = TypeVar("_T")
_Key = TypeVar("_Key")
_log = logging.getLogger("github")


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """A GitHub App's own credentials; installation tokens are made of them as needed."""

    app_id: int
    private_key: str = dataclasses.field(repr=False)
    """PEM, as GitHub gives it out."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """An answer of GitHub's, as it came."""

    content: Any
    """The JSON; None where there was none."""
    headers: Mapping[str, str]
    """By names in small letters."""


class Client:
    """Asks GitHub, with a token or as an App; safe for threads.

    `repositories` are those that a token is for; an App knows its own. Raises InvalidSettingsError
    for a key that can't be used; asks nothing of GitHub before it must.
    """

    def __init__(
        self, base_url: str, credentials: str | App, repositories: Sequence[str] = ()
    ) -> None:
        # PyGithub's debug lines hold whole answers, also those that new tokens come in.
        _log.setLevel(logging.INFO)
        self._credentials = credentials
        self._repositories = tuple(repositories)
        self._pages = github_pages.Pages()
        self._read: dict[tuple[str, str], tuple[str, object]] = {}
        """What was made of answers, with their ETags, by path and query."""
        self._changed: dict[str, tuple[tuple[str, str], Sequence[str]]] = {}
        """The files that pull requests change, with the commits that this was so for."""
        self._moved: dict[str, str] = {}
        """New names of repositories by old ones; GitHub leads a read there, and no write."""
        if isinstance(credentials, App):
            _check(credentials)
        # Reading again is harmless, so lost connections and 5xx are retried at once, twice at most.
        # Writing is not: whether a comment was made is found out by looking for its marker.
        retry = urllib3.Retry(
            total=2,
            backoff_factor=0.1,
            status_forcelist=(500, 502, 503, 504),
            allowed_methods=("GET",),
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._options: dict[str, Any] = {
            "base_url": base_url.rstrip("/"),
            "timeout": TIMEOUT_SECONDS,
            "user_agent": "understudy",
            "per_page": 100,
            "retry": retry,
            "seconds_between_requests": None,
            "seconds_between_writes": None,
            "lazy": True,
        }
        # A PyGithub client counts its requests in ways that threads may not share.
        self._local = threading.local()

    @property
    def as_app(self) -> bool:
        """Whether the bot is a GitHub App."""
        return isinstance(self._credentials, App)

    def ask(
        self,
        what: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        verb: str = "GET",
        repository: str | None = None,
    ) -> Reply:
        """One request: of an App for itself, or for the installation on a repository.

        `what` is told where it fails. Raises ForbiddenError, NotFoundError and UnreachableError.
        """
        with asking(what):
            if isinstance(self._credentials, App) and repository is None:
                requester = self._app_client(self._credentials).requester
            else:
                requester = self._client(repository or "").requester
            headers, text = _answer(requester, verb, path, query)
            return Reply(json.loads(text) if text else None, headers)

    def _kept(
        self,
        requester: Requester,
        path: str,
        read: Callable[[Any], _T],
        query: Mapping[str, str] | None = None,
    ) -> _T:
        """What `read` makes of an answer; one that is unchanged is answered by 304, and is free."""
        key = path, urllib.parse.urlencode(query or {})
        known, kept = self._read.get(key, ("", None))
        headers, text = _answer(requester, "GET", path, query, known)
        if text is None:
            return cast("_T", kept)
        made = read(json.loads(text))
        etag = headers.get("etag")
        if etag and len(text) <= MAX_KEPT:
            remember(self._read, key, (etag, made))
        return made

    def _name(self, repository: str) -> str:
        """A repository's name of today."""
        return self._moved.get(repository.lower(), repository)

    def _list(
        self,
        requester: Requester,
        path: str,
        name: str,
        query: dict[str, str] | None = None,
        field: str | None = None,
    ) -> list[github_pages.Item]:
        def ask(path: str, query: dict[str, Any], etag: str) -> github_pages.Answer | None:
            headers, text = _answer(requester, "GET", path, query, etag)
            if text is None:
                return None
            return github_pages.Answer(
                json.loads(text), headers.get("etag", ""), headers.get("link", "")
            )

        return self._pages.read(name, path, query or {}, field, ask)

    def _repository(self, full_name: str) -> Repository.Repository:
        name = self._name(full_name)
        return self._client(name).get_repo(name)

    def _client(self, full_name: str) -> github.Github:
        if isinstance(self._credentials, str):
            return self._user_client(self._credentials)
        owner, _, name = full_name.partition("/")
        app = self._app_client(self._credentials)
        known: dict[str, int] = self._local.__dict__.setdefault("installations", {})
        if owner.lower() not in known:
            known[owner.lower()] = app.get_repo_installation(owner, name).id
        return self._installation(app, known[owner.lower()])

    def _installation(self, app: GithubIntegration, number: int) -> github.Github:
        """The client for one account's installation, which has tokens of its own."""
        clients: dict[int, github.Github] = self._local.__dict__.setdefault("clients", {})
        if number not in clients:
            clients[number] = app.get_github_for_installation(number)
        return clients[number]

    def _user_client(self, token: str) -> github.Github:
        if not hasattr(self._local, "user"):
            self._local.user = github.Github(auth=Auth.Token(token), **self._options)
        client: github.Github = self._local.user
        return client

    def _app_client(self, app: App) -> GithubIntegration:
        if not hasattr(self._local, "app"):
            auth = Auth.AppAuth(app.app_id, app.private_key)
            self._local.app = GithubIntegration(auth=auth, **self._options)
        client: GithubIntegration = self._local.app
        return client

    def _own(self, login: str) -> bool:
        if not hasattr(self._local, "login"):
            if isinstance(self._credentials, str):
                self._local.login = self._user_client(self._credentials).get_user().login
            else:
                slug = self._app_client(self._credentials).get_app().slug
                self._local.login = f"{slug}[bot]"
        return bool(login == self._local.login)


def remember(kept: dict[_Key, _T], key: _Key, value: _T) -> None:
    """Keep one more, and forget what is too much."""
    kept[key] = value
    # Oldest first, and threads may all be at it.
    for old in list(kept)[:-MAX_READ]:
        kept.pop(old, None)


def _answer(
    requester: Requester,
    verb: str,
    path: str,
    query: Mapping[str, Any] | None,
    etag: str = "",
) -> tuple[Mapping[str, str], str | None]:
    """An answer's headers and text; None for the text of `etag`, which is unchanged.

    Raises PyGithub's errors for all that GitHub refuses.
    """
    given = {"If-None-Match": etag} if etag else None
    status, headers, text = requester.requestJson(verb, path, dict(query or {}), given)
    if status >= 400:
        raise requester.createException(status, headers, error_of(text))
    return headers, None if etag and status == 304 else text


def _check(app: App) -> None:
    try:
        Auth.AppAuth(app.app_id, app.private_key).create_jwt()
    except Exception as error:  # each library below has its own, and none shows the key
        raise errors.InvalidSettingsError(
            f"the private key of GitHub App {app.app_id} can't be used: "
            "give the whole PEM file that GitHub made, with its line breaks"
        ) from error
