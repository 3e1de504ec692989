"""The whole world: cluster, clouds, edge and GitHub, production, and the bot.

Everything runs in one network namespace at fixed addresses; what people and tests look at is shown
on loopback ports of the host. `with World() as world:` leaves nothing behind.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import requests
import yaml

from infra import contract
from tests.world import images, kwok, plugins, production
from tests.world.aws.paths import HEALTH_PATH
from tests.world.aws.seed import REGION, Seeded, seed
from tests.world.cluster import Cluster, netns
from tests.world.cluster.control_plane import SERVER
from tests.world.cluster.services import INGRESS_CLASS, INGRESS_PORT
from tests.world.cluster.waiting import until
from tests.world.github.control import GitHubWorld
from tests.world.karpenter import controller
from tests.world.karpenter.joiner import Joiner
from tests.world.telemetry import operator
from tests.world.tools import tool

ALIAS = "shop.test"
"""Production's domain name."""
DOMAIN = "preview.test"
"""Environments answer below it."""
SECRET = "world-webhook-secret"
TOKEN = "world-token"

_ROOT = Path(__file__).resolve().parents[2]
_AWS = ("127.0.0.1", 5000)
_GITHUB = ("127.0.0.1", 3000)
_BOT = ("127.0.0.1", 9000)
_EDGE = (netns.ADDRESS, 80)
_OTLP = (netns.ADDRESS, 4318)
_INGRESS = (netns.ADDRESS, INGRESS_PORT)


