"""The manifest of a GitHub App that may do what the bot needs, and where it is posted; pure.

GitHub's words: "Registering a GitHub App from a manifest" in its documentation.
"""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from typing import Any

from bot import errors, needs

WEBHOOK_PATH = "/webhook"
MAX_NAME = 34
"""Characters that GitHub allows an App's name."""
_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """The App that is asked for. Raises InvalidSettingsError."""

    name: str
    url: str
    """Where the bot is reached from the internet."""
    organization: str | None = None
    """Whose App it is to be; none: the person's who makes it."""

    def __post_init__(self) -> None:
        if not 0 < len(self.name.strip()) <= MAX_NAME:
            raise errors.InvalidSettingsError(
                f"--name has {len(self.name)} characters: GitHub allows 1 to {MAX_NAME}"
            )
        _web(self.url, "--url", "the bot's own address, for example https://bot.example.com")
        if self.organization is not None and not _ORGANIZATION.fullmatch(self.organization):
            raise errors.InvalidSettingsError(
                f"--organization {self.organization!r} is no organisation's name: write it as in "
                "the address of its page"
            )

    def manifest(self, redirect_url: str) -> dict[str, Any]:
        """What GitHub makes the App of; it sends the browser to `redirect_url` afterwards."""
        url = self.url.rstrip("/").removesuffix(WEBHOOK_PATH)
        return {
            "name": self.name.strip(),
            "url": url,
            "hook_attributes": {"url": f"{url}{WEBHOOK_PATH}", "active": True},
            "redirect_url": redirect_url,
            "description": "A staging environment for each pull request, by Understudy.",
            "public": False,
            "default_permissions": {**needs.PERMISSIONS, **needs.OPTIONAL_PERMISSIONS},
            "default_events": list(needs.EVENTS),
        }

    def address(self, api: str, state: str) -> str:
        """Where the manifest is posted, by a form in the person's browser."""
        of = f"/organizations/{self.organization}" if self.organization else ""
        return f"{site(api)}{of}/settings/apps/new?{urllib.parse.urlencode({'state': state})}"


def site(api: str) -> str:
    """The pages that belong to an API: of github.com, of Enterprise Server, or of ghe.com."""
    parts = _web(api, "--github-url", "GitHub's API, for example https://github.example.com/api/v3")
    host = parts.netloc
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        host = host.removeprefix("api.")
    path = parts.path.rstrip("/").removesuffix("/api/v3")
    return f"{parts.scheme}://{host}{path}"


def _web(url: str, option: str, form: str) -> urllib.parse.SplitResult:
    parts = urllib.parse.urlsplit(url)
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
        raise errors.InvalidSettingsError(f"{option} is no address of a site: write {form}")
    return parts
