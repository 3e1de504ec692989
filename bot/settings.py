"""The bot's settings: environment variables, read once, checked, and never printed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic
import yaml

from bot import errors
from infra import contract

PREFIX = "UNDERSTUDY_"


class Settings(pydantic.BaseModel):
    """Every setting, as `UNDERSTUDY_` and its name in capitals."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    webhook_secret: pydantic.SecretStr = pydantic.Field(min_length=1)
    """The secret of the GitHub webhook."""
    github_url: str = "https://api.github.com"
    """GitHub's API; for GitHub Enterprise Server `https://HOST/api/v3`."""
    github_token: pydantic.SecretStr = pydantic.Field(min_length=1)
    """A token that may read pull requests and contents, and write comments and deployments."""
    platform_file: Path
    """The YAML file that describes the platform; stacks/preview/README.md shows one."""
    data_dir: Path = Path("/var/lib/understudy")
    """Where the database and the state are kept by default."""
    database_url: str | None = None
    """An SQLAlchemy URL; none: an SQLite file in the data folder."""
    pulumi_backend_url: str | None = None
    """Pulumi's state backend (`s3://…`, `file://…`); none: a folder in the data folder."""
    pulumi_passphrase: pydantic.SecretStr = pydantic.Field(min_length=1)
    """Encrypts the secrets in Pulumi's state."""
    production_host: str = ""
    """The domain that people reach production by; none: the primary distribution's first alias."""
    label: str = "stage"
    """The label that asks for an environment."""
    allow_forks: bool = False
    """Run the code of any fork; only for repositories whose forks are all trusted."""
    workers: int = pydantic.Field(default=2, ge=1, le=64)
    """Environments worked on at the same time; each takes about 310 MB while its engine runs."""
    kubeconfig: str | None = None
    """Path of a kubeconfig; none: the pod's own service account, or the usual file."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = pydantic.Field(default=8080, ge=1, le=65535)
    """The port to listen on."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises InvalidSettingsError with one sentence."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX)
        }
        # The cache of development tools has the same prefix and is none of ours.
        given.pop("cache", None)
        try:
            return cls.model_validate(given)
        except pydantic.ValidationError as error:
            raise errors.InvalidSettingsError(_sentence(error.errors()[0])) from None

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'understudy.db'}"

    @property
    def backend(self) -> str:
        """The URL of Pulumi's state backend; a folder is made where it is missing."""
        if self.pulumi_backend_url:
            return self.pulumi_backend_url
        folder = self.data_dir / "state"
        folder.mkdir(parents=True, exist_ok=True)
        return folder.resolve().as_uri()

    def platform(self) -> contract.Platform:
        """The platform's description. Raises InvalidSettingsError."""
        name = f"{PREFIX}PLATFORM_FILE"
        try:
            data = yaml.safe_load(self.platform_file.read_text())
        except (OSError, yaml.YAMLError) as error:
            raise errors.InvalidSettingsError(f"{name} can't be read: {error}") from error
        if not isinstance(data, dict):
            raise errors.InvalidSettingsError(
                f"{name}: {self.platform_file} is no mapping; stacks/preview/README.md shows one"
            )
        try:
            platform = contract.Platform.model_validate(data)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise errors.InvalidSettingsError(
                f"{name}: {self.platform_file}: {key}: {first['msg']}"
            ) from error
        if self.kubeconfig is not None:
            return platform.model_copy(update={"kubeconfig": self.kubeconfig})
        return platform


def _sentence(problem: Any) -> str:
    """One problem in one sentence that names the variable and never shows its value."""
    name = PREFIX + "_".join(str(part) for part in problem["loc"]).upper()
    match problem["type"]:
        case "missing":
            return f"{name} is missing: set it; docs/settings.md says to what"
        case "extra_forbidden":
            return f"{name} is no setting: docs/settings.md lists them"
        case _:
            return f"{name}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"