class World:
    """Starts in half a minute, and ends in a second; a context manager."""

    def __init__(self, *, deploy_seconds: float = 2.0, fake_nodes: bool = False) -> None:
        self._deploy_seconds = deploy_seconds
        self._fake_nodes = fake_nodes
        self.cluster = Cluster()
        self.joiner: Joiner | None = None
        self.ports: dict[str, int] = {}
        self.seeded: Seeded
        self.github: GitHubWorld
        self.bots: dict[str, str] = {"bot": _url(_BOT)}
        """The addresses of bots inside the world, for hooks."""
        self.seconds: dict[str, float] = {}
        """How long each part of the start took, for those who want to shorten it."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything but the bot, and wait until an environment could be made."""
        began = time.monotonic()

        def lap(name: str) -> None:
            self.seconds[name] = time.monotonic() - began

        self.cluster.create_network()
        self._programs()
        self.cluster.start()
        lap("cluster")
        self._forward()
        controller_seed = self._seed()
        lap("aws")
        controller.start(self.cluster, _url(_AWS), controller_seed)
        operator.start(self.cluster)
        self._python("netpol", "tests.world.netpol", "--kubeconfig", self.cluster.plane.kubeconfig)
        production.start(self.cluster)
        if self._fake_nodes:
            kwok.start(self.cluster)
        self.joiner = Joiner(self.cluster, self.aws("ec2"), fake=self._fake_nodes)
        self.joiner.start()
        self.github = GitHubWorld(f"http://127.0.0.1:{self.ports['github']}")
        production.wait(self.cluster)
        lap("production")
        operator.wait(self.cluster)
        lap("operator")
        controller.wait(self.cluster)
        lap("karpenter")

    def stop(self) -> None:
        """End and remove everything."""
        if self.joiner is not None:
            self.joiner.stop()
        self.cluster.stop()

    # -- the bot ----------------------------------------------------------------------------------

    def start_bot(
        self, name: str = "bot", platform: contract.Platform | None = None, **settings: str
    ) -> None:
        """Start the bot as people do, and wait until it is ready for deliveries.

        `settings` are UNDERSTUDY_ variables in lower case. A second bot needs a name and a label
        of its own.
        """
        if name not in self.ports:
            address = (_BOT[0], _BOT[1] + len(self.bots))
            self.ports |= self.cluster.forward({name: address})
            self.bots[name] = _url(address)
        environ = self.bot_environ(name, platform, **settings)
        self.spawn(name, [sys.executable, "-m", "bot", "serve"], environ)
        url = self.url(name)

        def ready() -> bool:
            try:
                return requests.get(f"{url}/readyz", timeout=2).status_code == 200
            except requests.RequestException:
                return False

        log = self.cluster.spawner.log(name)
        until("the bot's readiness", ready, 60, 0.1, lambda: f": see {log}")

    def stop_bot(self, name: str = "bot") -> None:
        """End a bot gently."""
        self.cluster.spawner.stop(name)

    def database_url(self, name: str = "bot") -> str:
        """Where a bot keeps its rows."""
        return f"sqlite:///{self.cluster.folder / name / 'understudy.db'}"

    def bot_environ(
        self, name: str = "bot", platform: contract.Platform | None = None, **settings: str
    ) -> dict[str, str]:
        """A bot's environment."""
        folder = self.cluster.folder / name
        folder.mkdir(exist_ok=True)
        description = folder / "platform.yaml"
        description.write_text(
            yaml.safe_dump((platform or self.platform()).model_dump(mode="json"))
        )
        given = {
            "webhook_secret": SECRET,
            "github_url": _url(_GITHUB),
            "github_token": TOKEN,
            "data_dir": str(folder),
            "platform_file": str(description),
            "pulumi_passphrase": "world",
            "production_host": ALIAS,
            "host": _BOT[0],
            "port": self.bots[name].rpartition(":")[2],
            **settings,
        }
        names = {f"UNDERSTUDY_{name.upper()}": value for name, value in given.items()}
        return {**self.pulumi_environ(), **names}

    def pulumi_environ(self) -> dict[str, str]:
        """What a process needs to run Pulumi in this world."""
        paths = [plugins.path_folder(), tool("pulumi").parent, Path(sys.executable).parent]
        return {
            **controller.CREDENTIALS,
            "AWS_REGION": REGION,
            "PATH": os.pathsep.join([*map(str, paths), os.environ.get("PATH", "")]),
            "PYTHONPATH": str(_ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PULUMI_HOME": str(self.cluster.folder / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "KUBECONFIG": str(self.cluster.plane.kubeconfig),
        }

    def platform(self) -> contract.Platform:
        """The platform that environments stand on here."""
        return contract.Platform(
            domain=DOMAIN,
            scheme="http",
            port=INGRESS_PORT,
            ingress_class=INGRESS_CLASS,
            ingress_sources=(f"{netns.ADDRESS}/32",),
            dns_servers=(f"{netns.ADDRESS}/32",),
            otlp_endpoint=_url(_OTLP),
            otlp_egress=(f"{netns.ADDRESS}/32:{_OTLP[1]}",),
            python_instrumentation_image=images.AUTOINSTRUMENTATION,
            node_class=controller.NODE_CLASS,
            primary_distribution_id=self.seeded.primary_id,
            aws_region=REGION,
            aws_endpoint=_url(_AWS),
            kubeconfig=str(self.cluster.plane.kubeconfig),
        )

    # -- what people and tests look at ------------------------------------------------------------

    def url(self, name: str) -> str:
        """The loopback address of `aws`, `github`, `bot`, `edge`, `ingress` or `otlp`."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def through_edge(
        self, path: str = "/", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Ask production's domain, as a viewer of CloudFront would."""
        given = {"Host": ALIAS, **(headers or {})}
        return requests.get(self.url("edge") + path, headers=given, timeout=10)

    def through_ingress(self, name: str, path: str = "/") -> requests.Response:
        """Ask an environment's own host."""
        given = {"Host": f"{name}.{DOMAIN}"}
        return requests.get(self.url("ingress") + path, headers=given, timeout=10)

    def spans(self, environment: str) -> list[dict[str, Any]]:
        """The spans that an environment's pods have sent."""
        answer = requests.get(
            f"{self.url('otlp')}/spans", params={"environment": environment}, timeout=10
        )
        found: list[dict[str, Any]] = answer.json()
        return found

    def aws(self, service: Any) -> Any:
        """A client of the simulated AWS."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url("aws"),
            aws_access_key_id=controller.CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=controller.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def publish(self, sha: str, env: Mapping[str, str] | None = None) -> None:
        """Do what a repository's own build does: images of this commit appear."""
        for service in images.SERVICES:
            self.cluster.import_image(images.commit_image(service, sha, env))

    def spawn(self, name: str, words: Sequence[str | Path], env: Mapping[str, str]) -> None:
        """Start a process inside; it ends with the world."""
        self.cluster.spawner.start(name, words, env=env)

    # -- parts ------------------------------------------------------------------------------------

    def _python(self, name: str, module: str, *words: str | Path) -> None:
        env = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        self.spawn(name, [sys.executable, "-m", module, *words], env)

    def _programs(self) -> None:
        self._python(
            "aws", "tests.world.aws", *_at(_AWS), "--deploy-seconds", str(self._deploy_seconds)
        )
        hook = f"{_url(_BOT)}/webhook"
        self._python(
            "github",
            "tests.world.github",
            *_at(_GITHUB),
            "--secret",
            SECRET,
            "--hook",
            hook,
            "--token",
            TOKEN,
        )
        self._python("otlp", "tests.world.otlp", *_at(_OTLP))
        self._python(
            "edge",
            "tests.world.edge",
            *_at(_EDGE),
            "--aws",
            _url(_AWS),
            "--resolve",
            f"test={netns.ADDRESS}",
        )

    def _forward(self) -> None:
        self.ports |= self.cluster.forward(
            {
                "aws": _AWS,
                "github": _GITHUB,
                "bot": _BOT,
                "edge": _EDGE,
                "ingress": _INGRESS,
                "otlp": _OTLP,
            }
        )

    def _seed(self) -> Seeded:
        url = self.url("aws")

        def answers() -> bool:
            try:
                return requests.get(f"{url}{HEALTH_PATH}", timeout=5).status_code == 200
            except requests.RequestException:
                return False

        until("the simulated AWS", answers, 30)
        self.seeded = seed(
            url,
            cluster_name=controller.CLUSTER,
            cluster_endpoint=SERVER,
            primary_alias=ALIAS,
            production_host=production.HOST,
            production_port=INGRESS_PORT,
        )
        return self.seeded


def _url(address: tuple[str, int]) -> str:
    return f"http://{address[0]}:{address[1]}"


def _at(address: tuple[str, int]) -> tuple[str, ...]:
    return ("--host", address[0], "--port", str(address[1]))
