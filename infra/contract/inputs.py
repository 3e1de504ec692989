"""What the preview program is told, and under which names it is kept in a stack's config.

The bot writes it with `to_config`, a person with `pulumi config set`; the program reads it with
`from_config` whichever it was. See stacks/preview/README.md for the commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import pydantic
import yaml

from infra import identity, naming
from infra.contract.reading import StageFileError
from infra.contract.stage_file import Destination, StageFile
from infra.identity import MAX_NUMBER, EnvironmentKey

REPOSITORY = "repository"
PULL_REQUEST = "pullRequest"
BRANCH = "branch"
DEFINITION = "definition"
COMMIT = "commit"
STAGE = "stage"
PLATFORM = "platform"
EDGE_VALUE = "edgeValue"
GATE = "gate"
PARTS = "parts"
DRIVER = "driver"
SCALED = "scaled"
SECRET_KEYS = frozenset({EDGE_VALUE})

_COMMIT = re.compile(r"[0-9a-f]{40}")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


class ConfigError(ValueError):
    """A stack's config can't be used; the message is one sentence for people."""


class _Section(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Platform(_Section):
    """The long-lived things that environments stand on; the same for every pull request."""

    domain: str
    """Environments are served at `<name>.<domain>`."""
    scheme: Literal["http", "https"] = "https"
    """How the ingress is reached: by people, and by CloudFront as origin."""
    port: Annotated[int, pydantic.Field(ge=1, le=65535)] | None = None
    """The ingress's port where it isn't the scheme's own."""
    ingress_class: str = "traefik"
    ingress_sources: tuple[str, ...] = ()
    """Networks, or namespaces by name, that the ingress controller's requests come from."""
    dns_servers: tuple[str, ...] = ("0.0.0.0/0",)
    """Networks in which the cluster's DNS answers, on port 53."""
    otlp_endpoint: str | None = None
    """OTLP over HTTP, for example http://collector.telemetry:4318; none: not instrumented."""
    otlp_egress: tuple[Destination, ...] = ()
    """Where that endpoint is on the network, as `network/bits:port`."""
    python_instrumentation_image: str | None = None
    """The image that the operator injects; none: the operator's default."""
    node_class: str | None = "default"
    """The EC2NodeClass that every environment's NodePool refers to; null: no Karpenter, and pods
    run on the cluster's own nodes."""
    primary_distribution_id: str | None = None
    """The production distribution that leads to environments; none: no edge route."""
    aws_region: str = "us-east-1"
    aws_endpoint: str | None = None
    """One address for every AWS service, for a local world; none: AWS itself."""
    kubeconfig: str | None = None
    """Path of a kubeconfig; none: the usual one, or the pod's own service account."""
    context: str | None = None
    pod_security: Literal["baseline", "restricted", "privileged"] = "baseline"


