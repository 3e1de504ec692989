"""Makes the world equal to what pull requests ask for, one pass over one environment at a time.

`worker` takes environments from the store, `loop` makes one pass (read, decide, plan, act), `plan`
is the pure table in between, `rise`, `removal` and `settled` act with what `context` gives them,
`lease` keeps the right to, `deadlines` says how long.
"""

from bot.reconcile.context import Stages
from bot.reconcile.loop import Loop
from bot.reconcile.worker import Workers

__all__ = ["Loop", "Stages", "Workers"]
