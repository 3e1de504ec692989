"""`understudy serve` as a process: it starts, takes a delivery, works, and ends cleanly."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from bot import clock, model
from bot.store import SqlStore

SECRET = "hunter2-webhook"
KEY = model.EnvironmentKey("acme/shop", 7)
WAIT_SECONDS = 60.0
"""For a busy machine: Pulumi's SDK takes seconds to load."""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "OUTSIDE"}}]
users: [{name: u, user: {token: x}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
"""


SHA = "a" * 40
STAGE = b"services: {web: {image: 'shop:{sha}', port: 8080}}"
AWS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
ANSWERS: dict[str, dict[str, object]] = {
    "/repos/acme/shop/pulls/8": {
        "number": 8,
        "state": "open",
        "merged": False,
        "draft": False,
        "title": "Change the shop window",
        "user": {"login": "ada"},
        "labels": [{"name": "stage"}],
        "head": {"sha": SHA, "ref": "window", "repo": {"full_name": "acme/shop"}},
        "base": {"sha": SHA, "ref": "main", "repo": {"full_name": "acme/shop"}},
    },
    "/repos/acme/shop/collaborators/ada/permission": {"permission": "write"},
    "/repos/acme/shop/contents/.stage.yaml": {
        "type": "file",
        "name": ".stage.yaml",
        "path": ".stage.yaml",
        "encoding": "base64",
        "content": base64.b64encode(STAGE).decode(),
    },
}
PULUMI = f"""#!{sys.executable} -IS
import os, pathlib, signal, sys, time
if sys.argv[1] == "version":
    print("v3.259.0")
    sys.exit()
# Like the real one, it heeds an interrupt although it inherits ignoring it.
signal.signal(signal.SIGINT, signal.SIG_DFL)
pathlib.Path(os.environ["UNDERSTUDY_DATA_DIR"], "running").touch()
time.sleep(600)
"""
INSTANCES = (
    b'<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    b"<reservationSet/></DescribeInstancesResponse>"
)


class Outside(http.server.BaseHTTPRequestHandler):
    """GitHub, where pull request #8 wants an environment and every other one is gone; and an empty
    cluster and an empty AWS."""

    ended = threading.Event()

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path.startswith("/api"):
            if "watch=" in query:
                self.send_response(200)
                self.end_headers()
                self.ended.wait(WAIT_SECONDS)  # nothing ever happens
            else:
                self.answer(
                    200, {"kind": "List", "metadata": {"resourceVersion": "1"}, "items": []}
                )
        elif path in ANSWERS:
            self.answer(200, ANSWERS[path])
        else:
            self.answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        if self.path == "/":
            self.answer(200, INSTANCES)
        else:
            self.answer(404, {"message": "Not Found"})

    def answer(self, status: int, content: bytes | dict[str, object]) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def outside() -> Iterator[str]:
    Outside.ended.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Outside.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


class Served:
    """A bot that runs as a process group of its own."""

    def __init__(self, folder: Path, outside: str, **changes: str) -> None:
        platform = f"domain: preview.test\naws_endpoint: {outside}\n"
        (folder / "platform.yaml").write_text(platform)
        (folder / "kubeconfig").write_text(KUBECONFIG.replace("OUTSIDE", outside))
        port = free_port()
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.database = f"sqlite:///{folder / 'understudy.db'}"
        given = {
            "webhook_secret": SECRET,
            "github_token": "hunter2-token",
            "github_url": outside,
            "platform_file": str(folder / "platform.yaml"),
            "data_dir": str(folder),
            "pulumi_passphrase": "hunter2-passphrase",
            "kubeconfig": str(folder / "kubeconfig"),
            "port": str(port),
            **changes,
        }
        settings = {f"UNDERSTUDY_{name.upper()}": value for name, value in given.items()}
        with (folder / "log").open("wb") as log:
            programs = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"],
                env={**os.environ, **AWS, **settings, "PATH": programs},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def until(self, what: str, happened: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not happened():
            assert self.process.poll() is None, f"it ended before {what}:\n{self.log}"
            assert time.monotonic() < end, f"no {what}:\n{self.log}"
            time.sleep(0.05)

    def answers(self, path: str) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(self.url + path, timeout=10).status_code == 200
        return False

    def deliver(self, number: int = 7) -> requests.Response:
        body = json.dumps(
            {"action": "opened", "number": number, "repository": {"full_name": "acme/shop"}}
        ).encode()
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": "guid",
            "X-Hub-Signature-256": f"sha256={signed}",
        }
        return requests.post(f"{self.url}/webhook", data=body, headers=headers, timeout=10)

    def raw(self, length: int, body: bytes) -> str:
        """What a client is told that announces a length, sends this, and ends its side."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        head = (
            f"POST /webhook HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: sha256=0\r\nContent-Length: {length}\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(head.encode() + body)
            connection.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            reason = json.loads(answer.read())["reason"]
            return f"{answer.status} {reason}"

    def members(self) -> set[int]:
        """Every process that it started, found by what each of them inherits."""
        mark = f"UNDERSTUDY_DATA_DIR={self.folder}".encode()
        found = set()
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in environ.read_bytes().split(b"\0"):
                    found.add(int(environ.parent.name))
        return found

    def children(self) -> set[int]:
        """The processes that its first one started itself."""
        number = self.process.pid
        listed = Path(f"/proc/{number}/task/{number}/children").read_text()
        return {int(word) for word in listed.split()}

    def end(self) -> None:
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def serve(tmp_path: Path, outside: str) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(**changes: str) -> Served:
        started.append(Served(tmp_path, outside, **changes))
        return started[-1]

    yield start
    for served in started:
        served.end()


def row(served: Served) -> tuple[int, int] | None:
    store = SqlStore(served.database, clock.SystemClock())
    found = store.row(KEY)
    store.close()
    return (found.wanted, found.seen) if found else None


def test_it_serves_works_and_ends_with_everything_that_it_started(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    served.until("life", lambda: served.answers("/healthz"))
    served.until("readiness", lambda: served.answers("/readyz"))
    assert len(served.members()) > 2, "arbiter, server and the engine's fork server"
    assert served.raw(100, b'{"action": "opened"') == "400 truncated"
    assert served.raw(25 * 1024 * 1024 + 1, b"") == "413 too-large"
    assert served.deliver().status_code == 202
    served.until("pass", lambda: row(served) == (1, 1))

    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(WAIT_SECONDS) == 0, served.log
    assert served.members() == set()
    for line in served.log.splitlines():
        assert json.loads(line)["action"], line
    assert "hunter2" not in served.log


def test_an_engine_that_runs_is_ended_with_it(serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").write_text(PULUMI)
    (tmp_path / "bin" / "pulumi").chmod(0o755)
    served = serve()
    served.until("readiness", lambda: served.answers("/readyz"))
    served.deliver(8)
    served.until("engine", (tmp_path / "running").exists)

    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(WAIT_SECONDS) == 0, served.log
    assert served.members() == set()
    # What was begun is remembered, and the next start goes on with it at once.
    store = SqlStore(served.database, clock.SystemClock())
    taken = store.take("next", 60, [model.Lane.CLUSTER])
    store.close()
    assert taken is not None
    assert taken[0].key == model.EnvironmentKey("acme/shop", 8)
    assert taken[0].stack_exists


def test_ctrl_c_reaches_the_whole_group_and_ends_it_as_gently(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    served.until("readiness", lambda: served.answers("/readyz"))
    os.killpg(served.process.pid, signal.SIGINT)
    assert served.process.wait(WAIT_SECONDS) == 0, served.log
    assert served.members() == set()
    assert "Traceback" not in served.log


def test_what_can_not_be_wired_ends_it_with_one_sentence(serve: Callable[..., Served]) -> None:
    served = serve(kubeconfig="/nowhere/kubeconfig")
    assert served.process.wait(WAIT_SECONDS) != 0
    assert served.members() == set()
    assert "Traceback" not in served.log
    assert served.log.startswith("understudy: ")
    assert "/nowhere/kubeconfig" in served.log.splitlines()[0]


def test_a_server_process_that_dies_is_started_anew(serve: Callable[..., Served]) -> None:
    served = serve()
    served.until("readiness", lambda: served.answers("/readyz"))
    assert served.deliver().status_code == 202
    (server,) = served.children()
    os.kill(server, signal.SIGKILL)
    served.until("end", lambda: server not in served.members())
    served.until("readiness", lambda: served.answers("/readyz"))
    assert row(served) is not None
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(WAIT_SECONDS) == 0, served.log
    assert served.members() == set()
