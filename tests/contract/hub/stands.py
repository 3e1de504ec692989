"""A pull request that tests can change from outside, behind each implementation of the Hub port."""

from __future__ import annotations

import datetime
import hashlib
from typing import Protocol

from bot import errors, github_api, model, ports, said, testing
from tests.world.github.control import GitHubWorld

KEY = model.EnvironmentKey("acme/shop", 1)
TOKEN = "contract-token"
FORK = "mallory/shop"
NOW = datetime.datetime.now(datetime.UTC)


class Stand(Protocol):
    """One repository with one pull request, `KEY`, and the hub that shows it."""

    hub: ports.Hub
    lists: ports.PullRequests
    """The same, as the sweep sees it."""

    def open(self, files: dict[str, str], *labels: str, fork: str | None = None) -> str:
        """Open the pull request and return its commit."""

    def push(self, files: dict[str, str]) -> str:
        """Push and return the commit."""

    def close(self, *, merged: bool = False) -> None:
        """Close or merge it."""

    def delete_fork(self) -> None:
        """Delete the fork that it is from."""

    def label(self, name: str) -> None:
        """Add a label."""

    def draft(self) -> None:
        """Make it a draft."""

    def comments(self) -> dict[int, str]:
        """The bodies of its comments by id, oldest first."""

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment."""

    def statuses(self, deployment_id: int) -> list[tuple[str, str, str]]:
        """A deployment's states with URL and description, oldest first."""

    def deployments(self) -> int:
        """How many there are."""

    def permit(self, login: str, permission: str) -> None:
        """Give somebody `admin`, `maintain`, `write`, `triage` or `read`."""

    def say(self, login: str, body: str) -> int:
        """Comment as somebody and return the comment's id."""

    def reactions(self, comment_id: int) -> list[str]:
        """The reactions to a comment."""

    def checks(self, commit: str) -> list[tuple[str, str, str]]:
        """The checks of a commit: what each says with URL and title."""

    def add_workflow(self, file: str) -> None:
        """Let a workflow be there that can be asked for."""

    def finish_workflow(self, file: str, commit: str, conclusion: str) -> None:
        """Let it have run for a commit."""

    def dispatches(self) -> list[tuple[str, str, dict[str, str]]]:
        """Workflow, branch and inputs of each run that was asked for."""

    def push_to(self, branch: str) -> str:
        """Push to a branch and return the commit."""

    def fall_silent(self) -> None:
        """Let GitHub answer nothing but errors from now on."""


class GitHubStand:
    """The real hub, over HTTP, before the fake GitHub."""

    def __init__(self, world: GitHubWorld, credentials: str | github_api.App) -> None:
        self.world = world
        real = github_api.GitHubHub(world.base_url, credentials, [KEY.repository])
        self.hub: ports.Hub = real
        self.lists: ports.PullRequests = real

    def open(self, files: dict[str, str], *labels: str, fork: str | None = None) -> str:
        """See Stand."""
        return self.world.open_pull_request(KEY.repository, "change", files, labels, fork).sha

    def push(self, files: dict[str, str]) -> str:
        """See Stand."""
        return self.world.push(KEY.repository, KEY.number, files)

    def close(self, *, merged: bool = False) -> None:
        """See Stand."""
        self.world.close(KEY.repository, KEY.number, merged)

    def delete_fork(self) -> None:
        """See Stand."""
        self.world.delete_fork(FORK)

    def label(self, name: str) -> None:
        """See Stand."""
        self.world.label(KEY.repository, KEY.number, name)

    def draft(self) -> None:
        """See Stand."""
        self.world.set_draft(KEY.repository, KEY.number, True)

    def comments(self) -> dict[int, str]:
        """See Stand."""
        found = self.world.comments(KEY.repository, KEY.number)
        return {comment["id"]: comment["body"] for comment in found}

    def delete_comment(self, comment_id: int) -> None:
        """See Stand."""
        self.world.delete_comment(KEY.repository, comment_id)

    def statuses(self, deployment_id: int) -> list[tuple[str, str, str]]:
        """See Stand."""
        return [
            (status["state"], status["environment_url"], status["description"])
            for found in self.world.deployments(KEY.repository)
            if found["id"] == deployment_id
            for status in found["statuses"]
        ]

    def deployments(self) -> int:
        """See Stand."""
        return len(self.world.deployments(KEY.repository))

    def permit(self, login: str, permission: str) -> None:
        """See Stand."""
        self.world.set_permission(KEY.repository, login, permission)

    def say(self, login: str, body: str) -> int:
        """See Stand."""
        return self.world.comment(KEY.repository, KEY.number, login, body)

    def reactions(self, comment_id: int) -> list[str]:
        """See Stand."""
        found = self.world.reactions(KEY.repository, comment_id)
        return [reaction["content"] for reaction in found]

    def checks(self, commit: str) -> list[tuple[str, str, str]]:
        """See Stand; of commit statuses the newest counts."""
        found = self.world.checks(KEY.repository, commit)
        if newest := found["statuses"][:1]:
            names = {"pending": "in_progress", "error": "cancelled"}
            (one,) = newest
            assert one["context"] == "understudy"
            state = names.get(one["state"], one["state"])
            return [(state, one["target_url"] or "", one["description"])]
        return [
            (
                one["conclusion"] or one["status"],
                one["details_url"].removeprefix(self.world.base_url),
                one["output"]["title"],
            )
            for one in found["check_runs"]
            if one["name"] == "understudy"
        ]

    def add_workflow(self, file: str) -> None:
        """See Stand."""
        self.world.add_workflow(KEY.repository, file)

    def finish_workflow(self, file: str, commit: str, conclusion: str) -> None:
        """See Stand."""
        self.world.finish_workflow(KEY.repository, file, commit, conclusion)

    def dispatches(self) -> list[tuple[str, str, dict[str, str]]]:
        """See Stand."""
        found = self.world.dispatches(KEY.repository)
        return [(one["workflow"], one["ref"], one["inputs"]) for one in found]

    def push_to(self, branch: str) -> str:
        """See Stand."""
        return self.world.commit(KEY.repository, branch, {"pushed": branch})

    def fall_silent(self) -> None:
        """See Stand."""
        self.world.fail_next(502, times=100)


