"""Which instance types the simulated region offers.

Karpenter computes with every type for every NodePool, again and again: with all that AWS has, that
is most of what a small machine can do. A dozen families of general use are enough to choose from,
as in a small region; what measures Karpenter itself takes them all.
"""

from __future__ import annotations

from moto.ec2.models.instance_types import (
    INSTANCE_TYPE_OFFERINGS,
    INSTANCE_TYPES,
    InstanceTypeBackend,
)

FAMILIES = frozenset(
    {"c5", "c6i", "c7i", "m5", "m6i", "m7i", "r5", "r6i", "r7i", "t3", "c7g", "m7g"}
)


def limit() -> None:
    """Offer these families only, for the life of this process."""
    for name in [name for name in INSTANCE_TYPES if not _offered(name)]:
        del INSTANCE_TYPES[name]
    listed = InstanceTypeBackend.instance_types
    listed[:] = [one for one in listed if _offered(one["InstanceType"])]
    for regions in INSTANCE_TYPE_OFFERINGS.values():
        for offers in regions.values():
            offers[:] = [offer for offer in offers if _offered(offer["InstanceType"])]


def _offered(name: str) -> bool:
    return name.partition(".")[0] in FAMILIES
