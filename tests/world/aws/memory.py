"""Keeps EC2's long lists, which never change, over the life of one world.

moto takes seconds to write down more than a thousand instance types and six thousand prices, and
Karpenter asks for them whenever it starts. So the written answers are kept in the cache outside
the checkout, by what they were made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import moto
from moto.ec2.models.instance_types import INSTANCE_TYPES

from tests.world.tools import cache

ACTIONS = frozenset(
    {"DescribeInstanceTypes", "DescribeInstanceTypeOfferings", "DescribeSpotPriceHistory"}
)

_OF_NO_MATTER = frozenset({"StartTime", "EndTime", "MaxResults"})
"""The prices here have no history, and moto knows no pages for these."""

_SOURCES = [
    Path(__file__).with_name(name) for name in ("compute.py", "memory.py", "offers.py", "prices.py")
]


def key(region: str, asked: Mapping[str, Any]) -> str:
    """A name for the answer to these parameters."""
    told = {name: value for name, value in asked.items() if name not in _OF_NO_MATTER}
    made_from = [moto.__version__, *(source.read_text() for source in _SOURCES)]
    text = json.dumps([region, told, made_from, sorted(INSTANCE_TYPES)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def kept(region: str, asked: Mapping[str, Any], make: Callable[[], str]) -> str:
    """The answer as it was written before, or as `make` writes it now."""
    path = cache.cache_dir() / "aws" / f"{key(region, asked)}.xml"

    def write(temporary: Path) -> None:
        temporary.write_text(make(), encoding="utf-8")

    return cache.kept(path, "aws", write).read_text(encoding="utf-8")
