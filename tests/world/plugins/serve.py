"""What every plugin process needs: a gRPC server, the port on stdout, an end, clear errors."""

import contextlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc  # type: ignore[import-untyped]
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import (
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from tests.world.plugins.changes import Change, Path, written
from tests.world.plugins.values import to_struct

_OPTIONS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
]
# Threads are made as calls come in. A call may wait for minutes (a deletion), and a cancellation
# must get through beside as many such calls as the engine makes at once.
_THREADS = 256

Request = TypeVar("Request")
Response = TypeVar("Response")


class Refused(Exception):  # noqa: N818  # reads as what happened
    """The call can't be done; the message is one clear sentence for the person at the console."""


class Cancelled(Refused):
    """The engine asked to stop while the call was waiting."""


@dataclass
class NotReady(Exception):  # noqa: N818
    """The resource exists, but did not become ready; it is to be kept in the state.

    Attributes:
        id: the resource's id.
        properties: its outputs, and
        inputs: its inputs, as they are to be recorded.
        reasons: what is missing, one sentence each.
    """

    id: str
    properties: dict[str, Any]
    inputs: dict[str, Any]
    reasons: list[str]


def serve(register: Callable[[grpc.Server], None]) -> None:
    """Serve on a free loopback port, print it, and return when the engine has gone.

    Args:
        register: adds the servicer to the server.
    """
    engine = os.getppid()
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=_OPTIONS)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    # An engine that was killed cannot end its plugins: notice that its place as parent is taken.
    # The engine interrupts what it is done with: no failure, and not worth a trace.
    with contextlib.suppress(KeyboardInterrupt):
        while server.wait_for_termination(timeout=1):
            if os.getppid() != engine:
                break
    server.stop(grace=None)


def clear_errors(
    call: Callable[[Any, Request, grpc.ServicerContext], Response],
) -> Callable[[Any, Request, grpc.ServicerContext], Response]:
    """Decorate a servicer's method: `Refused` and `NotReady` reach the engine as its own errors."""

    def wrapped(self: Any, request: Request, context: grpc.ServicerContext) -> Response:
        try:
            return call(self, request, context)
        except (Refused, ValueError) as error:
            refusal = str(error)
        except NotReady as error:
            _attach_state(error, context)
            refusal = "; ".join(error.reasons)
        context.abort(grpc.StatusCode.UNKNOWN, refusal)
        raise AssertionError("abort() has raised")

    return wrapped


def _attach_state(error: NotReady, context: grpc.ServicerContext) -> None:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id,
        properties=to_struct(error.properties),
        inputs=to_struct(error.inputs),
        reasons=error.reasons,
    )
    packed = AnyMessage()
    packed.Pack(detail)
    status = status_pb2.Status(
        code=grpc.StatusCode.UNKNOWN.value[0], message="; ".join(error.reasons), details=[packed]
    )
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))


def diff_response(
    found: Mapping[Path, Change], *, delete_before_replace: bool = False
) -> provider_pb2.DiffResponse:
    """The answer to Diff and DiffConfig for these changes."""
    some = provider_pb2.DiffResponse.DIFF_SOME
    none = provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some if found else none,
        replaces=sorted(written(path) for path, change in found.items() if change.replaces),
        diffs=sorted({str(path[0]) for path in found}),
        detailedDiff={
            written(path): provider_pb2.PropertyDiff(kind=change.value)  # type: ignore[arg-type]
            for path, change in found.items()
        },
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_before_replace,
    )


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that every provider answers alike; `cancelled` is set when the engine gives up."""

    version: str

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def GetPluginInfo(  # noqa: N802
        self, request: Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """The version of the official plugin that this one stands in for."""
        return plugin_pb2.PluginInfo(version=self.version)

    def Attach(  # noqa: N802
        self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext
    ) -> Empty:
        """The engine's address; nothing is told to it outside the answers."""
        return Empty()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """End every wait at its next look."""
        self.cancelled.set()
        return Empty()


def served_schema(name: str, version: str) -> provider_pb2.GetSchemaResponse:
    """The schema of a package without its types: the SDKs bring those."""
    return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": name, "version": version}))
