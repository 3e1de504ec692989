"""A GitHub of our own, over HTTP: what the bot reads and writes, and the deliveries it hears.

`state` is what exists, `api` answers as api.github.com would (to whom `permissions` lets pass),
`deliveries` sends the signed hooks, `control` drives it all from a test. Answers are checked
against GitHub's published description and deliveries are GitHub's own published examples with the
names and numbers of this world.
"""
