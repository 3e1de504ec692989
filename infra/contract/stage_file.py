"""`.stage.yaml`: what a repository says about its own environment.

Parsed into frozen pydantic models. Whatever is wrong is told in one sentence that names the line
and the column, what is wrong there, and how to mend it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

import pydantic
import yaml

FILE_NAME = ".stage.yaml"
COMMIT_PLACEHOLDER = "{sha}"
MAX_BYTES = 64 * 1024
"""A stage file is written by hand; a larger one is a mistake or an attack."""

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")


class StageFileError(ValueError):
    """The file can't be used; the message is one sentence for people."""


def _dns_label(value: str) -> str:
    if not _DNS_LABEL.fullmatch(value):
        raise ValueError(
            f"{value!r} is no DNS label: use at most 63 of a-z, 0-9 and '-', "
            "beginning and ending with a letter or digit"
        )
    return value


def _image(value: str) -> str:
    if COMMIT_PLACEHOLDER not in value:
        raise ValueError(
            f"image {value!r} lacks {COMMIT_PLACEHOLDER}: without it every commit would run the "
            f"same image; write for example {value.split(':', maxsplit=1)[0]}:{COMMIT_PLACEHOLDER}"
        )
    if re.search(r"\s", value):
        raise ValueError(f"image {value!r} contains white space")
    return value


def _quantity(value: str) -> str:
    if not _QUANTITY.fullmatch(value):
        raise ValueError(f"{value!r} is no Kubernetes quantity: write for example 250m, 2 or 512Mi")
    return value


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


DnsLabel = Annotated[str, pydantic.AfterValidator(_dns_label)]
Image = Annotated[str, pydantic.AfterValidator(_image)]
Quantity = Annotated[str, pydantic.BeforeValidator(str), pydantic.AfterValidator(_quantity)]
EnvValue = Annotated[str, pydantic.BeforeValidator(lambda v: v if isinstance(v, str) else str(v))]
EnvironmentVariables = Annotated[dict[str, EnvValue], pydantic.AfterValidator(_environment)]
Destination = Annotated[str, pydantic.AfterValidator(_destination)]
Port = Annotated[int, pydantic.Field(ge=1, le=65535)]
HttpPath = Annotated[str, pydantic.Field(pattern=r"^/\S*$")]
Language = Literal["python", "java", "nodejs", "dotnet", "sdk"]


class _Section(pydantic.BaseModel):
    """Unknown keys are refused: a typing error must not pass for a default."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Resources(_Section):
    """What one container asks for and may use at most."""

    cpu: Quantity = "100m"
    """CPU request, in cores; there is no CPU limit, so that idle cores are not wasted."""
    memory: Quantity = "128Mi"
    """Memory request and limit, in bytes."""


class Probe(_Section):
    """How Kubernetes asks a container whether it may receive requests."""

    path: HttpPath = "/"
    """HTTP path; 200 to 399 means ready."""
    period: Annotated[int, pydantic.Field(ge=1, le=300)] = 1
    """Seconds between two questions."""
    timeout: Annotated[int, pydantic.Field(ge=1, le=60)] = 2
    """Seconds to wait for an answer."""


class Service(_Section):
    """A long-running workload."""

    image: Image
    """Image reference with `{sha}` in the place of the commit."""
    port: Port
    """The container's port; the Service listens on the same."""
    command: tuple[str, ...] = ()
    env: EnvironmentVariables = {}
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


class Job(_Section):
    """Something that runs once for each commit, before the services that wait for it."""

    image: Image
    command: tuple[str, ...] = ()
    env: EnvironmentVariables = {}
    resources: Resources = Resources()
    before: tuple[DnsLabel, ...] = ()
    """Services that start only when it has succeeded; none named means all."""
    egress: tuple[Destination, ...] = ()


class Capacity(_Section):
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


class Telemetry(_Section):
    """What is kept of the environment's traces."""

    sampling: Annotated[float, pydantic.Field(ge=0, le=1)] = 1.0
    """Share of traces that is kept, 0 to 1."""


class StageFile(_Section):
    """The whole file."""

    services: dict[DnsLabel, Service] = pydantic.Field(min_length=1)
    jobs: dict[DnsLabel, Job] = {}
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

    @classmethod
    def parse(cls, text: str) -> StageFile:
        """Read the file's text. Raises StageFileError."""
        if len(text.encode()) > MAX_BYTES:
            raise StageFileError(
                f"{FILE_NAME} is larger than {MAX_BYTES // 1024} KiB: it describes services, "
                "keep data elsewhere"
            )
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            data = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise StageFileError(_yaml_sentence(error)) from error
        if not isinstance(data, dict):
            raise StageFileError(
                f"{FILE_NAME} is no mapping: it begins with `services:`, see docs/stage-file.md"
            )
        try:
            return cls.model_validate(data)
        except pydantic.ValidationError as error:
            raise StageFileError(_sentence(error, root)) from error


def _yaml_sentence(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
    problem = getattr(error, "problem", None) or "it can't be read"
    return f"{FILE_NAME}{where} is no valid YAML: {problem}"


def _sentence(error: pydantic.ValidationError, root: yaml.Node | None) -> str:
    """The first problem, with its place; how many more there are, if any."""
    problems = error.errors()
    first = problems[0]
    location = tuple(part for part in first["loc"] if part != "[key]")
    path = ".".join(str(part) for part in location)
    mark = _mark(root, location)
    place = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ":"
    what = _what(first, str(location[-1]) if location else "")
    more = f" ({len(problems) - 1} more after this one)" if len(problems) > 1 else ""
    return f"{FILE_NAME}{place} {path + ': ' if path else ''}{what}{more}"


def _what(problem: Any, key: str) -> str:
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r}; see docs/stage-file.md for the keys"
        case "missing":
            return f"{key!r} is missing; add it"
        case "value_error":
            return str(problem["ctx"]["error"])
        case _:
            return f"{problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _mark(node: yaml.Node | None, location: tuple[int | str, ...]) -> yaml.Mark | None:
    """The place of the deepest part of `location` that the file has."""
    if node is None:
        return None
    mark: yaml.Mark = node.start_mark
    for part in location:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    mark, node = key.start_mark, value
                    break
            else:
                return mark
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                return mark
            node = node.value[part]
            mark = node.start_mark
        else:
            return mark
    return mark
