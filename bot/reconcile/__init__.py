"""Makes the world equal to what pull requests ask for, one pass over one environment at a time.

`worker` takes environments from the store, `loop` makes one pass (read, decide, plan, act), `plan`
is the pure table in between, `commands` runs what people asked for, `images`, `rise`, `sleeping`,
`removal` and `settled` act with what `context` gives them, `lease` keeps the right to, `deadlines`
says how long.

`sweeper` finds what nobody told of: `sweep` lists everything, `differences` is the pure comparison,
`brake` holds back what would take away most environments at once.
"""

from bot.reconcile.brake import Brake
from bot.reconcile.context import Stages
from bot.reconcile.conversation import Conversation
from bot.reconcile.loop import Loop
from bot.reconcile.sweep import Sweep
from bot.reconcile.sweeper import Sweeper
from bot.reconcile.worker import Workers

__all__ = ["Brake", "Conversation", "Loop", "Stages", "Sweep", "Sweeper", "Workers"]
