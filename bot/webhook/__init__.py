"""Bytes in, a stored hint out. Verifies, parses, stores, answers 202; never runs anything.

What a delivery says about the pull request is not believed: only its number is taken, and what
somebody wrote. `signature`,
`payloads` and `intake` are pure; `views` is the HTTP side.
"""

from bot.webhook.views import MAX_BYTES, Effects, blueprint

__all__ = ["MAX_BYTES", "Effects", "blueprint"]
