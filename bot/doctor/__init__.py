"""Looks at everything that the bot stands on, changes nothing, and says how to mend what is wrong.

`findings` are what it says, `examination` looks within bounds of time; each other module looks at
one thing. What is looked at is put together in `bot.checkup`.
"""

from bot.doctor.examination import Check, examine
from bot.doctor.findings import Finding, Sign
from bot.doctor.watch import PermissionWatch

__all__ = ["Check", "Finding", "PermissionWatch", "Sign", "examine"]
