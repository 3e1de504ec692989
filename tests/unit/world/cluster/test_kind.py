"""kind and Docker are told the right words; a stand-in on PATH notes them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.world.cluster.apiserver import ApiServer
from tests.world import images
from tests.world.cluster import kind
from tests.world.cluster.kind import Kind
from tests.world.tools import ToolError

_STAND_IN = """#!/bin/sh
all="$*"
echo "${{0##*/}} $all" >> {calls}
while [ $# -gt 0 ]; do
  case "$1" in
    --kubeconfig) kubeconfig=$2 ;;
    --config) cp "$2" {calls}.config; cp {somebodys} "$kubeconfig" ;;
  esac
  shift
done
{end}
"""


@pytest.fixture
def calls(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """Puts stand-ins for kind and Docker on PATH that end so; returns where they note calls."""
    somebodys = server.kubeconfig(tmp_path / "somebodys")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(kind, "tool", lambda name: Path(f"/tools/{name}"))

    def put(end: str) -> Path:
        found = tmp_path / "calls"
        (tmp_path / "bin").mkdir()
        for name in kind.PROGRAMS:
            program = tmp_path / "bin" / name
            program.write_text(_STAND_IN.format(calls=found, somebodys=somebodys, end=end))
            program.chmod(0o755)
        return found

    return put


def test_a_cluster_is_made_given_images_and_deleted(
    calls: Callable[[str], Path], server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "write_commit", lambda target, sha, env: target.touch())
    noted = calls("exit 0")
    with Kind() as cluster:
        cluster.publish("a" * 40)
        cluster.clear({"default"})
    name, folder = cluster.name, cluster.folder
    assert not folder.exists()
    made, copied, ran, loaded, deleted = noted.read_text().splitlines()
    own = f"--name {name} --kubeconfig {folder}/kubeconfig"
    assert made == f"kind create cluster {own} --config {folder}/kind.json --wait 180s"
    assert copied == f"docker cp /tools/traefik {name}-control-plane:/usr/local/bin/traefik"
    assert ran.startswith(
        "docker exec --detach --env KUBECONFIG=/etc/kubernetes/admin.conf "
        f"{name}-control-plane /usr/local/bin/traefik --"
    )
    assert "--entrypoints.web.address=:8000" in ran.split()
    assert loaded == f"kind load image-archive {folder}/shop-{'a' * 40}.tar --name {name}"
    assert deleted == f"kind delete cluster {own}"
    assert server.told == ["POST /apis/networking.k8s.io/v1/ingressclasses"]


def test_the_ingress_answers_on_this_machines_loopback(calls: Callable[[str], Path]) -> None:
    noted = calls("exit 0")
    with Kind() as cluster:
        config = json.loads(Path(f"{noted}.config").read_text())
        host, port = cluster.ingress.address
    (node,) = config["nodes"]
    assert host == "127.0.0.1"
    assert node["extraPortMappings"] == [
        {"containerPort": 8000, "hostPort": port, "listenAddress": host}
    ]


def test_a_cluster_that_fails_is_deleted(calls: Callable[[str], Path]) -> None:
    noted = calls("case $all in create*) echo 'ERROR: no room' >&2; exit 1 ;; esac")
    cluster = Kind()
    with pytest.raises(ToolError, match=r"kind create cluster .* failed: ERROR: no room"), cluster:
        pass
    assert [line.split()[1] for line in noted.read_text().splitlines()] == ["create", "delete"]
    assert not cluster.folder.exists()


def test_ctrl_c_while_it_is_made_deletes_it(
    calls: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = calls("exit 0")
    run = subprocess.run

    def interrupted(words: list[str], **options: Any) -> object:
        ran = run(words, **options)
        if words[1] == "create":
            raise KeyboardInterrupt
        return ran

    monkeypatch.setattr(subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt), Kind():
        pass
    assert [line.split()[1] for line in noted.read_text().splitlines()] == ["create", "delete"]


def test_a_cluster_that_was_never_made_is_not_deleted(calls: Callable[[str], Path]) -> None:
    noted = calls("exit 0")
    Kind().stop()
    assert not noted.exists()
