"""What an instance costs an hour, by its size.

moto has one spot price for every type, so that Karpenter would take the first by name. These
prices grow with processors and memory as the real ones do, and come close to us-east-1's.
"""

from __future__ import annotations

import functools
import zlib

from moto.ec2.models.instance_types import INSTANCE_TYPES

PER_CPU = 0.034
PER_GIB = 0.0045
ACCELERATED = 5.0
"""How much dearer a machine with GPUs and the like is than its processors say."""

SPOT = 0.35
SPOT_SPREAD = 0.1
"""Spot prices differ by zone, within a tenth."""


@functools.cache
def on_demand(instance_type: str) -> float:
    """US dollars an hour. Raises KeyError for a type that does not exist."""
    details = INSTANCE_TYPES[instance_type]
    price = PER_CPU * details["VCpuInfo"]["DefaultVCpus"]
    price += PER_GIB * details["MemoryInfo"]["SizeInMiB"] / 1024
    if any(details.get(kind) for kind in ("GpuInfo", "FpgaInfo", "InferenceAcceleratorInfo")):
        price *= ACCELERATED
    return float(round(price, 6))


def spot(instance_type: str, zone: str) -> float:
    """US dollars an hour, the same each time it is asked."""
    part = zlib.crc32(f"{instance_type}/{zone}".encode()) % 1000 / 1000
    return float(round(on_demand(instance_type) * SPOT * (1 + SPOT_SPREAD * (part - 0.5)), 6))
