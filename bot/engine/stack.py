"""A stack that is found by reading its state, and that learns from events how an operation ended.

The Automation API selects a stack before each operation, and asks the command line again for
outputs (twice) and history after it: processes that take longer together than many an update.
Reading the state tells as well whether there is a stack, and what is to be repaired; the events
have said all the rest. Only where they did not, the command line is asked.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any, TypeVar

from pulumi import automation
from pulumi.automation import errors as automation_errors

# Not exported, though the public constructor takes it.
from pulumi.automation._stack import StackInitMode

from bot.engine import events

EVENTS_SECONDS = 5.0
"""How long the last events may take to arrive after the engine has ended."""
CLEARED = "cleared the lock that an interrupted engine left"

Deployment = dict[str, Any]
"""A stack's state, as `pulumi stack export` writes it (apitype.DeploymentV3)."""
_Answer = TypeVar("_Answer")


class EventStack(automation.Stack):
    """One stack, for one operation whose events go to `follow`.

    It is opened by the lease's owner only: whatever lock it meets was left by an engine that is
    gone.
    """

    def __init__(
        self, name: str, workspace: automation.LocalWorkspace, follow: events.Follower
    ) -> None:
        # Not the base class's: it would select the stack by a process more, and every command
        # names its stack anyway.
        self.name = name
        self.workspace = workspace
        self._mode = StackInitMode.SELECT
        self.follow = follow
        """Takes the events."""
        self.workspace_version: int | None = None
        """The form of the state that was read."""

    def state(self) -> Deployment | None:
        """The stack's state; None where there is no such stack. Secrets stay encrypted."""
        try:
            answer = self._command("stack", "export", "--stack", self.name)
        except automation_errors.StackNotFoundError:
            return None
        found = json.loads(answer)
        self.workspace_version = found.get("version")
        return found.get("deployment") or {}

    def make(self, secrets_provider: str | None) -> None:
        """Make it, with what encrypts its secrets."""
        chosen = ("--secrets-provider", secrets_provider) if secrets_provider else ()
        # Selected, it would leave a file in Pulumi's home for each folder it was ever made in.
        self._command("stack", "init", self.name, "--no-select", *chosen)

    def replace(self, deployment: Deployment) -> None:
        """Put an edited state in the place of the one that was read; no pending operation stays."""
        state = automation.Deployment(self.workspace_version, deployment)
        self.unlocked(lambda: self.import_stack(state))

    def unlocked(self, run: Callable[[], _Answer]) -> _Answer:
        """Run a command, and once more if a lock kept it from beginning."""
        try:
            return run()
        except automation_errors.ConcurrentUpdateError:
            self.cancel()
            self.follow.say(CLEARED)
            return run()

    def outputs(self) -> automation.OutputMap:
        """The root's outputs; none of ours is a secret."""
        if not self.follow.finished.wait(EVENTS_SECONDS) or self.follow.outputs is None:
            return super().outputs()
        return {
            name: automation.OutputValue(value, secret=False)
            for name, value in self.follow.outputs.items()
        }

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary | None:
        """What changed."""
        if not self.follow.finished.wait(EVENTS_SECONDS):
            return super().info(show_secrets)
        return automation.UpdateSummary(
            kind="update",
            start_time=datetime.datetime.now(datetime.UTC),
            message="",
            environment={},
            config={},
            result="succeeded",
            resource_changes=self.follow.changes,
        )

    def _command(self, *arguments: str) -> str:
        result = self.workspace.pulumi_command.run(
            list(arguments), self.workspace.work_dir, self.workspace.env_vars
        )
        return str(result.stdout)
