"""Runs the preview program. The only package that knows Pulumi's Automation API.

Each operation is a child process of its own: the engine keeps global state, and a process can be
interrupted, ended and measured. `PulumiEngine` is what the bot holds; `operation` is the running
child as its parent sees it; `child` is what happens inside.
"""

from bot.engine.engine import PulumiEngine
from bot.engine.settings import EngineSettings

__all__ = ["EngineSettings", "PulumiEngine"]
