"""Which cluster a world stands on, as the environment's variables ask for it."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.world.cluster.cluster import Cluster
from tests.world.cluster.given import Given
from tests.world.cluster.ground import Address, Ground, Ingress
from tests.world.cluster.kind import PROGRAMS, Kind
from tests.world.cluster.services import INGRESS_CLASS
from tests.world.tools import ToolError

PREFIX = "UNDERSTUDY_WORLD_"
CLUSTER, INGRESS, LOAD = (f"{PREFIX}{name}" for name in ("CLUSTER", "INGRESS", "LOAD"))
CLASS, SOURCES = f"{INGRESS}_CLASS", f"{INGRESS}_SOURCES"
OWN, KUBECONFIG, KIND = "own", "kubeconfig", "kind"


@dataclass(frozen=True)
class Choice:
    """A kind of cluster, and how one is made."""

    name: str
    make: Callable[[], Ground]


def choose(environ: Mapping[str, str]) -> Choice:
    """Read the variables; nothing is made yet. Raises ToolError with one sentence.

    tests/world/README.md lists them. KUBECONFIG counts only where it is asked for.
    """
    name = environ.get(CLUSTER) or OWN
    match name:
        case "own":
            return Choice(name, Cluster)
        case "kubeconfig":
            return Choice(
                name,
                functools.partial(Given, _kubeconfig(environ), _ingress(environ), _load(environ)),
            )
        case "kind":
            for program in PROGRAMS:
                if shutil.which(program, path=environ.get("PATH")) is None:
                    raise ToolError(f"{CLUSTER}=kind needs {program}, which is not on PATH")
            return Choice(name, Kind)
        case _:
            raise ToolError(f"{CLUSTER}={name} is no choice: it is {OWN}, {KUBECONFIG} or {KIND}")


def _kubeconfig(environ: Mapping[str, str]) -> str:
    given = environ.get("KUBECONFIG", "")
    if not given:
        raise ToolError(f"{CLUSTER}={KUBECONFIG} needs a cluster: set KUBECONFIG to its file")
    if not any(Path(path).is_file() for path in given.split(os.pathsep) if path):
        raise ToolError(f"KUBECONFIG={given}: there is no such file")
    return given


def _ingress(environ: Mapping[str, str]) -> Ingress:
    given = environ.get(INGRESS, "")
    if not given:
        raise ToolError(
            f"{CLUSTER}={KUBECONFIG} needs the address of the cluster's ingress controller: "
            f"set {INGRESS}=host:port"
        )
    sources = [part.strip() for part in environ.get(SOURCES, "").split(",")]
    return Ingress(
        environ.get(CLASS) or INGRESS_CLASS,
        _address(given),
        tuple(part for part in sources if part),
    )


def _address(given: str) -> Address:
    host, _, port = given.rpartition(":")
    number = int(port) if port.isascii() and port.isdecimal() else 0
    if not host or not (number in (80, 443) or 1024 <= number <= 65535):
        # Other ports are none that CloudFront asks an origin at (CustomOriginConfig, HTTPPort).
        raise ToolError(
            f"{INGRESS}={given} is no host:port with a port of 80, 443 or from 1024 to 65535"
        )
    return host, number


def _load(environ: Mapping[str, str]) -> tuple[str, ...]:
    given = environ.get(LOAD, "")
    try:
        words = tuple(shlex.split(given))
    except ValueError as error:
        raise ToolError(f"{LOAD} is no command: {str(error).lower()}") from error
    if not any("{}" in word for word in words):
        raise ToolError(
            f"{CLUSTER}={KUBECONFIG} needs a way to give the nodes images: set {LOAD} to a command "
            "with {} where the path of an archive goes"
        )
    return words
