"""The calls of the AWS provider."""

from typing import Any, Final

import grpc  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2

from tests.world.plugins import changes
from tests.world.plugins.aws import check, compare, distribution, policy
from tests.world.plugins.aws.account import Account
from tests.world.plugins.aws.calls import ApiError, Patience
from tests.world.plugins.aws.fields import DEFAULTS, Properties, plain
from tests.world.plugins.aws.properties import CHANGING, COMPUTED, DISTRIBUTION, INPUTS, TAGGED
from tests.world.plugins.aws.settings import problem, settings
from tests.world.plugins.changes import Change, Path, parsed
from tests.world.plugins.serve import (
    NotReady,
    Refused,
    StandIn,
    clear_errors,
    diff_response,
    served_schema,
)
from tests.world.plugins.values import (
    UNKNOWN,
    Secret,
    from_struct,
    marked_like,
    reveal,
    to_struct,
)

_NAMES: Final = {DISTRIBUTION: "CloudFront Distribution"}
_POLICY_NAME: Final = "CloudFront Continuous Deployment Policy"
_NOT_CONFIGURATION: Final = frozenset({"retainOnDelete", "waitForDeployment"})


class AwsProvider(StandIn):
    """Serves the engine's calls for one configured account."""

    version = "7.51.1"

    def __init__(self) -> None:
        super().__init__()
        self._account: Account | None = None

    def GetSchema(  # noqa: N802
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """A schema without content: the SDK has the types."""
        return served_schema("aws", self.version)

    @clear_errors
    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse configuration that would be ignored."""
        failures = [
            provider_pb2.CheckFailure(property=key, reason=sentence)
            for key, value in from_struct(request.news).items()
            if (sentence := problem(key, reveal(value)))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @clear_errors
    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Another configuration is an update: the resources are global, and stay."""
        olds, news = reveal(from_struct(request.old_inputs)), reveal(from_struct(request.news))
        return diff_response(dict(changes.differences(olds, news)))

    @clear_errors
    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Keep the settings; AWS is called when first needed."""
        self._account = Account(settings(from_struct(request.args)))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @property
    def _configured(self) -> Account:
        if self._account is None:
            raise Refused("The AWS provider was called before it was configured.")
        return self._account

    @clear_errors
    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """No function is known."""
        raise Refused(f"Function {request.tok!r} is not known to the stand-in for the AWS plugin.")

    @clear_errors
    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse what is not known, and fill in the defaults."""
        token = _token(request.urn)
        inputs = plain(from_struct(request.news))
        failures = [
            provider_pb2.CheckFailure(property=path, reason=sentence)
            for path, sentence in check.problems(token, inputs)
        ]
        if failures:
            return provider_pb2.CheckResponse(failures=failures)
        if self._account is not None and not request.olds.fields:
            # A new resource: by the time that it is made, the client will be there.
            self._account.warm()
        return provider_pb2.CheckResponse(inputs=to_struct(check.filled(token, inputs)))

    @clear_errors
    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compare the inputs with the resource as recorded."""
        ignored = [parsed(path) for path in request.ignoreChanges]
        found = _differences(
            _token(request.urn), from_struct(request.olds), from_struct(request.news)
        )
        return diff_response(
            {
                path: change
                for path, change in found.items()
                if not any(path[: len(prefix)] == prefix for prefix in ignored)
            }
        )

    @clear_errors
    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Make the resource, and wait for it if the program wants that."""
        token, inputs = _token(request.urn), from_struct(request.properties)
        if request.preview:
            unknown = dict.fromkeys(COMPUTED[token], UNKNOWN)
            return provider_pb2.CreateResponse(
                properties=to_struct(_planned(token, inputs) | unknown)
            )
        wanted = reveal(inputs)
        try:
            make = distribution.create if token == DISTRIBUTION else policy.create
            identifier = make(self._configured, wanted)
        except ApiError as error:
            raise Refused(f"creating {_name(token)}: {error}") from error
        outputs = self._settled(token, identifier, inputs, request.timeout)
        return provider_pb2.CreateResponse(id=identifier, properties=to_struct(outputs))

    def _settled(
        self, token: str, identifier: str, inputs: Properties, timeout: float
    ) -> Properties:
        """The outputs after a write, when it has reached the edges if the program wants that.

        Raises:
            NotReady: it has not, or the resource can't be read; it exists, though.
        """
        try:
            if token == DISTRIBUTION and inputs.get("waitForDeployment", True):
                patience = self._patience(timeout)
                distribution.until_deployed(self._configured, identifier, patience)
            live = self._read(token, identifier)
        except (ApiError, Refused) as error:
            known = _planned(token, inputs)
            raise NotReady(identifier, known, inputs, [f"{_name(token)}: {error}"]) from error
        if live is None:
            raise Refused(f"{_name(token)} ({identifier}) was taken away by somebody else.")
        return _recorded(token, live, inputs)

    def _patience(self, timeout: float) -> Patience:
        return Patience(self.cancelled, timeout if timeout > 0 else distribution.DEPLOY_SECONDS)

    def _read(self, token: str, identifier: str) -> Properties | None:
        look = distribution.read if token == DISTRIBUTION else policy.read
        return look(self._configured, identifier)

    @clear_errors
    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """The resource as it is now: for a refresh, or to adopt one that no program had yet."""
        token, inputs = _token(request.urn), from_struct(request.inputs)
        try:
            live = self._read(token, request.id)
        except ApiError as error:
            raise Refused(f"reading {_name(token)} ({request.id}): {error}") from error
        if live is None:
            return provider_pb2.ReadResponse()
        recorded = _recorded(token, live, inputs)
        now = _inputs(token, recorded, inputs)
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(recorded), inputs=to_struct(now)
        )

    @clear_errors
    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Change the resource, and wait for it if the program wants that."""
        token, inputs = _token(request.urn), from_struct(request.news)
        olds = from_struct(request.olds)
        if request.preview:
            kept = {key: olds[key] for key in COMPUTED[token] if key in olds}
            unknown = dict.fromkeys(CHANGING[token], UNKNOWN)
            planned = _planned(token, inputs) | kept | unknown
            return provider_pb2.UpdateResponse(properties=to_struct(planned))
        found = _differences(token, olds, inputs)
        try:
            if any(path[0] not in _NOT_CONFIGURATION for path in found):
                change = distribution.update if token == DISTRIBUTION else policy.update
                change(self._configured, request.id, reveal(olds), reveal(inputs))
        except ApiError as error:
            raise Refused(f"updating {_name(token)} ({request.id}): {error}") from error
        outputs = self._settled(token, request.id, inputs, request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    @clear_errors
    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Take the resource away; one that is gone already is deleted."""
        token, olds = _token(request.urn), reveal(from_struct(request.properties))
        try:
            if token == DISTRIBUTION:
                patience = self._patience(request.timeout)
                distribution.delete(self._configured, request.id, olds, patience)
            else:
                policy.delete(self._configured, request.id)
        except ApiError as error:
            raise Refused(f"deleting {_name(token)} ({request.id}): {error}") from error
        return Empty()


