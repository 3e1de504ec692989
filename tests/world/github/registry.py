"""What exists, and how it is found; the changes to it are `state`'s and its neighbours'."""

from __future__ import annotations

import datetime
import itertools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tests.world.github import comparing, errors, git, objects
from tests.world.github.objects import Account, PullRequest, Repository

Send = Callable[[Repository, str, str, Mapping[str, Any]], None]
"""Told of each event: repository, event, action and what the payload is about."""


class Registry:
    """All accounts, repositories and commits, under one lock."""

    def __init__(self, send: Send) -> None:
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[str, Repository] = {}
        self.moved: dict[str, Repository] = {}
        """By old names, for as long as no other repository has them."""
        self.commits: dict[str, git.Commit] = {}
        self.on_repository: list[Callable[[Repository], None]] = []
        self.on_transfer: list[Callable[[Repository], None]] = []
        self._compared: dict[tuple[str, str], comparing.Comparison] = {}
        self._send = send
        self._ids = itertools.count(1_000_001)

    def new_id(self) -> int:
        """An id that nothing else has, whatever its kind: a mixed-up id is never right by luck."""
        return next(self._ids)

    def account(self, login: str, kind: str = "User") -> Account:
        """The account of this name, made where it is missing."""
        with self.lock:
            if login.lower() not in self.accounts:
                self.accounts[login.lower()] = Account(self.new_id(), login, kind)
            return self.accounts[login.lower()]

    def repository(self, full_name: str) -> Repository:
        """A repository by name, whatever its case. Raises Refusal (404; 301 for an old name)."""
        found = self.repositories.get(full_name.lower())
        if found is None:
            moved = self.moved.get(full_name.lower())
            raise errors.not_found() if moved is None else errors.Moved(moved)
        return found

    def pull(self, full_name: str, number: int) -> tuple[Repository, PullRequest]:
        """A pull request and its repository. Raises Refusal (404)."""
        repository = self.repository(full_name)
        if number not in repository.pulls:
            raise errors.not_found()
        return repository, repository.pulls[number]

    def compared(self, pull: PullRequest) -> comparing.Comparison:
        """A pull request's head against its base."""
        key = (pull.base_sha, pull.head_sha)
        if key not in self._compared:
            self._compared[key] = comparing.compare(self.commits, *key)
        return self._compared[key]

    def commit_at(self, repository: Repository, ref: str) -> git.Commit | None:
        """The commit that a branch, a full or a short sha names; forks' commits included."""
        name = repository.branches.get(ref.removeprefix("refs/heads/"), ref)
        found = self.commits.get(name)
        if found is None and len(name) >= 7:
            matches = [sha for sha in self.commits if sha.startswith(name)]
            found = self.commits[matches[0]] if len(matches) == 1 else None
        return found if found is not None and found.network == repository.network else None

    def _touch(self, pull: PullRequest) -> datetime.datetime:
        pull.updated_at = objects.now()
        return pull.updated_at
