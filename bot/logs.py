"""Structured log lines: for people on a terminal, as JSON elsewhere.

Lines of libraries (gunicorn, Flask, boto3) take the same way as our own. Whatever is logged, no
secret of the settings is in it: the finished line is searched for each.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Collection, Iterable

import gunicorn.glogging  # type: ignore[import-untyped]
import structlog

MASK = "[secret]"
MIN_SECRET = 8
"""Characters; a shorter secret would mask words that happen to contain it."""


def configure(secrets: Iterable[str] = ()) -> None:
    """Set up logging once, at the start of the process."""
    shown: list[structlog.typing.Processor]
    if sys.stderr.isatty():
        # A plain traceback: the colourful one shows local variables, and secrets are among them.
        plain = structlog.dev.plain_traceback
        shown = [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    else:
        shown = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Masking(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
            secrets=list(dict.fromkeys(_spellings(secrets))),
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    # Ours come through the standard library too, each named by its module.
    logging.getLogger("bot").setLevel(logging.INFO)


class GunicornLogger(gunicorn.glogging.Logger):  # type: ignore[misc]
    """Hands gunicorn's lines to the root logger instead of writing them itself."""

    def setup(self, cfg: object) -> None:
        """Called by gunicorn once its settings are there."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class _Masking(structlog.stdlib.ProcessorFormatter):
    def __init__(self, *, secrets: Collection[str], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The finished line without secrets."""
        return _without(super().format(record), self._secrets)


def masked(text: str, secrets: Iterable[str]) -> str:
    """A text without secrets; for what is shown and not logged."""
    return _without(text, _spellings(secrets))


def _without(text: str, spellings: Iterable[str]) -> str:
    for one in spellings:
        text = text.replace(one, MASK)
    return text


def _spellings(secrets: Iterable[str]) -> Iterable[str]:
    """Each secret and each line of it, as it is and as JSON writes it."""
    for secret in secrets:
        for part in (secret, *secret.splitlines()):
            if len(part) >= MIN_SECRET:
                yield from {part, json.dumps(part)[1:-1]}
