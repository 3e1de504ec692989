"""The two types: how each is made, changed and taken away, as the official provider does it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import botocore.exceptions

from tests.world.plugins.aws import translation
from tests.world.plugins.serve import Refused

Json = dict[str, Any]
POLL_SECONDS = 0.3
DEPLOY_SECONDS = 90 * 60.0
RETRY_SECONDS = 180.0
ZONE = "Z2FDTNDATAQYW2"
"""The hosted zone of every CloudFront distribution (AWS's documentation of Route 53 aliases)."""
_STALE = frozenset({"PreconditionFailed", "InvalidIfMatchVersion"})


def code(error: botocore.exceptions.ClientError) -> str:
    """The error's code."""
    return str(error.response.get("Error", {}).get("Code", ""))


class Resource(Protocol):
    """One type."""

    replacing: frozenset[str]
    """Properties whose change needs a new resource."""

    def check(self, inputs: Json) -> None:
        """Refuse what can't be translated."""

    def create(self, inputs: Json) -> tuple[str, Json]:
        """Make it; returns id and outputs."""

    def read(self, identifier: str, known: Json) -> Json | None:
        """Its outputs now; None if it is gone."""

    def update(self, identifier: str, inputs: Json) -> Json:
        """Change it; returns the outputs."""

    def delete(self, identifier: str, outputs: Json) -> None:
        """Take it away; what is gone is a success."""


class Waiter:
    """Patience that ends when the engine gives up."""

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled

    def until(self, question: Callable[[], bool], seconds: float, what: str) -> None:
        """Ask until it is so. Raises Refused."""
        end = time.monotonic() + seconds
        while not question():
            if time.monotonic() > end:
                raise Refused(f"{what} did not happen within {seconds:.0f} s.")
            if self._cancelled.wait(POLL_SECONDS):
                raise Refused(f"Cancelled while waiting: {what}.")

    def retried(self, act: Callable[[], Any], codes: frozenset[str]) -> Any:
        """Do it again for as long as it fails with one of these codes."""
        end = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                return act()
            except botocore.exceptions.ClientError as error:
                if code(error) not in codes or time.monotonic() > end:
                    raise
            if self._cancelled.wait(POLL_SECONDS):
                raise Refused("Cancelled while trying again.")


class Distribution:
    """aws:cloudfront/distribution:Distribution."""

    replacing = frozenset({"staging"})

    def __init__(self, client: Any, waiter: Waiter) -> None:
        self._client = client
        self._waiter = waiter

    def check(self, inputs: Json) -> None:
        translation.distribution(inputs)

    def create(self, inputs: Json) -> tuple[str, Json]:
        reference = secrets.token_hex(13)
        config = {"CallerReference": reference, **translation.distribution(inputs)}
        tags = [{"Key": key, "Value": value} for key, value in inputs.get("tags", {}).items()]
        made = self._client.create_distribution_with_tags(
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": {"Items": tags}}
        )
        identifier = made["Distribution"]["Id"]
        self._wait(identifier, inputs)
        return identifier, self._outputs(made, inputs)

    def read(self, identifier: str, known: Json) -> Json | None:
        try:
            found = self._client.get_distribution(Id=identifier)
        except botocore.exceptions.ClientError as error:
            if code(error) == "NoSuchDistribution":
                return None
            raise
        outputs = self._outputs(found, known)
        outputs["enabled"] = found["Distribution"]["DistributionConfig"]["Enabled"]
        return outputs

    def update(self, identifier: str, inputs: Json) -> Json:
        def change() -> Json:
            found = self._client.get_distribution_config(Id=identifier)
            old = found["DistributionConfig"]
            config = {
                "CallerReference": old["CallerReference"],
                **translation.distribution(inputs),
                "ContinuousDeploymentPolicyId": old.get("ContinuousDeploymentPolicyId", ""),
            }
            updated: Json = self._client.update_distribution(
                Id=identifier, IfMatch=found["ETag"], DistributionConfig=config
            )
            return updated

        answer: Json = self._waiter.retried(change, _STALE)
        self._tag(answer["Distribution"]["ARN"], inputs.get("tags", {}))
        self._wait(identifier, inputs)
        return self._outputs(answer, inputs)

    def delete(self, identifier: str, outputs: Json) -> None:
        try:
            self._disable(identifier)
            if outputs.get("retainOnDelete"):
                return
            self._waiter.retried(
                lambda: self._client.delete_distribution(
                    Id=identifier, IfMatch=self._client.get_distribution(Id=identifier)["ETag"]
                ),
                _STALE | {"DistributionNotDisabled"},
            )
        except botocore.exceptions.ClientError as error:
            if code(error) != "NoSuchDistribution":
                raise

    def _disable(self, identifier: str) -> None:
        def change() -> None:
            found = self._client.get_distribution_config(Id=identifier)
            config = found["DistributionConfig"]
            if config["Enabled"]:
                config["Enabled"] = False
                self._client.update_distribution(
                    Id=identifier, IfMatch=found["ETag"], DistributionConfig=config
                )

        self._waiter.retried(change, _STALE)
        self._deployed(identifier)

    def _wait(self, identifier: str, inputs: Json) -> None:
        if inputs.get("waitForDeployment", True):
            self._deployed(identifier)

    def _deployed(self, identifier: str) -> None:
        def question() -> bool:
            status = self._client.get_distribution(Id=identifier)["Distribution"]["Status"]
            return bool(status == "Deployed")

        self._waiter.until(question, DEPLOY_SECONDS, f"deployment of distribution {identifier}")

    def _tag(self, arn: str, tags: dict[str, str]) -> None:
        found = self._client.list_tags_for_resource(Resource=arn)["Tags"].get("Items", [])
        gone = sorted({tag["Key"] for tag in found} - set(tags))
        if gone:
            self._client.untag_resource(Resource=arn, TagKeys={"Items": gone})
        items = [{"Key": key, "Value": value} for key, value in tags.items()]
        if items:
            self._client.tag_resource(Resource=arn, Tags={"Items": items})

    def _outputs(self, answer: Json, inputs: Json) -> Json:
        told = answer["Distribution"]
        return {
            **inputs,
            "arn": told["ARN"],
            "callerReference": told["DistributionConfig"]["CallerReference"],
            "domainName": told["DomainName"],
            "etag": answer["ETag"],
            "hostedZoneId": ZONE,
            "inProgressValidationBatches": told.get("InProgressInvalidationBatches", 0),
            "lastModifiedTime": str(told["LastModifiedTime"]),
            "status": told["Status"],
            "tagsAll": inputs.get("tags", {}),
            "continuousDeploymentPolicyId": told["DistributionConfig"].get(
                "ContinuousDeploymentPolicyId", ""
            ),
        }


class Policy:
    """aws:cloudfront/continuousDeploymentPolicy:ContinuousDeploymentPolicy."""

    replacing: frozenset[str] = frozenset()

    def __init__(self, client: Any, waiter: Waiter) -> None:
        self._client = client
        self._waiter = waiter

    def check(self, inputs: Json) -> None:
        translation.policy(inputs)

    def create(self, inputs: Json) -> tuple[str, Json]:
        answer = self._client.create_continuous_deployment_policy(
            ContinuousDeploymentPolicyConfig=translation.policy(inputs)
        )
        return answer["ContinuousDeploymentPolicy"]["Id"], self._outputs(answer, inputs)

    def read(self, identifier: str, known: Json) -> Json | None:
        try:
            found = self._client.get_continuous_deployment_policy(Id=identifier)
        except botocore.exceptions.ClientError as error:
            if code(error) == "NoSuchContinuousDeploymentPolicy":
                return None
            raise
        outputs = self._outputs(found, known)
        config = found["ContinuousDeploymentPolicy"]["ContinuousDeploymentPolicyConfig"]
        outputs["enabled"] = config["Enabled"]
        return outputs

    def update(self, identifier: str, inputs: Json) -> Json:
        def change() -> Json:
            tag = self._client.get_continuous_deployment_policy(Id=identifier)["ETag"]
            updated: Json = self._client.update_continuous_deployment_policy(
                Id=identifier,
                IfMatch=tag,
                ContinuousDeploymentPolicyConfig=translation.policy(inputs),
            )
            return updated

        return self._outputs(self._waiter.retried(change, _STALE), inputs)

    def delete(self, identifier: str, outputs: Json) -> None:
        try:
            self._waiter.retried(lambda: self._delete(identifier), _STALE)
        except botocore.exceptions.ClientError as error:
            if code(error) != "NoSuchContinuousDeploymentPolicy":
                raise

    def _delete(self, identifier: str) -> None:
        found = self._client.get_continuous_deployment_policy_config(Id=identifier)
        config, tag = found["ContinuousDeploymentPolicyConfig"], found["ETag"]
        if config["Enabled"]:
            config["Enabled"] = False
            tag = self._client.update_continuous_deployment_policy(
                Id=identifier, IfMatch=tag, ContinuousDeploymentPolicyConfig=config
            )["ETag"]
        self._client.delete_continuous_deployment_policy(Id=identifier, IfMatch=tag)

    def _outputs(self, answer: Json, inputs: Json) -> Json:
        told = answer["ContinuousDeploymentPolicy"]
        return {
            **inputs,
            "arn": f"arn:aws:cloudfront::123456789012:continuous-deployment-policy/{told['Id']}",
            "etag": answer["ETag"],
            "lastModifiedTime": str(told["LastModifiedTime"]),
        }
