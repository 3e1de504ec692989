"""Pulumi: its command line, and the backend that keeps its state."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bot.doctor.findings import Finding, ok, warning, wrong

PULUMI = "Pulumi"
STATE = "Pulumi state"
PASSPHRASE = "Pulumi passphrase"  # noqa: S105  # the check's name
Version = tuple[int, int]


def command_line(installed: Callable[[], Version], needed: Version) -> Iterator[Finding]:
    """Whether the command line is there, and no older than the SDK."""
    found = installed()
    shown, wanted = (".".join(map(str, version)) for version in (found, needed))
    if found < needed:
        mend = f"install version {wanted} or a later one, as Pulumi's SDK here is"
        yield wrong(PULUMI, f"the command line has version {shown}", mend)
    else:
        yield ok(PULUMI, f"the command line has version {shown}")


def stacks(url: str, folder: Path, names: Callable[[], Sequence[str]]) -> Iterator[Finding]:
    """Whether the backend answers, and whether a lost disk would lose it."""
    path = _path(url)
    if path == folder and not folder.exists():
        yield ok(STATE, f"{folder} is not there yet: the first start makes it")
    else:
        yield ok(STATE, f"{_shown(url)} answers, {len(names())} stack(s)")
    if path is not None and path.is_relative_to(folder.parent):
        yield warning(
            STATE,
            "with file:// a lost disk loses the state; the sweep then removes by label what the "
            "state forgot",
            "set UNDERSTUDY_PULUMI_BACKEND_URL to a bucket to keep it elsewhere",
        )


def passphrase(provider: str) -> Iterator[Finding]:
    """What encrypts the state's secrets; without a passphrase, no settings are read."""
    yield ok(PASSPHRASE, f"set; new environments' secrets are encrypted with {_scheme(provider)}")


def _path(url: str) -> Path | None:
    parts = urllib.parse.urlsplit(url)
    return Path(urllib.parse.unquote(parts.netloc + parts.path)) if parts.scheme == "file" else None


def _shown(url: str) -> str:
    """Without what may hold a password."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _scheme(provider: str) -> str:
    return {"passphrase": "the passphrase", "default": "the backend's own key"}.get(
        provider, provider.partition("?")[0]
    )
