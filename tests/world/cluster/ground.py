"""What a world needs of the cluster that it stands on: its own, or one that was there before."""

from __future__ import annotations

import abc
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.world.block import Block
from tests.world.cluster import stale
from tests.world.cluster.api import Api
from tests.world.cluster.spawn import Spawner

Address = tuple[str, int]
"""Host and port."""
WORLD_LABEL = "understudy.dev/world"
"""On what a world makes for itself; its value is the world's name."""


@dataclass(frozen=True)
class Ingress:
    """The ingress controller: its class, where it answers, and where its requests come from."""

    class_name: str
    address: Address
    sources: tuple[str, ...] = ()
    """As `infra.contract.Platform.ingress_sources`; none: not known."""


class Ground(Block):
    """A cluster under a world, and the folder, log files and processes of that world."""

    api: Api
    """The API server with the administrator's rights."""
    kubeconfig: Path
    """For programs outside the world's network."""
    inner_kubeconfig: Path
    """For the world's own programs."""
    ingress: Ingress
    node: ClassVar[str | None] = None
    """The node for what is not an environment's; None: any."""
    leaves_out: ClassVar[Sequence[str]] = ()
    """What a world does without here, for people to read."""

    def __init__(self) -> None:
        stale.sweep()
        self.name = f"understudy-{secrets.token_hex(3)}"
        self.folder = stale.worlds() / self.name
        self.folder.mkdir()
        self._owned = stale.own(self.folder)
        self.logs = self.folder / "logs"
        self.spawner = Spawner(self.logs, self._prefix())

    def stop(self) -> None:
        """End every process and remove everything that was made; safe to call at any time."""
        self.spawner.close(gentle=self._gentle)
        stale.keep_logs(self.folder)
        self._owned.close()
        stale.remove(self.folder)

    @abc.abstractmethod
    def address(self, inside: Address) -> Address:
        """Where a program of the world is to listen that listens at `inside` in an own network."""

    @abc.abstractmethod
    def show(self, targets: Mapping[str, Address]) -> dict[str, Address]:
        """Where this machine's programs reach those addresses."""

    @abc.abstractmethod
    def publish(self, sha: str, env: Mapping[str, str] | None = None) -> None:
        """Give the nodes the shop's images of a commit (`env`: see `images.commit_image`)."""

    def create_network(self) -> None:
        """Prepare for programs that are started before the cluster."""

    def clear(self, environments: Collection[str]) -> None:
        """Take away what a world made, where the cluster goes on without it. Raises ToolError.

        `environments` are the names of the environments that its bots know.
        """

    def _prefix(self) -> tuple[str, ...]:
        """The words in front of commands that run inside the world's network."""
        return ()

    def _gentle(self, name: str) -> bool:
        """Whether a process is asked to end, and not killed."""
        return True
