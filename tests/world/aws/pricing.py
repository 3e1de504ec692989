"""The price list (pricing:GetProducts), which moto does not have.

Karpenter reads on-demand prices here unless it runs with `--isolated-vpc`.
"""

from __future__ import annotations

import json
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from tests.world.aws import prices

TARGET = "AWSPriceListService.GetProducts"
"""The `X-Amz-Target` of its one operation."""

_MOST = 100
_TENANCY = "tenancy"
_TYPE = "instanceType"


class UnknownServiceError(ValueError):
    """A service whose prices nobody keeps."""


def get_products(asked: dict[str, Any]) -> dict[str, Any]:
    """One page of the list. Raises UnknownServiceError."""
    if asked.get("ServiceCode") != "AmazonEC2":
        raise UnknownServiceError("only the prices of AmazonEC2 are kept")
    filters = {one["Field"]: one["Value"] for one in asked.get("Filters", [])}
    names = [
        name
        for name, details in sorted(INSTANCE_TYPES.items())
        if filters.get(_TYPE, name) == name and _sold(details, filters)
    ]
    start = int(asked.get("NextToken") or 0)
    end = start + int(asked.get("MaxResults") or _MOST)
    answer: dict[str, Any] = {
        "FormatVersion": "aws_v1",
        "PriceList": [_product(name, filters) for name in names[start:end]],
    }
    if end < len(names):
        answer["NextToken"] = str(end)
    return answer


def _sold(details: dict[str, Any], filters: dict[str, str]) -> bool:
    # Karpenter asks for bare metal by dedicated tenancy, and for all else by shared.
    return filters.get(_TENANCY, "Shared") == "Shared" or bool(details.get("BareMetal"))


def _product(name: str, filters: dict[str, str]) -> str:
    price = {"unit": "Hrs", "pricePerUnit": {"USD": f"{prices.on_demand(name):.10f}"}}
    attributes = {
        _TYPE: name,
        "regionCode": filters.get("regionCode", "us-east-1"),
        "operatingSystem": "Linux",
        _TENANCY: filters.get(_TENANCY, "Shared"),
    }
    return json.dumps(
        {
            "serviceCode": "AmazonEC2",
            "product": {"productFamily": "Compute Instance", "attributes": attributes},
            "terms": {"OnDemand": {f"{name}.od": {"priceDimensions": {f"{name}.hour": price}}}},
        }
    )
