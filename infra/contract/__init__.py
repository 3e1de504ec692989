"""The only seam between the bot and the programs: what goes in, and what comes out."""

from __future__ import annotations

from infra.contract import outputs
from infra.contract.bringing import with_services
from infra.contract.definitions import Definition, definitions, file_of
from infra.contract.images import Images
from infra.contract.inputs import SECRET_KEYS, ConfigError, Platform, PreviewInputs
from infra.contract.reading import FILE_NAME, StageFileError
from infra.contract.stage_file import COMMIT_PLACEHOLDER, Job, Service, StageFile
from infra.contract.uses import Use, shares
from infra.contract.when import When

__all__ = [
    "COMMIT_PLACEHOLDER",
    "FILE_NAME",
    "SECRET_KEYS",
    "ConfigError",
    "Definition",
    "Images",
    "Job",
    "Platform",
    "PreviewInputs",
    "Service",
    "StageFile",
    "StageFileError",
    "Use",
    "When",
    "definitions",
    "file_of",
    "outputs",
    "shares",
    "with_services",
]
