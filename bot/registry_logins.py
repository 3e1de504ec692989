"""Who the bot is to registries, as a Secret of type `kubernetes.io/dockerconfigjson` says. Pure.

An entry is for a registry, or for a part of it, where its key goes on with a path; `*` stands for a
part of a host, as the kubelet reads it.
"""

from __future__ import annotations

import base64
import dataclasses
import fnmatch
import json
from collections.abc import Mapping

from bot import image_reference


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """One name and password; never shown."""

    user: str = dataclasses.field(repr=False)
    password: str = dataclasses.field(repr=False)

    @property
    def basic(self) -> str:
        """As the header of HTTP's basic authentication has it."""
        word = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return f"Basic {word}"


class Logins:
    """Every login of a Secret."""

    def __init__(self, entries: Mapping[str, Login] | None = None) -> None:
        self._entries = [(*_place(key), login) for key, login in (entries or {}).items()]
        # The longest path first: it is the most exact.
        self._entries.sort(key=lambda entry: len(entry[1]), reverse=True)

    @classmethod
    def parse(cls, text: str) -> Logins:
        """Read the Secret's content. Raises ValueError, which never shows any of it."""
        try:
            auths = json.loads(text)["auths"]
            return cls({key: login for key, one in auths.items() if (login := _login(one))})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError("it is no dockerconfigjson with `auths`") from None

    def of(self, registry: str, repository: str) -> Login | None:
        """The login for a repository; None where there is none."""
        for host, path, login in self._entries:
            if _hosts_match(host, registry) and f"{repository}/".startswith(path):
                return login
        return None


def _login(entry: Mapping[str, str]) -> Login | None:
    user, password = entry.get("username"), entry.get("password")
    if not (user and password) and (auth := entry.get("auth")):
        user, _, password = base64.b64decode(auth).decode().partition(":")
    return Login(user, password) if user and password else None


def _place(key: str) -> tuple[str, str]:
    """The registry and the path that an entry is for; keys are addresses or names."""
    bare = key.removeprefix("https://").removeprefix("http://")
    host, _, path = bare.partition("/")
    path = path.removeprefix("v1").removeprefix("v2").strip("/")
    return image_reference.registry(host) or host.lower(), f"{path}/" if path else ""


def _hosts_match(pattern: str, registry: str) -> bool:
    ours, theirs = pattern.split("."), registry.split(".")
    return len(ours) == len(theirs) and all(map(fnmatch.fnmatchcase, theirs, ours))
