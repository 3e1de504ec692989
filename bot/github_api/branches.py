"""Reads branches, as if they were pull requests that are never closed."""

from __future__ import annotations

import urllib.parse

from bot import errors, model
from bot.github_api.asking import asking, out_of_sight
from bot.github_api.client import Client


class Branches(Client):
    """A part of `bot.ports.Hub`."""

    def default_branch(self, repository: str) -> str:
        """The name of a repository's default branch. See `bot.ports.Hub`."""
        return self._about(repository)[1]

    def _about(self, repository: str) -> tuple[str, str]:
        """A repository's name of today, and its default branch."""
        with asking(f"repository {repository}"):
            name = self._name(repository)
            return self._kept(
                self._client(name).requester,
                f"/repos/{name}",
                lambda item: (str(item["full_name"]), str(item["default_branch"])),
            )

    def _branch(self, key: model.EnvironmentKey) -> model.PullRequest:
        """A branch's newest commit. Raises NotFoundError where there is none (any more)."""
        try:
            name, default = self._about(key.repository)
        except errors.NotFoundError as error:
            raise errors.UnreachableError(out_of_sight(key.repository)) from error
        if name.lower() != key.repository.lower():
            self._moved[key.repository.lower()] = name
            key = key.within(name)
        with asking(f"branch {key.branch} of {name}"):
            at = f"/repos/{name}/git/ref/heads/{urllib.parse.quote(key.branch)}"
            commit = self._kept(
                self._client(name).requester, at, lambda item: str(item["object"]["sha"])
            )
        return model.PullRequest.of_branch(key, commit, default)