class PreviewInputs(_Section):
    """Everything that the program needs for one environment."""

    repository: Annotated[str, pydantic.Field(pattern=f"^{_REPOSITORY.pattern}$")]
    pull_request: Annotated[int, pydantic.Field(ge=1, le=MAX_NUMBER)] | None = None
    """The pull request that it is for; None for a branch's own environment."""
    branch: Annotated[str, pydantic.Field(pattern=f"^{identity.BRANCH.pattern}$")] | None = None
    """The branch that it is the base environment of; None for a pull request's."""
    definition: (
        Annotated[str, pydantic.Field(pattern=f"^{identity.DEFINITION.pattern}$")] | None
    ) = None
    """Which of the repository's definitions; None where it has one."""
    commit: Annotated[str, pydantic.Field(pattern=f"^{_COMMIT.pattern}$")]
    stage: StageFile
    platform: Platform
    edge_value: pydantic.SecretStr = pydantic.SecretStr("")
    """The secret value of the edge header."""
    parts: Annotated[tuple[Literal["cluster", "edge"], ...], pydantic.Field(min_length=1)] = (
        "cluster",
        "edge",
    )
    """What of the environment this stack holds; by hand everything, of the bot's stacks one each,
    so that nobody waits for CloudFront."""
    gate: bool = True
    """End with the readiness gate; the bot has its own watch and leaves it out."""
    driver: Literal["bot", "hand"] = "hand"
    """Who runs the program. What is made by `hand` is never taken away by the bot's sweep;
    `pulumi config set driver bot` and an update hand it over."""

    scaled: bool = False
    """Somebody else scales the services (`infra.ownership`): the program leaves their number
    out, and what it makes begins with one."""

    @property
    def key(self) -> EnvironmentKey:
        """Which environment it is."""
        return EnvironmentKey(
            self.repository, self.pull_request or 0, self.branch or "", self.definition or ""
        )

    @property
    def name(self) -> str:
        """The environment's name."""
        return naming.environment_name(self.key)

    @property
    def host(self) -> str:
        """The environment's own host."""
        return naming.host(self.name, self.platform.domain)

    @property
    def url(self) -> str:
        """The environment's own address."""
        port = f":{self.platform.port}" if self.platform.port else ""
        return f"{self.platform.scheme}://{self.host}{port}/"

    @property
    def labels(self) -> dict[str, str]:
        """The labels that every Kubernetes resource carries."""
        return naming.labels(self.name, self.key)

    @property
    def owner(self) -> dict[str, str]:
        """The annotations of what somebody else may have under the same name."""
        return naming.owner_annotations(self.key, self.driver)

    @property
    def tags(self) -> dict[str, str]:
        """The tags that every AWS resource carries."""
        return naming.tags(self.name, self.key, self.driver)

    @property
    def with_edge(self) -> bool:
        """Whether the environment gets a staging distribution."""
        return (
            "edge" in self.parts
            and self.stage.edge == "dedicated"
            # A primary carries one at a time: that of a branch would keep out every pull request.
            and self.branch is None
            and self.platform.primary_distribution_id is not None
        )

    @pydantic.model_validator(mode="after")
    def _of_one_thing(self) -> PreviewInputs:
        if (self.pull_request is None) is (self.branch is None):
            raise ValueError(
                f"it is of a pull request or of a branch: set either {PULL_REQUEST} or {BRANCH}"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _edge_has_a_value(self) -> PreviewInputs:
        if self.with_edge and not self.edge_value.get_secret_value():
            raise ValueError(
                f"{EDGE_VALUE} is missing, which keeps others out of the edge route: run "
                f"`pulumi config set --secret {EDGE_VALUE} $(openssl rand -hex 16)`"
            )
        return self

    def to_config(self) -> dict[str, str]:
        """The stack config, keys without the project's name."""
        return {
            REPOSITORY: self.repository,
            PULL_REQUEST: str(self.pull_request or ""),
            BRANCH: self.branch or "",
            DEFINITION: self.definition or "",
            COMMIT: self.commit,
            STAGE: self.stage.model_dump_json(
                exclude={"when", "images", "uses", "shared_with"},  # the bot alone reads these
                exclude_defaults=True,
            ),
            PLATFORM: self.platform.model_dump_json(exclude_defaults=True),
            EDGE_VALUE: self.edge_value.get_secret_value() if self.with_edge else "",
            GATE: str(self.gate).lower(),
            PARTS: ",".join(self.parts),
            DRIVER: self.driver,
            SCALED: str(self.scaled).lower(),
        }

    @classmethod
    def from_config(cls, get: Callable[[str], str | None]) -> PreviewInputs:
        """Read a stack's config. Raises ConfigError."""
        of = BRANCH if get(BRANCH) else PULL_REQUEST
        values = {key: get(key) for key in (REPOSITORY, of, COMMIT, STAGE, PLATFORM)}
        for key, value in values.items():
            if not value:
                raise ConfigError(
                    f"config {key!r} is missing: run `pulumi config set {key} …` "
                    "(stacks/preview/README.md lists all of them)"
                )
        try:
            return cls.model_validate(
                {
                    "repository": values[REPOSITORY],
                    "pull_request": get(PULL_REQUEST) or None,
                    "branch": get(BRANCH) or None,
                    "definition": get(DEFINITION) or None,
                    "commit": values[COMMIT],
                    "stage": StageFile.parse(values[STAGE] or ""),
                    "platform": _mapping(values[PLATFORM] or ""),
                    "edge_value": get(EDGE_VALUE) or "",
                    "gate": get(GATE) or "true",
                    **_parts(get(PARTS)),
                    "driver": get(DRIVER) or "hand",
                    "scaled": get(SCALED) or "false",
                }
            )
        except StageFileError as error:
            raise ConfigError(f"config {STAGE!r}: {error}") from error
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            path = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"config {path}: {first['msg']}") from error


def _parts(text: str | None) -> Mapping[str, object]:
    return {"parts": tuple(text.replace(" ", "").split(","))} if text else {}


def _mapping(text: str) -> Mapping[str, object]:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"config {PLATFORM!r} is no valid YAML or JSON: {error}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"config {PLATFORM!r} is no mapping: see stacks/preview/README.md")
    return value
