"""The calls of the AWS provider."""

from __future__ import annotations

import json
import threading
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2

from tests.world.plugins.changes import differences, parsed
from tests.world.plugins.serve import Refused, StandIn, clear_errors, diff_response, served_schema
from tests.world.plugins.values import UNKNOWN, from_struct, has_unknown, marked_like, reveal, to_struct

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
POLICY = "aws:cloudfront/continuousDeploymentPolicy:ContinuousDeploymentPolicy"
TYPES = (DISTRIBUTION, POLICY)
_COMPUTED = {
    DISTRIBUTION: ("arn", "callerReference", "domainName", "etag", "hostedZoneId", "status"),
    POLICY: ("arn", "etag", "lastModifiedTime"),
}
_SETTINGS = frozenset(
    {"region", "endpoints", "skipCredentialsValidation", "skipRequestingAccountId"}
    | {"skipMetadataApiCheck", "skipRegionValidation", "version", "pluginDownloadURL"}
)
_DEFAULTS: dict[str, dict[str, Any]] = {
    DISTRIBUTION: {
        "retainOnDelete": False,
        "waitForDeployment": True,
        "httpVersion": "http2",
        "priceClass": "PriceClass_All",
        "staging": False,
    },
    POLICY: {},
}


class AwsProvider(StandIn):
    """Serves the engine's calls for one region."""

    version = "7.51.1"

    def __init__(self) -> None:
        super().__init__()
        self._region: str | None = None
        self._endpoint: str | None = None
        self._made: dict[str, Any] | None = None
        self._lock = threading.Lock()

    def GetSchema(  # noqa: N802
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """A schema without content: the SDK has the types."""
        return served_schema("aws", self.version)

    @clear_errors
    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse settings that would be ignored."""
        failures = [
            provider_pb2.CheckFailure(
                property=key, reason=f"Setting {key!r} is not known to the stand-in for AWS."
            )
            for key in from_struct(request.news)
            if key not in _SETTINGS
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @clear_errors
    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Another region holds other resources; anything else is an update."""
        olds, news = reveal(from_struct(request.old_inputs)), reveal(from_struct(request.news))
        found = dict(differences(olds, news))
        return diff_response(
            {
                path: change.replacing() if path[0] == "region" else change
                for path, change in found.items()
            }
        )

    @clear_errors
    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Keep the settings; AWS is called when first needed."""
        given = reveal(from_struct(request.args))
        self._region = given.get("region")
        endpoints = given.get("endpoints") or []
        if isinstance(endpoints, str):
            endpoints = json.loads(endpoints)
        for endpoint in endpoints:
            self._endpoint = endpoint.get("cloudfront", self._endpoint)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def _resource(self, token: str) -> Any:
        if token not in TYPES:
            raise Refused(
                f"Resource type {token!r} is not known to the stand-in for AWS: it serves "
                f"{' and '.join(TYPES)}."
            )
        with self._lock:
            if self._made is None:
                self._made = self._connect()
            return self._made[token]

    def _connect(self) -> dict[str, Any]:
        # A preview without a change never gets here, and the import is most of its time.
        import boto3  # noqa: PLC0415

        from tests.world.plugins.aws import resources  # noqa: PLC0415

        client = boto3.client(
            "cloudfront", region_name=self._region, endpoint_url=self._endpoint
        )
        waiter = resources.Waiter(self.cancelled)
        return {
            DISTRIBUTION: resources.Distribution(client, waiter),
            POLICY: resources.Policy(client, waiter),
        }

    @clear_errors
    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """No function is known."""
        raise Refused(f"Function {request.tok!r} is not known to the stand-in for AWS.")

    @clear_errors
    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse what is not known, and fill in the provider's defaults."""
        token = _token(request.urn)
        given = from_struct(request.news)
        inputs = {**_DEFAULTS.get(token, {}), **given}
        if not has_unknown(inputs):
            self._resource(token).check(reveal(inputs))
        elif token not in TYPES:
            self._resource(token)
        return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    @clear_errors
    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compare the inputs of before with those of now."""
        token = _token(request.urn)
        olds, news = reveal(from_struct(request.old_inputs)), reveal(from_struct(request.news))
        ignored = [parsed(path) for path in request.ignoreChanges]
        found = {
            path: change
            for path, change in differences(olds, news)
            if not any(path[: len(prefix)] == prefix for prefix in ignored)
        }
        replacing = self._resource(token).replacing if found else frozenset()
        return diff_response(
            {
                path: change.replacing() if path[0] in replacing else change
                for path, change in found.items()
            }
        )

    @clear_errors
    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Make it."""
        token, inputs = _token(request.urn), from_struct(request.properties)
        if request.preview:
            unknown = dict.fromkeys(_COMPUTED[token], UNKNOWN)
            return provider_pb2.CreateResponse(properties=to_struct({**inputs, **unknown}))
        identifier, outputs = self._told(request.urn, "create", lambda r: r.create(reveal(inputs)))
        return provider_pb2.CreateResponse(
            id=identifier, properties=to_struct(marked_like(outputs, inputs))
        )

    @clear_errors
    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """It as it is now; no id if it is gone."""
        inputs = from_struct(request.inputs) or from_struct(request.properties)
        outputs = self._told(request.urn, "read", lambda r: r.read(request.id, reveal(inputs)))
        if outputs is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=to_struct(marked_like(outputs, inputs)),
            inputs=request.inputs,
        )

    @clear_errors
    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Change it."""
        inputs = from_struct(request.news)
        if request.preview:
            known = from_struct(request.olds)
            return provider_pb2.UpdateResponse(properties=to_struct({**known, **inputs}))
        outputs = self._told(
            request.urn, "update", lambda r: r.update(request.id, reveal(inputs))
        )
        return provider_pb2.UpdateResponse(properties=to_struct(marked_like(outputs, inputs)))

    @clear_errors
    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Take it away."""
        outputs = reveal(from_struct(request.properties))
        self._told(request.urn, "delete", lambda r: r.delete(request.id, outputs))
        return Empty()

    def _told(self, urn: str, verb: str, act: Any) -> Any:
        """Do it, and tell AWS's refusals as one sentence."""
        resource = self._resource(_token(urn))
        import botocore.exceptions  # noqa: PLC0415

        try:
            return act(resource)
        except (
            botocore.exceptions.ClientError,
            botocore.exceptions.BotoCoreError,
        ) as error:
            raise Refused(f"{verb} of {urn.rpartition('::')[2]!r} failed: {error}") from error


def _token(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
