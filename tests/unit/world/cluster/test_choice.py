"""Which cluster is chosen, and what is said to those who ask for it in the wrong way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world.cluster import Cluster
from tests.world.cluster.choice import choose
from tests.world.cluster.given import Given
from tests.world.cluster.ground import Ingress
from tests.world.cluster.kind import Kind
from tests.world.tools import ToolError


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a person sets for a given cluster; worlds have a cache of their own."""
    monkeypatch.setenv("UNDERSTUDY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "kubeconfig").write_text("{}")
    return {
        "UNDERSTUDY_WORLD_CLUSTER": "kubeconfig",
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "UNDERSTUDY_WORLD_INGRESS": "ingress.example.com:8080",
        "UNDERSTUDY_WORLD_LOAD": "nodes 'load now' --file={}",
    }


@pytest.mark.parametrize("environ", [{}, {"UNDERSTUDY_WORLD_CLUSTER": ""}])
def test_an_inherited_kubeconfig_is_not_asked_for(environ: dict[str, str]) -> None:
    assert choose({**environ, "KUBECONFIG": "/somebodys"}).make is Cluster


def test_a_given_cluster_is_used_as_it_is_described(wanted: dict[str, str]) -> None:
    choice = choose(
        {
            **wanted,
            "UNDERSTUDY_WORLD_INGRESS_CLASS": "nginx",
            "UNDERSTUDY_WORLD_INGRESS_SOURCES": "ingress-nginx, 10.0.0.0/8",
        }
    )
    assert choice.name == "kubeconfig"
    made = choice.make()
    try:
        assert isinstance(made, Given)
        assert not isinstance(made, Kind)
        assert made.ingress == Ingress(
            "nginx", ("ingress.example.com", 8080), ("ingress-nginx", "10.0.0.0/8")
        )
    finally:
        made.stop()


def test_what_is_left_open_has_a_usual_value(wanted: dict[str, str]) -> None:
    made = choose(wanted).make()
    made.stop()
    assert made.ingress == Ingress("traefik", ("ingress.example.com", 8080), ())
    assert not made.folder.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"UNDERSTUDY_WORLD_CLUSTER": "k3s"}, "k3s is no choice: it is own, kubeconfig or kind"),
        ({"KUBECONFIG": ""}, "set KUBECONFIG to its file"),
        ({"KUBECONFIG": "/nowhere:/either"}, "KUBECONFIG=/nowhere:/either: there is no such file"),
        ({"UNDERSTUDY_WORLD_INGRESS": ""}, "set UNDERSTUDY_WORLD_INGRESS=host:port"),
        ({"UNDERSTUDY_WORLD_INGRESS": "ingress"}, "INGRESS=ingress is no host:port"),
        ({"UNDERSTUDY_WORLD_INGRESS": ":80"}, "INGRESS=:80 is no host:port"),
        ({"UNDERSTUDY_WORLD_INGRESS": "host:81"}, "a port of 80, 443 or from 1024 to 65535"),
        ({"UNDERSTUDY_WORLD_INGRESS": "host:65536"}, "a port of 80, 443 or from 1024 to 65535"),
        ({"UNDERSTUDY_WORLD_LOAD": ""}, "set UNDERSTUDY_WORLD_LOAD to a command with {}"),
        ({"UNDERSTUDY_WORLD_LOAD": "nodes load"}, "set UNDERSTUDY_WORLD_LOAD to a command with {}"),
        ({"UNDERSTUDY_WORLD_LOAD": "nodes '{}"}, "UNDERSTUDY_WORLD_LOAD is no command: no closing"),
        ({"UNDERSTUDY_WORLD_CLUSTER": "kind", "PATH": "/nowhere"}, "kind needs kind, which is not"),
    ],
)
def test_bad_input_is_one_sentence(
    wanted: dict[str, str], changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ToolError) as told:
        choose({**wanted, **changes})
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_kind_without_docker_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "kind").write_text("#!/bin/sh\n")
    (tmp_path / "kind").chmod(0o755)
    with pytest.raises(ToolError, match="kind needs docker, which is not on PATH"):
        choose({"UNDERSTUDY_WORLD_CLUSTER": "kind", "PATH": str(tmp_path)})
