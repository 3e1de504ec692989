"""A fake registry."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from bot.testing.faulty import Faulty


class FakeImages(Faulty):
    """What was pushed, by reference."""

    def __init__(self) -> None:
        self.pushed: dict[str, str] = {}
        """Digests by reference."""
        self.asked: list[tuple[str, ...]] = []

    def push(self, reference: str, content: str = "") -> str:
        """Push an image, or another one under the same tag; returns its digest."""
        digest = hashlib.sha256(f"{reference} {content}".encode()).hexdigest()
        self.pushed[reference] = f"sha256:{digest}"
        return self.pushed[reference]

    def resolve(self, images: Collection[str]) -> Mapping[str, str | None]:
        """See `bot.ports.Images`."""
        self.asked.append(tuple(images))
        self.answer()
        return {image: self.pushed.get(image) for image in images}
