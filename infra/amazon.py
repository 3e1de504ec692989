"""What the bot and the programs have in common where they ask AWS."""

from __future__ import annotations

import botocore.config
import botocore.exceptions
import botocore.parsers

BOUNDS = botocore.config.Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)
"""No operation and no pass must hang on one question."""
NO_ANSWER: tuple[type[Exception], ...] = (
    botocore.exceptions.ClientError,
    botocore.exceptions.BotoCoreError,
    botocore.parsers.ResponseParserError,  # an answer that was cut short; none of the others
)
"""Whatever boto3 raises where AWS refuses, or is not understood, or does not answer."""
