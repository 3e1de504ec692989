"""What a column keeps as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pydantic

from bot import model

_PROGRESS = pydantic.TypeAdapter(model.Progress)
_IMAGES = pydantic.TypeAdapter(model.Images)
_ABSENCE = pydantic.TypeAdapter(model.Absence)
_USAGE = pydantic.TypeAdapter(model.Usage)
_OVERRIDES = pydantic.TypeAdapter(tuple[model.Override, ...])
_ADAPTERS: Mapping[type, pydantic.TypeAdapter[Any]] = MappingProxyType(
    {
        model.Progress: _PROGRESS,
        model.Images: _IMAGES,
        model.Absence: _ABSENCE,
        model.Usage: _USAGE,
        tuple: _OVERRIDES,
    }
)


def stored(value: object) -> object:
    """A value as its column takes it."""
    adapter = _ADAPTERS.get(type(value))
    if adapter is not None:
        return adapter.dump_python(value, mode="json")
    return dict(value) if isinstance(value, Mapping) else value


def progress(kept: Mapping[str, Any] | None) -> model.Progress | None:
    """What was stored of the workloads."""
    return None if kept is None else _PROGRESS.validate_python(kept)


def overrides(kept: Sequence[Any] | None) -> tuple[model.Override, ...]:
    """What was stored of the variables that commands set."""
    return _OVERRIDES.validate_python(kept or ())


def images(kept: Mapping[str, Any] | None) -> model.Images | None:
    """What was stored of the images."""
    return None if kept is None else _IMAGES.validate_python(kept)


def usage(kept: Mapping[str, Any] | None) -> model.Usage:
    """What was stored of what was asked for."""
    return model.Usage() if kept is None else _USAGE.validate_python(kept)


def absence(kept: Mapping[str, Any] | None) -> model.Absence | None:
    """What was stored of a listing."""
    return None if kept is None else _ABSENCE.validate_python(kept)
