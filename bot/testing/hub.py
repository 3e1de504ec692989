"""A fake GitHub."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

from bot import errors, model
from bot.testing.faulty import Faulty


@dataclasses.dataclass(slots=True)
class FakeDeployment:
    """A deployment with the statuses that it was given."""

    repository: str
    commit: str
    environment: str
    statuses: list[tuple[str, str | None, str]] = dataclasses.field(default_factory=list)
    """State, URL and description, oldest first."""


class FakeHub(Faulty):
    """GitHub with pull requests, files, comments and deployments; also `bot.ports.PullRequests`."""

    def __init__(self) -> None:
        self.pull_requests: dict[model.EnvironmentKey, model.PullRequest] = {}
        self.moved: dict[str, str] = {}
        """New names of repositories by old ones."""
        self.unlisted: set[model.EnvironmentKey] = set()
        """Open pull requests that lists leave out, as if a page of them was lost."""
        self.faults: dict[str, errors.UnderstudyError] = {}
        """What listing a repository's pull requests raises, by its name."""
        self.files: dict[tuple[str, str, str], str] = {}
        self.comments: dict[int, tuple[model.EnvironmentKey, str]] = {}
        self.deployments: dict[int, FakeDeployment] = {}
        self.writes: list[str] = []
        """The verb of each write that succeeded."""
        self._ids = itertools.count(1)

    def open(
        self, key: model.EnvironmentKey, commit: str, *labels: str, fork: str | None = None
    ) -> model.PullRequest:
        """Open a pull request, from a fork where one is named."""
        self.pull_requests[key] = model.PullRequest(
            key=key,
            open=True,
            merged=False,
            draft=False,
            title="Change the shop window",
            author="ada",
            labels=frozenset(labels),
            head_sha=commit,
            head_ref="window",
            base_sha="0" * 40,
            base_ref="main",
            head_repository=fork or key.repository,
        )
        return self.pull_requests[key]

    def change(self, key: model.EnvironmentKey, **changes: object) -> None:
        """Change a pull request: push (`head_sha`), close (`open=False`), label (`labels`), …"""
        self.pull_requests[key] = dataclasses.replace(
            self.pull_requests[key],
            **changes,  # type: ignore[arg-type]
        )

    def rename(self, repository: str, name: str) -> None:
        """Give a repository another name; what is asked by the old one is found by the new one."""
        self.moved[repository] = name
        for key, found in list(self.pull_requests.items()):
            if key.repository == repository:
                del self.pull_requests[key]
                moved = model.EnvironmentKey(name, key.number)
                self.pull_requests[moved] = dataclasses.replace(
                    found, key=moved, head_repository=name
                )

    def forget(self, key: model.EnvironmentKey) -> None:
        """Let the pull request be gone."""
        self.pull_requests.pop(key, None)

    def pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        """See `bot.ports.Hub`."""
        self.answer()
        key = model.EnvironmentKey(self._name(key.repository), key.number)
        if key not in self.pull_requests:
            raise errors.NotFoundError(f"there is no pull request {key}")
        return self.pull_requests[key]

    def repositories(self) -> Sequence[str]:
        """See `bot.ports.PullRequests`; those that ever had a pull request."""
        self.answer()
        return sorted({key.repository for key in self.pull_requests})

    def open_pull_requests(self, repository: str) -> Sequence[model.PullRequest]:
        """See `bot.ports.PullRequests`."""
        self.answer()
        if repository in self.faults:
            raise self.faults[repository]
        return [
            found
            for key, found in self.pull_requests.items()
            if key.repository == self._name(repository) and found.open and key not in self.unlisted
        ]

    def _name(self, repository: str) -> str:
        return self.moved.get(repository, repository)

    def file(self, repository: str, path: str, ref: str) -> str | None:
        """See `bot.ports.Hub`."""
        self.answer()
        return self.files.get((repository, path, ref))

    def write_comment(self, key: model.EnvironmentKey, body: str, comment_id: int | None) -> int:
        """See `bot.ports.Hub`."""
        self.answer()
        marker = body.partition("\n")[0]
        found = comment_id if comment_id in self.comments else None
        if found is None:
            mine = (i for i, (of, text) in self.comments.items() if of == key and marker in text)
            found = next(mine, None)
        self.writes.append("create comment" if found is None else "edit comment")
        if found is None:
            found = next(self._ids)
        self.comments[found] = (key, body)
        return found

    def comments_on(self, key: model.EnvironmentKey) -> list[str]:
        """The bodies of a pull request's comments."""
        return [body for of, body in self.comments.values() if of == key]

    def create_deployment(self, repository: str, commit: str, environment: str) -> int:
        """See `bot.ports.Hub`."""
        self.answer()
        wanted = (repository, commit, environment)
        for identifier, found in self.deployments.items():
            if (found.repository, found.commit, found.environment) == wanted:
                return identifier
        identifier = next(self._ids)
        self.deployments[identifier] = FakeDeployment(*wanted)
        self.writes.append("create deployment")
        return identifier

    def set_deployment_status(
        self, repository: str, deployment_id: int, state: str, url: str | None, description: str
    ) -> None:
        """See `bot.ports.Hub`."""
        self.answer()
        assert self.deployments[deployment_id].repository == repository
        self.deployments[deployment_id].statuses.append((state, url, description))
        self.writes.append(f"deployment {state}")
