"""Lets the base repository build what a stranger's own CI can't push.

A fork's runs have no secrets, so nothing that they build reaches a registry. Whoever approves a
commit has read it: the workflow that the base branch's stage file names is then asked to build it.
"""

from __future__ import annotations

from bot import errors, model, ports
from infra import contract

_BUILT = frozenset({ports.RUNNING, "success"})


def ask(hub: ports.Hub, pull_request: model.PullRequest) -> str:
    """Ask for the newest commit's images, and say what came of it; empty where nobody need.

    A run that goes on or has succeeded is not asked for again. Raises UnreachableError.
    """
    if not _strange(hub, pull_request):
        return ""
    repository, commit = pull_request.key.repository, pull_request.head_sha
    text = hub.file(repository, contract.FILE_NAME, pull_request.base_ref)
    definition = pull_request.key.definition
    try:
        if definition:
            path = contract.file_of(text, definition)
            text = hub.file(repository, path, pull_request.base_ref)
        workflow = contract.Images.parse(text).workflow if text is not None else None
    except contract.StageFileError as error:
        return f"no images are built for it: in the base branch {pull_request.base_ref}: {error}"
    if workflow is None:
        return ""
    if hub.dispatched_state(repository, workflow, commit) in _BUILT:
        return f"its images are built by {workflow} already"
    inputs = {"sha": commit, "pull_request": str(pull_request.key.number)}
    try:
        hub.dispatch(repository, workflow, pull_request.base_ref, inputs)
    except errors.NotFoundError as error:
        return f"no images are built for it: {error.message}"
    return f"{workflow} was asked to build its images"


def _strange(hub: ports.Hub, pull_request: model.PullRequest) -> bool:
    """Whether the pull request's own runs can't be counted on to push images."""
    if pull_request.from_fork:
        return True
    try:
        may = hub.permission(pull_request.key.repository, pull_request.author)
    except errors.NotFoundError:
        return True
    return may < model.Permission.WRITE
