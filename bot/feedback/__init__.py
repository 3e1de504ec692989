"""Tells people: one comment and one deployment for each environment.

`render` (pure) writes the comment, `queue` (pure) says what is told when, `budget` rations writes,
`reporter` sends them in the background: provisioning never waits for GitHub.
"""

from bot.feedback.reporter import HubReporter

__all__ = ["HubReporter"]
