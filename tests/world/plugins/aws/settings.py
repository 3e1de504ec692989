"""The provider's own configuration: which keys there are, and what they say."""

import json
from dataclasses import dataclass
from typing import Any, Final

from tests.world.plugins.serve import Refused
from tests.world.plugins.values import Unknown, reveal

_TEXTS: Final = frozenset({"region", "accessKey", "secretKey", "token", "profile"})
_SWITCHES: Final = frozenset(
    {
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
    }
)
_KEYS: Final = _TEXTS | _SWITCHES | {"endpoints"}
# The engine's, not the provider's.
_ENGINE: Final = frozenset({"version", "pluginDownloadURL", "__internal", "__defaults"})
SERVICES: Final = frozenset({"cloudfront", "sts"})
"""The services that are called."""


@dataclass(frozen=True)
class Settings:
    """What the program configured.

    Attributes:
        region: None for the environment's.
        endpoints: addresses by service, where they are not AWS's own.
        credentials: `accessKey`, `secretKey` and `token`, as far as given.
        profile: of the shared configuration; None for the environment's.
        account_known: whether the account may be asked for, which ARNs are made with.
    """

    region: str | None
    endpoints: dict[str, str]
    credentials: dict[str, str]
    profile: str | None
    account_known: bool


def problem(key: str, value: Any) -> str | None:
    """Why this key or value is no configuration of the provider, in one sentence, or None."""
    if key in _ENGINE or isinstance(value, Unknown):
        return None
    if key not in _KEYS:
        return (
            f"Provider configuration {key!r} is not known to the stand-in for the AWS plugin: use "
            f"one of {', '.join(sorted(_KEYS))}."
        )
    if key in _TEXTS:
        wrong = not isinstance(value, str)
        return f"Provider configuration {key!r} is {value!r}: it must be a text." if wrong else None
    parsed = _parsed(value)
    if key in _SWITCHES:
        wrong = not isinstance(parsed, bool)
        sentence = f"Provider configuration {key!r} is {value!r}: it must be true or false."
        return sentence if wrong else None
    return _endpoints_problem(parsed)


def _endpoints_problem(parsed: Any) -> str | None:
    if not isinstance(parsed, list) or not all(isinstance(entry, dict) for entry in parsed):
        return "Provider configuration 'endpoints' must be a list of objects, service to address."
    for service, address in ((key, entry[key]) for entry in parsed for key in entry):
        if service not in SERVICES:
            return (
                f"Provider configuration 'endpoints' names {service!r}, which the stand-in for the "
                f"AWS plugin does not call: name {' and '.join(sorted(SERVICES))} only."
            )
        if not isinstance(address, str) or not address.startswith(("http://", "https://")):
            return f"The endpoint of {service!r} is {address!r}: it must be an http or https URL."
    return None


def _parsed(value: Any) -> Any:
    """SDKs send everything but texts as JSON in a string."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def settings(variables: dict[str, Any]) -> Settings:
    """The settings in checked configuration.

    Raises:
        Refused: a key or value is not known.
    """
    plain = {key: value for key, value in reveal(variables).items() if value is not None}
    for key, value in plain.items():
        if sentence := problem(key, value):
            raise Refused(sentence)
    given = {key: value for key, value in plain.items() if not isinstance(value, Unknown)}
    entries = _parsed(given.get("endpoints", "[]"))
    return Settings(
        region=given.get("region") or None,
        endpoints={service: entry[service] for entry in entries for service in entry},
        credentials={
            key: given[key] for key in ("accessKey", "secretKey", "token") if given.get(key)
        },
        profile=given.get("profile") or None,
        account_known=_parsed(given.get("skipRequestingAccountId", "false")) is not True,
    )
