from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from bot import errors
from bot.engine import listing
from tests.world.aws.process import CREDENTIALS, running

FILES = [
    "pr-1-shop-aaaaaa.json",
    "pr-1-shop-aaaaaa.json.bak",
    "pr-1-shop-aaaaaa.json.attrs",
    "by-hand.x.json.gz",
    "fileblob123",
]


def test_a_folders_stacks_are_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "with space" / listing.FOLDER
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).touch()
    found = listing.names((tmp_path / "with space").as_uri() + "?metadata=skip")
    assert found == ["by-hand.x", "pr-1-shop-aaaaaa"]


def test_a_folder_without_any_stack_has_none(tmp_path: Path) -> None:
    assert listing.names(tmp_path.as_uri()) == []


def test_a_folder_that_is_not_there_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(errors.UnreachableError, match="is not there"):
        listing.names((tmp_path / "away").as_uri())


@pytest.mark.parametrize(
    "url", ["https://api.pulumi.com", "gs://bucket", "s3://bucket?region=r&prefix=p"]
)
def test_what_only_the_command_line_understands_is_left_to_it(url: str) -> None:
    assert listing.names(url) is None


@pytest.mark.slow
def test_a_buckets_stacks_are_its_keys_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with running() as endpoint:
        client = boto3.client("s3", endpoint_url=endpoint)
        client.create_bucket(Bucket="state")
        for index in range(1001):
            client.put_object(Bucket="state", Key=f"here/{listing.FOLDER}pr-{index}.json", Body=b"")
        client.put_object(Bucket="state", Key=f"{listing.FOLDER}elsewhere.json", Body=b"")
        query = f"endpoint={endpoint.removeprefix('http://')}&disableSSL=true&s3ForcePathStyle=true"
        found = listing.names(f"s3://state/here?{query}")
        assert found is not None
        assert len(found) == 1001
        with pytest.raises(errors.UnreachableError):
            listing.names(f"s3://missing?{query}")
