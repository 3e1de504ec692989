"""`.stage.yaml`: what a repository says about its own environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import pydantic

from infra.contract import reading
from infra.contract.images import Images
from infra.contract.quantity import Quantity, amount
from infra.contract.reading import Section
from infra.contract.uses import Use
from infra.contract.when import Patterns, When

COMMIT_PLACEHOLDER = "{sha}"

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _image(value: str) -> str:
    if COMMIT_PLACEHOLDER not in value:
        raise ValueError(
            f"image {value!r} lacks {COMMIT_PLACEHOLDER}: without it every commit would run the "
            f"same image; write for example {value.split(':', maxsplit=1)[0]}:{COMMIT_PLACEHOLDER}"
        )
    if re.search(r"\s", value):
        raise ValueError(f"image {value!r} contains white space")
    return value


def image_of(workload: Service | Job, commit: str) -> str:
    """The image of a workload in the environment of a commit."""
    return workload.image.replace(COMMIT_PLACEHOLDER, workload.commit or commit)


def _pinned(workload: Service | Job, commit: str, digests: Mapping[str, str]) -> str:
    digest = digests.get(image_of(workload, commit))
    image = workload.image
    return image if digest is None or "@" in image else f"{image}@{digest}"


def _environment(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if not _ENV_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for an environment variable: use A-Z, 0-9 and _")
    return value


def _destination(value: str) -> str:
    cidr, separator, port = value.rpartition(":")
    try:
        ipaddress.ip_network(cidr)
        valid = bool(separator) and 0 < int(port) < 65536
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(
            f"{value!r} is no destination: write a network and a port, for example 10.0.5.0/24:5432"
        )
    return value


DnsLabel = Annotated[
    str,
    reading.formed(
        _DNS_LABEL,
        "is no DNS label: use at most 63 of a-z, 0-9 and '-', beginning and ending with a letter "
        "or digit",
    ),
]
Image = Annotated[str, pydantic.AfterValidator(_image)]
EnvValue = Annotated[str, pydantic.BeforeValidator(lambda v: v if isinstance(v, str) else str(v))]
EnvironmentVariables = Annotated[dict[str, EnvValue], pydantic.AfterValidator(_environment)]
Destination = Annotated[str, pydantic.AfterValidator(_destination)]
Port = Annotated[int, pydantic.Field(ge=1, le=65535)]
HttpPath = Annotated[str, pydantic.Field(pattern=r"^/\S*$")]
Commit = Annotated[str, pydantic.Field(pattern=r"^[0-9a-f]{40}$")]
Language = Literal["python", "java", "nodejs", "dotnet", "sdk"]


class Resources(Section):
    """What one container asks for and may use at most."""

    cpu: Quantity = "100m"
    """CPU request, in cores; there is no CPU limit, so that idle cores are not wasted."""
    memory: Quantity = "128Mi"
    """Memory request and limit, in bytes."""


class Probe(Section):
    """How Kubernetes asks a container whether it may receive requests."""

    path: HttpPath = "/"
    """HTTP path; 200 to 399 means ready."""
    period: Annotated[int, pydantic.Field(ge=1, le=300)] = 1
    """Seconds between two questions."""
    timeout: Annotated[int, pydantic.Field(ge=1, le=60)] = 2
    """Seconds to wait for an answer."""


class Service(Section):
    """A long-running workload."""

    image: Image
    """Image reference with `{sha}` in the place of the commit."""
    port: Port
    """The container's port; the Service listens on the same."""
    command: tuple[str, ...] = ()
    env: EnvironmentVariables = pydantic.Field(default={})
    replicas: Annotated[int, pydantic.Field(ge=1, le=50)] = 1
    resources: Resources = Resources()
    probe: Probe | None = None
    """Without one, a running container counts as ready."""
    language: Language | None = None
    """How the OpenTelemetry Operator instruments it; none is not instrumented."""
    route: HttpPath | None = None
    """Path prefix of the environment's host that leads here; none is internal."""
    egress: tuple[Destination, ...] = ()
    """Destinations outside the environment that it may call, as `network/bits:port`."""
    commit: Commit | None = None
    """The commit that `{sha}` stands for, of what another repository's branch brings; none: the
    environment's."""


class Job(Section):
    """Something that runs once for each commit, before the services that wait for it."""

    image: Image
    command: tuple[str, ...] = ()
    env: EnvironmentVariables = pydantic.Field(default={})
    resources: Resources = Resources()
    before: tuple[DnsLabel, ...] = ()
    """Services that start only when it has succeeded; none named means all."""
    egress: tuple[Destination, ...] = ()
    commit: Commit | None = None
    """As a service's."""


