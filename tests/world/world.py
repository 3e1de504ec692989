"""The whole world: cluster, clouds, edge and GitHub, production, and the bot.

On its own cluster everything runs in one network namespace at fixed addresses, and what people and
tests look at is shown on loopback ports of the host. On a given cluster the clouds, GitHub, edge
and bot are the same. `with World() as world:` leaves nothing behind.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import requests
import yaml

from bot import clock, needs, store
from infra import contract
from tests.world import images, kwok, plugins, production
from tests.world.aws.paths import HEALTH_PATH
from tests.world.aws.seed import REGION, Seeded, seed
from tests.world.block import Block
from tests.world.cluster import Cluster, netns
from tests.world.cluster.control_plane import SERVER
from tests.world.cluster.ground import Address, Ground
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
_PREFIX = "UNDERSTUDY_"
_ROWS = "understudy.db"
_BOT = ("127.0.0.1", 9000)
_INSIDE: dict[str, Address] = {
    "aws": ("127.0.0.1", 5000),
    "github": ("127.0.0.1", 3000),
    "bot": _BOT,
    "edge": (netns.ADDRESS, 80),
    "otlp": (netns.ADDRESS, 4318),
}
"""Where programs listen in a network namespace of their own."""


class World(Block):
    """Starts in half a minute, and ends in a second; a context manager."""

    seeded: Seeded
    github: GitHubWorld

    def __init__(
        self,
        *,
        deploy_seconds: float = 2.0,
        fake_nodes: bool = False,
        every_type: bool = False,
        cluster: Ground | None = None,
    ) -> None:
        """`cluster`: not started yet; None for one of the world's own."""
        self._deploy_seconds = deploy_seconds
        self._fake_nodes = fake_nodes
        self._every_type = every_type
        self.cluster = cluster or Cluster()
        self.joiner: Joiner | None = None
        self._at = {name: self.cluster.address(inside) for name, inside in _INSIDE.items()}
        self._shown: dict[str, Address] = {}
        self.bots: dict[str, str] = {"bot": _url(self._at["bot"])}
        """The addresses of bots inside the world, for hooks."""
        self._databases: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        """How long each part of the start took, for those who want to shorten it."""

    def start(self) -> None:
        """Start everything but the bot, and wait until an environment could be made."""
        began = time.monotonic()

        def lap(name: str) -> None:
            self.seconds[name] = time.monotonic() - began

        self.cluster.create_network()
        self._programs()
        self.cluster.start()
        lap("cluster")
        self._shown |= self.cluster.show({**self._at, "ingress": self.cluster.ingress.address})
        self.github = GitHubWorld(self.url("github"))
        self._seed()
        lap("aws")
        own = self.cluster if isinstance(self.cluster, Cluster) else None
        if own:
            self._furnish(own)
        production.start(self.cluster)
        production.wait(self.cluster)
        lap("production")
        if own:
            operator.wait(own)
            lap("operator")
            controller.wait(own)
            lap("karpenter")

    def stop(self) -> None:
        """End and remove everything. Raises ToolError where a given cluster keeps some of it."""
        try:
            if self.joiner is not None:
                self.joiner.stop()
            if not isinstance(self.cluster, Cluster):
                self._clear()
        finally:
            self.cluster.stop()

    # -- the bot ----------------------------------------------------------------------------------

    def start_bot(
        self,
        name: str = "bot",
        platform: contract.Platform | None = None,
        environ: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        """Start the bot as people do, and wait until it is ready for deliveries.

        `settings` are UNDERSTUDY_ variables in lower case, `environ` any others. A second bot needs
        a name and a label of its own.
        """
        if name not in self._shown:
            address = self.cluster.address((_BOT[0], _BOT[1] + len(self.bots)))
            self._shown |= self.cluster.show({name: address})
            self.bots[name] = _url(address)
        self._databases[name] = settings.get("database_url", "")
        given = {**self.bot_environ(name, platform, **settings), **(environ or {})}
        self.spawn(name, [sys.executable, "-m", "bot", "serve"], given)
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
        return self._databases.get(name) or f"sqlite:///{self.cluster.folder / name / _ROWS}"

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
            "github_url": _url(self._at["github"]),
            "github_token": TOKEN,
            "data_dir": str(folder),
            "platform_file": str(description),
            "pulumi_passphrase": "world",
            "production_host": ALIAS,
            "host": _BOT[0],
            "port": self.bots[name].rpartition(":")[2],
            **settings,
        }
        names = {f"{_PREFIX}{name.upper()}": value for name, value in given.items()}
        # Without a value a variable counts as not set: what is meant for others stays with them.
        others = {name: "" for name in os.environ if name.startswith(_PREFIX)}
        others.pop("UNDERSTUDY_CACHE", None)
        return {**self.pulumi_environ(), **others, **names}

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
            "KUBECONFIG": str(self.cluster.inner_kubeconfig),
        }

    def platform(self) -> contract.Platform:
        """The platform that environments stand on here."""
        ingress = self.cluster.ingress
        bare = contract.Platform(
            domain=DOMAIN,
            scheme="http",
            port=ingress.address[1],
            ingress_class=ingress.class_name,
            ingress_sources=ingress.sources,
            node_class=None,
            primary_distribution_id=self.seeded.primary_id,
            aws_region=REGION,
            aws_endpoint=_url(self._at["aws"]),
            kubeconfig=str(self.cluster.inner_kubeconfig),
        )
        if not isinstance(self.cluster, Cluster):
            return bare
        host, port = self._at["otlp"]
        return bare.model_copy(
            update={
                "dns_servers": (f"{netns.ADDRESS}/32",),
                "otlp_endpoint": _url(self._at["otlp"]),
                "otlp_egress": (f"{host}/32:{port}",),
                "python_instrumentation_image": images.AUTOINSTRUMENTATION,
                "node_class": controller.NODE_CLASS,
            }
        )

    # -- what people and tests look at ------------------------------------------------------------

    def url(self, name: str) -> str:
        """Where this machine reaches `aws`, `github`, `bot`, `edge`, `ingress` or `otlp`."""
        return _url(self._shown[name])

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
        self.cluster.publish(sha, env)

    def spawn(self, name: str, words: Sequence[str | Path], env: Mapping[str, str]) -> None:
        """Start a process inside; it ends with the world."""
        self.cluster.spawner.start(name, words, env=env)

    # -- parts ------------------------------------------------------------------------------------

    def _python(self, name: str, module: str, *words: str | Path) -> None:
        env = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        self.spawn(name, [sys.executable, "-m", module, *words], env)

    def _programs(self) -> None:
        hook = f"{self.bots['bot']}/webhook"
        options = {
            "aws": [
                *("--deploy-seconds", str(self._deploy_seconds)),
                *(["--every-type"] if self._every_type else []),
            ],
            "github": [
                *("--secret", SECRET, "--hook", hook, "--token", TOKEN),
                *("--events", ",".join(needs.EVENTS)),
            ],
            "otlp": [],
            "edge": [
                "--aws",
                _url(self._at["aws"]),
                "--resolve",
                f"test={self.cluster.ingress.address[0]}",
            ],
        }
        for name, words in options.items():
            host, port = self._at[name]
            where = ["--host", host, "--port", str(port)]
            self._python(name, f"tests.world.{name}", *where, *words)

    def _furnish(self, own: Cluster) -> None:
        """Put under an own cluster's feet what environments use where it is there."""
        controller.start(own, _url(self._at["aws"]), self.seeded)
        operator.start(own)
        self._python("netpol", "tests.world.netpol", "--kubeconfig", own.inner_kubeconfig)
        if self._fake_nodes:
            kwok.start(own)
        self.joiner = Joiner(own, self.aws("ec2"), fake=self._fake_nodes)
        self.joiner.start()

    def _clear(self) -> None:
        """Take out of a given cluster what was made there."""
        names = set()
        for bot in self.bots:
            self.stop_bot(bot)
            if (self.cluster.folder / bot / _ROWS).exists():
                rows = store.SqlStore(self.database_url(bot), clock.SystemClock())
                names |= {row.name for row in rows.rows()}
                rows.close()
        self.cluster.clear(names)

    def _seed(self) -> None:
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
            production_port=self.cluster.ingress.address[1],
        )


def _url(address: Address) -> str:
    return f"http://{address[0]}:{address[1]}"
