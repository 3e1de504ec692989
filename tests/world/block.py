"""The frame of what is started and ended: worlds and clusters."""

from __future__ import annotations

import abc
from types import TracebackType
from typing import Self


class Block(abc.ABC):
    """`with X() as x:` starts it and ends it, also when its start breaks off in the middle."""

    @abc.abstractmethod
    def start(self) -> None:
        """Start; what fails on the way is left for `stop`."""

    @abc.abstractmethod
    def stop(self) -> None:
        """End and remove everything; safe to call at any time."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()
