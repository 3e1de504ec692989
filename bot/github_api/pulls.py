"""Reads pull requests, and what is decided with them."""

from __future__ import annotations

import datetime
import urllib.parse
from collections.abc import Sequence
from typing import Any

import github
from github import ContentFile, PullRequest, Repository

from bot import errors, github_pages, model, said
from bot.github_api.asking import asking, identifier, out_of_sight
from bot.github_api.branches import Branches
from bot.github_api.client import remember

_MAX_FILES = 3000
"""GitHub lists no more files of a pull request."""


class Pulls(Branches):
    """A part of `bot.ports.Hub`."""

    def pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        """The pull request as it is now. See `bot.ports.Hub`."""
        if key.is_base:
            return self._branch(key)
        try:
            return self._pull_request(key)
        except errors.NotFoundError:
            self._confirm_access(key.repository)
            raise

    def _confirm_access(self, repository: str) -> None:
        """Raise UnreachableError where the whole repository is out of sight.

        GitHub answers 404 also for what a token may no longer see, and an environment must not be
        taken away because somebody took a permission away.
        """
        try:
            with asking(f"repository {repository}"):
                # Any field that a repository reached lazily does not have asks GitHub.
                _ = self._repository(repository).private
        except errors.NotFoundError as error:
            raise errors.UnreachableError(out_of_sight(repository)) from error

    def _pull_request(self, key: model.EnvironmentKey) -> model.PullRequest:
        with asking(f"pull request {key}"):
            # By the name as it was given: somebody may have taken an old one anew.
            found = self._read_pull(key.whole).of(key.definition)
            if found.key == key:
                self._moved.pop(key.repository.lower(), None)
            else:
                self._moved[key.repository.lower()] = found.key.repository
            return found

    def _read_pull(self, key: model.EnvironmentKey) -> model.PullRequest:
        requester = self._client(key.repository).requester

        def read(item: dict[str, Any]) -> model.PullRequest:
            pull = PullRequest.PullRequest(requester, {}, item, completed=True)
            return told(key, pull, merged=item["merged"])

        return self._kept(requester, f"/repos/{key.repository}/pulls/{key.number}", read)

    def file(self, repository: str, path: str, ref: str) -> str | None:
        """A text file's content at a commit, or None. See `bot.ports.Hub`."""
        what = f"{path} of {repository} at {ref[:7]}"
        try:
            with asking(what):
                name = self._name(repository)
                requester = self._client(name).requester

                def read(item: object) -> ContentFile.ContentFile | None:
                    if isinstance(item, list):
                        return None  # a folder
                    if not isinstance(item, dict):
                        raise TypeError(item)
                    file = ContentFile.ContentFile(requester, {}, item, completed=True)
                    if file.type not in {"file", "symlink", "submodule"}:
                        raise TypeError(file)
                    return file if file.type == "file" else None

                at = f"/repos/{name}/contents/{urllib.parse.quote(path)}"
                found = self._kept(requester, at, read, {"ref": ref})
        except errors.NotFoundError as error:
            cause = error.__cause__
            # GitHub's words where the repository has no such commit (any more).
            if isinstance(cause, github.GithubException) and "No commit found" in str(cause):
                raise
            return None
        return None if found is None else _text(found, what)

    def permission(self, repository: str, login: str) -> model.Permission:
        """What somebody may do to a repository. See `bot.ports.Hub`."""
        with asking(f"what {login} may do in {repository}"):
            name = self._name(repository)
            at = f"/repos/{name}/collaborators/{urllib.parse.quote(login)}/permission"
            return self._kept(
                self._client(name).requester,
                at,
                lambda item: model.Permission[item["permission"].upper()],
            )

    def wrote(
        self, key: model.EnvironmentKey, number: int, source: model.CommandSource
    ) -> said.Said:
        """A comment or a review as it is now. See `bot.ports.Hub`."""
        with asking(f"{source.value} {number} on {key}"):
            where = self._repository(key.repository)
            review = source is model.CommandSource.REVIEW
            path = f"pulls/{key.number}/reviews" if review else "issues/comments"
            _, found = where.requester.requestJsonAndCheck("GET", f"{where.url}/{path}/{number}")
            return said.Said(
                key=key if review else on(key.repository, found),
                id=identifier(found["id"]),
                author=(found["user"] or {}).get("login", ""),
                body=found["body"] or "",
                at=datetime.datetime.fromisoformat(
                    found["submitted_at" if review else "created_at"]
                ),
                source=source,
            )

    def commit(self, repository: str, ref: str) -> str:
        """The whole name of a commit. See `bot.ports.Hub`."""
        with asking(f"commit {ref} of {repository}"):
            where = self._repository(repository)
            # PyGithub would believe the short name that it was given.
            _, found = where.requester.requestJsonAndCheck("GET", f"{where.url}/commits/{ref}")
            return str(found["sha"])

    def belongs(self, key: model.EnvironmentKey, commit: str) -> bool:
        """Whether a commit is one of a pull request's own. See `bot.ports.Hub`."""
        with asking(f"the commits of {key}"):
            pull = self._repository(key.repository).get_pull(key.number)
            return any(found.sha.startswith(commit) for found in pull.get_commits())

    def changed(self, key: model.EnvironmentKey) -> Sequence[str]:
        """The paths of the files that a pull request changes. See `bot.ports.Hub`."""
        now = self.pull_request(key.whole)
        state = now.head_sha, now.base_sha
        known = self._changed.get(now.key.identity)
        if known is not None and known[0] == state:
            return known[1]
        found = self._files(now.key)
        remember(self._changed, now.key.identity, (state, found))
        return found

    def _files(self, key: model.EnvironmentKey) -> Sequence[str]:
        with asking(f"the files of {key}"):
            pull = self._repository(key.repository).get_pull(key.number)
            found = [file.filename for file in pull.get_files()]
            # A list that was cut short must not decide that nothing of interest was changed.
            if len(found) < min(pull.changed_files, _MAX_FILES):
                raise errors.UnreachableError(f"GitHub gave out a part of the files of {key} only")
            return found


def told(
    key: model.EnvironmentKey, pull: PullRequest.PullRequest, *, merged: bool
) -> model.PullRequest:
    head = pull.head
    # What is no pull request must never pass for a closed one.
    if pull.number != key.number or pull.state not in {"open", "closed"} or not head.sha:
        raise TypeError(key)
    return model.PullRequest(
        key=key_of(key, pull.base.repo),
        open=pull.state == "open",
        merged=merged,
        draft=pull.draft,
        title=pull.title,
        author=pull.user.login if pull.user else "ghost",
        labels=frozenset(label.name for label in pull.labels),
        head_sha=head.sha,
        head_ref=head.ref,
        base_sha=pull.base.sha,
        base_ref=pull.base.ref,
        head_repository=head.repo.full_name if head.repo else None,
    )


def key_of(asked: model.EnvironmentKey, base: Repository.Repository | None) -> model.EnvironmentKey:
    """The pull request's key by the repository's name of today; the given one in any spelling."""
    name = base.full_name if base else asked.repository
    same = name.lower() == asked.repository.lower()
    return asked if same else asked.within(name)


def on(repository: str, comment: github_pages.Item) -> model.EnvironmentKey:
    """What a comment is on."""
    return model.EnvironmentKey(repository, int(comment["issue_url"].rpartition("/")[2]))


def _text(found: ContentFile.ContentFile, what: str) -> str:
    if found.encoding != "base64":
        raise errors.NotFoundError(f"{what} is over 1 MB, more than GitHub shows: make it smaller")
    return found.decoded_content.decode(errors="replace")