class FakeStand:
    """The recording fake of unit tests."""

    def __init__(self) -> None:
        self.fake = testing.FakeHub()
        self.hub: ports.Hub = self.fake
        self.lists: ports.PullRequests = self.fake
        self._files: dict[str, str] = {}

    def open(self, files: dict[str, str], *labels: str, fork: str | None = None) -> str:
        """See Stand."""
        commit = self._commit(files)
        self.fake.files_changed = list(files)
        self.fake.open(KEY, commit, *labels, fork=fork)
        return commit

    def push(self, files: dict[str, str]) -> str:
        """See Stand."""
        commit = self._commit(files)
        before = self.fake.pull_requests[KEY].head_sha
        self.fake.commits.setdefault(KEY, []).append(before)
        self.fake.change(KEY, head_sha=commit)
        return commit

    def close(self, *, merged: bool = False) -> None:
        """See Stand."""
        self.fake.change(KEY, open=False, merged=merged)

    def delete_fork(self) -> None:
        """See Stand."""
        self.fake.change(KEY, head_repository=None)

    def label(self, name: str) -> None:
        """See Stand."""
        self.fake.change(KEY, labels=self.fake.pull_requests[KEY].labels | {name})

    def draft(self) -> None:
        """See Stand."""
        self.fake.change(KEY, draft=True)

    def comments(self) -> dict[int, str]:
        """See Stand."""
        return {number: body for number, (_, body) in self.fake.written.items()}

    def delete_comment(self, comment_id: int) -> None:
        """See Stand."""
        del self.fake.written[comment_id]

    def statuses(self, deployment_id: int) -> list[tuple[str, str, str]]:
        """See Stand."""
        found = self.fake.deployments[deployment_id].statuses
        return [(state, url or "", description) for state, url, description in found]

    def deployments(self) -> int:
        """See Stand."""
        return len(self.fake.deployments)

    def permit(self, login: str, permission: str) -> None:
        """See Stand."""
        known = {"triage": "read", "maintain": "write"}
        name = known.get(permission, permission).upper()
        self.fake.permissions[login] = model.Permission[name]

    def say(self, login: str, body: str) -> int:
        """See Stand."""
        number = len(self.fake.said) + 1
        self.fake.said.append(said.Said(KEY, number, login, body, NOW))
        return number

    def reactions(self, comment_id: int) -> list[str]:
        """See Stand."""
        return [content for found, content in self.fake.reactions if found == comment_id]

    def checks(self, commit: str) -> list[tuple[str, str, str]]:
        """See Stand."""
        said = [one.said[-1] for one in self.fake.checks.values() if one.commit == commit]
        return [(state, url or "", title) for state, url, title in said]

    def add_workflow(self, file: str) -> None:
        """See Stand."""
        self.fake.workflows.add(file)

    def finish_workflow(self, file: str, commit: str, conclusion: str) -> None:
        """See Stand."""
        self.fake.runs[file, commit] = conclusion

    def dispatches(self) -> list[tuple[str, str, dict[str, str]]]:
        """See Stand."""
        return self.fake.dispatches

    def push_to(self, branch: str) -> str:
        """See Stand."""
        commit = self._commit({"pushed": branch})
        self.fake.branches[KEY.repository, branch] = commit
        return commit

    def fall_silent(self) -> None:
        """See Stand."""
        self.fake.fault = errors.UnreachableError()

    def _commit(self, files: dict[str, str]) -> str:
        self._files |= files
        text = repr(sorted(self._files.items()))
        commit = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        for path, content in self._files.items():
            self.fake.files[KEY.repository, path, commit] = content
        return commit
