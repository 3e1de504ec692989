"""Properties to the shapes of CloudFront's API, and back.

The fields say where almost everything goes. What is left for hand work: flags that the API wants
beside a list, and objects that the API answers with though nobody asked for them.
"""

from collections.abc import Mapping
from typing import Any

from tests.world.plugins.aws.fields import Field, Many, Properties, nothing
from tests.world.plugins.aws.properties import DISTRIBUTION_CONFIG, POLICY_CONFIG

Shape = dict[str, Any]


def distribution_config(properties: Properties, reference: str) -> Shape:
    """The DistributionConfig of a distribution's properties.

    Args:
        properties: plain ones, with the defaults filled in.
        reference: the caller reference: new for a creation, else the one that it has.
    """
    config = _shape(DISTRIBUTION_CONFIG, properties)
    config["CallerReference"] = reference
    for origin in config["Origins"].get("Items", []):
        if not origin.keys() & {"S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"}:
            origin["S3OriginConfig"] = {"OriginAccessIdentity": ""}
        origin.setdefault("OriginShield", {"Enabled": False})
    behaviours = config["CacheBehaviors"].get("Items", [])
    for behaviour in (config["DefaultCacheBehavior"], *behaviours):
        _complete_behaviour(behaviour)
    logging = config.get("Logging", {"IncludeCookies": False, "Bucket": "", "Prefix": ""})
    config["Logging"] = {**logging, "Enabled": bool(logging["Bucket"])}
    config["ViewerCertificate"] = _certificate(config["ViewerCertificate"])
    return config


def policy_config(properties: Properties) -> Shape:
    """The ContinuousDeploymentPolicyConfig of a policy's properties."""
    return _shape(POLICY_CONFIG, properties)


def distribution_properties(config: Shape) -> Properties:
    """The properties that a DistributionConfig holds."""
    found = _properties(DISTRIBUTION_CONFIG, config)
    found.setdefault("continuousDeploymentPolicyId", "")
    if not config.get("Logging", {}).get("Enabled"):
        found.pop("loggingConfig", None)
    for origin in found.get("origins", []):
        if not origin.get("originShield", {}).get("enabled"):
            origin.pop("originShield", None)
        if nothing(origin.get("s3OriginConfig", {}).get("originAccessIdentity")):
            origin.pop("s3OriginConfig", None)
    certificate = found.get("viewerCertificate", {})
    if certificate.get("cloudfrontDefaultCertificate"):
        certificate.pop("sslSupportMethod", None)
    else:
        certificate.pop("cloudfrontDefaultCertificate", None)
    return found


def policy_properties(config: Shape) -> Properties:
    """The properties that a ContinuousDeploymentPolicyConfig holds."""
    return _properties(POLICY_CONFIG, config)


def _shape(fields: tuple[Field, ...], properties: Properties) -> Shape:
    result: Shape = {}
    for field in fields:
        value = properties.get(field.name)
        if field.many is not Many.ONE:
            items = [_to_api(field, item) for item in value or []]
            listed = items if field.bare else _counted(items)
            _put(result, field.api, listed)
        elif value is not None:
            _put(result, field.api, _to_api(field, value))
        elif field.blank:
            _put(result, field.api, "")
    return result


def _to_api(field: Field, value: Any) -> Any:
    if field.nested:
        return _shape(field.nested, value)
    if field.wire is not None:
        return field.wire(value)
    return float(value) if field.of is float else value


def _counted(items: list[Any]) -> Shape:
    return {"Quantity": len(items), **({"Items": items} if items else {})}


def _put(shape: Shape, path: tuple[str, ...], value: Any) -> None:
    """Set what is at the path; two fields may share an object on the way."""
    if not path:
        shape.update(value)
        return
    for step in path[:-1]:
        shape = shape.setdefault(step, {})
    if isinstance(value, dict) and isinstance(shape.get(path[-1]), dict):
        shape[path[-1]].update(value)
    else:
        shape[path[-1]] = value


def _complete_behaviour(behaviour: Shape) -> None:
    for name in ("TrustedSigners", "TrustedKeyGroups"):
        behaviour[name]["Enabled"] = behaviour[name]["Quantity"] > 0
    behaviour.setdefault("SmoothStreaming", False)
    if "CachePolicyId" in behaviour:
        # The policy has the lifetimes; the API refuses both.
        for name in ("MinTTL", "MaxTTL", "DefaultTTL"):
            behaviour.pop(name, None)
    forwarded = behaviour.get("ForwardedValues")
    if forwarded and forwarded["Cookies"]["Forward"] != "whitelist":
        del forwarded["Cookies"]["WhitelistedNames"]


def _certificate(certificate: Shape) -> Shape:
    for name in ("IAMCertificateId", "ACMCertificateArn"):
        if certificate.get(name):
            kept = (name, "SSLSupportMethod", "MinimumProtocolVersion")
            return {key: certificate[key] for key in kept if key in certificate}
    return {"CloudFrontDefaultCertificate": True}


def _properties(fields: tuple[Field, ...], shape: Mapping[str, Any]) -> Properties:
    result: Properties = {}
    for field in fields:
        value = _at(shape, field.api)
        if field.many is not Many.ONE:
            listed = value if field.bare else (value or {}).get("Items")
            items = [_from_api(field, item) for item in listed or []]
            if items:
                result[field.name] = items
        elif value is not None and value != "":
            result[field.name] = _from_api(field, value)
        elif field.of is int and field.default is not None:
            result[field.name] = field.default
    return result


def _from_api(field: Field, value: Any) -> Any:
    if isinstance(field.of, tuple):
        return _properties(field.of, value)
    return field.of(value) if field.wire is not None else value


def _at(shape: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        shape = shape.get(step) if isinstance(shape, dict) else None
    return shape
