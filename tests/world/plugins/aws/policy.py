"""What is done to continuous deployment policies, in the order of the official plugin."""

from typing import Any, Final

from tests.world.plugins.aws import translate
from tests.world.plugins.aws.account import Account
from tests.world.plugins.aws.calls import ApiError, called
from tests.world.plugins.aws.fields import Properties, plain

GONE: Final = frozenset({"NoSuchContinuousDeploymentPolicy"})
STALE: Final = frozenset({"PreconditionFailed", "InvalidIfMatchVersion"})


def create(account: Account, inputs: Properties) -> str:
    """Make a policy that is attached to nothing; its id. Raises ApiError."""
    config: Any = translate.policy_config(plain(inputs))
    answer = called(
        account.cloudfront.create_continuous_deployment_policy,
        ContinuousDeploymentPolicyConfig=config,
    )
    return str(answer["ContinuousDeploymentPolicy"]["Id"])


def read(account: Account, identifier: str) -> Properties | None:
    """The outputs that the service knows of, or None if there is no such policy."""
    try:
        answer: Any = called(account.cloudfront.get_continuous_deployment_policy, Id=identifier)
    except ApiError as error:
        if error.code in GONE:
            return None
        raise
    live = answer["ContinuousDeploymentPolicy"]
    resource = f"continuous-deployment-policy/{identifier}"
    return translate.policy_properties(live["ContinuousDeploymentPolicyConfig"]) | {
        "arn": f"arn:aws:cloudfront::{account.identifier}:{resource}",
        "etag": answer["ETag"],
        "lastModifiedTime": live["LastModifiedTime"].strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def update(account: Account, identifier: str, olds: Properties, inputs: Properties) -> None:
    """Replace the whole configuration, by the ETag that is recorded. Raises ApiError."""
    config: Any = translate.policy_config(plain(inputs))
    called(
        account.cloudfront.update_continuous_deployment_policy,
        Id=identifier,
        IfMatch=olds["etag"],
        ContinuousDeploymentPolicyConfig=config,
    )


def disable(account: Account, identifier: str) -> None:
    """Let the policy lead no requests; one that is gone leads none. Raises ApiError."""
    try:
        answer: Any = called(account.cloudfront.get_continuous_deployment_policy, Id=identifier)
        config = answer["ContinuousDeploymentPolicy"]["ContinuousDeploymentPolicyConfig"]
        if config["Enabled"]:
            called(
                account.cloudfront.update_continuous_deployment_policy,
                Id=identifier,
                IfMatch=answer["ETag"],
                ContinuousDeploymentPolicyConfig={**config, "Enabled": False},
            )
    except ApiError as error:
        if error.code not in GONE:
            raise


def delete(account: Account, identifier: str) -> None:
    """Delete by a fresh ETag; a policy that is gone is deleted. Raises ApiError.

    Not disabled before, as the official plugin does not: one that is attached is refused.
    """

    def attempt() -> None:
        answer = called(account.cloudfront.get_continuous_deployment_policy, Id=identifier)
        called(
            account.cloudfront.delete_continuous_deployment_policy,
            Id=identifier,
            IfMatch=answer["ETag"],
        )

    try:
        try:
            attempt()
        except ApiError as error:
            if error.code not in STALE:
                raise
            attempt()
    except ApiError as error:
        if error.code not in GONE:
            raise
