"""Every error that the bot raises on purpose.

A class's docstring is its default message. `reason` is the same short word in the log line, the
metric and the HTTP answer, so that each refusal can be counted. Vendor errors are chained as the
cause.
"""

from __future__ import annotations


class UnderstudyError(Exception):
    """Something went wrong in Understudy."""

    reason = "error"

    def __init__(self, message: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        if reason is not None:
            self.reason = reason

    @property
    def message(self) -> str:
        """What is wrong, where, and how to mend it, as one sentence."""
        return str(self.args[0])


class InvalidSettingsError(UnderstudyError):
    """A setting is missing or wrong."""

    reason = "invalid-settings"


class InvalidDeliveryError(UnderstudyError):
    """A webhook delivery was refused; `status` is the HTTP answer."""

    reason = "invalid-delivery"

    def __init__(self, message: str, *, reason: str, status: int) -> None:
        super().__init__(message, reason=reason)
        self.status = status


class InvalidStageFileError(UnderstudyError):
    """The repository's .stage.yaml can't be used."""

    reason = "invalid-stage-file"


class InvalidCommandError(UnderstudyError):
    """A command can't be understood or followed."""

    reason = "invalid-command"


class UnreachableError(UnderstudyError):
    """A service that is needed did not answer; the pass is tried again later.

    `retry_after` is how many seconds it asked to be left alone; None where it did not say.
    """

    reason = "unreachable"

    def __init__(
        self,
        message: str | None = None,
        *,
        reason: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, reason=reason)
        self.retry_after = retry_after

    @property
    def limited(self) -> bool:
        """Whether it answered, but wants to be asked less often."""
        return self.retry_after is not None or self.reason == "rate-limited"


class ForbiddenError(UnreachableError):
    """A service refused what it was asked for; the bot's permissions there have to be widened."""

    reason = "forbidden"


class NotFoundError(UnderstudyError):
    """What was asked for does not exist (any more)."""

    reason = "not-found"


class LeaseLostError(UnderstudyError):
    """The lease ran out or was taken over; nothing more may be written under it."""

    reason = "lease-lost"


class EngineError(UnderstudyError):
    """A Pulumi operation failed."""

    reason = "engine-failed"


class NotAbsentError(UnderstudyError):
    """Something of a destroyed environment is still there."""

    reason = "not-absent"
