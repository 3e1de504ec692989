"""Short ways to write the objects that the compiler reads."""

from typing import Any

Json = dict[str, Any]


def pod(
    address: str | None,
    namespace: str = "shop",
    labels: dict[str, str] | None = None,
    ports: dict[str, int] | None = None,
    **more: Any,
) -> Json:
    """A running pod with named TCP ports."""
    listed = [{"name": name, "containerPort": number} for name, number in (ports or {}).items()]
    status = {"phase": "Running", "podIP": address} if address else {"phase": "Pending"}
    return {
        "metadata": {"namespace": namespace, "labels": labels or {}},
        "spec": {"containers": [{"ports": listed}]},
        "status": status,
        **more,
    }


def namespace(name: str, **labels: str) -> Json:
    """A namespace as the API server returns it."""
    return {"metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name, **labels}}}


def policy(spec: Json, namespace: str = "shop") -> Json:
    """A policy; without a selector it is about every pod."""
    return {"metadata": {"namespace": namespace}, "spec": {"podSelector": {}, **spec}}


def labelled(**labels: str) -> Json:
    """A selector."""
    return {"matchLabels": labels}
