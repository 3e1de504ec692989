"""Structured log lines: for people on a terminal, as JSON elsewhere."""

from __future__ import annotations

import logging
import sys

import structlog


def configure() -> None:
    """Set up logging once, at the start of the process."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    shown: structlog.typing.Processor
    if sys.stderr.isatty():
        shown = structlog.dev.ConsoleRenderer()
    else:
        shown = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