def _token(urn: str) -> str:
    token = urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
    check.fields_of(token)
    return token


def _name(token: str) -> str:
    return _NAMES.get(token, _POLICY_NAME)


def _differences(token: str, olds: Properties, news: Properties) -> dict[Path, Change]:
    before, after = reveal(olds), reveal(news)
    found = dict(compare.differences(INPUTS[token], before, after))
    if token in TAGGED:
        old_tags, new_tags = before.get("tags") or {}, after.get("tags") or {}
        found |= changes.differences(old_tags, new_tags, ("tags",))
    return found


def _planned(token: str, inputs: Properties) -> Properties:
    """The outputs that are known from the inputs alone."""
    tags = {"tagsAll": inputs.get("tags", {})} if token in TAGGED else {}
    known: Properties = _unnoted(inputs)
    return known | tags


def _recorded(token: str, live: Properties, inputs: Properties) -> Properties:
    """The outputs to keep: the live resource, in the program's order and with its secrets."""
    own = {"retainOnDelete": False, "waitForDeployment": True} if token == DISTRIBUTION else {}
    kept = {key: inputs.get(key, default) for key, default in own.items()}
    wanted = _unnoted(inputs)
    ordered = compare.aligned(INPUTS[token], live, reveal(wanted))
    marked: Properties = marked_like(ordered, wanted)
    if token in TAGGED:
        marked["tagsAll"] = marked["tags"]
    return marked | kept


def _inputs(token: str, recorded: Properties, before: Properties) -> Properties:
    """The inputs of a resource as it is now: what the program had given, or all for a new one."""
    names = {field.name for field in INPUTS[token]} | ({"tags"} if token in TAGGED else set())
    if not before:
        adopted = {key: value for key, value in recorded.items() if key in names}
        return check.filled(token, adopted)
    kept: Properties = _like(recorded, before)
    return kept


def _like(live: Any, before: Any) -> Any:
    """The part of `live` that the inputs speak of, with their notes."""
    if isinstance(live, dict) and isinstance(before, dict):
        found = {key: _like(live[key], before[key]) for key in before if key in live}
        return found | ({DEFAULTS: before[DEFAULTS]} if DEFAULTS in before else {})
    if isinstance(live, list) and isinstance(before, list):
        padded = [*before, *[None] * (len(live) - len(before))]
        return [_like(item, like) for item, like in zip(live, padded, strict=False)]
    return live


def _unnoted(value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_unnoted(value.value))
    if isinstance(value, dict):
        return {key: _unnoted(item) for key, item in value.items() if key != DEFAULTS}
    return [_unnoted(item) for item in value] if isinstance(value, list) else value
