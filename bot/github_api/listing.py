"""Lists what the sweep compares: repositories, their open pull requests, and what was said."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from github import GithubIntegration, PullRequest
from github.Requester import Requester

from bot import errors, github_pages, model, said
from bot.github_api.asking import asking, identifier, out_of_sight
from bot.github_api.client import Client
from bot.github_api.pulls import on, told


class Listing(Client):
    """Implements `bot.ports.PullRequests`."""

    def repositories(self) -> Sequence[str]:
        """Those of every installation, or a token's own list. See `bot.ports.PullRequests`."""
        if isinstance(self._credentials, str):
            return self._repositories
        try:
            with asking("the App's installations"):
                app = self._app_client(self._credentials)
                return [
                    repository["full_name"]
                    for installation in self._list(app.requester, "/app/installations", "app")
                    # GitHub gives out no tokens for one that was suspended.
                    if not installation.get("suspended_at")
                    for repository in self._installed(app, installation["id"])
                ]
        except errors.NotFoundError as error:
            raise errors.UnreachableError(error.message) from error

    def _installed(self, app: GithubIntegration, number: int) -> list[github_pages.Item]:
        requester = self._installation(app, number).requester
        path = "/installation/repositories"
        return self._list(requester, path, str(number), field="repositories")

    def open_pull_requests(self, repository: str) -> Sequence[model.PullRequest]:
        """Every open pull request, or UnreachableError. See `bot.ports.PullRequests`."""
        try:
            with asking(f"the open pull requests of {repository}"):
                requester = self._client(repository).requester
                # New ones come last, so they move none of those that were there.
                query = {"state": "open", "sort": "created", "direction": "asc"}
                path = f"/repos/{repository}/pulls"
                return [
                    _listed(repository, requester, item)
                    for item in self._list(requester, path, repository, query)
                ]
        except errors.NotFoundError as error:
            raise errors.UnreachableError(out_of_sight(repository)) from error

    def comments(self, repository: str, since: datetime.datetime) -> Sequence[said.Said]:
        """People's comments since, without edited ones. See `bot.ports.PullRequests`."""
        try:
            with asking(f"the comments in {repository}"):
                query = {
                    "since": since.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "sort": "created",
                    "direction": "asc",
                }
                path = f"/repos/{repository}/issues/comments"
                requester = self._client(repository).requester
                found = self._list(requester, path, f"{repository} comments", query)
                return [one for one in map(_said(repository), found) if one is not None]
        except errors.NotFoundError as error:
            raise errors.UnreachableError(out_of_sight(repository)) from error


def _listed(repository: str, requester: Requester, item: github_pages.Item) -> model.PullRequest:
    # A list's items know less than a pull request by itself; nothing more is asked for them.
    pull = PullRequest.PullRequest(requester, {}, dict(item), completed=True)
    found = told(model.EnvironmentKey(repository, identifier(pull.number)), pull, merged=False)
    if not found.open:
        raise TypeError(found)
    return found


def _said(repository: str) -> Callable[[github_pages.Item], said.Said | None]:
    """Reads a list's comments; None for one that was edited or that no person wrote."""

    def read(item: github_pages.Item) -> said.Said | None:
        author = item["user"] or {}
        if item["updated_at"] != item["created_at"] or author.get("type") != "User":
            return None
        return said.Said(
            key=on(repository, item),
            id=identifier(item["id"]),
            author=author["login"],
            body=item["body"] or "",
            at=datetime.datetime.fromisoformat(item["created_at"]),
        )

    return read
