"""The bot: from a GitHub delivery to an environment that equals its pull request.

Its stages (webhook, store, reconcile, engine, feedback) do not import one another. They meet in
`bot.app`, through the ports of `bot.ports` and the words of `bot.model`.
"""
