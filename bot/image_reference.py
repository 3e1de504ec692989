"""What an image reference names: a registry, a repository there, and a tag or digest. Pure.

The rules are Docker's, which containerd and the kubelet share: a first part without `.`, `:` and
capitals is no registry. One has to be named: which registry a bare name means is the kubelet's to
know, and the bot asks nobody that the stage file does not name.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re

from bot import errors

MAX_NAME = 255
"""Characters of registry and repository together."""
_MAX_HOST = 253
_MAX_TEXT = 600

DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(
    rf"(?P<host>{_LABEL}(\.{_LABEL})*|\[(?P<ip>[0-9A-Fa-f:.]+)\])(:(?P<port>[0-9]+))?"
)
_PART = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """One image of one registry."""

    registry: str
    """The host that answers, and its port where one is named."""
    repository: str
    version: str
    """A digest where one is named, else a tag."""

    @property
    def local(self) -> bool:
        """Whether the registry is on this machine, so that nobody listens on the way."""
        found = _HOST.fullmatch(self.registry)
        host = (found["ip"] or found["host"]) if found else ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def parse(text: str) -> Reference:
    """Read a reference. Raises InvalidStageFileError."""
    if len(text) > _MAX_TEXT:
        raise _refused(text, f"it is longer than {_MAX_TEXT} characters")
    named, at, digest = text.partition("@")
    if at and not DIGEST.fullmatch(digest):
        raise _refused(text, "after @ comes a digest such as sha256:… with 64 digits")
    registry, path = _registry(text, named)
    repository, colon, tag = path.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise _refused(text, "a tag has up to 128 letters, digits, '_', '.' and '-'")
    if not all(_PART.fullmatch(part) for part in repository.split("/")):
        raise _refused(
            text, "a name has small letters and digits, with '.', '_' and '-' between them"
        )
    if len(registry) + len(repository) > MAX_NAME:
        raise _refused(text, f"its name is longer than {MAX_NAME} characters")
    return Reference(registry, repository, digest or tag or "latest")


def registry(text: str) -> str | None:
    """A registry's name in one spelling; None for what is no host."""
    name = text.lower()
    found = _HOST.fullmatch(name)
    if found is None or len(found["host"]) > _MAX_HOST:
        return None
    if found["port"] and not 0 < int(found["port"][:6]) < 65536:
        return None
    return name if not found["ip"] or _is_v6(found["ip"]) else None


def _registry(text: str, named: str) -> tuple[str, str]:
    first, slash, rest = named.partition("/")
    is_host = first == "localhost" or any(sign in first for sign in ".:") or first != first.lower()
    if not slash or not is_host:
        raise _refused(
            text,
            "it names no registry: write the host that answers first, registry.example.com/web",
        )
    found = registry(first)
    if found is None:
        raise _refused(text, f"{first[:80]!r} is no host name with or without a port")
    return found, rest


def _is_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _refused(text: str, why: str) -> errors.InvalidStageFileError:
    shown = text if len(text) <= 100 else f"{text[:100]}…"
    return errors.InvalidStageFileError(f"{shown!r} is no image reference: {why}")
