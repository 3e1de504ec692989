"""Reads stage files as they are at commits, with what other repositories bring into them."""

from __future__ import annotations

import functools

from bot import errors, model, ports
from infra import contract

KEPT_FILES = 64
"""Stage files that are not read again; each is at most 1 MB."""


class StageFiles:
    """Reads them from GitHub; what a file is at a commit never changes, so it is kept."""

    def __init__(self, hub: ports.Hub) -> None:
        self._hub = hub
        self._text = functools.lru_cache(maxsize=KEPT_FILES)(self._read)

    def at(self, key: model.EnvironmentKey, commit: str) -> contract.StageFile:
        """The stage file of an environment at a commit of its repository.

        Raises InvalidStageFileError, UnreachableError.
        """
        stage = self._own(key.repository, key.definition, commit)
        for use in stage.uses:
            stage = self._with(stage, use, key.repository)
        return stage

    def _own(self, repository: str, definition: str, commit: str) -> contract.StageFile:
        folder = ""
        try:
            path = self._path(repository, definition, commit)
            folder = path.removesuffix(contract.FILE_NAME)
            return _parsed(self._text(repository, path, commit), definition, commit)
        except contract.StageFileError as error:
            raise errors.InvalidStageFileError(f"{folder}{error}") from error

    def _with(self, stage: contract.StageFile, use: contract.Use, ours: str) -> contract.StageFile:
        """The same with the services that another repository's default branch brings."""
        try:
            branch = self._hub.default_branch(use.repository)
            key = model.EnvironmentKey(use.repository, branch=branch)
            commit = self._hub.pull_request(key).head_sha
            # Before anything is said of what is in it.
            if not self._shared(use, commit, ours):
                raise _unshared(use, ours)
            other = self._own(use.repository, use.environment or "", commit)
            return contract.with_services(stage, use, other, commit)
        except errors.NotFoundError as error:
            # In the same words, so that nobody learns what is there that they can't see.
            raise _unshared(use, ours) from error
        except contract.StageFileError as error:
            raise errors.InvalidStageFileError(str(error)) from error

    def _shared(self, use: contract.Use, commit: str, ours: str) -> bool:
        try:
            path = self._path(use.repository, use.environment or "", commit)
        except contract.StageFileError:
            return False
        return contract.shares(self._text(use.repository, path, commit), ours)

    def _path(self, repository: str, definition: str, commit: str) -> str:
        """Where a definition's file is. Raises StageFileError."""
        return contract.file_of(self._text(repository, contract.FILE_NAME, commit), definition)

    def _read(self, repository: str, path: str, commit: str) -> str | None:
        return self._hub.file(repository, path, commit)


def _parsed(text: str | None, definition: str, commit: str) -> contract.StageFile:
    """Raises StageFileError."""
    at = f"at commit {commit[:7]}"
    if text is None:
        raise contract.StageFileError(
            f"{contract.FILE_NAME} is missing {at}: add one that names your services; "
            "docs/stage-file.md shows a small one"
        )
    if not definition and contract.definitions(text):
        raise contract.StageFileError(
            f"{contract.FILE_NAME} names several environments {at}, and this one is none of them: "
            "merge that into the base branch, which says what there is"
        )
    return contract.StageFile.parse(text)


def _unshared(use: contract.Use, ours: str) -> errors.InvalidStageFileError:
    return errors.InvalidStageFileError(
        f"{contract.FILE_NAME}: uses: {use.repository} shares no services with {ours}: let the "
        f"{contract.FILE_NAME} of its default branch say `shared_with: [{ours}]`, and see that the "
        "bot can read that repository"
    )
