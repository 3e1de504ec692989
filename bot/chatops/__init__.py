"""What people write to the bot: commands in comments and reviews, who may give them, and trust.

`grammar` finds commands in a text, `registry` names every one of them, the modules between say what
each does to an environment's life, and `chat` asks GitHub whether its author may.
"""

from bot.chatops.chat import HubChat
from bot.chatops.grammar import Reader

__all__ = ["HubChat", "Reader"]
