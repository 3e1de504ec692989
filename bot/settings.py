"""The bot's settings: environment variables, read once, checked, and never printed.

`docs/settings.md` shows each of them; a test holds it equal to this model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
import yaml

from bot import errors, image_reference, said
from infra import contract

PREFIX = "UNDERSTUDY_"
FILE_SUFFIX = "_FILE"
"""Any secret may be given as the path of a file that holds it, as orchestrators mount them."""

SECRETS = (
    "webhook_secret",
    "github_token",
    "github_private_key",
    "database_url",
    "pulumi_passphrase",
    "pulumi_access_token",
    "api_token",
)
"""The settings that are never shown."""

_HOST_NAME = r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$"
_NAMESPACED = r"^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9.-]{0,252}$"
_FOREIGN = re.compile(r"cache|(.+_)?service_(host|port(_.+)?)|(.+_)?port_\d+_(tcp|udp|sctp)(_.+)?")
"""Variables with our prefix that others set: the cache of development tools, and what Kubernetes
tells every pod about a Service named `understudy`."""
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


def _registry(given: str) -> str:
    if image_reference.registry(given) is None:
        raise ValueError(f"{given!r} is no host with or without a port")
    return given


_Repository = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$")]
_Login = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_-]+(\[bot\])?$")]
_Registry = Annotated[str, pydantic.AfterValidator(_registry)]
_Secret = Annotated[pydantic.SecretStr, pydantic.Field(min_length=1)]


def _separated(given: object) -> object:
    """The parts of a text with commas between them."""
    if not isinstance(given, str):
        return given
    return tuple(part.strip() for part in given.split(",") if part.strip())


class Settings(pydantic.BaseModel):
    """Every setting, as `UNDERSTUDY_` and its name in capitals."""

    model_config = pydantic.ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    webhook_secret: _Secret
    """The secret of the GitHub webhook, which signs its deliveries."""
    github_url: str = pydantic.Field(default="https://api.github.com", pattern=r"^https?://[^\s/]+")
    """GitHub's API; for GitHub Enterprise Server `https://HOST/api/v3`."""
    github_token: _Secret | None = None
    """A token that may read pull requests and contents, and write comments, deployments and commit
    statuses. Either this, or a GitHub App with the same permissions, but checks instead of
    statuses."""
    github_app_id: int | None = pydantic.Field(default=None, ge=1)
    """The id of the GitHub App that the bot acts as, instead of a token."""
    github_private_key: _Secret | None = None
    """The private key of that App, in PEM."""
    repositories: Annotated[tuple[_Repository, ...], pydantic.BeforeValidator(_separated)] = ()
    """With a token: the repositories whose open pull requests the sweep looks for, as `owner/name`
    with commas between them. Those that have environments are looked at anyway; an App knows those
    that it is installed on."""
    platform_file: Path
    """The YAML file that describes the platform; stacks/preview/README.md shows one."""
    data_dir: Path = Path("/var/lib/understudy")
    """The folder that the database and the state are kept in by default."""
    database_url: _Secret | None = None
    """An SQLAlchemy URL (`sqlite:////…`, `postgresql+psycopg://…`); none: an SQLite file in the
    data folder. A secret, as it may hold a password."""
    pulumi_backend_url: str | None = None
    """Pulumi's state backend (`s3://…`, `file://…`, Pulumi Cloud's `https://api.pulumi.com`);
    none: a folder in the data folder."""
    pulumi_access_token: _Secret | None = None
    """The access token for Pulumi Cloud, where that is the state backend."""
    pulumi_secrets_provider: str = pydantic.Field(
        default="passphrase",
        pattern=r"^(passphrase|default|(awskms|azurekeyvault|gcpkms|hashivault)://\S+)$",
    )
    """What encrypts the secrets of new environments: `passphrase`, a key like `awskms://KEY?region=…`,
    or `default`, which is Pulumi Cloud's own where the state is kept there. An environment keeps
    the one that it was made with."""
    pulumi_passphrase: _Secret
    """Encrypts the secrets in Pulumi's state. Keep it: without it no environment can be changed or
    taken away."""
    production_host: Annotated[str, pydantic.Field(pattern=_HOST_NAME)] | None = None
    """The domain that people reach production by; none: the primary distribution's first alias."""
    label: str = pydantic.Field(default="stage", min_length=1, max_length=50)
    """The label that asks for an environment, up to 50 characters as on GitHub."""
    command: str = pydantic.Field(default=said.WORD, pattern=r"^[/@!][A-Za-z0-9_-]{1,38}$")
    """What commands in comments begin with: `/`, `@` or `!` and a word."""
    trust_anyone: bool = False
    """`true` runs the code of whoever opens a pull request; only where all of them are trusted.
    Otherwise the code of somebody without write access waits for `/stage approve SHA`."""
    trusted_authors: Annotated[tuple[_Login, ...], pydantic.BeforeValidator(_separated)] = ()
    """Authors whose pull requests from the repository itself need no approval although they have
    no write access, with commas between them, such as `renovate[bot]`."""
    lifetime_seconds: float | None = pydantic.Field(default=None, ge=60, le=31_536_000)
    """How long an environment lives, in seconds, 60 to 31536000; none: for as long as its pull
    request asks for it. Whoever takes the label off and puts it back has it again."""
    lifetime_from: Literal["creation", "push", "command"] = "creation"
    """What that is counted from: `creation`, the last `push`, or the last `command`."""
    warn_seconds: float = pydantic.Field(default=3600, ge=0, le=604_800)
    """How long before that end people are warned, in seconds, 0 to 604800; nobody's environment
    ends that was not warned of for as long."""
    core_hour_price: float | None = pydantic.Field(default=None, ge=0, le=1000)
    """What a core costs for an hour. With this and the next, people are told about what their
    environments cost, by what the services request."""
    gib_hour_price: float | None = pydantic.Field(default=None, ge=0, le=1000)
    """What a GiB of memory costs for an hour."""
    currency: str = pydantic.Field(default="$", pattern=r"^[^\s<>`|*_\[\]@#]{1,4}$")
    """What stands before amounts of money."""
    workers: int = pydantic.Field(default=2, ge=1, le=64)
    """Lanes of environments worked on at the same time, 1 to 64; each takes about 310 MB while its
    engine runs, and where that is not free, work waits."""
    sweep_seconds: float = pydantic.Field(default=300, ge=10, le=86400)
    """How often everything is compared with the open pull requests, in seconds, 10 to 86400; what
    deliveries missed is found by that."""
    sweep_brake_share: float = pydantic.Field(default=0.5, ge=0, le=1)
    """More than this share of the environments, and at least 3, are taken away by a sweep only
    after a second one agrees; `1` never waits."""
    kubeconfig: str | None = None
    """The path of a kubeconfig; none: the pod's own service account, or the usual file."""
    api_token: _Secret | None = None
    """Who sends this to the HTTP API may give every command; none: there is no API."""
    pull_secret: Annotated[str, pydantic.Field(pattern=_NAMESPACED)] | None = None
    """The Secret of type `kubernetes.io/dockerconfigjson` that registries are asked with, as
    `namespace/name`; none: without a login. The bot needs to `get` this one; stage files can't
    choose another."""
    insecure_registries: Annotated[tuple[_Registry, ...], pydantic.BeforeValidator(_separated)] = ()
    """Registries that are asked over HTTP without encryption, as `host` or `host:port` with commas
    between them; those on the bot's own machine always are."""
    host: str = pydantic.Field(default="127.0.0.1", min_length=1)
    """The address to listen on; in a container `0.0.0.0`."""
    port: int = pydantic.Field(default=8080, ge=1, le=65535)
    """The TCP port to listen on."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises InvalidSettingsError with one sentence."""
        try:
            return cls.model_validate(_given(environ))
        except pydantic.ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            # A misspelt name explains the setting that is missing because of it.
            found.sort(key=lambda problem: problem["type"] != "extra_forbidden")
            raise errors.InvalidSettingsError(_sentence(found[0])) from None

    @pydantic.model_validator(mode="after")
    def _one_identity(self) -> Self:
        as_app = self.github_app_id is not None or self.github_private_key is not None
        if as_app and self.github_token is not None:
            raise ValueError(
                f"{PREFIX}GITHUB_TOKEN and {PREFIX}GITHUB_APP_ID are both set: choose one"
            )
        if as_app and (self.github_app_id is None or self.github_private_key is None):
            raise ValueError(
                f"{PREFIX}GITHUB_APP_ID and {PREFIX}GITHUB_PRIVATE_KEY belong together: set both"
            )
        if (self.core_hour_price is None) is not (self.gib_hour_price is None):
            raise ValueError(
                f"{PREFIX}CORE_HOUR_PRICE and {PREFIX}GIB_HOUR_PRICE belong together: set both"
            )
        if as_app and self.repositories:
            raise ValueError(
                f"{PREFIX}REPOSITORIES belongs to a token, and an App is used: leave it out"
            )
        if not as_app and self.github_token is None:
            raise ValueError(
                f"{PREFIX}GITHUB_TOKEN is missing: set it, or {PREFIX}GITHUB_APP_ID and "
                f"{PREFIX}GITHUB_PRIVATE_KEY; docs/settings.md says to what"
            )
        return self

    @property
    def database(self) -> str:
        """The database's URL."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.database_file}"

    @property
    def database_file(self) -> Path:
        """Where the database is by default."""
        return self.data_dir / "understudy.db"

    @property
    def backend(self) -> str:
        """The URL of Pulumi's state backend; its default folder is made where it is missing."""
        if self.pulumi_backend_url is not None:
            return self.pulumi_backend_url
        folder = self.data_dir / "state"
        try:
            # Its secrets are encrypted; what exists where is not.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise errors.InvalidSettingsError(
                f"{PREFIX}DATA_DIR: {folder} can't be made ({error.strerror}): set it to a folder "
                "that can be written to"
            ) from error
        return folder.resolve().as_uri()

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for whoever has to keep them out of logs."""
        values = (getattr(self, name) for name in SECRETS)
        return tuple(value.get_secret_value() for value in values if value is not None)

    def platform(self) -> contract.Platform:
        """The platform's description. Raises InvalidSettingsError."""
        where = f"{PREFIX}PLATFORM_FILE: {self.platform_file}"
        try:
            data = yaml.safe_load(self.platform_file.read_text(encoding="utf-8"))
        except OSError as error:
            raise errors.InvalidSettingsError(
                f"{where} can't be read ({error.strerror}): set it to the file that describes "
                "the platform"
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            problem = " ".join(str(error).split())
            raise errors.InvalidSettingsError(f"{where} is no YAML: {problem}") from error
        if not isinstance(data, dict):
            raise errors.InvalidSettingsError(
                f"{where} is no mapping: stacks/preview/README.md shows one"
            )
        try:
            platform = contract.Platform.model_validate(data)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise errors.InvalidSettingsError(f"{where}: {key}: {_lower(first['msg'])}") from error
        if self.kubeconfig is not None:
            return platform.model_copy(update={"kubeconfig": self.kubeconfig})
        return platform


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that are set; a variable without a value counts as not set."""
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and value.strip()
    }
    given = {
        name: value
        for name, value in given.items()
        if not _FOREIGN.fullmatch(name)
        and not (name.endswith("port") and _SERVICE_ADDRESS.match(value))
    }
    for name in SECRETS:
        path = given.pop(name + FILE_SUFFIX.lower(), None)
        if path is None:
            continue
        variable = f"{PREFIX}{name.upper()}"
        if name in given:
            raise errors.InvalidSettingsError(
                f"{variable} and {variable}{FILE_SUFFIX} are both set: choose one"
            )
        given[name] = _secret_from(Path(path), f"{variable}{FILE_SUFFIX}")
    return given


def _secret_from(path: Path, variable: str) -> str:
    try:
        # Editors and `echo` end a file with a line break that is no part of the secret.
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise errors.InvalidSettingsError(
            f"{variable}: {path} can't be read ({error.strerror}): set it to the file that holds "
            "the secret"
        ) from error
    except UnicodeDecodeError as error:
        raise errors.InvalidSettingsError(f"{variable}: {path} is no text") from error


def _sentence(problem: Any) -> str:
    """One problem in one sentence that names the variable and never shows its value."""
    message = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return str(message)
    name = PREFIX + str(problem["loc"][0]).upper()
    match problem["type"]:
        case "missing":
            return f"{name} is missing: set it; docs/settings.md says to what"
        case "extra_forbidden":
            return f"{name} is no setting: docs/settings.md lists them"
        case "string_pattern_mismatch":
            return f"{name} has not the form of one: docs/settings.md shows it"
        case _:
            return f"{name}: {_lower(message)}; docs/settings.md says what it can be"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
