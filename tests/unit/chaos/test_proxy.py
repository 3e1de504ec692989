"""The proxy before a server of our own: what passes, what is remembered, what is done."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import requests
from aiohttp import web

from tests.chaos import faults, proxy, victims
from tests.chaos.control import Control
from tests.world.cluster.pki import Authority

COMMENTS = "/repos/acme/shop/issues/1/comments"
CALL = "POST repos/issues/comments"
DATA_DIR = "/nowhere/chaos"


def _free(number: int) -> list[int]:
    """So many ports, each another."""
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [int(one.getsockname()[1]) for one in found]


@dataclasses.dataclass
class Front:
    """A proxy that runs."""

    control: Control
    github: str
    kubernetes: str
    authority: Authority
    received: list[tuple[str, str, bytes]]
    """What the upstream got: method, target, body."""

    def post(self, body: bytes = b"x") -> requests.Response:
        """A call that changes something."""
        return requests.post(self.github + COMMENTS, body, timeout=10)


@contextlib.asynccontextmanager
async def _upstream(received: list[tuple[str, str, bytes]], port: int) -> AsyncIterator[None]:
    async def handle(request: web.Request) -> web.StreamResponse:
        received.append((request.method, request.raw_path, await request.read()))
        if request.query.get("watch"):
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"first\n")
            await asyncio.sleep(60)
            return response
        return web.Response(status=201, text="made", headers={"X-Own": "1"})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    authority = Authority(tmp_path)
    serving = authority.issue("serving", "proxy", hosts=["127.0.0.1"])
    admin = authority.issue("admin", "admin")
    names = (*faults.UPSTREAMS, "control", "upstream")
    ports = dict(zip(names, _free(len(names)), strict=True))
    received: list[tuple[str, str, bytes]] = []
    url = f"http://127.0.0.1:{ports['upstream']}"
    config = proxy.Config(
        ports=ports,
        urls=dict.fromkeys(faults.UPSTREAMS, url),
        data_dir=DATA_DIR,
        authority=str(authority.certificate),
        serving=(str(serving.certificate), str(serving.key)),
        client=(str(admin.certificate), str(admin.key)),
    )
    started: Future[Callable[[], None]] = Future()

    async def serve() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancel = task.cancel

        def end() -> None:
            loop.call_soon_threadsafe(cancel)

        async with _upstream(received, ports["upstream"]):
            with contextlib.suppress(asyncio.CancelledError):
                await proxy.serve(config, lambda: started.set_result(end))

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    stop = started.result(10)
    try:
        yield Front(
            Control(f"http://127.0.0.1:{ports['control']}"),
            f"http://127.0.0.1:{ports['github']}",
            f"https://127.0.0.1:{ports['kubernetes']}",
            authority,
            received,
        )
    finally:
        stop()
        thread.join()


def test_a_call_passes_as_it_is_and_is_remembered(front: Front) -> None:
    front.control.step("open")
    answer = requests.post(front.github + COMMENTS + "?a=%2F", b"body", timeout=10)
    assert (answer.status_code, answer.text, answer.headers["X-Own"]) == (201, "made", "1")
    assert front.received == [("POST", COMMENTS + "?a=%2F", b"body")]
    (record,) = front.control.records()
    assert (record["step"], record["call"], record["status"]) == ("open", CALL, 201)
    assert record["fault"] == ""


def test_what_only_reads_is_not_remembered(front: Front) -> None:
    requests.get(front.github + COMMENTS, timeout=10)
    assert front.control.records() == []
    assert front.control.counts() == (1, 0)


def test_a_watch_is_a_stream(front: Front) -> None:
    with requests.get(front.github + "/pods?watch=1", stream=True, timeout=10) as answer:
        assert next(answer.iter_lines()) == b"first"


def test_the_api_server_is_for_those_only_who_have_a_certificate(front: Front) -> None:
    ca = str(front.authority.certificate)
    with pytest.raises(requests.RequestException):
        requests.get(front.kubernetes, verify=ca, timeout=10)
    mine = front.authority.issue("mine", "me")
    cert = (str(mine.certificate), str(mine.key))
    target = f"{front.kubernetes}/api/v1/namespaces/a/pods/b"
    assert requests.delete(target, verify=ca, cert=cert, timeout=10).status_code == 201
    assert [record["call"] for record in front.control.records()] == ["DELETE pods"]


def test_before_a_call_nothing_has_reached_the_upstream(front: Front) -> None:
    front.control.arm(faults.Rule(CALL, "before", "drop"))
    with pytest.raises(requests.ConnectionError):
        front.post()
    assert front.received == []
    assert front.post().status_code == 201
    assert [record["fault"] for record in front.control.records()] == ["before drop 0", ""]


def test_after_a_call_it_is_done_and_its_reply_is_withheld(front: Front) -> None:
    front.control.arm(faults.Rule(CALL, "after", "drop"))
    with pytest.raises(requests.ConnectionError):
        front.post()
    assert len(front.received) == 1
    (record,) = front.control.records()
    assert (record["status"], record["fault"]) == (201, "after drop 0")


def test_a_status_is_answered_instead(front: Front) -> None:
    front.control.arm(faults.Rule(CALL, "before", "status", value=429))
    assert front.post().status_code == 429
    assert front.received == []


@pytest.mark.parametrize("kind", ["down", "error"])
def test_weather_lasts_until_it_is_cleared(front: Front, kind: faults.Kind) -> None:
    front.control.weather("github", faults.Weather(kind, 503))
    for _ in range(2):
        if kind == "error":
            assert front.post().status_code == 503
        else:
            with pytest.raises(requests.ConnectionError):
                front.post()
    front.control.clear()
    assert front.post().status_code == 201
    assert len(front.received) == 1


def test_slow_weather_lets_calls_through(front: Front) -> None:
    front.control.weather("github", faults.Weather("slow", 0.01))
    assert front.post().status_code == 201
    assert front.control.counts() == (1, 1)


def test_the_victim_is_dead_before_the_call_is_seen(front: Front) -> None:
    code = "import time; print('up', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={victims.VARIABLE: DATA_DIR},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        front.control.bot(1)
        front.control.arm(faults.Rule(CALL, "before", "kill", "engine"))
        with pytest.raises(requests.ConnectionError):
            front.post()
        assert engine.wait(10) == -9
    (record,) = front.control.records()
    assert (record["by"], record["fault"]) == ("bot", "before kill engine")
    assert front.received == []


def test_where_no_victim_is_the_call_goes_through_and_it_is_said(front: Front) -> None:
    front.control.bot(1)
    front.control.arm(faults.Rule(CALL, "before", "kill", "engine"))
    assert front.post().status_code == 201
    assert [record["fault"] for record in front.control.records()] == ["no engine to kill"]
