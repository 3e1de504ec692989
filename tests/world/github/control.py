"""Drives the fake GitHub from a test or the demo."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.world.github.control_client import Files, Json, WorldError, encoded
from tests.world.github.control_programs import Programs

__all__ = ["Files", "GitHubWorld", "Opened", "WorldError"]


class Opened(NamedTuple):
    """A pull request that was just opened."""

    number: int
    sha: str


class GitHubWorld(Programs):
    """A client of the control API. `base_url` is where GitHub's own API answers too."""

    # -- repositories and pull requests -----------------------------------------------------------

    def create_repository(self, full_name: str, files: Files) -> None:
        """Make a repository with these files on its default branch."""
        self._do("create_repository", full_name=full_name, content=encoded(files))

    def commit(
        self, repository: str, branch: str, files: Files, author: str = "contributor"
    ) -> str:
        """Commit to a branch (which is made where it is missing); the sha. Sends `push`."""
        content = encoded(files)
        sha = self._do(
            "commit", repository=repository, branch=branch, content=content, author=author
        )
        return str(sha)

    def open_pull_request(
        self,
        repository: str,
        branch: str | None = None,
        files: Files | None = None,
        labels: Sequence[str] = (),
        fork: str | None = None,
        *,
        title: str | None = None,
        author: str | None = None,
        draft: bool = False,
    ) -> Opened:
        """Commit to a branch and open a pull request from it; its number and its commit.

        Without a branch, a new one is made; without files, the branch has its commits already.
        `fork` is a full name; the fork is made. Sends `opened`, and `labeled` for each label.
        """
        made = self._do(
            "open",
            repository=repository,
            branch=branch or f"change-{time.time_ns()}",
            content=None if files is None else encoded(files),
            labels=list(labels),
            fork=fork,
            title=title,
            author=author,
            draft=draft,
        )
        return Opened(**made)

    def push(self, repository: str, number: int, files: Files) -> str:
        """Commit to the pull request's branch and return the sha. Sends `synchronize`."""
        return str(self._do("push", repository=repository, number=number, content=encoded(files)))

    def pull_request(self, repository: str, number: int) -> Json:
        """The pull request, as GitHub's API shows it."""
        found: Json = self._do("pull", repository=repository, number=number)
        return found

    def head(self, repository: str, number: int) -> str:
        """The pull request's newest commit."""
        return str(self.pull_request(repository, number)["head"]["sha"])

    def label(self, repository: str, number: int, name: str) -> None:
        """Add a label. Sends `labeled`."""
        self._do("label", full_name=repository, number=number, name=name)

    def unlabel(self, repository: str, number: int, name: str) -> None:
        """Remove a label. Sends `unlabeled`."""
        self._do("unlabel", full_name=repository, number=number, name=name)

    def close(self, repository: str, number: int, merged: bool = False) -> None:
        """Close or merge. Sends `closed`."""
        self._do("close", full_name=repository, number=number, merged=merged)

    def reopen(self, repository: str, number: int) -> None:
        """Open again. Sends `reopened`."""
        self._do("reopen", full_name=repository, number=number)

    def set_draft(self, repository: str, number: int, draft: bool) -> None:
        """Make it a draft or ready. Sends `converted_to_draft` or `ready_for_review`."""
        self._do("draft", full_name=repository, number=number, draft=draft)

    def delete_repository(self, full_name: str) -> None:
        """Delete a repository; pull requests from it stay, with no head repository.

        Sends `repository`.
        """
        self._do("delete_repository", full_name=full_name)

    def delete_fork(self, full_name: str) -> None:
        """Delete a repository that pull requests come from."""
        self.delete_repository(full_name)

    def rename_repository(self, old: str, new: str) -> None:
        """Give a repository another name, or another owner and name; the old name leads there.

        Sends `repository`, `renamed` or (with another owner) `transferred`.
        """
        self._do("rename_repository", old=old, new=new)

    def set_permission(self, repository: str, login: str, permission: str) -> None:
        """Give a person `admin`, `maintain`, `write`, `triage` or `read`."""
        self._do("permission", repository=repository, login=login, permission=permission)

    # -- what is written about them ---------------------------------------------------------------

    def comment(self, repository: str, number: int, login: str, body: str) -> int:
        """Comment as somebody and return the comment's id. Sends `issue_comment`."""
        return int(
            self._do("comment", repository=repository, number=number, login=login, body=body)
        )

    def delete_comment(self, repository: str, comment_id: int) -> None:
        """Delete a comment."""
        self._do("delete_comment", full_name=repository, comment_id=comment_id)

    def edit_comment(self, repository: str, comment_id: int, body: str) -> None:
        """Change a comment's text. Sends `issue_comment`."""
        self._do("edit_comment", repository=repository, comment_id=comment_id, body=body)

    def review(
        self, repository: str, number: int, login: str, body: str, state: str = "COMMENTED"
    ) -> int:
        """Review as somebody and return the review's id. Sends `pull_request_review`.

        `state` is `COMMENTED`, `APPROVED` or `CHANGES_REQUESTED`.
        """
        given: Json = {"number": number, "login": login, "body": body, "state": state}
        return int(self._do("review", repository=repository, **given))

    def react(self, repository: str, comment_id: int, login: str, content: str) -> int:
        """React to a comment as somebody and return the reaction's id."""
        given = {"comment_id": comment_id, "login": login, "content": content}
        return int(self._do("react", repository=repository, **given))

    def reactions(self, repository: str, comment_id: int) -> list[Json]:
        """Reactions to a comment, oldest first, as GitHub's API shows them."""
        found: list[Json] = self._do("reactions", repository=repository, comment_id=comment_id)
        return found

    def comments(self, repository: str, number: int) -> list[Json]:
        """A pull request's comments, oldest first."""
        found: list[Json] = self._do("comments", repository=repository, number=number)
        return found

    def deployments(self, repository: str) -> list[Json]:
        """Deployments, oldest first; each with its `statuses`, oldest first."""
        found: list[Json] = self._do("deployments", repository=repository)
        return found

    def checks(self, repository: str, sha: str) -> Json:
        """A commit's `check_runs` and `statuses`."""
        found: Json = self._do("checks", repository=repository, sha=sha)
        return found

    # -- deliveries -------------------------------------------------------------------------------

    def add_hook(
        self,
        url: str,
        secret: str,
        repository: str | None = None,
        events: Sequence[str] = ("pull_request",),
    ) -> None:
        """Register a hook for one repository, or for each that is made from now on."""
        self._do("hook", url=url, secret=secret, events=list(events), repository=repository)

    def deliveries(self) -> list[Json]:
        """Every delivery, oldest first, with request, answer, and whether it is `pending`."""
        found: list[Json] = self._do("deliveries")
        return found

    def redeliver(self, guid: str) -> None:
        """Send a delivery again, under the same GUID."""
        self._do("redeliver", guid=guid)

    def settled(self, seconds: float = 10.0) -> None:
        """Wait until each delivery that is not held has its answer. Raises WorldError."""
        if not self._do("settled", seconds=seconds):
            raise WorldError(f"deliveries are still under way after {seconds} s")

    @contextlib.contextmanager
    def held(self, *, order: str = "kept", copies: int = 1) -> Iterator[None]:
        """Keep deliveries back until the block ends.

        Then they are sent, in their order or `reversed`, so many times; 0 copies lose them.
        """
        self._do("hold")
        try:
            yield
        finally:
            self._do("release", order=order, copies=copies)

    # -- limits and failures ---------------------------------------------------------------------

    def requests(self) -> list[Json]:
        """Every request to the API: `method`, `path`, `status`, `viewer`; oldest first."""
        found: list[Json] = self._do("requests")
        return found

    def forget_requests(self) -> None:
        """Begin the list of requests anew."""
        self._do("forget_requests")

    def fail_next(
        self,
        status: int = 502,
        *,
        method: str = "",
        path: str = "",
        times: int = 1,
        delay: float = 0.0,
        message: str = "Server Error",
        retry_after: int | None = None,
    ) -> None:
        """Answer the next requests of this method, with this in their path, with a status.

        `delay` seconds go by first; with `status` 0 the request is answered as usual after that.
        """
        self._do(
            "fail",
            status=status,
            method=method,
            path=path,
            times=times,
            delay=delay,
            message=message,
            retry_after=retry_after,
        )

    def cut_lists(self, items: int, *, path: str = "", times: int = 1) -> None:
        """Answer the next lists with this in their path as if they had no more items than these.

        Each comes without links to other pages, so many items or not.
        """
        self._do("cut", items=items, path=path, times=times)

    def rate_limit(self, remaining: int = 0, reset_in: float = 60.0) -> None:
        """Leave each caller so many requests; the hour ends after so many seconds."""
        self._do("rate_limit", remaining=remaining, reset_in=reset_in)

    def secondary_limit(self, seconds: float = 60.0) -> None:
        """Refuse everything by the secondary limit for so long."""
        self._do("secondary", seconds=seconds)

    def content_limit(self, minute: int = 80, hour: int = 500) -> None:
        """Count writes, and refuse what GitHub would refuse."""
        self._do("content", minute=minute, hour=hour)

    def clear(self) -> None:
        """Forget limits and failures that were asked for."""
        self._do("clear")
