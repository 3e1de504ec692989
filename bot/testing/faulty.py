"""What the fakes have in common: they may be out of order."""

from __future__ import annotations

from bot import errors


class Faulty:
    """Something that may be out of order."""

    fault: errors.UnderstudyError | None = None
    """What every call raises while it is set."""

    def answer(self) -> None:
        """Raise the fault, if there is one."""
        if self.fault is not None:
            raise self.fault
