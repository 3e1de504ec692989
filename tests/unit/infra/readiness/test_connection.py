import socket
from pathlib import Path

import pytest

from infra.readiness import connection as module
from infra.readiness.connection import ClusterError, Connection
from tests.unit.infra.readiness.api_server import ApiServer


def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    api = ApiServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    connection = Connection.open(api.kubeconfig(tmp_path))
    with pytest.raises(ClusterError, match=r"does not answer .* check that it runs") as caught:
        connection.get("/api/v1/nodes")
    assert caught.value.status == 0
    connection.close()


def test_a_cluster_that_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.1)
    api = ApiServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        connection = Connection.open(api.kubeconfig(tmp_path))
        with pytest.raises(ClusterError, match="does not answer"):
            connection.get("/api/v1/nodes")
        connection.close()


def test_a_refusal_carries_its_status_and_the_servers_words(
    api: ApiServer, connection: Connection
) -> None:
    api.statuses["/nodes"] = 403
    with pytest.raises(ClusterError, match=r"refused /api/v1/nodes with 403: no: 403") as caught:
        connection.get("/api/v1/nodes")
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("content", "context"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("a: [", None, id="no YAML"),
        pytest.param("{}", None, id="nothing in it"),
        pytest.param("clusters: []\ncontexts: []\nusers: []", "other", id="no such context"),
    ],
)
def test_a_bad_kubeconfig_is_named(
    tmp_path: Path, content: str | None, context: str | None
) -> None:
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ClusterError, match=r"kubeconfig .* can't be used"):
        Connection.open(str(file), context)


def test_a_change_is_sent_in_the_form_that_its_verb_has(
    api: ApiServer, connection: Connection
) -> None:
    connection.delete("/api/v1/nodes/n", {"kind": "DeleteOptions"})
    connection.patch("/api/v1/nodes/n", [{"op": "remove", "path": "/x"}], "somebody")
    assert api.written == [
        ("DELETE", "/api/v1/nodes/n", {"kind": "DeleteOptions"}),
        ("PATCH", "/api/v1/nodes/n?fieldManager=somebody", [{"op": "remove", "path": "/x"}]),
    ]


def test_a_change_that_is_refused_carries_its_status(
    api: ApiServer, connection: Connection
) -> None:
    api.refusals["/nodes/n"] = 409
    with pytest.raises(ClusterError, match=r"refused /api/v1/nodes/n with 409") as caught:
        connection.delete("/api/v1/nodes/n", {})
    assert caught.value.status == 409
