"""What a repository's policy is: the settings, and `when` of `.stage.yaml` in the base branch.

The base branch alone says who gets an environment: a pull request can't let itself in.
"""

from __future__ import annotations

import dataclasses

from bot import errors, intent, model, ports
from infra import contract


class BasePolicies:
    """Implements `bot.ports.Policies`."""

    def __init__(self, hub: ports.Hub, settings: intent.Policy) -> None:
        """`settings` holds for every repository, in what the file does not say."""
        self._hub = hub
        self._settings = settings

    def policy(self, repository: str, branch: str) -> intent.Policy:
        """The policy for pull requests into a branch. See `bot.ports.Policies`."""
        text = self._hub.file(repository, contract.FILE_NAME, branch)
        if text is None:
            return self._settings
        try:
            when = contract.When.parse(text)
        except contract.StageFileError as error:
            raise errors.InvalidStageFileError(
                f"in the base branch {branch}: {error}", reason="invalid-policy"
            ) from error
        return dataclasses.replace(
            self._settings,
            mode=intent.Mode(when.mode),
            drafts=when.drafts,
            branches=when.branches,
            authors=when.authors,
            paths=when.paths,
        )


def known(
    pull_request: model.PullRequest,
    policy: intent.Policy,
    life: model.Life,
    hub: ports.Hub,
    chat: ports.Chat,
) -> intent.Known:
    """What has to be asked about a pull request, asked. Raises UnreachableError."""
    wish = intent.asked(pull_request, policy, life)
    if isinstance(wish, model.Ignored):
        return intent.Known()
    changed = None
    if policy.mode is intent.Mode.ALWAYS and policy.paths:
        changed = hub.changed(pull_request.key)
    trusted = policy.trust_anyone or (
        pull_request.author.lower() in policy.trusted_authors and not pull_request.from_fork
    )
    return intent.Known(trusted or chat.trusted(pull_request), changed)