_Workload = TypeVar("_Workload", Service, Job)


class Capacity(Section):
    """Where the environment's pods run."""

    spot: bool = True
    on_demand: bool = True
    cpu: Annotated[int, pydantic.Field(ge=1, le=256)] = 8
    """Upper bound of all its nodes together, in cores."""
    memory: Quantity = "32Gi"
    """Upper bound of all its nodes together, in bytes."""
    lifetime: Annotated[str, pydantic.Field(pattern=r"^\d+[hm]$")] = "24h"
    """After so long a node is replaced (Karpenter's expireAfter)."""

    @pydantic.model_validator(mode="after")
    def _some_capacity(self) -> Capacity:
        if not (self.spot or self.on_demand):
            raise ValueError("neither spot nor on_demand is allowed: allow at least one of them")
        return self


class Telemetry(Section):
    """What is kept of the environment's traces."""

    sampling: Annotated[float, pydantic.Field(ge=0, le=1)] = 1.0
    """Share of traces that is kept, 0 to 1."""


class StageFile(Section):
    """The whole file."""

    when: When = When()
    """Which pull requests get an environment; read from the base branch only."""
    images: Images = Images()
    """Whether the environment waits for its images; read by the bot only."""
    uses: tuple[Use, ...] = ()
    """Other repositories whose services run in the environment as well; resolved by the bot."""
    shared_with: Patterns = ()
    """Repositories that may use this one's services so, with * and ?; none named: none. Read from
    the default branch only."""
    services: dict[DnsLabel, Service] = pydantic.Field(min_length=1)
    jobs: dict[DnsLabel, Job] = pydantic.Field(default={})
    capacity: Capacity = Capacity()
    telemetry: Telemetry = Telemetry()
    edge: Literal["dedicated", "none"] = "dedicated"
    """`dedicated`: a CloudFront staging distribution of its own; `none`: the host name only."""

    @pydantic.model_validator(mode="after")
    def _names_fit_together(self) -> StageFile:
        routes: dict[str, str] = {}
        for name, service in self.services.items():
            if service.route is None:
                continue
            if other := routes.get(service.route):
                raise ValueError(
                    f"services {other!r} and {name!r} both have the route {service.route!r}: "
                    "give each route to one service"
                )
            routes[service.route] = name
        for name, job in self.jobs.items():
            if name in self.services:
                raise ValueError(f"{name!r} is both a service and a job: rename one of them")
            for waiting in job.before:
                if waiting not in self.services:
                    raise ValueError(
                        f"job {name!r} is to run before {waiting!r}, which is no service: "
                        f"services are {', '.join(sorted(self.services))}"
                    )
        return self

    @property
    def cores(self) -> float:
        """The cores that its services request together."""
        every = self.services.values()
        return sum(one.replicas * amount(one.resources.cpu) for one in every)

    @property
    def gib(self) -> float:
        """The memory that its services request together, in GiB."""
        every = self.services.values()
        return sum(one.replicas * amount(one.resources.memory) for one in every) / 1024**3

    def with_env(self, variables: Mapping[str, str]) -> StageFile:
        """The same with these environment variables in every service."""
        if not variables:
            return self
        services = {
            name: service.model_copy(update={"env": {**service.env, **variables}})
            for name, service in self.services.items()
        }
        return self.model_copy(update={"services": services})

    def image_references(self, commit: str) -> tuple[str, ...]:
        """The images of a commit's services and jobs, each once."""
        every: list[Service | Job] = [*self.services.values(), *self.jobs.values()]
        return tuple(dict.fromkeys(image_of(one, commit) for one in every))

    def pinned(self, commit: str, digests: Mapping[str, str]) -> StageFile:
        """The same with images of this commit pinned to these digests, by reference.

        `name:tag@digest` keeps the tag for people to read; what runs is what has the digest.
        """
        if not digests:
            return self

        def pin(workloads: Mapping[str, _Workload]) -> dict[str, _Workload]:
            return {
                name: one.model_copy(update={"image": _pinned(one, commit, digests)})
                for name, one in workloads.items()
            }

        return self.model_copy(update={"services": pin(self.services), "jobs": pin(self.jobs)})

    @classmethod
    def parse(cls, text: str) -> StageFile:
        """Read the file's text. Raises StageFileError."""
        return reading.parse(cls, text)
