"""What is done to distributions, in the order in which the official plugin does it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from tests.world.plugins.aws import policy, translate
from tests.world.plugins.aws.account import Account
from tests.world.plugins.aws.calls import ApiError, Patience, called
from tests.world.plugins.aws.fields import Properties, plain

DEPLOY_SECONDS: Final = 90 * 60.0
"""For how long to wait until a distribution is deployed, unless the program says otherwise."""
NOT_DISABLED_SECONDS: Final = 3 * 60.0
STALE_SECONDS: Final = 60.0
"""For how long the deletion is tried again after each of these refusals."""
HOSTED_ZONE: Final = "Z2FDTNDATAQYW2"
"""Route 53's zone of all distributions."""

GONE: Final = frozenset({"NoSuchDistribution", "NoSuchResource"})
STALE: Final = frozenset({"PreconditionFailed", "InvalidIfMatchVersion"})


def create(account: Account, inputs: Properties) -> str:
    """Make a distribution; its id. Raises ApiError."""
    config = translate.distribution_config(plain(inputs), f"terraform-{uuid4().hex}")
    answer = called(
        account.cloudfront.create_distribution_with_tags,
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": _tags(inputs)},
    )
    return str(answer["Distribution"]["Id"])


def read(account: Account, identifier: str) -> Properties | None:
    """The outputs that the service knows of, or None if there is no such distribution."""
    try:
        answer: Any = called(account.cloudfront.get_distribution, Id=identifier)
        live = answer["Distribution"]
        tags = called(account.cloudfront.list_tags_for_resource, Resource=live["ARN"])
    except ApiError as error:
        if error.code in GONE:
            return None
        raise
    config = live["DistributionConfig"]
    named = {item["Key"]: item.get("Value", "") for item in tags["Tags"].get("Items", [])}
    return translate.distribution_properties(config) | {
        "arn": live["ARN"],
        "callerReference": config["CallerReference"],
        "domainName": live["DomainName"],
        "etag": answer["ETag"],
        "hostedZoneId": HOSTED_ZONE,
        "inProgressValidationBatches": live["InProgressInvalidationBatches"],
        "lastModifiedTime": written(live["LastModifiedTime"]),
        "loggingV1Enabled": bool(config.get("Logging", {}).get("Enabled")),
        "status": live["Status"],
        "tags": named,
        "tagsAll": named,
        "trustedKeyGroups": [_trusted(live.get("ActiveTrustedKeyGroups"), "KeyGroupId")],
        "trustedSigners": [_trusted(live.get("ActiveTrustedSigners"), "AwsAccountNumber")],
    }


def update(account: Account, identifier: str, olds: Properties, inputs: Properties) -> None:
    """Put a whole new configuration in place, and the tags. Raises ApiError."""
    wanted = plain(inputs)
    # An update that leaves the policy out is refused where one is attached.
    wanted.setdefault("continuousDeploymentPolicyId", olds.get("continuousDeploymentPolicyId", ""))
    config = translate.distribution_config(wanted, str(olds["callerReference"]))
    _update(account, identifier, config, str(olds["etag"]))
    before, after = olds.get("tags") or {}, inputs.get("tags") or {}
    if removed := sorted(before.keys() - after.keys()):
        called(
            account.cloudfront.untag_resource,
            Resource=olds["arn"],
            TagKeys={"Items": removed},
        )
    if after and before != after:
        called(account.cloudfront.tag_resource, Resource=olds["arn"], Tags=_tags(inputs))


def _update(account: Account, identifier: str, config: Any, etag: str) -> None:
    def write(current: str) -> None:
        called(
            account.cloudfront.update_distribution,
            Id=identifier,
            IfMatch=current,
            DistributionConfig=config,
        )

    try:
        write(etag)
    except ApiError as error:
        if error.code not in STALE:
            raise
        write(called(account.cloudfront.get_distribution, Id=identifier)["ETag"])


def until_deployed(account: Account, identifier: str, patience: Patience) -> Any:
    """Wait until the edges have the distribution; the last answer of GetDistribution."""
    while True:
        answer = called(account.cloudfront.get_distribution, Id=identifier)
        if answer["Distribution"]["Status"] == "Deployed":
            return answer
        patience.pause(f"CloudFront Distribution ({identifier}) to be deployed")


def delete(account: Account, identifier: str, olds: Properties, patience: Patience) -> None:
    """Disable, wait, delete; a distribution that is gone is deleted. Raises ApiError."""
    try:
        if attached := olds.get("continuousDeploymentPolicyId"):
            policy.disable(account, str(attached))
            until_deployed(account, identifier, patience)
        _disable(account, identifier, patience)
        if not olds.get("retainOnDelete"):
            _delete(account, identifier, patience)
    except ApiError as error:
        if error.code not in GONE:
            raise


def _disable(account: Account, identifier: str, patience: Patience) -> None:
    answer = until_deployed(account, identifier, patience)
    config = answer["Distribution"]["DistributionConfig"]
    if not config["Enabled"]:
        return
    _update(account, identifier, {**config, "Enabled": False}, answer["ETag"])
    until_deployed(account, identifier, patience)


def _delete(account: Account, identifier: str, patience: Patience) -> None:
    def attempt() -> None:
        etag = called(account.cloudfront.get_distribution, Id=identifier)["ETag"]
        called(account.cloudfront.delete_distribution, Id=identifier, IfMatch=etag)

    def not_disabled() -> None:
        _disable(account, identifier, patience)
        _again(attempt, frozenset({"DistributionNotDisabled"}), patience, NOT_DISABLED_SECONDS)

    try:
        attempt()
    except ApiError as error:
        if error.code == "DistributionNotDisabled":
            not_disabled()
        elif error.code in STALE:
            _again(attempt, STALE, patience, STALE_SECONDS)
        else:
            raise


def _again(
    attempt: Callable[[], None], codes: frozenset[str], patience: Patience, seconds: float
) -> None:
    shorter = patience.within(seconds)
    while True:
        try:
            attempt()
        except ApiError as error:
            if error.code not in codes or shorter.over:
                raise
            shorter.pause(f"the deletion of a distribution ({error.code})")
        else:
            return


def _tags(inputs: Properties) -> Any:
    tags = inputs.get("tags") or {}
    return {"Items": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _trusted(active: Any, name: str) -> Properties:
    active = active or {}
    first = name[0].lower() + name[1:]
    return {
        "enabled": bool(active.get("Enabled")),
        "items": [
            {
                first: item.get(name, ""),
                "keyPairIds": (item.get("KeyPairIds") or {}).get("Items", []),
            }
            for item in active.get("Items") or []
        ],
    }


def written(moment: datetime) -> str:
    """A time as Go writes it, which is how the official plugin keeps a distribution's."""
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".") if moment.microsecond else ""
    return f"{text}{fraction} +0000 UTC"
