"""Tells people: one comment and one deployment for each environment.

`render` (pure) writes the comment, `queue` and `errands` (pure) say what is told when, `governor`
rations writes, `writer` makes them, `desk` puts these together, and `reporter` drives it in the
background: provisioning never waits for GitHub.
"""

from bot.feedback.governor import owner
from bot.feedback.reporter import HubReporter

__all__ = ["HubReporter", "owner"]
