"""Exchanges the code of a manifest for the App that GitHub made of it, with its secrets."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated

import pydantic
import requests

from bot import errors

TIMEOUT_SECONDS = 10
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_Text = Annotated[str, pydantic.Field(min_length=1)]


@dataclasses.dataclass(frozen=True, slots=True)
class NewApp:
    """What GitHub tells once."""

    app_id: int
    address: str
    """The App's page."""
    key: str = dataclasses.field(repr=False)
    """Its private key, in PEM."""
    secret: str = dataclasses.field(repr=False)
    """Of its webhook."""


class _Answer(pydantic.BaseModel):
    id: int
    html_url: _Text
    pem: _Text
    webhook_secret: _Text


def exchange(api: str, code: str) -> NewApp:
    """The App for a code, which is good once and for an hour. Raises UnderstudyError."""
    if not _CODE.fullmatch(code):
        raise errors.UnderstudyError("GitHub sent no code: open the page again")
    try:
        answer = requests.post(
            f"{api}/app-manifests/{code}/conversions",
            headers={"Accept": "application/vnd.github+json", "User-Agent": "understudy"},
            timeout=TIMEOUT_SECONDS,
        )
    except requests.RequestException as error:
        raise errors.UnreachableError(
            f"GitHub did not answer to the App's code ({type(error).__name__}): open the page again"
        ) from error
    if answer.status_code != 201:
        raise errors.UnreachableError(
            f"GitHub answered {answer.status_code} to the App's code: open the page again"
        )
    try:
        found = _Answer.model_validate_json(answer.content)
    except pydantic.ValidationError:
        # Not chained: the answer may hold secrets.
        raise errors.UnreachableError(
            "GitHub's answer lacks the App's key or its webhook's secret: delete the App and "
            "open the page again"
        ) from None
    return NewApp(found.id, found.html_url, found.pem, found.webhook_secret)
