"""How much of what others wrote is shown: a comment stays readable, whatever an image is called."""

from __future__ import annotations

MAX_LINE = 300
"""Characters of a sentence, or of an address."""
MAX_NAME = 100
"""Characters of a name."""
MAX_ROWS = 50
"""Rows of a list; a last one counts the others."""
