"""The engine with the real Pulumi: each verb, each backend, and what is away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from bot import errors, model
from bot.engine import group
from bot.engine.stack import CLEARED
from tests.chaos.fragile import Disk
from tests.unit.bot.engine.cluster import Cluster
from tests.unit.bot.engine.stand import NAME, OTHER, Stand
from tests.world.aws.process import CREDENTIALS, running
from tests.world.cluster.spawn import Spawner

KEY = model.EnvironmentKey("acme/shop", 7)


def test_a_stack_is_made_listed_known_and_taken_away(stand: Stand) -> None:
    assert stand.engine.names() == []
    assert not stand.engine.exists(NAME)
    assert stand.engine.origin(NAME) is None
    made = stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    assert made.changes == {"create": 17}
    assert "created Deployment pr-7-shop-d21b2c-web" in stand.said
    assert stand.engine.names() == [NAME]
    assert stand.engine.exists(NAME)
    assert stand.engine.origin(NAME) == model.Origin(KEY, by_hand=False)
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert stand.cluster.objects == {}
    assert stand.engine.names() == []
    assert stand.engine.destroy(NAME, stand.said.append).result(120).changes == {}
    assert list(stand.settings.work_dir.iterdir()) == [], "nothing of an operation is left"


@pytest.mark.slow
def test_an_interrupted_update_ends_orderly_and_goes_on_the_next_time(stand: Stand) -> None:
    stand.cluster.hold("deployments/web", handled_first=True)
    operation = stand.engine.up(NAME, stand.config(), stand.said.append)
    assert stand.cluster.waiting.wait(60)
    operation.cancel()
    with pytest.raises(errors.EngineError):
        operation.result(0)
    stand.cluster.release()
    stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert stand.cluster.objects == {}


@pytest.mark.slow
def test_a_half_made_stack_knows_whose_it_is(stand: Stand) -> None:
    stand.cluster.away = True
    with pytest.raises(errors.EngineError):
        stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    assert stand.engine.origin(NAME) == model.Origin(KEY, by_hand=False)


@pytest.mark.slow
def test_a_state_folder_that_is_away_is_nobodys_fault(stand: Stand) -> None:
    (stand.folder / "state").rename(stand.folder / "away")
    for ask in (stand.engine.exists, stand.engine.origin, lambda _: stand.engine.names()):
        with pytest.raises(errors.UnreachableError, match="folder of Pulumi's state"):
            ask(NAME)
    with pytest.raises(errors.UnreachableError, match="folder of Pulumi's state"):
        stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    with pytest.raises(errors.UnreachableError, match="folder of Pulumi's state"):
        stand.engine.destroy(NAME, stand.said.append).result(120)


@pytest.mark.slow
def test_a_damaged_state_file_is_told_as_that(stand: Stand) -> None:
    stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
    stand.state_file.write_text(stand.state_file.read_text()[:1000])
    with pytest.raises(errors.UnreachableError, match="damaged"):
        stand.engine.origin(NAME)
    with pytest.raises(errors.EngineError, match=r"damaged.*\.json\.bak"):
        stand.engine.destroy(NAME, stand.said.append).result(120)
    shutil.copy(f"{stand.state_file}.bak", stand.state_file)
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert stand.cluster.objects == {}


@pytest.mark.slow
def test_a_work_folder_that_cant_be_used_is_nobodys_fault(stand: Stand) -> None:
    stand.settings.work_dir.write_text("in the way")
    with pytest.raises(errors.UnreachableError, match="own folder"):
        stand.engine.exists(NAME)


@pytest.mark.slow
@pytest.mark.world
def test_a_disk_that_is_full_for_a_while_is_nobodys_fault(tmp_path: Path, cluster: Cluster) -> None:
    spawner = Spawner(tmp_path / "logs")
    try:
        # No path leads to it from the root, as to a volume that was moved away.
        disk = Disk(spawner, tmp_path, "disk")
        stand = Stand.of(tmp_path, cluster, work_dir=disk.folder / "work")
        stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
        disk.fill()
        with pytest.raises(errors.UnreachableError, match="no room left"):
            stand.engine.up(NAME, stand.config(OTHER), stand.said.append).result(120)
        disk.free()
        stand.engine.up(NAME, stand.config(OTHER), stand.said.append).result(120)
        stand.engine.destroy(NAME, stand.said.append).result(120)
        assert cluster.objects == {}
    finally:
        spawner.close()


class Bucket:
    """The simulated S3 with a bucket, and KMS with a key."""

    def __init__(self, endpoint: str) -> None:
        host = endpoint.removeprefix("http://")
        self.url = f"s3://state?endpoint={endpoint}&region=us-east-1&s3ForcePathStyle=true"
        self.s3 = boto3.client("s3", endpoint_url=endpoint)
        self.s3.create_bucket(Bucket="state")
        key = boto3.client("kms", endpoint_url=endpoint).create_key()["KeyMetadata"]["KeyId"]
        self.key = f"awskms://{key}?region=us-east-1&endpoint={endpoint}"
        self.host = host

    def keys(self, part: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket="state").get("Contents", [])
        return [one["Key"] for one in found if part in one["Key"]]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with running() as endpoint:
        yield Bucket(endpoint)


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["passphrase", "kms"])
def test_with_s3_the_loss_of_the_machine_loses_nothing(
    bucket: Bucket, tmp_path: Path, cluster: Cluster, provider: str
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    changes = {
        "backend_url": bucket.url,
        "secrets_provider": bucket.key if provider == "kms" else "passphrase",
    }
    first = Stand.of(tmp_path / "first", cluster, **changes)
    config = {**first.config(), "edgeValue": "a-secret-of-the-edge"}
    first.engine.up(NAME, config, first.said.append).result(120)
    shutil.rmtree(first.folder)
    second = Stand.of(tmp_path / "second", cluster, **changes)
    assert second.engine.names() == [NAME]
    config = {**second.config(), "edgeValue": "a-secret-of-the-edge"}
    # The kubeconfig's path is another one, and it names the same cluster.
    again = second.engine.up(NAME, config, second.said.append).result(120)
    assert again.changes.get("create", 0) == again.changes.get("delete", 0) == 0
    third = second.engine.up(NAME, config, second.said.append).result(120)
    assert set(third.changes) == {"same"}
    stored = json.loads(
        bucket.s3.get_object(Bucket="state", Key=bucket.keys(f"{NAME}.json")[-2])["Body"].read()
    )
    assert "a-secret-of-the-edge" not in json.dumps(stored)
    second.engine.destroy(NAME, second.said.append).result(120)
    assert cluster.objects == {}


@pytest.mark.slow
def test_a_lock_on_s3_that_a_killed_engine_left_is_cleared(
    bucket: Bucket, tmp_path: Path, cluster: Cluster
) -> None:
    stand = Stand.of(tmp_path, cluster, backend_url=bucket.url)
    cluster.hold("deployments/web", handled_first=True)
    operation = stand.engine.up(NAME, stand.config(), stand.said.append)
    assert cluster.waiting.wait(60)
    assert group.kill(stand.record())
    with pytest.raises(errors.EngineError):
        operation.result(60)
    cluster.release()
    assert bucket.keys("/locks/")
    stand.engine.up(NAME, stand.config(OTHER), stand.said.append).result(120)
    assert CLEARED in stand.said
    assert bucket.keys("/locks/") == []
    stand.engine.destroy(NAME, stand.said.append).result(120)
    assert cluster.objects == {}


@pytest.mark.slow
def test_a_bucket_that_is_away_is_nobodys_fault(
    bucket: Bucket, tmp_path: Path, cluster: Cluster
) -> None:
    missing = bucket.url.replace("state?", "missing?")
    stand = Stand.of(tmp_path, cluster, backend_url=missing)
    with pytest.raises(errors.UnreachableError, match="bucket of Pulumi's state does not exist"):
        stand.engine.exists(NAME)
    refused = bucket.url.replace(bucket.host, "127.0.0.1:9")
    stand = Stand.of(tmp_path, cluster, backend_url=refused)
    with pytest.raises(errors.UnreachableError, match="does not answer"):
        stand.engine.up(NAME, stand.config(), stand.said.append).result(120)
