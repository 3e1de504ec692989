"""Quantities as Kubernetes writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import pydantic

from infra.contract import reading

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_SUFFIXES: Mapping[str, float] = {
    "": 1.0,
    "m": 0.001,
    **{name: 1000.0**power for power, name in enumerate("kMGT", 1)},
    **{f"{name}i": 1024.0**power for power, name in enumerate("KMGT", 1)},
}
"""Source: Kubernetes' reference, "Quantity"."""


def amount(quantity: str) -> float:
    """A quantity as a number. Raises ValueError for what is none."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError(quantity)
    return float(found[1]) * _SUFFIXES[found[2] or ""]


Quantity = Annotated[
    str,
    pydantic.BeforeValidator(str),
    reading.formed(_QUANTITY, "is no Kubernetes quantity: write for example 250m, 2 or 512Mi"),
]
