"""Attaching a continuous deployment policy to a primary distribution, and detaching it.

Read, modify, write with the ETag: the primary is production's, and whoever else writes to it at
the same time must win or be read anew. See the developer guide, "Use CloudFront continuous
deployment", and the error codes of UpdateDistribution.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import botocore.exceptions

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

ATTEMPTS = 8
"""Times that a write is tried against somebody else's writes."""
PAUSE_SECONDS = 0.5
"""Before the second attempt; doubled before each further one."""

CONFLICTS = frozenset({"PreconditionFailed", "InvalidIfMatchVersion"})
GONE = frozenset({"NoSuchDistribution"})


class AttachmentError(Exception):
    """The primary can't be attached or detached; the message is one sentence."""


class Primary:
    """One primary distribution."""

    def __init__(
        self,
        client: CloudFrontClient,
        identifier: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._id = identifier
        self._sleep = sleep

    def policy(self) -> str | None:
        """The id of the attached policy, empty without one; None where the primary is gone."""
        try:
            config = self._client.get_distribution_config(Id=self._id)["DistributionConfig"]
        except botocore.exceptions.ClientError as error:
            if _code(error) in GONE:
                return None
            raise
        return config.get("ContinuousDeploymentPolicyId", "")

    def attach(self, policy_id: str) -> None:
        """Lead the policy's requests away. Raises AttachmentError where another one is there."""

        def change(config: dict[str, Any]) -> bool:
            present = config.get("ContinuousDeploymentPolicyId", "")
            if present not in ("", policy_id):
                raise AttachmentError(
                    f"primary distribution {self._id} already leads to another environment "
                    f"(policy {present}): CloudFront allows one at a time, so close that "
                    "environment first or use `edge: none`"
                )
            config["ContinuousDeploymentPolicyId"] = policy_id
            return bool(present != policy_id)

        if not self._write(change):
            raise AttachmentError(
                f"primary distribution {self._id} does not exist: check the platform's "
                "primary_distribution_id"
            )

    def detach(self, policy_id: str) -> None:
        """Take the policy off, if it is this one; a primary that is gone is detached."""

        def change(config: dict[str, Any]) -> bool:
            if config.get("ContinuousDeploymentPolicyId", "") != policy_id:
                return False
            # Leaving the field out does not detach: only an empty one does.
            config["ContinuousDeploymentPolicyId"] = ""
            return True

        if self._write(change) and self.policy() == policy_id:
            raise AttachmentError(
                f"primary distribution {self._id} still has policy {policy_id} after it was "
                "detached: detach it in the CloudFront console, then destroy again"
            )

    def _write(self, change: Callable[[dict[str, Any]], bool]) -> bool:
        """Apply `change` to the live configuration; False where the primary does not exist."""
        pause = PAUSE_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._client.get_distribution_config(Id=self._id)
                config: dict[str, Any] = dict(answer["DistributionConfig"])
                if change(config):
                    self._client.update_distribution(
                        Id=self._id,
                        IfMatch=answer["ETag"],
                        DistributionConfig=config,  # type: ignore[arg-type]
                    )
            except botocore.exceptions.ClientError as error:
                if _code(error) in GONE:
                    return False
                if _code(error) not in CONFLICTS or attempt == ATTEMPTS:
                    raise
            else:
                return True
            self._sleep(pause)
            pause *= 2
        raise AssertionError("unreachable: the last attempt returns or raises")


def _code(error: botocore.exceptions.ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
