"""Calls of the API, with its errors told apart, and waits that a cancellation ends."""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from tests.world.plugins.serve import Cancelled, Refused

Result = TypeVar("Result")

LOOK_EVERY: Final = 0.1
"""The world's CloudFront deploys within seconds; the official plugin looks every 15 s."""


class ApiError(Exception):
    """CloudFront said no.

    Attributes:
        code: its error code.
        message: its own words.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


def called(call: Callable[..., Result], **arguments: Any) -> Result:
    """The answer of a call.

    Raises:
        ApiError: CloudFront refused.
        Refused: it could not be asked.
    """
    # Loaded already: there is no client without it.
    from botocore import exceptions  # noqa: PLC0415

    try:
        return call(**arguments)
    except exceptions.ClientError as error:
        told = error.response["Error"]
        raise ApiError(told["Code"], told.get("Message", "")) from error
    except exceptions.ParamValidationError as error:
        raise ApiError("InvalidArgument", " ".join(str(error).split())) from error
    except exceptions.BotoCoreError as error:
        raise Refused(f"AWS can't be reached: {error}") from error


class Patience:
    """How long a wait may take, and whether the engine has given up."""

    def __init__(self, cancelled: threading.Event, seconds: float) -> None:
        self._cancelled = cancelled
        self._deadline = time.monotonic() + seconds

    def within(self, seconds: float) -> "Patience":
        """A shorter patience that ends with this one."""
        left = max(self._deadline - time.monotonic(), 0.0)
        return Patience(self._cancelled, min(left, seconds))

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._deadline

    def pause(self, what: str) -> None:
        """Wait a moment.

        Args:
            what: what is being waited for, as the end of a sentence.

        Raises:
            Cancelled: the engine gave up.
            Refused: the time is up.
        """
        if self.over:
            raise Refused(f"Timed out while waiting for {what}.")
        if self._cancelled.wait(LOOK_EVERY):
            raise Cancelled(f"Cancelled while waiting for {what}.")
