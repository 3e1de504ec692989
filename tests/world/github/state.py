"""Repositories and pull requests, the changes to them, and which deliveries each change makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.world.github import errors, git, objects
from tests.world.github.objects import Account, PullRequest, Repository
from tests.world.github.working import Working
from tests.world.github.writing import Writing

Files = Mapping[str, bytes | None]
"""Content by path; None removes the file."""


class State(Writing, Working):
    """All repositories. Every method is one change, made under one lock."""

    # -- repositories and commits -----------------------------------------------------------------

    def create_repository(
        self, full_name: str, files: Files, parent: Repository | None = None
    ) -> Repository:
        """Make a repository with a first commit on `main`, or a fork of `parent`."""
        with self.lock:
            owner, _, name = full_name.partition("/")
            if not owner or not name or "/" in name:
                raise errors.invalid("Repository", "name", f"{full_name} is no owner/name")
            if full_name.lower() in self.repositories:
                raise errors.invalid("Repository", "name", "name already exists on this account")
            number = self.new_id()
            made = Repository(
                number,
                self.account(owner, "User" if parent else "Organization"),
                name,
                network=parent.network if parent else number,
                parent=parent,
            )
            self.repositories[full_name.lower()] = made
            self.moved.pop(full_name.lower(), None)
            if parent:
                made.branches = dict(parent.branches)
            else:
                self.commit(full_name, made.default_branch, files, made.owner.login)
            for told in self.on_repository:
                told(made)
            return made

    def commit(self, full_name: str, branch: str, files: Files, author: str) -> str:
        """Commit to a branch (which begins at the default branch's tip) and return the sha."""
        with self.lock:
            repository = self.repository(full_name)
            tip = repository.branches.get(branch) or repository.branches.get(
                repository.default_branch
            )
            content = dict(self.commits[tip].files) if tip else {}
            content.update((path, data) for path, data in files.items() if data is not None)
            for path in (path for path, data in files.items() if data is None):
                content.pop(path, None)
            made = git.commit(
                content,
                (tip,) if tip else (),
                f"Commit {len(self.commits) + 1} on {branch}",
                author,
                int(objects.now().timestamp()),
                repository.network,
            )
            self.commits[made.sha] = made
            repository.branches[branch] = made.sha
            return made.sha

    def push_branch(self, full_name: str, branch: str, files: Files, author: str) -> str:
        """Commit to a branch as somebody who pushes, and return the sha."""
        with self.lock:
            repository = self.repository(full_name)
            before = repository.branches.get(branch)
            sha = self.commit(full_name, branch, files, author)
            made = self.commits[sha]
            facts = {
                "ref": f"refs/heads/{branch}",
                "before": before,
                "commit": made,
                "parent": self.commits[made.parents[0]] if made.parents else None,
                "sender": self.account(author),
            }
            self._send(repository, "push", "", facts)
            return sha

    def rename(self, old: str, new: str, sender: Account | None = None) -> None:
        """Give a repository another name; with another owner's before it, it is transferred."""
        with self.lock:
            repository = self.repository(old)
            owner, _, name = new.rpartition("/")
            owner = owner or repository.owner.login
            full_name = f"{owner}/{name}".lower()
            if not name or full_name in self.repositories:
                raise errors.invalid("Repository", "name", "name already exists on this account")
            facts = {"name": repository.name, "owner": repository.owner}
            transferred = owner.lower() != repository.owner.login.lower()
            if transferred:
                repository.owner = self.account(owner, "Organization")
            repository.name = name
            del self.repositories[old.lower()]
            self.repositories[full_name] = repository
            self.moved.pop(full_name, None)
            self.moved[old.lower()] = repository
            if transferred:
                for told in self.on_transfer:
                    told(repository)
            facts["sender"] = sender or repository.owner
            self._send(repository, "repository", "transferred" if transferred else "renamed", facts)

    def delete_repository(self, full_name: str) -> None:
        """Delete a repository. Pull requests from it stay, with no head repository."""
        with self.lock:
            gone = self.repository(full_name)
            self._send(gone, "repository", "deleted", {"sender": gone.owner})
            del self.repositories[full_name.lower()]
            self.moved = {name: kept for name, kept in self.moved.items() if kept is not gone}
            for repository in self.repositories.values():
                for pull in repository.pulls.values():
                    if pull.head_repository is gone:
                        pull.head_repository = None

    # -- pull requests ----------------------------------------------------------------------------

    def open_pull(
        self,
        full_name: str,
        branch: str,
        files: Files | None,
        labels: list[str],
        *,
        fork: str | None = None,
        title: str | None = None,
        author: str | None = None,
        draft: bool = False,
    ) -> PullRequest:
        """Open a pull request; with files, they are committed to its branch first."""
        with self.lock:
            repository = self.repository(full_name)
            if fork is not None and fork.lower() not in self.repositories:
                self.create_repository(fork, {}, parent=repository)
            head = self.repository(fork) if fork is not None else repository
            who = self.account(author or (head.owner.login if fork else "contributor"))
            if fork is None:
                # Only who may write can have pushed the branch.
                repository.permissions.setdefault(who.login, "write")
            if files is not None:
                self.commit(head.full_name, branch, files, who.login)
            if branch not in head.branches:
                raise errors.invalid("PullRequest", "head", f"there is no branch {branch}")
            pull = PullRequest(
                id=self.new_id(),
                number=max(repository.pulls, default=0) + 1,
                author=who,
                title=title or f"Change {branch}",
                head_owner=head.owner,
                head_repository=head,
                head_ref=branch,
                head_sha=head.branches[branch],
                base_ref=repository.default_branch,
                base_sha=repository.branches[repository.default_branch],
                draft=draft,
                labels=[self._label(repository, name) for name in labels],
            )
            repository.pulls[pull.number] = pull
            self._pull_event(repository, pull, "opened")
            for label in pull.labels:
                self._pull_event(repository, pull, "labeled", label=label)
            return pull

    def push(self, full_name: str, number: int, files: Files) -> str:
        """Commit to the pull request's branch and return the sha."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            if pull.head_repository is None:
                raise errors.invalid("PullRequest", "head", "its repository was deleted")
            before = pull.head_sha
            pull.head_sha = self.commit(
                pull.head_repository.full_name, pull.head_ref, files, pull.author.login
            )
            pull.base_sha = repository.branches[pull.base_ref]
            if pull.state == "open":
                self._touch(pull)
                self._pull_event(
                    repository, pull, "synchronize", before=before, after=pull.head_sha
                )
            return pull.head_sha

    def close(self, full_name: str, number: int, *, merged: bool = False) -> None:
        """Close a pull request, or merge it: its files then are on the base branch too."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            if pull.state == "closed":
                return
            pull.closed_at = self._touch(pull)
            if merged:
                files = self.commits[pull.head_sha].files
                pull.merged_at, pull.merged_by = pull.closed_at, repository.owner
                pull.merge_commit_sha = self.push_branch(
                    full_name, pull.base_ref, files, repository.owner.login
                )
            self._pull_event(repository, pull, "closed")

    def reopen(self, full_name: str, number: int) -> None:
        """Open a closed pull request again."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            if pull.merged_at is not None:
                raise errors.invalid("PullRequest", "state", "a merged one can't be reopened")
            if pull.state == "open":
                return
            pull.closed_at = None
            self._touch(pull)
            self._pull_event(repository, pull, "reopened")

    def set_draft(self, full_name: str, number: int, draft: bool) -> None:
        """Make it a draft, or ready for review."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            if pull.draft != draft:
                pull.draft = draft
                self._touch(pull)
                self._pull_event(
                    repository, pull, "converted_to_draft" if draft else "ready_for_review"
                )

    def label(self, full_name: str, number: int, name: str) -> list[objects.Label]:
        """Add a label; one that is there already makes no event."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            label = self._label(repository, name)
            if label not in pull.labels:
                pull.labels.append(label)
                self._touch(pull)
                self._pull_event(repository, pull, "labeled", label=label)
            return pull.labels

    def unlabel(self, full_name: str, number: int, name: str) -> list[objects.Label]:
        """Remove a label. Raises Refusal (404) where it is not there."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            label = repository.labels.get(name.lower())
            if label is None or label not in pull.labels:
                raise errors.Refusal(404, "Label does not exist")
            pull.labels.remove(label)
            self._touch(pull)
            self._pull_event(repository, pull, "unlabeled", label=label)
            return pull.labels

    # -- inside -----------------------------------------------------------------------------------

    def _label(self, repository: Repository, name: str) -> objects.Label:
        if name.lower() not in repository.labels:
            repository.labels[name.lower()] = objects.Label(self.new_id(), name)
        return repository.labels[name.lower()]

    def _pull_event(
        self, repository: Repository, pull: PullRequest, action: str, **more: Any
    ) -> None:
        self._send(repository, "pull_request", action, {"pull": pull, **more})
