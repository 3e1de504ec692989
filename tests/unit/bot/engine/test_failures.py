"""Which words of the command line mean what; taken from Pulumi 3.259.0 as it said them."""

from __future__ import annotations

import collections
import errno
import shutil
from pathlib import Path

import pytest

from bot import errors
from bot.engine import failures, job

S3 = 'error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): operation '
GET = (
    "S3: GetObject, https response error StatusCode: 0, RequestID: , HostID: , request send "
    'failed, Get "http://s3/state/.pulumi/meta.yaml": '
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (S3 + "error " + GET + "dial tcp 127.0.0.1:1: connect: connection refused", "not answer"),
        (S3 + "error " + GET + "dial tcp: lookup s3 on 10.0.0.1:53: no such host", "not answer"),
        (S3 + "error " + GET + "context deadline exceeded", "not answer"),
        (
            S3 + "error S3: GetObject, get identity: get credentials: failed to refresh cached "
            "credentials, no EC2 IMDS role found",
            "credentials",
        ),
        (S3 + "error S3: GetObject, StatusCode: 403, api error AccessDenied: no", "credentials"),
        (
            "error: error listing stacks: could not list bucket: blob (code=NotFound): operation "
            "error S3: ListObjectsV2, StatusCode: 404, NoSuchBucket: it does not exist",
            "bucket of Pulumi's state does not exist",
        ),
        (
            'error: unable to open state directory "file:///away": stat /away: no such file or '
            "directory",
            "folder of Pulumi's state",
        ),
        (
            'error: performing HTTP request: Get "http://127.0.0.1:9/api/user": dial tcp '
            "127.0.0.1:9: connect: connection refused",
            "not answer",
        ),
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "UNDERSTUDY_PULUMI_ACCESS_TOKEN",
        ),
        (
            "error: failed to save snapshot: write /state/.pulumi/x: no space left on device",
            "no room",
        ),
    ],
)
@pytest.mark.parametrize("opening", [True, False])
@pytest.mark.parametrize("start", ["\n code: 1\n stdout: \n stderr: ", "Updating (s):\n"])
def test_a_state_backend_that_is_away_is_nobodys_fault(
    line: str, words: str, opening: bool, start: str
) -> None:
    failed = failures.judge(f"{start}{line}\n", opening=opening)
    assert failed.kind is job.Kind.UNREACHABLE
    assert words in failed.message
    assert "\n" not in failed.message


@pytest.mark.parametrize(
    "line",
    [
        "configured Kubernetes cluster is unreachable at https://c: connection refused",
        "creating CloudFront Distribution: operation error CloudFront: CreateDistribution, "
        "StatusCode: 403, api error AccessDenied: no",
        "no credentials: failed to refresh cached credentials, no EC2 IMDS role found",
        "update failed",
    ],
)
def test_a_provider_or_a_program_that_fails_is_the_environments(line: str) -> None:
    failed = failures.judge(f"\n stderr: error: {line}\n", opening=False)
    assert failed == job.Failed(line)


@pytest.mark.parametrize("end", ["EOF", "place 1: unexpected end of JSON input"])
def test_a_damaged_state_says_how_to_mend_it(end: str) -> None:
    text = f"\n code: 1\n stdout: \n stderr: error: failed to load checkpoint: {end}\n"
    failed = failures.judge(text, opening=True)
    assert failed.kind is job.Kind.ENGINE
    assert ".json.bak" in failed.message


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "no room"), (errno.EROFS, "no room"), (errno.EACCES, "can't be used")],
)
def test_a_folder_without_room_is_nobodys_fault(number: int, words: str) -> None:
    failed = failures.without_room(OSError(number, "text"))
    assert failed.kind is job.Kind.UNREACHABLE
    assert words in failed.message


@pytest.mark.parametrize("url", ["file://{0}", "file://{0}?metadata=skip"])
def test_nothing_begins_on_a_disk_that_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    usage = collections.namedtuple("usage", "total used free")
    free = failures.ROOM_BYTES
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, free))
    failures.check_room(url.format(tmp_path))
    free -= 1
    with pytest.raises(errors.UnreachableError, match="no room"):
        failures.check_room(url.format(tmp_path))


@pytest.mark.parametrize("url", ["s3://bucket", "file:///away", "https://api.pulumi.com"])
def test_what_has_no_disk_here_is_not_asked_for_room(url: str) -> None:
    failures.check_room(url)
