"""The cluster: whether it answers, has the APIs that are needed, and lets the bot do its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bot import kube_api
from bot.doctor.findings import Finding, Sign, ok, warning, wrong
from infra.readiness.connection import ClusterError, Connection

CLUSTER = "cluster"
APIS = "cluster APIs"
RIGHTS = "cluster rights"

NODE_POOLS = ("karpenter.sh", "nodepools")
"""An API group and its resource."""
INSTRUMENTATIONS = ("opentelemetry.io", "instrumentations")
METRICS = ("metrics.k8s.io", "pods")

_RIGHTS = (
    kube_api.Right("create", "namespaces"),
    kube_api.Right("delete", "namespaces"),
    kube_api.Right("create", "deployments", "apps"),
    kube_api.Right("delete", "deployments", "apps"),
    kube_api.Right("list", "pods"),
    kube_api.Right("get", "pods", subresource="log"),
    kube_api.Right("list", "nodes"),
)
_POOL_RIGHTS = tuple(
    kube_api.Right(verb, "nodepools", "karpenter.sh") for verb in ("create", "delete", "list")
)

Connect = Callable[[], Connection]


def reach(connect: Connect) -> Iterator[Finding]:
    """Whether the API server answers, and its version."""
    with kube_api.reachable():
        version = connect().get("/version").get("gitVersion", "of an unknown version")
    yield ok(CLUSTER, f"answers, Kubernetes {version}")


def apis(connect: Connect, *, node_pools: bool, telemetry: bool) -> Iterator[Finding]:
    """Whether the APIs are installed that the platform asks for."""
    with kube_api.reachable():
        groups = {
            # A resource need not be in its group's preferred version.
            group["name"]: [version["groupVersion"] for version in group["versions"]]
            for group in connect().get("/apis").get("groups", ())
        }
        has = {
            api: any(api[1] in _resources(connect(), version) for version in groups.get(api[0], ()))
            for api in (NODE_POOLS, INSTRUMENTATIONS, METRICS)
        }
    if node_pools:
        yield _installed(
            NODE_POOLS,
            has[NODE_POOLS],
            Sign.WRONG,
            "install Karpenter, or write `node_class: null` in the platform file",
        )
    if telemetry:
        yield _installed(
            INSTRUMENTATIONS,
            has[INSTRUMENTATIONS],
            Sign.WRONG,
            "install the OpenTelemetry Operator, or leave `otlp_endpoint` out of the platform file",
        )
    # Nothing but what people see of usage is missing without it.
    yield _installed(METRICS, has[METRICS], Sign.WARNING, "install metrics-server to see usage")


def rights(connect: Connect, *, node_pools: bool) -> Iterator[Finding]:
    """Whether the bot may do what it must."""
    missing = []
    with kube_api.reachable():
        for right in (*_RIGHTS, *(_POOL_RIGHTS if node_pools else ())):
            if not kube_api.may(connect(), right):
                missing.append(str(right))
    if missing:
        yield wrong(
            RIGHTS,
            f"the bot may not {', '.join(missing)}",
            "allow it in the ClusterRole of the bot's service account or user",
        )
    else:
        yield ok(RIGHTS, "the bot may do what it must")


def _resources(connection: Connection, group_version: str) -> set[str]:
    try:
        found: list[dict[str, Any]] = connection.get(f"/apis/{group_version}").get("resources", [])
    except ClusterError as error:
        if error.status in {404, 503}:
            return set()  # an aggregated API whose server is away
        raise
    return {one["name"] for one in found}


def _installed(api: tuple[str, str], there: bool, sign: Sign, mend: str) -> Finding:
    name = f"{api[1]} of {api[0]}"
    if there:
        return ok(APIS, f"{name} are there")
    make = warning if sign is Sign.WARNING else wrong
    return make(APIS, f"{name} are not there", mend)


def connector(open_: Callable[[], Connection]) -> Connect:
    """Opens a connection when one is needed, and keeps it. Raises UnreachableError."""
    kept: list[Connection] = []

    def connect() -> Connection:
        if not kept:
            kept.append(open_())
        return kept[0]

    return connect
