"""Writes docs/commands.md to the standard output."""

import sys

from bot.chatops import grammar, guide, registry

if __name__ == "__main__":
    sys.stdout.write(guide.document(registry.VERBS.values(), grammar.WORD))
