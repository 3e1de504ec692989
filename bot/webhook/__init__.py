"""Bytes in, a stored hint out. Verifies, parses, stores, answers 202; never runs anything.

What a delivery says about the pull request is not believed: only its number is taken.
"""

from bot.webhook.views import blueprint

__all__ = ["blueprint"]
