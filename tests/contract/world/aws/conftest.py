from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.contract.world.aws.accounts import Account
from tests.world.aws.process import running


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The simulated AWS; what is written there is deployed at once, nearly."""
    with running(deploy_seconds=0.05) as address:
        yield address


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session("test", "test", region_name="us-east-1")


@pytest.fixture(scope="session")
def cloudfront(endpoint: str, session: boto3.Session) -> Any:
    # Making a client reads the service's whole model; one is enough.
    return session.client("cloudfront", endpoint_url=endpoint)


@pytest.fixture
def account(cloudfront: Any) -> Iterator[Account]:
    """CloudFront without anything in it."""
    one = Account(cloudfront)
    one.clear()
    yield one
    one.clear()


@pytest.fixture
def client(endpoint: str, session: boto3.Session) -> Any:
    """A client of any service."""

    def make(service: Any) -> Any:
        return session.client(service, endpoint_url=endpoint)

    return make
