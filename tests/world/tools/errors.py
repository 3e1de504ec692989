"""The one error of this package: a program the world needs cannot be had."""


class ToolError(RuntimeError):
    """Says in one sentence which program is missing, why, and what to do."""
