"""Official releases, taken where their site can be reached and left alone where it can't."""

from __future__ import annotations

import functools
import hashlib
import io
import socket
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.world.tools.manifest import Download, Tool
from tests.world.tools.progress import say, step

_PROBE_SECONDS = 2.0
_READ_SECONDS = 30.0


@functools.cache
def _reachable(host: str) -> bool:
    """One quick question to each host in a run; its answer is not asked for again."""
    try:
        socket.getaddrinfo(host, 443)
        requests.head(f"https://{host}/", timeout=_PROBE_SECONDS, allow_redirects=False)
    except (OSError, requests.RequestException):
        return False
    return True


def _get(url: str) -> bytes:
    answer = requests.get(url, timeout=(_PROBE_SECONDS, _READ_SECONDS))
    answer.raise_for_status()
    return answer.content


def published_sha256(text: str, file_name: str) -> str | None:
    """The checksum of `file_name` out of a checksum file, or its only one."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for words in lines:
        if len(words) >= 2 and words[-1].lstrip("*").rsplit("/", 1)[-1] == file_name:
            return words[0].lower()
    if len(lines) == 1 and len(lines[0]) == 1:
        return lines[0][0].lower()
    return None


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for entry in tar:
            if entry.isfile() and entry.name.rsplit("/", 1)[-1] == name:
                handle = tar.extractfile(entry)
                assert handle is not None
                return handle.read()
    raise ValueError(f"the archive has no {name}")


def _verified(tool: Tool, download: Download) -> bytes:
    url = tool.fill(download.url)
    content = _get(url)
    if download.checksums is not None:
        text = _get(tool.fill(download.checksums)).decode()
        listed = published_sha256(text, url.rsplit("/", 1)[-1])
        if listed != hashlib.sha256(content).hexdigest():
            raise ValueError("it does not have the published checksum")
    return content if download.member is None else _member(content, download.member)


def fetch(tool: Tool, target: Path) -> bool:
    """Put the official binary at `target`; False where there is none that can be trusted."""
    download = tool.download
    if download is None or not _reachable(urlsplit(download.url).hostname or ""):
        return False
    try:
        with step(f"downloading {tool.name} {tool.version}"):
            target.write_bytes(_verified(tool, download))
    except (requests.RequestException, OSError, ValueError, tarfile.TarError) as error:
        say(f"  {tool.name}: the official release is not used: {error}")
        return False
    target.chmod(0o755)
    return True
