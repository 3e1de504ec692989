"""The calls of the Kubernetes provider."""

import functools
import secrets
import threading

import grpc  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2

from tests.world.plugins.changes import MISSING, Change, Path, differences, look_up, parsed, written
from tests.world.plugins.kubernetes import awaits, names, state
from tests.world.plugins.kubernetes.client import ApiError, ApiServer, Manifest
from tests.world.plugins.kubernetes.kinds import Kind, check_identity, kind_of
from tests.world.plugins.kubernetes.kubeconfig import read
from tests.world.plugins.kubernetes.settings import Settings, another_cluster, problem, settings
from tests.world.plugins.serve import (
    NotReady,
    Refused,
    StandIn,
    clear_errors,
    diff_response,
    served_schema,
)
from tests.world.plugins.values import from_struct, has_unknown, marked_like, reveal, to_struct

# A new object may come a little before its namespace or its CRD: the official plugin tries this
# often, twice as long apart each time.
_TRIES = 5
_FIRST_PAUSE = 0.5
# How long an object that is being deleted may keep its name from a new one.
_LEAVING_SECONDS = 60.0
_PROPAGATIONS = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}


class KubernetesProvider(StandIn):
    """Serves the engine's calls for one configured cluster."""

    version = "4.34.2"

    def __init__(self) -> None:
        super().__init__()
        self._settings: Settings | None = None
        self._connecting = threading.Lock()

    def GetSchema(  # noqa: N802
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """A schema without content: the SDK has the types."""
        return served_schema("kubernetes", self.version)

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
        """Another cluster needs every object made anew; anything else is an update."""
        olds, news = from_struct(request.old_inputs), from_struct(request.news)
        found = dict(differences(reveal(olds), reveal(news)))
        if found and not has_unknown(news) and another_cluster(olds, news):
            identity = {"kubeconfig", "context", "clusterIdentifier"}
            found = {
                path: change.replacing() if path[0] in identity else change
                for path, change in found.items()
            }
        return diff_response(found)

    @clear_errors
    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Keep the settings; the cluster is called when first needed."""
        self._settings = settings(from_struct(request.args))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @functools.cached_property
    def _connected(self) -> ApiServer:
        if self._settings is None:
            raise Refused("The Kubernetes provider was called before it was configured.")
        return ApiServer(read(self._settings.kubeconfig, self._settings.context))

    @property
    def _server(self) -> ApiServer:
        with self._connecting:
            return self._connected

    @property
    def _configured(self) -> Settings:
        return self._settings or settings({})

    def _default_namespace(self) -> str:
        return self._configured.namespace or self._server.namespace

    @clear_errors
    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """No function is known."""
        raise Refused(
            f"Function {request.tok!r} is not known to the stand-in for the Kubernetes plugin."
        )

    @clear_errors
    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Name and place the object."""
        kind = kind_of(request.type or request.urn.split("::")[2].split("$")[-1])
        inputs = from_struct(request.news)
        check_identity(kind, inputs)
        names.check_name(inputs)
        name = request.name or request.urn.split("::")[-1]
        inputs = names.named(inputs, from_struct(request.olds), name, request.randomSeed)
        if kind.namespaced:
            inputs = names.placed(inputs, self._default_namespace)
        return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    @clear_errors
    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compare the inputs with the object as recorded; where they differ, ask the server.

        A dry run says which of the differences are none (another way to write the same quantity)
        and which need a new object because a field is immutable.
        """
        kind, outputs = _kind(request.urn), from_struct(request.olds)
        wanted = state.normal(reveal(from_struct(request.news)))
        ignored = [parsed(path) for path in request.ignoreChanges]
        found = {
            path: change.replacing() if self._fixed(kind, wanted, path) else change
            for path, change in state.changes(outputs, wanted).items()
            if not any(path[: len(prefix)] == prefix for prefix in ignored)
        }
        if found and not has_unknown(wanted) and not any(c.replaces for c in found.values()):
            found = self._tried(kind, outputs, wanted, found)
        same_place = look_up(wanted, ("metadata", "name")) == look_up(
            outputs, ("metadata", "name")
        ) and look_up(wanted, ("metadata", "namespace")) == look_up(
            outputs, ("metadata", "namespace")
        )
        return diff_response(
            found,
            delete_before_replace=any(change.replaces for change in found.values())
            and same_place
            and not names.autonamed(wanted),
        )

    def _fixed(self, kind: Kind, wanted: Manifest, path: Path) -> bool:
        relaxed = kind.name in self._configured.mutable and not wanted.get("immutable")
        return kind.fixes(path) and not (relaxed and path[0] != "metadata")

    def _tried(
        self, kind: Kind, outputs: Manifest, wanted: Manifest, found: dict[Path, Change]
    ) -> dict[Path, Change]:
        try:
            outcome = self._applied(kind, wanted, outputs[state.MANAGER], dry_run=True)
        except ApiError as error:
            # Other refusals come again, with their reason, when the update is previewed.
            frozen = tuple(error.immutable)
            return {
                path: change.replacing() if _touches(written(path), frozen) else change
                for path, change in found.items()
            }
        return {
            path: change
            for path, change in found.items()
            if state.really_changed(path, outputs, wanted, outcome)
        }

    @clear_errors
    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Apply a new object and wait for it."""
        kind, inputs = _kind(request.urn), from_struct(request.properties)
        if request.preview and has_unknown(inputs):
            return provider_pb2.CreateResponse(properties=request.properties)
        wanted = state.normal(reveal(inputs))
        manager = _manager(wanted, f"pulumi-kubernetes-{secrets.token_hex(4)}")
        try:
            live = self._created(kind, wanted, manager, dry_run=request.preview)
        except ApiError as error:
            # The place for the object comes with the same program: there is nothing to ask yet.
            if request.preview and (error.no_namespace or error.no_kind):
                return provider_pb2.CreateResponse(properties=request.properties)
            raise Refused(
                f"resource {request.urn!r} was not successfully created by the Kubernetes API "
                f"server: {_explained(error, kind, manager)}"
            ) from error
        if live is None:
            return provider_pb2.CreateResponse(properties=request.properties)
        if request.preview:
            live.pop("status", None)
            outputs = to_struct(state.recorded(inputs, live, manager))
            return provider_pb2.CreateResponse(properties=outputs)
        live = self._awaited(kind, live, inputs, manager, request.timeout)
        return provider_pb2.CreateResponse(
            id=names.identifier(kind, live),
            properties=to_struct(state.recorded(inputs, live, manager)),
        )

    def _created(
        self, kind: Kind, wanted: Manifest, manager: str, *, dry_run: bool
    ) -> Manifest | None:
        """Apply what must not exist yet; None if it exists and this is a dry run."""
        if not self._configured.upsert and (present := self._present(kind, wanted)):
            if dry_run:
                # It goes first if this is a replacement, which a preview can't see.
                return None
            self._vacated(kind, present)
        for attempt in range(_TRIES):
            try:
                return self._applied(kind, wanted, manager, dry_run=dry_run)
            except ApiError as error:
                last = dry_run or attempt == _TRIES - 1
                if last or not (error.no_namespace or error.no_kind):
                    raise
            if self.cancelled.wait(_FIRST_PAUSE * 2**attempt):
                break
        raise Refused(f"Cancelled before {kind.name} {wanted['metadata']['name']!r} was created.")

    def _present(self, kind: Kind, wanted: Manifest) -> Manifest | None:
        try:
            return self._server.get(kind, _namespace(wanted), wanted["metadata"]["name"])
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def _vacated(self, kind: Kind, present: Manifest) -> None:
        """Wait for the end of an object that is on its way out.

        A deletion that nobody waited for is the usual case: the old one of a replacement.
        """
        metadata = present["metadata"]
        if "deletionTimestamp" not in metadata:
            raise ApiError(409, {"message": f"{kind.plural} {metadata['name']!r} already exists"})
        awaits.until_gone(
            kind,
            metadata.get("namespace", ""),
            metadata["name"],
            self._server,
            _LEAVING_SECONDS,
            self.cancelled,
        )

    def _applied(
        self, kind: Kind, wanted: Manifest, manager: str, *, dry_run: bool = False
    ) -> Manifest:
        force = self._configured.force or awaits.annotation(wanted, "patchForce") == "true"
        return self._server.apply(
            kind,
            wanted,
            namespace=_namespace(wanted),
            manager=manager,
            dry_run=dry_run,
            force=force,
        )

    def _awaited(
        self, kind: Kind, live: Manifest, inputs: Manifest, manager: str, timeout: float
    ) -> Manifest:
        wanted = reveal(inputs)
        if awaits.skipped(wanted):
            return live
        seconds = awaits.patience(wanted, timeout)
        live, lacking = awaits.until_ready(kind, live, self._server, seconds, self.cancelled)
        if lacking:
            raise NotReady(
                names.identifier(kind, live),
                state.recorded(inputs, live, manager),
                inputs,
                lacking,
            )
        return live

    @clear_errors
    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """The object as it is now; no id if it is gone."""
        kind, outputs = _kind(request.urn), from_struct(request.properties)
        inputs = from_struct(request.inputs)
        namespace, name = names.from_identifier(kind, request.id)
        try:
            live = self._server.get(kind, namespace, name)
        except ApiError as error:
            if error.status == 404:
                return provider_pb2.ReadResponse()
            raise Refused(f"{kind.name} {request.id!r} can't be read: {error.message}") from error
        known = state.normal(reveal(inputs)) if inputs else _adopted(live)
        now = marked_like(state.pruned(live, known), inputs)
        manager = str(outputs.get(state.MANAGER) or f"pulumi-kubernetes-{secrets.token_hex(4)}")
        recorded = state.recorded(now, live, manager)
        if inputs and not awaits.skipped(live):
            try:
                lacking = awaits.unready(kind, live, self._server)
            except awaits.Failed as failure:
                lacking = str(failure)
            if lacking:
                raise NotReady(request.id, recorded, now, [lacking])
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(recorded), inputs=to_struct(now)
        )

    @clear_errors
    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Apply the new inputs to the object and wait for it."""
        kind, inputs = _kind(request.urn), from_struct(request.news)
        if request.preview and has_unknown(inputs):
            return provider_pb2.UpdateResponse(properties=request.news)
        wanted = state.normal(reveal(inputs))
        before = str(from_struct(request.olds)[state.MANAGER])
        manager = _manager(wanted, before)
        try:
            self._leave_ignored(kind, wanted, before, [parsed(p) for p in request.ignoreChanges])
            live = self._applied(kind, wanted, manager, dry_run=request.preview)
            if manager != before and not request.preview:
                self._release(kind, wanted, before)
        except ApiError as error:
            raise Refused(
                f"update of resource {request.urn!r} failed: {_explained(error, kind, manager)}"
            ) from error
        if not request.preview:
            live = self._awaited(kind, live, inputs, manager, request.timeout)
        return provider_pb2.UpdateResponse(
            properties=to_struct(state.recorded(inputs, live, manager))
        )

    def _leave_ignored(
        self, kind: Kind, wanted: Manifest, manager: str, ignored: list[Path]
    ) -> None:
        """Ignored fields stay as they are; those that are others' are not applied at all."""
        if not ignored:
            return
        live = self._server.get(kind, _namespace(wanted), wanted["metadata"]["name"])
        for path in ignored:
            others = state.kept_by_others(live, manager, path)
            state.put(wanted, path, MISSING if others else look_up(live, path))

    def _release(self, kind: Kind, wanted: Manifest, manager: str) -> None:
        """Let a field manager's fields go: what it applies from now on is nothing."""
        metadata = {
            key: value for key, value in wanted["metadata"].items() if key in ("name", "namespace")
        }
        nothing = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
        self._server.apply(kind, nothing, namespace=_namespace(wanted), manager=manager)

    @clear_errors
    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Delete the object, and wait until it is gone."""
        kind = _kind(request.urn)
        inputs = state.applied_inputs(from_struct(request.properties))
        namespace, name = names.from_identifier(kind, request.id)
        policy = awaits.annotation(inputs, "deletionPropagationPolicy") or "foreground"
        if policy.lower() not in _PROPAGATIONS:
            raise Refused(
                f"Annotation pulumi.com/deletionPropagationPolicy is {policy!r}: it must be "
                "background, foreground or orphan."
            )
        try:
            self._server.delete(kind, namespace, name, _PROPAGATIONS[policy.lower()])
            if not awaits.skipped(inputs):
                seconds = awaits.patience(inputs, request.timeout)
                awaits.until_gone(kind, namespace, name, self._server, seconds, self.cancelled)
        except ApiError as error:
            if error.status != 404:
                raise Refused(
                    f"{kind.name} {request.id!r} can't be deleted: {error.message}"
                ) from error
        return Empty()


def _kind(urn: str) -> Kind:
    return kind_of(urn.split("::")[2].rsplit("$", maxsplit=1)[-1])


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def _manager(wanted: Manifest, otherwise: str) -> str:
    return awaits.annotation(wanted, "patchFieldManager") or otherwise


def _touches(path: str, fields: tuple[str, ...]) -> bool:
    return any(path.startswith(field) or field.startswith(path) for field in fields if field)


def _adopted(live: Manifest) -> Manifest:
    """The inputs of an object that no program had yet: all that the server did not set."""
    return state.normal({key: value for key, value in live.items() if key != "status"})


def _explained(error: ApiError, kind: Kind, manager: str) -> str:
    if error.no_kind:
        return (
            f"it does not serve {kind.api_version} {kind.name}. Verify that any required CRDs "
            "have been created"
        )
    if error.conflict and error.causes:
        return (
            "Server-Side Apply field conflict detected. The resource managed by field manager "
            f"{manager!r} had an apply conflict: {error.message}"
        )
    return error.message
