"""What a column keeps as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from bot import model

_PROGRESS = pydantic.TypeAdapter(model.Progress)
_IMAGES = pydantic.TypeAdapter(model.Images)
_ABSENCE = pydantic.TypeAdapter(model.Absence)
_OVERRIDES = pydantic.TypeAdapter(tuple[model.Override, ...])


def stored(value: object) -> object:
    """A value as its column takes it."""
    match value:
        case model.Progress():
            return _PROGRESS.dump_python(value, mode="json")
        case model.Absence():
            return _ABSENCE.dump_python(value, mode="json")
        case model.Images():
            return _IMAGES.dump_python(value, mode="json")
        case Mapping():
            return dict(value)
        case tuple():
            return _OVERRIDES.dump_python(value, mode="json")
    return value


def progress(kept: Mapping[str, Any] | None) -> model.Progress | None:
    """What was stored of the workloads."""
    return None if kept is None else _PROGRESS.validate_python(kept)


def overrides(kept: Sequence[Any] | None) -> tuple[model.Override, ...]:
    """What was stored of the variables that commands set."""
    return _OVERRIDES.validate_python(kept or ())


def images(kept: Mapping[str, Any] | None) -> model.Images | None:
    """What was stored of the images."""
    return None if kept is None else _IMAGES.validate_python(kept)


def absence(kept: Mapping[str, Any] | None) -> model.Absence | None:
    """What was stored of a listing."""
    return None if kept is None else _ABSENCE.validate_python(kept)
