"""Tells what is nobody's fault in this environment (the state backend is away) from what is.

The command line has one exit code for nearly everything (pkg/cmd/pulumi/cmd/exit_codes.go), so its
words decide: this table is the only place that reads them for that.
"""

from __future__ import annotations

import dataclasses
import errno
import re
import shutil
import urllib.parse
from pathlib import Path

from bot import errors
from bot.engine import events, job

_SETTING = "UNDERSTUDY_PULUMI_BACKEND_URL"
_ROOM = "there is no room left where Pulumi keeps its state: make some"
_KEY = "check the bot's AWS credentials"

_BACKEND = re.compile(
    r"\.pulumi/|state directory|list(ing)? stacks|could not list bucket|failed to save snapshot"
    r"|performing HTTP request: \S+ \"?https?://\S+/api/|PULUMI_ACCESS_TOKEN"
    r"|no space left on device"
)
"""What a line is about that tells of the state backend while an operation goes on; lines without
it are the program's or a provider's."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """One way for the state backend to be away."""

    pattern: re.Pattern[str]
    sentence: str


def _cause(pattern: str, sentence: str) -> Cause:
    return Cause(re.compile(pattern, re.IGNORECASE), sentence)


CAUSES = (
    _cause(r"no space left on device|disk quota exceeded", _ROOM),
    _cause(
        r"unable to open state directory|read-only file system|permission denied",
        f"the folder of Pulumi's state can't be used: mount it, or set {_SETTING} to another",
    ),
    _cause(
        r"NoSuchBucket|code=NotFound\).*bucket",
        f"the bucket of Pulumi's state does not exist: make it, or set {_SETTING} to another",
    ),
    _cause(
        r"get credentials|failed to refresh cached credentials|no EC2 IMDS role|ExpiredToken"
        r"|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|StatusCode: 403",
        f"Pulumi's state backend refuses the bot: {_KEY} and their permissions on the bucket",
    ),
    _cause(
        r"PULUMI_ACCESS_TOKEN|invalid access token|\[401\]|unauthorized",
        "Pulumi Cloud refuses the bot: set UNDERSTUDY_PULUMI_ACCESS_TOKEN to a token that is valid",
    ),
    _cause(
        r"connection refused|connection reset|no such host|i/o timeout|deadline exceeded"
        r"|network is unreachable|TLS handshake|\bEOF\b|StatusCode: (0|429|5\d\d)|\[(429|5\d\d)\]",
        f"Pulumi's state backend does not answer: see that {_SETTING} can be reached",
    ),
)

_DAMAGED = re.compile(r"failed to load checkpoint: (EOF|.*JSON|.*unmarshal|.*invalid character)")
ROOM_BYTES = 32 * 2**20
"""What has to be free where the state is kept: many times what an operation writes."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def check_room(backend_url: str) -> None:
    """Begin nothing on a disk that is about to be full. Raises UnreachableError.

    Where a write fails for want of room, a `file://` backend puts what it could write in the place
    of the state all the same (gocloud.dev/blob/fileblob, writer.Close), and nobody can read it.
    """
    url = urllib.parse.urlsplit(backend_url)
    folder = Path(urllib.parse.unquote(url.netloc + url.path))
    if url.scheme == "file" and folder.is_dir() and shutil.disk_usage(folder).free < ROOM_BYTES:
        raise errors.UnreachableError(_ROOM)


def judge(output: str, *, opening: bool) -> job.Failed:
    """Why a command failed, out of what it printed.

    `opening`: it only read or made the stack, so it asked nobody but the state backend.
    """
    for line in events.error_lines(output):
        if not (opening or _BACKEND.search(line) or _DAMAGED.search(line)):
            continue
        if _DAMAGED.search(line):
            return job.Failed(
                "the stack's state file is damaged: put back the copy that is beside it "
                "(.json.bak), and remove an empty .json.attrs; the next update repairs the rest"
            )
        for cause in CAUSES:
            if cause.pattern.search(line):
                return job.Failed(cause.sentence, job.Kind.UNREACHABLE)
    return job.Failed(events.explain(output))


def without_room(error: OSError) -> job.Failed:
    """Why a file could not be written."""
    if error.errno in _NO_ROOM:
        return job.Failed(
            f"the bot's own folder has no room left ({error.strerror}): make some",
            job.Kind.UNREACHABLE,
        )
    return job.Failed(f"the bot's own folder can't be used ({error})", job.Kind.UNREACHABLE)
