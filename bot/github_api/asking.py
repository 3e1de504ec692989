"""What GitHub and PyGithub answer instead of an answer, as the bot's own errors."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator
from typing import Any

import github
import requests

from bot import errors

LONGEST_SECONDS = 3600.0
"""GitHub's limits are by the hour, so nobody is made to wait longer."""


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """Say what was asked for in each error, with PyGithub's own as its cause."""
    try:
        yield
    except github.BadCredentialsException as error:
        raise errors.UnreachableError(
            f"GitHub refused the bot's credentials when asked for {what}: give it a valid token"
        ) from error
    except github.RateLimitExceededException as error:
        raise errors.UnreachableError(
            f"GitHub's rate limit is used up, so {what} has to wait",
            reason="rate-limited",
            retry_after=retry_after(error),
        ) from error
    except (
        github.BadAttributeException,
        github.IncompletableObject,
        AttributeError,
        AssertionError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        # A proxy's page, for one, ends here.
        raise errors.UnreachableError(
            f"what answered for {what} does not speak GitHub's API: check the address"
        ) from error
    except github.GithubException as error:
        message = error.message or "without a reason"
        if error.status in {404, 410}:
            raise errors.NotFoundError(
                f"GitHub knows nothing of {what}, or does not let the bot see it: {message}"
            ) from error
        if error.status == 403:
            raise errors.ForbiddenError(
                f"GitHub does not let the bot ask for {what}: {message}"
            ) from error
        reason = "rate-limited" if error.status == 429 else None
        raise errors.UnreachableError(
            f"GitHub answered {error.status} when asked for {what}: {message}",
            reason=reason,
            retry_after=retry_after(error),
        ) from error
    except requests.RequestException as error:
        raise errors.UnreachableError(
            f"GitHub did not answer when asked for {what} ({type(error).__name__})"
        ) from error


@contextlib.contextmanager
def permitting(what: str, mend: str = "") -> Iterator[None]:
    """What GitHub refuses for good is not found, so that nobody tries it again and again.

    `mend` ends the sentence, where it is known what would help.
    """
    try:
        yield
    except github.RateLimitExceededException:
        raise
    except github.GithubException as error:
        if error.status in {403, 422} and retry_after(error) is None:
            said = f"GitHub refuses {what}: {error.message or error.status}"
            raise errors.NotFoundError(f"{said}; {mend}" if mend else said) from error
        raise


def retry_after(error: github.GithubException) -> float | None:
    """How many seconds GitHub wants to be left alone; None where it does not say.

    Source: documentation, "Best practices for using the REST API", "Handle rate limit errors".
    """
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    now = datetime.datetime.now(datetime.UTC).timestamp()
    with contextlib.suppress(ValueError, TypeError, KeyError):
        if "retry-after" in headers:
            return min(max(float(headers["retry-after"]), 1.0), LONGEST_SECONDS)
        if headers["x-ratelimit-remaining"] == "0":
            seconds = float(headers["x-ratelimit-reset"]) - now
            return min(max(seconds, 1.0), LONGEST_SECONDS)
    return None


def error_of(text: str) -> dict[str, Any]:
    """What an error says of itself; a proxy's page says nothing."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def out_of_sight(repository: str) -> str:
    return (
        f"GitHub shows the bot no repository {repository}, so its pull requests may well be open: "
        "give the bot access to it again"
    )


def identifier(found: object) -> int:
    """An id, where the answer has one: PyGithub takes any answer and asks no questions."""
    if not isinstance(found, int):
        raise TypeError(found)
    return found


def first_line(text: str) -> str:
    return text.partition("\n")[0].strip()
