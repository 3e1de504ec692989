"""What a repository's policy is: the settings, and `when` of `.stage.yaml` in the base branch.

The base branch alone says who gets an environment: a pull request can't let itself in.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from bot import errors, intent, model, ports
from infra import contract


class BasePolicies:
    """Implements `bot.ports.Policies`."""

    def __init__(self, hub: ports.Hub, settings: intent.Policy) -> None:
        """`settings` holds for every repository, in what the file does not say."""
        self._hub = hub
        self._settings = settings

    def policy(self, repository: str, branch: str, definition: str = "") -> intent.Policy:
        """The policy for pull requests into a branch. See `bot.ports.Policies`."""
        text = self._hub.file(repository, contract.FILE_NAME, branch)
        with _told(branch):
            found = contract.definitions(text)
        if definition and definition not in found:
            return dataclasses.replace(self._settings, never=intent.UNDEFINED)
        if definition:
            own = self._hub.file(repository, found[definition].file, branch)
            return dataclasses.replace(self._when(own, branch), within=found[definition].paths)
        if found:
            return dataclasses.replace(self._settings, never=intent.SEVERAL, definitions=found)
        return self._when(text, branch)

    def _when(self, text: str | None, branch: str) -> intent.Policy:
        if text is None:
            return self._settings
        with _told(branch):
            when = contract.When.parse(text)
        return dataclasses.replace(
            self._settings,
            mode=intent.Mode(when.mode),
            drafts=when.drafts,
            branches=when.branches,
            authors=when.authors,
            paths=when.paths,
            bases=when.base,
        )


@contextlib.contextmanager
def _told(branch: str) -> Iterator[None]:
    try:
        yield
    except contract.StageFileError as error:
        raise errors.InvalidStageFileError(
            f"in the base branch {branch}: {error}", reason="invalid-policy"
        ) from error


def known(
    pull_request: model.PullRequest,
    policy: intent.Policy,
    life: model.Life,
    hub: ports.Hub,
    chat: ports.Chat,
) -> intent.Known:
    """What has to be asked about a pull request, asked. Raises UnreachableError."""
    wish = intent.asked(pull_request, policy, life)
    if isinstance(wish, model.Ignored) or pull_request.key.is_base:
        # Whoever can push to a branch can write to the repository.
        return intent.Known()
    changed = None
    by_paths = policy.within or (policy.mode is intent.Mode.ALWAYS and policy.paths)
    if by_paths and life.wished is None:
        changed = hub.changed(pull_request.key)
    trusted = policy.trust_anyone or (
        pull_request.author.lower() in policy.trusted_authors and not pull_request.from_fork
    )
    return intent.Known(trusted or chat.trusted(pull_request), changed)
