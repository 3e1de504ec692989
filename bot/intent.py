"""What a pull request asks for: an environment of its newest commit, or none.

Pure. Everything else (what exists, what to do about it) is decided after this; see
`bot.reconcile.plan`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from bot import model

CLOSED = "closed"
NO_LABEL = "no-label"
FORK_DELETED = "fork-deleted"
FORK_NOT_APPROVED = "fork-not-approved"
NO_EDGE = "no-edge"
"""The pull request has an environment, but no way through CloudFront."""
MOVED = "moved"
"""Its repository was renamed or transferred: the environment is made under the new name."""
GONE = "gone"
"""GitHub answered that there is no such pull request (any more)."""

HELD_BACK: Mapping[str, str] = MappingProxyType(
    {
        FORK_DELETED: (
            "the fork that this pull request comes from was deleted, so its code can't be run: "
            "push the branch to another repository and open a new pull request"
        ),
        FORK_NOT_APPROVED: (
            "this pull request comes from a fork, and code of strangers gets no environment by "
            "itself: push the branch to this repository to have one"
        ),
    }
)
"""Where the label asks for an environment and none is given: the sentence that people read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """Which pull requests get an environment."""

    label: str = "stage"
    """The label that asks for one."""
    allow_forks: bool = False
    """Whether the code of any fork may run; only for repositories whose forks are all trusted."""


def decide(pull_request: model.PullRequest, policy: Policy) -> model.Desired | model.Ignored:
    """What the pull request asks for; a draft may have an environment as well."""
    if not pull_request.open:
        return model.Ignored(CLOSED)
    if policy.label not in pull_request.labels:
        return model.Ignored(NO_LABEL)
    if pull_request.head_repository is None:
        return model.Ignored(FORK_DELETED)
    if pull_request.from_fork and not policy.allow_forks:
        return model.Ignored(FORK_NOT_APPROVED)
    return model.Desired(pull_request.head_sha)
