"""The provider: which resource types there are, and what each does when."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING

from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.property_value import Computed, PropertyValue

from infra.cloudfront.attachment import TYPE as ATTACHMENT
from infra.plugin.attachment import Primary

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

Properties = dict[str, PropertyValue]
CONFIG_KEYS = frozenset({"region", "endpoint", "version"})
ATTACHMENT_KEYS = ("primaryId", "policyId")


def text(properties: Properties, key: str) -> str:
    """A property's text; empty where it is missing."""
    value = properties.get(key)
    return value.value if value is not None and isinstance(value.value, str) else ""


def known(properties: Properties) -> bool:
    """Whether no value waits for a resource that does not exist yet."""
    return not any(isinstance(value.value, Computed) for value in properties.values())


class UnderstudyProvider(protocol.Provider):
    """Serves `understudy:index:*`."""

    def __init__(self) -> None:
        self._settings: dict[str, object] | None = None
        self._cloudfront: CloudFrontClient | None = None
        self._lock = threading.Lock()

    async def get_schema(
        self,
        request: protocol.GetSchemaRequest,  # noqa: ARG002 - the protocol gives it
    ) -> protocol.GetSchemaResponse:
        """The package's schema: names and types only."""
        properties = {key: {"type": "string"} for key in ATTACHMENT_KEYS}
        return protocol.GetSchemaResponse(
            json.dumps(
                {
                    "name": "understudy",
                    "resources": {
                        ATTACHMENT: {
                            "inputProperties": properties,
                            "requiredInputs": list(ATTACHMENT_KEYS),
                            "properties": properties,
                        }
                    },
                }
            )
        )

    async def check_config(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Refuse settings that do not exist."""
        failures = [
            protocol.CheckFailure(key, f"unknown setting {key!r}: use region or endpoint")
            for key in request.new_inputs
            if key not in CONFIG_KEYS
        ]
        return protocol.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        """Keep the settings; AWS is called when first needed."""
        self._settings = dict(request.args or request.variables)
        return await super().configure(request)

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Refuse types and properties that do not exist."""
        _known_type(request.type)
        inputs = dict(request.new_inputs)
        failures = [
            protocol.CheckFailure(key, f"unknown property {key!r}")
            for key in inputs
            if key not in ATTACHMENT_KEYS
        ]
        failures += [
            protocol.CheckFailure(key, f"{key!r} is missing")
            for key in ATTACHMENT_KEYS
            if key not in inputs or inputs[key].value in (None, "")
        ]
        return protocol.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        """Any change is another attachment; the old one goes first, as a primary has only one."""
        old, new = dict(request.old_state), dict(request.new_inputs)
        changed = [key for key in ATTACHMENT_KEYS if old.get(key) != new.get(key)]
        return protocol.DiffResponse(
            changes=bool(changed),
            replaces=changed,
            delete_before_replace=True,
            diffs=changed,
        )

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        """Attach."""
        _known_type(request.type)
        properties = dict(request.properties)
        if request.preview or not known(properties):
            return protocol.CreateResponse(resource_id="", properties=properties)
        primary_id, policy_id = text(properties, "primaryId"), text(properties, "policyId")
        await asyncio.to_thread(lambda: self._primary(primary_id).attach(policy_id))
        return protocol.CreateResponse(
            resource_id=f"{primary_id}/{policy_id}", properties=properties
        )

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """Look whether the primary still has the policy; an empty id says that it has not."""
        primary_id, _, policy_id = request.resource_id.partition("/")
        attached = await asyncio.to_thread(lambda: self._primary(primary_id).policy())
        if attached != policy_id:
            return protocol.ReadResponse(resource_id="", properties={}, inputs={})
        properties = {"primaryId": PropertyValue(primary_id), "policyId": PropertyValue(policy_id)}
        return protocol.ReadResponse(
            resource_id=request.resource_id, properties=properties, inputs=properties
        )

    async def delete(self, request: protocol.DeleteRequest) -> None:
        """Detach."""
        primary_id, _, policy_id = request.resource_id.partition("/")
        await asyncio.to_thread(lambda: self._primary(primary_id).detach(policy_id))

    def _primary(self, identifier: str) -> Primary:
        return Primary(self._client(), identifier)

    def _client(self) -> CloudFrontClient:
        if self._settings is None:
            raise RuntimeError("the provider was used before it was configured")
        # An operation that changes nothing here never gets so far, and the import is half of what
        # the plugin costs at each start.
        import boto3  # noqa: PLC0415

        with self._lock:
            if self._cloudfront is None:
                self._cloudfront = boto3.client(
                    "cloudfront",
                    region_name=_setting(self._settings, "region") or None,
                    endpoint_url=_setting(self._settings, "endpoint") or None,
                )
            return self._cloudfront


def _setting(settings: dict[str, object], key: str) -> str:
    value = settings.get(key)
    if isinstance(value, PropertyValue):
        value = value.value
    return value if isinstance(value, str) else ""


def _known_type(token: str) -> None:
    # A resource inside components is asked for by its whole line of parents.
    if token.rpartition("$")[2] != ATTACHMENT:
        raise ValueError(f"unknown resource type {token!r}: this plugin serves {ATTACHMENT}")
