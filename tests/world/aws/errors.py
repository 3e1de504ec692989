"""CloudFront's error codes, with the words in which it says them."""

from __future__ import annotations

from moto.core.exceptions import ServiceException

MESSAGES = {
    "CNAMEAlreadyExists": "One or more of the CNAMEs you provided are already associated with a "
    "different resource.",
    "ContinuousDeploymentPolicyAlreadyExists": "A continuous deployment policy with this "
    "configuration already exists.",
    "ContinuousDeploymentPolicyInUse": "You cannot delete a continuous deployment policy that is "
    "associated with a primary distribution.",
    "DistributionAlreadyExists": "The caller reference that you are using to create a "
    "distribution is associated with another distribution.",
    "DistributionNotDisabled": "The distribution you are trying to delete has not been disabled.",
    "IllegalUpdate": "One or more fields updated are not supported for continuous deployment.",
    "InconsistentQuantities": "The value of Quantity and the size of Items don't match.",
    "InvalidIfMatchVersion": "The If-Match version is missing or not valid for the resource.",
    "InvalidViewerCertificate": "To add an alternate domain name (CNAME) to a CloudFront "
    "distribution, you must attach a trusted certificate that validates your authorization to "
    "use the domain name.",
    "NoSuchContinuousDeploymentPolicy": "The continuous deployment policy doesn't exist.",
    "NoSuchDistribution": "The specified distribution does not exist.",
    "NoSuchOrigin": "One or more of your origins or origin groups do not exist.",
    "NoSuchResource": "The specified resource does not exist.",
    "PreconditionFailed": "The request failed because it didn't meet the preconditions in one or "
    "more request-header fields.",
    "ResourceInUse": "Cannot delete this resource because it is in use.",
    "StagingDistributionInUse": "The specified staging distribution is currently used by a "
    "continuous deployment policy. Please the update policy before deleting",
    "TooManyContinuousDeploymentPolicies": "You have reached the maximum number of continuous "
    "deployment policies for this AWS account.",
    "TooManyDistributions": "Processing your request would cause you to exceed the maximum number "
    "of distributions allowed.",
}
"""Where a code has one message; InvalidArgument and the like say what is wrong each time."""


class CloudFrontError(ServiceException):
    """An answer with an error code of CloudFront's API."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code, message or MESSAGES[code])


def invalid(message: str) -> CloudFrontError:
    """InvalidArgument, in these words."""
    return CloudFrontError("InvalidArgument", message)
