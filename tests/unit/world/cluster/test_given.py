"""Somebody's cluster is found by its kubeconfig, given images, and left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import naming
from tests.unit.world.cluster.apiserver import ApiServer
from tests.world import images
from tests.world.cluster import given
from tests.world.cluster.given import Given
from tests.world.cluster.ground import WORLD_LABEL, Ingress
from tests.world.tools import ToolError

# In the place of kubectl, which comes from the package index.
_KUBECTL = """#!/bin/sh
test "$*" = "config view --raw --flatten --minify" || exit 9
test -s "$KUBECONFIG" || { echo 'error: current-context must exist' >&2; exit 1; }
cat "$KUBECONFIG"
"""


@pytest.fixture
def cluster(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Given]:
    """It, not started yet."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(_KUBECTL)
    kubectl.chmod(0o755)
    monkeypatch.setattr(given, "kubectl", lambda: kubectl)
    load = ("sh", "-c", f"cat $0 >> {tmp_path}/loaded", "{}")
    source = server.kubeconfig(tmp_path / "somebodys")
    made = Given(str(source), Ingress("traefik", ("127.0.0.1", 80)), load)
    yield made
    made.stop()


def test_it_is_asked_as_the_kubeconfig_says(cluster: Given, server: ApiServer) -> None:
    cluster.start()
    assert server.tokens == {"Bearer let-me-in"}
    assert server.told == []
    assert cluster.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_only_what_the_world_made_is_taken_away(cluster: Given, server: ApiServer) -> None:
    server.namespaces |= {"pr-1-before": {naming.LABEL_ENVIRONMENT: "pr-1-before"}}
    cluster.start()
    server.namespaces |= {
        "pr-2-ours": {naming.LABEL_ENVIRONMENT: "pr-2-ours"},
        "pr-3-anothers": {naming.LABEL_ENVIRONMENT: "pr-3-anothers"},
        "pr-4-namesake": {},
        "production": {WORLD_LABEL: cluster.name},
        "another-worlds": {WORLD_LABEL: "understudy-000000"},
    }
    cluster.clear({"pr-1-before", "pr-2-ours", "pr-4-namesake"})
    assert set(server.namespaces) == {
        "default",
        "pr-1-before",
        "pr-3-anothers",
        "pr-4-namesake",
        "another-worlds",
    }


def test_what_stays_is_named(
    cluster: Given, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.start()
    server.namespaces["production"] = {WORLD_LABEL: cluster.name}
    monkeypatch.setattr(given, "CLEAR_SECONDS", 0.0)
    monkeypatch.setattr(cluster.api, "delete", lambda path: None)
    with pytest.raises(ToolError, match=r"given cluster did not happen .*: left are production"):
        cluster.clear(set())


def test_a_cluster_that_is_gone_at_the_end_is_one_sentence(
    cluster: Given, server: ApiServer
) -> None:
    cluster.start()
    server.shutdown()
    server.server_close()
    with pytest.raises(ToolError, match=r"namespaces may be left .*understudy-.*, pr-2-ours\)"):
        cluster.clear({"pr-2-ours"})


def test_without_a_start_there_is_nothing_to_take_away(cluster: Given, server: ApiServer) -> None:
    cluster.clear({"default"})
    assert server.told == []


def test_images_go_through_the_command_and_leave_no_archive(
    cluster: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        images, "write_commit", lambda target, sha, env: target.write_text(f"{sha} {env}")
    )
    cluster.publish("a" * 40, {"SHOP_FAULT": "crash"})
    assert (tmp_path / "loaded").read_text() == f"{'a' * 40} {{'SHOP_FAULT': 'crash'}}"
    assert list(cluster.folder.glob("*.tar")) == []


def test_a_kubeconfig_without_a_cluster_is_one_sentence(cluster: Given, tmp_path: Path) -> None:
    (tmp_path / "somebodys").write_text("")
    with pytest.raises(ToolError, match=r"somebodys can't be used: error: current-context must"):
        cluster.start()


def test_a_cluster_that_does_not_answer_is_one_sentence(cluster: Given, server: ApiServer) -> None:
    server.server_close()
    with pytest.raises(ToolError, match=r"the cluster of KUBECONFIG=.*somebodys does not answer"):
        cluster.start()
