"""Writes docs/commands.md to the standard output."""

import sys

from bot import said
from bot.chatops import guide, registry

if __name__ == "__main__":
    sys.stdout.write(guide.document(registry.VERBS.values(), said.WORD))
