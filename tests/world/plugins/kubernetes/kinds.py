"""The resource types that are known: where the API serves them, and what can't change in place."""

from dataclasses import dataclass
from typing import Any, Final

from tests.world.plugins.changes import Path
from tests.world.plugins.serve import Refused


@dataclass(frozen=True)
class Kind:
    """A type of Kubernetes object.

    Attributes:
        api_version: as in a manifest.
        name: the kind.
        plural: its name in addresses.
        namespaced: whether its objects live in a namespace.
        fixed: dotted paths whose change needs a new object.
    """

    api_version: str
    name: str
    plural: str
    namespaced: bool = True
    fixed: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """The type's name in Pulumi."""
        group = self.api_version if "/" in self.api_version else f"core/{self.api_version}"
        return f"kubernetes:{group}:{self.name}"

    def address(self, namespace: str, name: str = "") -> str:
        """The path on the API server of one object, or of the collection if `name` is empty."""
        root = "/apis" if "/" in self.api_version else "/api"
        scope = f"/namespaces/{namespace}" if self.namespaced else ""
        item = f"/{name}" if name else ""
        return f"{root}/{self.api_version}{scope}/{self.plural}{item}"

    def fixes(self, path: Path) -> bool:
        """Whether a change at this path needs a new object."""
        dotted = ".".join(str(step) for step in path if isinstance(step, str))
        return any(
            dotted == fixed or dotted.startswith(f"{fixed}.") or fixed.startswith(f"{dotted}.")
            for fixed in ("metadata.name", "metadata.namespace", "kind", "apiVersion", *self.fixed)
        )


_RBAC = "rbac.authorization.k8s.io/v1"
# What the official plugin replaces on, which is not all that the API server calls immutable: the
# rest is found by the dry run.
_KINDS: Final = (
    Kind("v1", "Namespace", "namespaces", namespaced=False),
    Kind("v1", "ConfigMap", "configmaps", fixed=("data", "binaryData")),
    Kind("v1", "Secret", "secrets", fixed=("type", "stringData", "data")),
    Kind("v1", "Service", "services", fixed=("spec.clusterIP",)),
    Kind("v1", "ServiceAccount", "serviceaccounts"),
    Kind("v1", "ResourceQuota", "resourcequotas", fixed=("spec.scopes",)),
    Kind("v1", "LimitRange", "limitranges"),
    Kind("v1", "Pod", "pods"),
    Kind("apps/v1", "Deployment", "deployments", fixed=("spec.selector",)),
    Kind(
        "apps/v1",
        "StatefulSet",
        "statefulsets",
        fixed=(
            "spec.podManagementPolicy",
            "spec.revisionHistoryLimit",
            "spec.selector",
            "spec.serviceName",
            "spec.volumeClaimTemplates",
        ),
    ),
    Kind(
        "batch/v1",
        "Job",
        "jobs",
        fixed=("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ),
    Kind("batch/v1", "CronJob", "cronjobs"),
    Kind("networking.k8s.io/v1", "Ingress", "ingresses"),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind(_RBAC, "Role", "roles"),
    Kind(_RBAC, "RoleBinding", "rolebindings", fixed=("roleRef",)),
    Kind(_RBAC, "ClusterRole", "clusterroles", namespaced=False),
    Kind(_RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False, fixed=("roleRef",)),
    Kind("karpenter.sh/v1", "NodePool", "nodepools", namespaced=False),
    Kind("karpenter.k8s.aws/v1", "EC2NodeClass", "ec2nodeclasses", namespaced=False),
    Kind("opentelemetry.io/v1alpha1", "Instrumentation", "instrumentations"),
)
_BY_TOKEN: Final = {kind.token: kind for kind in _KINDS}


def kind_of(token: str) -> Kind:
    """The kind with this Pulumi type.

    Raises:
        Refused: the type is not among those that this project's programs use.
    """
    kind = _BY_TOKEN.get(token) or _BY_TOKEN.get(token.replace("kubernetes:", "kubernetes:core/"))
    if kind is None:
        raise Refused(
            f"Resource type {token!r} is not known to the stand-in for the Kubernetes plugin: "
            "add it to tests/world/plugins/kubernetes/kinds.py, or put the official plugin on PATH."
        )
    return kind


def check_identity(kind: Kind, inputs: dict[str, Any]) -> None:
    """See that the manifest's apiVersion and kind are those of its type.

    Raises:
        Refused: they are others.
    """
    for key, expected in (("apiVersion", kind.api_version), ("kind", kind.name)):
        if inputs.get(key) != expected:
            raise Refused(
                f"Property {key!r} of a {kind.token} is {inputs.get(key)!r}: it must be "
                f"{expected!r}."
            )
