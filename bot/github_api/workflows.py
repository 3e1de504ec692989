"""Asks how workflows stand, and for runs of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from github import WorkflowRun

from bot import ports
from bot.github_api.asking import asking, permitting
from bot.github_api.client import Client

_MAX_RUNS = 300
"""So many of a repository's newest runs are looked through."""
_DISPATCHABLE = (
    "it needs `on: workflow_dispatch` with the inputs sha and pull_request, and the bot the "
    "permission to write Actions"
)


class Workflows(Client):
    """A part of `bot.ports.Hub`."""

    def workflow_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """How a workflow's newest run for a commit ended. See `bot.ports.Hub`."""
        with asking(f"the runs of {workflow} for {commit[:7]} in {repository}"):
            runs = self._repository(repository).get_workflow_runs(head_sha=commit)
            return _state(runs, workflow)

    def dispatched_state(self, repository: str, workflow: str, commit: str) -> str | None:
        """The same of runs that were asked for. See `bot.ports.Hub`."""
        with asking(f"the runs of {workflow} that were asked for in {repository}"):
            runs = self._repository(repository).get_workflow_runs(event="workflow_dispatch")
            return _state(runs, workflow, commit)

    def dispatch(self, repository: str, workflow: str, ref: str, inputs: Mapping[str, str]) -> None:
        """Ask for a workflow to run on a branch. See `bot.ports.Hub`."""
        what = f"a run of {workflow} in {repository}"
        with asking(what), permitting(what, _DISPATCHABLE):
            where = self._repository(repository)
            where.requester.requestJsonAndCheck(
                "POST",
                f"{where.url}/actions/workflows/{workflow}/dispatches",
                input={"ref": ref, "inputs": dict(inputs)},
            )


def _state(runs: Iterable[WorkflowRun.WorkflowRun], workflow: str, title: str = "") -> str | None:
    """The state of the first run of a workflow whose title has these words."""
    for run in itertools.islice(runs, _MAX_RUNS):
        # A reusable workflow's path goes on with where it is from.
        name = run.path.partition("@")[0].rpartition("/")[2]
        if name == workflow and title in run.display_title:
            return run.conclusion or ports.RUNNING
    return None
