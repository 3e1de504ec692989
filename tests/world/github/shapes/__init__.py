"""Objects as GitHub's REST API writes them. `base` is the address that the client came by.

Which keys there are is GitHub's published description; tests hold every answer against it.
"""

from tests.world.github.shapes.accounts import (
    app,
    full_repository,
    installation,
    public_user,
    repository,
    selection,
    user,
)
from tests.world.github.shapes.actions import workflow, workflow_run
from tests.world.github.shapes.comments import comment, issue, reaction, review
from tests.world.github.shapes.hooks import delivery, delivery_item, hook, hook_config
from tests.world.github.shapes.pulls import (
    commit,
    diff_entry,
    file,
    label,
    pull,
    pull_minimal,
    pull_simple,
    reference,
    simple_commit,
)
from tests.world.github.shapes.work import (
    check_run,
    combined_status,
    commit_status,
    deployment,
    deployment_status,
)

__all__ = [
    "app",
    "check_run",
    "combined_status",
    "comment",
    "commit",
    "commit_status",
    "delivery",
    "delivery_item",
    "deployment",
    "deployment_status",
    "diff_entry",
    "file",
    "full_repository",
    "hook",
    "hook_config",
    "installation",
    "issue",
    "label",
    "public_user",
    "pull",
    "pull_minimal",
    "pull_simple",
    "reaction",
    "reference",
    "repository",
    "review",
    "selection",
    "simple_commit",
    "user",
    "workflow",
    "workflow_run",
]
