"""GitHub as `bot.ports.Hub` and `bot.ports.PullRequests`: the only importer of PyGithub.

PyGithub sleeps out rate limits, an hour at a time. Here nothing waits: an answer that is not to be
had now is an UnreachableError, and the pass or the report is tried again later by its own clock.
"""

from bot.github_api.client import App, Reply
from bot.github_api.listing import Listing
from bot.github_api.pulls import Pulls
from bot.github_api.workflows import Workflows
from bot.github_api.writing import Writing

__all__ = ["App", "GitHubHub", "Reply"]


class GitHubHub(Pulls, Listing, Workflows, Writing):
    """Implements `bot.ports.Hub` and `PullRequests`, with a token or as an App; safe for threads.

    `repositories` are those that a token is for; an App knows its own. Raises InvalidSettingsError
    for a key that can't be used; asks nothing of GitHub before it must.
    """
