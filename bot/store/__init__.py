"""What the bot remembers: deliveries, environments with their leases, timelines.

Knows nothing of why a row changes. `tables` are the columns, `migrations` how they came about,
`store` the verbs of `bot.ports.Store`, `schema` what the doctor asks.
"""

from bot.store import schema
from bot.store.store import SqlStore

__all__ = ["SqlStore", "schema"]
