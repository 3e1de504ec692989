"""CloudFront's operations as tests and the loops of other worlds use them: in one line each."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest

Config = dict[str, Any]

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
HEADER = {"Header": "aws-cf-cd-pr-7", "Value": "secret"}
_NUMBERS = itertools.count(1)


def config(**changes: Any) -> Config:
    """A distribution's smallest configuration, with these changes."""
    return {
        "CallerReference": f"reference-{next(_NUMBERS)}",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin("app", "app.test")]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "app",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": CACHING_DISABLED,
        },
        **changes,
    }


def origin(identifier: str, host: str, port: int = 80, **changes: Any) -> Config:
    """An origin that is asked by plain HTTP."""
    custom = {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    return {"Id": identifier, "DomainName": host, "CustomOriginConfig": custom, **changes}


def policy_config(domain: str, **changes: Any) -> Config:
    """A policy's configuration that leads a header to this staging distribution."""
    return {
        "StagingDistributionDnsNames": {"Quantity": 1, "Items": [domain]},
        "Enabled": True,
        "TrafficConfig": {"Type": "SingleHeader", "SingleHeaderConfig": HEADER},
        **changes,
    }


@contextlib.contextmanager
def refused(code: str, status: int | None = None, words: str = "") -> Iterator[None]:
    """The block is refused by AWS with this code, HTTP status and words."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield
    response = caught.value.response
    assert response["Error"]["Code"] == code, response["Error"]
    if status is not None:
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert words in response["Error"]["Message"]


class Account:
    """An account's CloudFront."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def create(self, **changes: Any) -> Config:
        """Make a distribution, and wait until it is deployed."""
        made: Config = self.client.create_distribution(DistributionConfig=config(**changes))
        self.wait(made["Distribution"]["Id"])
        return dict(made["Distribution"])

    def policy(self, domain: str, **changes: Any) -> str:
        """Make a policy; its id."""
        made = self.client.create_continuous_deployment_policy(
            ContinuousDeploymentPolicyConfig=policy_config(domain, **changes)
        )
        return str(made["ContinuousDeploymentPolicy"]["Id"])

    def pair(self, **changes: Any) -> tuple[str, str, str]:
        """A primary with a staging distribution attached; the ids, and the policy's."""
        primary = self.create(**changes)
        staging = self.create(Staging=True, **changes)
        policy_id = self.policy(staging["DomainName"])
        self.update(primary["Id"], ContinuousDeploymentPolicyId=policy_id)
        self.wait(primary["Id"])
        return primary["Id"], staging["Id"], policy_id

    def read(self, identifier: str) -> tuple[Config, str]:
        """A distribution's configuration and ETag."""
        answer = self.client.get_distribution_config(Id=identifier)
        return answer["DistributionConfig"], answer["ETag"]

    def update(self, identifier: str, **changes: Any) -> Config:
        """Change a distribution; a value of None leaves the field out."""
        present, etag = self.read(identifier)
        wanted = {k: v for k, v in {**present, **changes}.items() if v is not None}
        answer: Config = self.client.update_distribution(
            Id=identifier, IfMatch=etag, DistributionConfig=wanted
        )
        return answer

    def update_policy(self, identifier: str, **changes: Any) -> Config:
        """Change a policy."""
        answer = self.client.get_continuous_deployment_policy_config(Id=identifier)
        answer = self.client.update_continuous_deployment_policy(
            Id=identifier,
            IfMatch=answer["ETag"],
            ContinuousDeploymentPolicyConfig={
                **answer["ContinuousDeploymentPolicyConfig"],
                **changes,
            },
        )
        return dict(answer)

    def delete(self, identifier: str) -> None:
        """Delete a distribution that may be deleted."""
        self.client.delete_distribution(Id=identifier, IfMatch=self.read(identifier)[1])

    def delete_policy(self, identifier: str) -> None:
        """Delete a policy that may be deleted."""
        etag = self.client.get_continuous_deployment_policy(Id=identifier)["ETag"]
        self.client.delete_continuous_deployment_policy(Id=identifier, IfMatch=etag)

    def status(self, identifier: str) -> str:
        """InProgress or Deployed."""
        return str(self.client.get_distribution(Id=identifier)["Distribution"]["Status"])

    def wait(self, identifier: str) -> None:
        """Wait until the last change has reached the edges."""
        deadline = time.monotonic() + 30
        while self.status(identifier) != "Deployed":
            assert time.monotonic() < deadline, f"{identifier} is never deployed"
            time.sleep(0.02)

    def distributions(self) -> list[Config]:
        """Every distribution, over all pages."""
        pages = self.client.get_paginator("list_distributions").paginate()
        return [one for page in pages for one in page["DistributionList"].get("Items", [])]

    def policies(self) -> list[Config]:
        """Every policy."""
        answer = self.client.list_continuous_deployment_policies()
        items = answer["ContinuousDeploymentPolicyList"].get("Items", [])
        return [item["ContinuousDeploymentPolicy"] for item in items]

    def clear(self) -> None:
        """Take everything away, in the order that CloudFront demands."""
        for one in self.distributions():
            if self.read(one["Id"])[0]["ContinuousDeploymentPolicyId"]:
                self.update(one["Id"], ContinuousDeploymentPolicyId="")
        for policy in self.policies():
            self.delete_policy(policy["Id"])
        for one in self.distributions():
            if one["Enabled"]:
                self.update(one["Id"], Enabled=False)
        for one in self.distributions():
            self.wait(one["Id"])
            self.delete(one["Id"])
