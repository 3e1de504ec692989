"""Which programs the world needs and where each one comes from.

Versions stand in one place only: the `go.mod` of the folder that a tool names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

_SMALL = "-s -w"
_KUBERNETES = (
    "-s -w -X k8s.io/component-base/version.gitVersion={version}"
    " -X k8s.io/component-base/version.gitMajor={major}"
    " -X k8s.io/component-base/version.gitMinor={minor}"
)
_GITHUB = "https://github.com"


@dataclass(frozen=True)
class Download:
    """An official release for linux/amd64; `{version}` has its v, `{bare}` has not.

    `member` is the file wanted out of an archive; without it the address is the binary itself.
    `checksums` answers either one SHA-256 or lines of SHA-256 and file name.
    """

    url: str
    checksums: str | None = None
    member: str | None = None


@dataclass(frozen=True)
class Tool:
    """One binary: the module folder that pins it and the package that is its main."""

    name: str
    folder: str
    module: str
    package: str
    ldflags: str = _SMALL
    version_args: tuple[str, ...] | None = None  # None: it cannot tell, so PATH is not trusted
    download: Download | None = None

    @property
    def directory(self) -> Path:
        """The folder of the pinning go.mod."""
        return HERE / self.folder

    @property
    def version(self) -> str:
        """The module's pinned version, such as `v1.36.3`, read from go.mod."""
        for line in (self.directory / "go.mod").read_text().splitlines():
            words = line.removeprefix("require").split()
            if len(words) >= 2 and words[0] == self.module and words[1].startswith("v"):
                return words[1]
        raise LookupError(f"{self.folder}/go.mod requires no {self.module}")

    def fill(self, template: str) -> str:
        """Put this tool's version into a template."""
        major, minor = self.version.removeprefix("v").split(".")[:2]
        bare = self.version.removeprefix("v")
        return template.format(version=self.version, bare=bare, major=major, minor=minor)

    @property
    def key(self) -> str:
        """Changes whenever anything does that the binary is made from."""
        digest = hashlib.sha256(f"{self.package}\0{self.fill(self.ldflags)}\0".encode())
        for path in sorted(p for p in self.directory.rglob("*") if p.is_file()):
            digest.update(f"{path.relative_to(self.directory)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:16]


def _kubernetes(name: str) -> Tool:
    url = "https://dl.k8s.io/release/{version}/bin/linux/amd64/" + name
    return Tool(
        name=name,
        folder="kubernetes",
        module="k8s.io/kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        ldflags=_KUBERNETES,
        version_args=("--version",),
        download=Download(url, checksums=url + ".sha256"),
    )


_ALL = (
    Tool(
        name="etcd",
        folder="etcd",
        module="go.etcd.io/etcd/server/v3",
        package="go.etcd.io/etcd/server/v3",
        version_args=("--version",),
        download=Download(
            _GITHUB + "/etcd-io/etcd/releases/download/{version}/etcd-{version}-linux-amd64.tar.gz",
            checksums=_GITHUB + "/etcd-io/etcd/releases/download/{version}/SHA256SUMS",
            member="etcd",
        ),
    ),
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kubelet"),
    _kubernetes("kube-proxy"),
    Tool(
        name="coredns",
        folder="coredns",
        module="github.com/coredns/coredns",
        package="github.com/coredns/coredns",
        version_args=("-version",),
        download=Download(
            _GITHUB + "/coredns/coredns/releases/download/{version}/coredns_{bare}_linux_amd64.tgz",
            checksums=_GITHUB + "/coredns/coredns/releases/download/{version}/"
            "coredns_{bare}_linux_amd64.tgz.sha256",
            member="coredns",
        ),
    ),
    Tool(
        name="traefik",
        folder="traefik",
        module="github.com/traefik/traefik/v3",
        package="github.com/traefik/traefik/v3/cmd/traefik",
        ldflags="-s -w -X github.com/traefik/traefik/v3/pkg/version.Version={bare}",
        version_args=("version",),
        download=Download(
            _GITHUB + "/traefik/traefik/releases/download/{version}/"
            "traefik_{version}_linux_amd64.tar.gz",
            checksums=_GITHUB + "/traefik/traefik/releases/download/{version}/"
            "traefik_{version}_checksums.txt",
            member="traefik",
        ),
    ),
    Tool(
        name="kwok",
        folder="kwok",
        module="sigs.k8s.io/kwok",
        package="sigs.k8s.io/kwok/cmd/kwok",
        version_args=("--version",),
        download=Download(
            _GITHUB + "/kubernetes-sigs/kwok/releases/download/{version}/kwok-linux-amd64"
        ),
    ),
    Tool(
        name="pulumi",
        folder="pulumi",
        module="github.com/pulumi/pulumi/pkg/v3",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        ldflags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",
        version_args=("version",),
        download=Download(
            "https://get.pulumi.com/releases/sdk/pulumi-{version}-linux-x64.tar.gz",
            checksums=_GITHUB + "/pulumi/pulumi/releases/download/{version}/"
            "pulumi-{bare}-checksums.txt",
            member="pulumi",
        ),
    ),
    Tool(
        name="karpenter",
        folder="karpenter",
        module="github.com/aws/karpenter-provider-aws",
        package="github.com/aws/karpenter-provider-aws/cmd/controller",
    ),
    Tool(
        name="opentelemetry-operator",
        folder="opentelemetry-operator",
        module="github.com/open-telemetry/opentelemetry-operator",
        package="github.com/open-telemetry/opentelemetry-operator",
    ),
)

TOOLS: dict[str, Tool] = {entry.name: entry for entry in _ALL}

# The manifests that a tool's module carries: custom resource definitions, and kwok's stock stages.
CRDS: dict[str, tuple[str, ...]] = {
    "karpenter": ("pkg/apis/crds/*.yaml",),
    "opentelemetry-operator": ("config/crd/bases/*.yaml",),
    "kwok": (
        "kustomize/stage/node/fast/*.yaml",
        "kustomize/stage/node/heartbeat/*.yaml",
        "kustomize/stage/pod/fast/*.yaml",
    ),
    "traefik": ("docs/content/reference/dynamic-configuration/traefik.io_*.yaml",),
}
