import pytest

from tests.world.aws import prices, pricing


def test_prices_grow_with_the_machine() -> None:
    sizes = ["m5.large", "m5.xlarge", "m5.2xlarge", "m5.4xlarge"]
    found = [prices.on_demand(size) for size in sizes]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0.096, rel=0.2)


def test_spot_is_cheaper_in_every_zone_and_differs_between_zones() -> None:
    found = {prices.spot("m5.large", f"us-east-1{letter}") for letter in "abcdef"}
    assert len(found) > 1
    assert max(found) < prices.on_demand("m5.large")


def test_an_accelerator_is_dear() -> None:
    assert prices.on_demand("g5.xlarge") > 3 * prices.on_demand("m5.xlarge")


def test_the_list_comes_in_pages() -> None:
    first = pricing.get_products({"ServiceCode": "AmazonEC2", "MaxResults": 2})
    assert (len(first["PriceList"]), first["NextToken"]) == (2, "2")
    rest = pricing.get_products(
        {"ServiceCode": "AmazonEC2", "MaxResults": 100_000, "NextToken": "2"}
    )
    assert "NextToken" not in rest
    assert not set(first["PriceList"]) & set(rest["PriceList"])


def test_only_bare_metal_is_sold_as_dedicated() -> None:
    filters = [{"Field": "tenancy", "Value": "Dedicated"}]
    asked = {"ServiceCode": "AmazonEC2", "Filters": filters, "MaxResults": 100_000}
    names = "".join(pricing.get_products(asked)["PriceList"])
    assert "m5.metal" in names
    assert "m5.large" not in names


def test_another_service_has_no_prices_here() -> None:
    with pytest.raises(pricing.UnknownServiceError):
        pricing.get_products({"ServiceCode": "AmazonS3"})
