"""AWS, where the platform has a primary distribution that environments hang on."""

from __future__ import annotations

from collections.abc import Iterator

from bot import aws_api
from bot.doctor.findings import Finding, ok, warning, wrong
from infra import contract

AWS = "AWS"
DISTRIBUTION = "primary distribution"
QUOTA = 20
"""Staging distributions that an account may have, unless AWS raised it."""


def identity(platform: contract.Platform) -> Iterator[Finding]:
    """Whether AWS answers, and whose name the bot acts in."""
    if platform.primary_distribution_id is None:
        yield ok(AWS, "not needed, as the platform has no primary distribution")
        return
    yield ok(AWS, f"acts as {aws_api.caller(platform.aws_region, platform.aws_endpoint)}")


def distribution(platform: contract.Platform) -> Iterator[Finding]:
    """Whether the primary is there, and how many staging distributions are taken."""
    primary = platform.primary_distribution_id
    if primary is None:
        return
    client = aws_api.cloudfront(platform.aws_region, platform.aws_endpoint)
    status = aws_api.status(client, primary)
    if status is None:
        mend = "write the production distribution's id in the platform file"
        yield wrong(DISTRIBUTION, f"there is no {primary}", mend)
        return
    yield ok(DISTRIBUTION, f"{primary} is {status}")
    with aws_api.reachable("CloudFront"):
        taken = sum(1 for _ in aws_api.staging_distributions(client))
    found = f"{taken} of {QUOTA} staging distributions are taken"
    if taken < QUOTA:
        yield ok(DISTRIBUTION, found)
    else:
        mend = "have AWS raise the quota if more environments than these need an edge route"
        yield warning(DISTRIBUTION, found, mend)
