"""A bot of its own in a world, behind a proxy of its own, with its own primary and repository.

Tracks have nothing in common, so what happens in one is no fault of the other's. A bot that dies is
started again at once, as a supervisor does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import requests

from bot import clock, errors, model, ports, store
from tests.chaos import scan, victims
from tests.chaos.control import Control
from tests.chaos.faults import UPSTREAMS
from tests.chaos.fragile import Clock, Disk
from tests.chaos.holders import Watch
from tests.chaos.proxy import HOST, Config
from tests.world import production
from tests.world.aws.seed import primary_config
from tests.world.cluster import Cluster, kubeconfig
from tests.world.cluster.services import INGRESS_PORT
from tests.world.cluster.waiting import until
from tests.world.walk import STAGE_FILE, Walk
from tests.world.world import SECRET, World

SWEEP_SECONDS = 86400
"""Every bot here sweeps when it starts, and not again: what one bot has not made another would take
for an orphan, as they share a cluster."""
_PORTS = 20000
Stands = Literal["firm", "disk", "clock"]
"""What can go wrong under the bot: nothing, its disk, or its clock."""
_LISTENERS = (*UPSTREAMS, "control")
_ROOT = Path(__file__).resolve().parents[2]
_numbers = itertools.count(1)
_starting = threading.Lock()


class Track:
    """A context manager; `settings` are the bot's, as for `World.start_bot`.

    `database` gives the address of an empty database for a name; None: an SQLite file.
    """

    def __init__(
        self,
        world: World,
        settings: Mapping[str, str] | None = None,
        *,
        database: Callable[[str], str] | None = None,
        stands: Stands = "firm",
    ) -> None:
        number = next(_numbers)
        self.world = world
        self.name = f"chaos-{number}"
        self.repository = f"acme/chaos-{os.getpid()}-{number}"
        self.folder = world.cluster.folder / self.name
        self.stands = stands
        self.disk: Disk | None = None
        self.clock: Clock | None = None
        self._cluster = own(world)
        self._database = database
        self._settings = {
            "workers": "1",
            "repositories": self.repository,
            "sweep_seconds": str(SWEEP_SECONDS),
            **(settings or {}),
        }
        self._ports = {name: _PORTS + 10 * number + index for index, name in enumerate(_LISTENERS)}
        self._stopped = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.restarts = 0
        self._kept: store.SqlStore | None = None
        self.control: Control
        self.primary_id: str
        self.holders: Watch

    def __enter__(self) -> Track:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def walk(self) -> Walk:
        """A pull request to be opened in this track."""
        return Walk(self.world, self.repository, bot=self.name, label=self.name)

    def rows(self, key: model.EnvironmentKey) -> list[ports.Row]:
        """What the bot has stored of an environment. Raises UnderstudyError."""
        try:
            if self._kept is None:
                self._kept = store.SqlStore(self.world.database_url(self.name), clock.SystemClock())
            return list(self._kept.lanes(key).values())
        except errors.UnderstudyError:
            self._forget()
            raise

    def _forget(self) -> None:
        """Open the bot's database anew the next time."""
        if self._kept is not None:
            self._kept.close()
        self._kept = None

    @property
    def data_dir(self) -> Path:
        """Where the bot keeps what it keeps."""
        return self.folder if self.disk is None else self.disk.folder

    def pid(self) -> int:
        """The bot's own process."""
        return self.world.cluster.spawner.pid(self.name)

    def answers(self) -> bool:
        """Whether the bot is ready to take a delivery."""
        with contextlib.suppress(requests.RequestException):
            found = requests.get(f"{self.world.url(self.name)}/readyz", timeout=5)
            return found.status_code == 200
        return False

    def log(self) -> Path:
        """What the bot has said."""
        return self.world.cluster.spawner.log(self.name)

    def left(self, *environments: str) -> list[str]:
        """What the independent scan finds of environments."""
        return left(self.world, self.primary_id, self.data_dir / "state", environments)

    def stop(self) -> None:
        """End the bot and the proxy; a dead track's leftovers stay for the world to remove."""
        self._stopped.set()
        if self._supervisor.ident is not None:
            self._supervisor.join()
        if hasattr(self, "holders"):
            self.holders.stop()
        self._forget()
        with contextlib.suppress(LookupError):
            victims.kill(self.pid())
        # Also what has outlived it, which has the same folder in its environment.
        for process in victims.Processes(str(self.data_dir)).now():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        for name in (self.name, f"proxy-{self.name}", f"disk-{self.name}"):
            self.world.cluster.spawner.kill(name)

    # -- parts ------------------------------------------------------------------------------------

    def _start(self) -> None:
        world = self.world
        self.folder.mkdir()
        self._prepare()
        self.primary_id = self._primary()
        self._start_proxy()
        self._introduce()
        with _starting:  # a new bot's address follows from the number of those before
            self._start_bot()
        self.holders = Watch(str(self.data_dir))
        world.github.add_hook(f"{world.bots[self.name]}/webhook", SECRET, self.repository)
        self._supervisor.start()

    def _prepare(self) -> None:
        """What the bot stands on besides the world's own."""
        if self._database is not None:
            self._settings["database_url"] = self._database(self.name.replace("-", "_"))
        if self.stands == "disk":
            self.disk = Disk(self._cluster.spawner, self._cluster.folder, f"disk-{self.name}")
            state = self.data_dir / "state"
            state.mkdir(mode=0o700)
            self._settings |= {
                "data_dir": str(self.data_dir),
                "pulumi_backend_url": f"file://{state}",
                "database_url": f"sqlite:///{self.data_dir / 'understudy.db'}",
            }
        elif self.stands == "clock":
            self.clock = Clock(self.folder)

    def _primary(self) -> str:
        """One staging distribution and one policy fit to a primary: each track has one."""
        alias = f"{self.name}.shop.test"
        certificate = self.world.aws("acm").request_certificate(
            DomainName=alias, ValidationMethod="DNS"
        )["CertificateArn"]
        cloudfront = self.world.aws("cloudfront")
        made = cloudfront.create_distribution(
            DistributionConfig=primary_config(alias, certificate, production.HOST, INGRESS_PORT)
        )
        identifier = str(made["Distribution"]["Id"])

        def deployed() -> bool:
            found = cloudfront.get_distribution(Id=identifier)
            return bool(found["Distribution"]["Status"] == "Deployed")

        until(f"the primary of {self.name}", deployed, 60, 0.2)
        return identifier

    def _start_proxy(self) -> None:
        plane = self._cluster.plane
        serving = plane.authority.issue(f"proxy-{self.name}", "chaos", hosts=[HOST])
        config = Config(
            ports=self._ports,
            urls={
                "kubernetes": "https://127.0.0.1:6443",
                "aws": "http://127.0.0.1:5000",
                "github": "http://127.0.0.1:3000",
            },
            data_dir=str(self.data_dir),
            authority=str(plane.authority.certificate),
            serving=(str(serving.certificate), str(serving.key)),
            client=(str(plane.admin.certificate), str(plane.admin.key)),
        )
        path = self.folder / "proxy.json"
        path.write_text(json.dumps(dataclasses.asdict(config)))
        self.world.spawn(
            f"proxy-{self.name}",
            [sys.executable, "-m", "tests.chaos.proxy", path],
            {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        name = f"control-{self.name}"
        port = self._cluster.forward({name: (HOST, self._ports["control"])})[name]
        self.control = Control(f"http://{HOST}:{port}")
        until("the proxy", self.control.answers, 30, 0.1)

    def _start_bot(self) -> None:
        plane = self._cluster.plane
        config = kubeconfig.write(
            self.folder / "kubeconfig",
            f"https://{HOST}:{self._ports['kubernetes']}",
            plane.authority.certificate,
            plane.admin,
        )
        platform = self.world.platform().model_copy(
            update={
                "kubeconfig": str(config),
                "aws_endpoint": f"http://{HOST}:{self._ports['aws']}",
                "primary_distribution_id": self.primary_id,
            }
        )
        # What a killed engine leaves in its temporary folder goes with the world.
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        self.world.start_bot(
            self.name,
            platform,
            environ={
                "KUBECONFIG": str(config),
                "TMPDIR": str(temporary),
                **(self.clock.environ if self.clock else {}),
            },
            label=self.name,
            github_url=f"http://{HOST}:{self._ports['github']}",
            **self._settings,
        )
        self.control.bot(self.pid())

    def _introduce(self) -> None:
        """The bot has an account of its own, since GitHub's hourly limit is an account's."""
        account, token = f"understudy-{self.name}", f"token-{self.name}"
        self._settings["github_token"] = token
        self.world.github.add_token(token, account)
        self.world.github.create_repository(self.repository, {".stage.yaml": STAGE_FILE})
        self.world.github.set_permission(self.repository, account, "admin")

    def _supervise(self) -> None:
        while not self._stopped.wait(0.1):
            if _dead(self.pid()):
                self.restarts += 1
                self.world.cluster.spawner.kill(self.name)  # takes the zombie away
                with contextlib.suppress(Exception):  # it may be killed again while it starts
                    self._start_bot()


def _dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def own(world: World) -> Cluster:
    """The cluster of a world that has one of its own. Raises TypeError."""
    if not isinstance(world.cluster, Cluster):
        raise TypeError("faults are done to a world's own cluster only, never to one that is given")
    return world.cluster


def left(world: World, primary_id: str, state: Path, environments: scan.Names) -> list[str]:
    """Scan a world for what is left of environments."""
    given = json.loads(world.cluster.kubeconfig.read_text())
    plane = own(world).plane
    cluster = scan.Cluster(
        given["clusters"][0]["cluster"]["server"],
        plane.authority.certificate,
        plane.admin.certificate,
        plane.admin.key,
    )
    amazon = scan.Amazon(world.aws, primary_id)
    return scan.scan(frozenset(environments), cluster, amazon, scan.State(state))
