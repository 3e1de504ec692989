"""A stack that learns how an operation ended from the engine's own events.

After each operation the Automation API asks the command line again for outputs (twice) and history:
three processes that take longer together than many an update. The events have said it all already;
only where they did not, the command line is asked.
"""

from __future__ import annotations

import datetime

from pulumi import automation

# Not exported, though the public constructor takes it.
from pulumi.automation._stack import StackInitMode

from bot.engine import events

EVENTS_SECONDS = 5.0
"""How long the last events may take to arrive after the engine has ended."""


class EventStack(automation.Stack):
    """One stack, for one operation whose events go to `follow`."""

    def __init__(
        self,
        name: str,
        workspace: automation.LocalWorkspace,
        follow: events.Follower,
        *,
        make: bool,
    ) -> None:
        """`make` it where there is none; else that raises StackNotFoundError."""
        mode = StackInitMode.CREATE_OR_SELECT if make else StackInitMode.SELECT
        super().__init__(name, workspace, mode)
        self._follow = follow

    def outputs(self) -> automation.OutputMap:
        """The root's outputs; none of ours is a secret."""
        if not self._follow.finished.wait(EVENTS_SECONDS) or self._follow.outputs is None:
            return super().outputs()
        return {
            name: automation.OutputValue(value, secret=False)
            for name, value in self._follow.outputs.items()
        }

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary | None:
        """What changed."""
        if not self._follow.finished.wait(EVENTS_SECONDS):
            return super().info(show_secrets)
        return automation.UpdateSummary(
            kind="update",
            start_time=datetime.datetime.now(datetime.UTC),
            message="",
            environment={},
            config={},
            result="succeeded",
            resource_changes=self._follow.changes,
        )
