"""The section `images` of `.stage.yaml`: whether an environment waits for its images, and how."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from infra.contract import reading
from infra.contract.reading import Section

MAX_TIMEOUT_SECONDS = 24 * 3600

_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _timeout(value: str) -> str:
    if not 60 <= _seconds(value) <= MAX_TIMEOUT_SECONDS:
        raise ValueError(f"timeout {value!r} is not from 1m to 24h: write for example 30m")
    return value


def _seconds(value: str) -> int:
    return int(value[:-1]) * _SECONDS[value[-1]]


Timeout = Annotated[
    str, pydantic.Field(pattern=r"^[0-9]{1,6}[smh]$"), pydantic.AfterValidator(_timeout)
]
WorkflowFile = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\.ya?ml$")]


class Images(Section):
    """What makes the images of a commit, and how it is known that they are there."""

    wait: Literal["registry", "workflow", "none"] = "none"
    """`registry`: until the registry has every image, which is then pinned by its digest;
    `workflow`: until the workflow has succeeded for the commit; `none`: nobody waits."""
    workflow: WorkflowFile | None = None
    """The file name of the GitHub Actions workflow that makes them. An approval of a commit asks
    for it, see docs/stage-file.md."""
    timeout: Timeout = "30m"
    """After so long people are told that they did not come; 1m to 24h."""

    @pydantic.model_validator(mode="after")
    def _workflow_is_named(self) -> Images:
        if self.wait == "workflow" and self.workflow is None:
            raise ValueError(
                "wait: workflow needs the file name of the workflow: add for example "
                "`workflow: build.yml`"
            )
        return self

    @property
    def seconds(self) -> int:
        """The timeout in seconds."""
        return _seconds(self.timeout)

    @classmethod
    def parse(cls, text: str) -> Images:
        """Read this section alone out of the file's text. Raises StageFileError."""
        return reading.parse(cls, text, "images")
