"""Several bots on one PostgreSQL share the work, and one takes over what another leaves."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

import psycopg
import pytest

from bot import model
from tests.chaos import victims
from tests.world.cluster.api import CORE
from tests.world.postgres import Postgres
from tests.world.walk import STAGE_FILE, Walk
from tests.world.world import SECRET, World

pytestmark = [pytest.mark.world, pytest.mark.slow]

NAMES = ("left", "right")
LABEL = "replicas"


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    name = f"replicas_{secrets.token_hex(3)}"
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def walk(world: World, url: str) -> Iterator[Walk]:
    """A walk whose deliveries go to both replicas, as behind a load balancer that asks both."""
    state = world.cluster.folder / f"state-{secrets.token_hex(3)}"
    state.mkdir()
    repository = f"acme/replicas-{secrets.token_hex(3)}"
    world.github.create_repository(repository, {".stage.yaml": STAGE_FILE})
    with contextlib.ExitStack() as ended:
        for name in NAMES:
            world.start_bot(name, label=LABEL, database_url=url, pulumi_backend_url=state.as_uri())
            ended.callback(world.stop_bot, name)
            world.github.add_hook(f"{world.bots[name]}/webhook", SECRET, repository)
        made = Walk(world, repository, bot=NAMES[0], label=LABEL)
        ended.callback(made.close_store)
        yield made
        made.leave()


def _holders(walk: Walk, url: str) -> set[str]:
    """The replicas that hold a lease of the environment just now."""
    folders = {name: str(walk.world.cluster.folder / name) for name in NAMES}
    pids = {
        one.pid: name for name, folder in folders.items() for one in victims.Processes(folder).now()
    }
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        owners = connection.execute(
            "SELECT lease_owner FROM lanes WHERE lease_owner IS NOT NULL"
        ).fetchall()
    return {pids[pid] for (owner,) in owners if (pid := int(owner.split("-")[-2])) in pids}


def test_what_a_killed_replica_held_is_taken_over(walk: Walk, url: str) -> None:
    walk.open()
    walk.until_phase(model.Phase.PROVISIONING)
    walk.until("a replica at work", lambda: _holders(walk, url))
    victim = min(_holders(walk, url) or NAMES)
    assert victims.kill(walk.world.cluster.spawner.pid(victim))
    # Its lease runs out, and then the other goes on from what was recorded.
    walk.until_serving(240)
    walk.close()
    walk.until_phase(model.Phase.ABSENT, 240)
    assert walk.name not in walk.world.cluster.api.names(f"{CORE}/namespaces")
    walk.until("the proof in the comment", lambda: "Proved" in walk.comment())
