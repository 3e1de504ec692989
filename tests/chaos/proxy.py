"""`python -m tests.chaos.proxy CONFIG`: stands before the API server, AWS and GitHub.

Runs inside the world. Every request goes through as it is, watches as streams; calls that change
something are remembered, and are where faults happen. A control port takes the orders.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import yarl
from aiohttp import web

from tests.chaos import faults, names, victims

HOST = "127.0.0.1"
_HOP = frozenset(
    ("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length")
)
"""Headers of one connection (RFC 9110, section 7.6.1), and the length, which is ours."""
_BODY_BYTES = 64 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Config:
    """Where everything is, as JSON."""

    ports: Mapping[str, int]
    """Where to listen: one for each upstream, and `control`."""
    urls: Mapping[str, str]
    """The upstreams."""
    data_dir: str
    """The data folder of the bot whose processes are the victims."""
    authority: str
    serving: tuple[str, str]
    """Certificate and key to show to the bot."""
    client: tuple[str, str]
    """Certificate and key to show to the API server: the ones that the bot's kubeconfig holds."""


@dataclasses.dataclass
class Record:
    """A call that changes something."""

    at: float
    step: str
    upstream: str
    call: str
    path: str
    by: faults.Victim
    """Who made it."""
    status: int = 0
    """The upstream's answer; 0 where there was none."""
    fault: str = ""
    """What was done to it."""


class Proxy:
    """All faults happen here."""

    def __init__(self, config: Config, session: aiohttp.ClientSession) -> None:
        self._urls = config.urls
        self._session = session
        self._processes = victims.Processes(config.data_dir)
        self._bot = 0
        self._step = ""
        self._plan = faults.Plan()
        self._records: list[Record] = []
        self.counts = {"calls": 0, "faults": 0}

    # -- requests ---------------------------------------------------------------------------------

    async def handle(self, upstream: faults.Upstream, request: web.Request) -> web.StreamResponse:
        """Pass one request on, with whatever is to happen to it."""
        body = await request.read()
        self.counts["calls"] += 1
        if (weather := self._plan.weather(upstream)) is not None:
            self.counts["faults"] += 1
            if weather.kind == "down":
                return _dropped(request)
            if weather.kind == "error":
                return _refused(int(weather.value))
            await asyncio.sleep(weather.value)
        record = self._record(upstream, request, body)
        if record and (rule := self._plan.take(record.call, "before", record.by)):
            answer = await self._do(rule, record, request)
            if answer is not None:
                return answer
        try:
            return await self._forward(upstream, request, body, record)
        except aiohttp.ClientError:
            return _dropped(request)

    def _record(
        self, upstream: faults.Upstream, request: web.Request, body: bytes
    ) -> Record | None:
        call = _name(upstream, request, body)
        if call is None:
            return None
        record = Record(time.time(), self._step, upstream, call, request.path, self._by(request))
        self._records.append(record)
        return record

    def _by(self, request: web.Request) -> faults.Victim:
        peer = request.transport and request.transport.get_extra_info("peername")
        session = self._processes.caller(peer[1]) if peer else None
        return "bot" if session in (None, self._bot) else "engine"

    async def _forward(
        self, upstream: faults.Upstream, request: web.Request, body: bytes, record: Record | None
    ) -> web.StreamResponse:
        url = yarl.URL(self._urls[upstream] + request.raw_path, encoded=True)
        headers = [
            (key, value) for key, value in request.headers.items() if key.lower() not in _HOP
        ]
        async with self._session.request(
            request.method, url, headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            kept = [
                (key, value) for key, value in answer.headers.items() if key.lower() not in _HOP
            ]
            if request.query.get("watch") in {"1", "true"} or "follow" in request.query:
                return await _streamed(request, answer, kept)
            content = await answer.read()
            if record:
                record.status = answer.status
                if rule := self._plan.take(record.call, "after", record.by):
                    instead = await self._do(rule, record, request)
                    if instead is not None:
                        return instead
            response = web.Response(status=answer.status, body=content)
            response.headers.clear()
            response.headers.extend(kept)
            return response

    async def _do(
        self, rule: faults.Rule, record: Record, request: web.Request
    ) -> web.StreamResponse | None:
        """Do the fault; None where the call goes on afterwards."""
        self.counts["faults"] += 1
        record.fault = f"{rule.side} {rule.act} {rule.victim or f'{rule.value:g}'}"
        match rule.act:
            case "delay":
                await asyncio.sleep(rule.value)
                return None
            case "status":
                return _refused(int(rule.value))
            case "drop":
                return _dropped(request)
            case "kill":
                engines = self._processes.engines(self._bot)
                groups = [self._bot] if rule.victim == "bot" else engines
                if sum(victims.kill(group) for group in groups) == 0:
                    record.fault = f"no {rule.victim} to kill"
                    return None
                return _dropped(request)

    # -- orders -----------------------------------------------------------------------------------

    def order(self, verb: str, given: Mapping[str, Any]) -> Any:
        """Do what the runner says. Raises LookupError for an unknown verb."""
        match verb:
            case "bot":
                self._bot = int(given["pid"])
            case "step":
                self._step = str(given["name"])
            case "arm":
                self._plan.arm(faults.Rule(**given))
            case "weather":
                weather = given.get("weather")
                self._plan.settle(given["upstream"], weather and faults.Weather(**weather))
            case "clear":
                self._plan.clear()
            case "forget":
                self._records.clear()
            case "state":
                return {
                    "records": [dataclasses.asdict(record) for record in self._records],
                    **self.counts,
                }
            case _:
                raise LookupError(verb)
        return {}


def _name(upstream: faults.Upstream, request: web.Request, body: bytes) -> str | None:
    match upstream:
        case "kubernetes":
            return names.kubernetes(request.method, request.raw_path)
        case "github":
            return names.github(request.method, request.raw_path)
        case "aws":
            return names.amazon(request.method, request.raw_path, request.headers, body)


def _dropped(request: web.Request) -> web.Response:
    """Cut the connection; the response has nowhere to go."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _refused(status: int) -> web.Response:
    """What each of the three may answer: Kubernetes' form, which the others' clients bear."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": "refused for a test",
        "code": status,
    }
    return web.json_response(body, status=status)


async def _streamed(
    request: web.Request, answer: aiohttp.ClientResponse, headers: list[tuple[str, str]]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status)
    response.headers.extend(headers)
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        await response.write(chunk)
    await response.write_eof()
    return response


# -- the process -----------------------------------------------------------------------------------


async def serve(config: Config, started: Callable[[], None] = lambda: None) -> None:
    """Serve until cancelled."""
    upstream_tls = ssl.create_default_context(cafile=config.authority)
    upstream_tls.load_cert_chain(*config.client)
    serving_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=config.authority)
    # Nobody gets the administrator's rights who could not have had them directly.
    serving_tls.verify_mode = ssl.CERT_REQUIRED
    serving_tls.load_cert_chain(*config.serving)
    connector = aiohttp.TCPConnector(limit=0, ssl=upstream_tls, force_close=True)
    timeout = aiohttp.ClientTimeout(total=None, connect=5)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, auto_decompress=False
    ) as session:
        proxy = Proxy(config, session)
        runners = [
            await _listen(_front(proxy, upstream), config.ports[upstream], tls)
            for upstream, tls in (("kubernetes", serving_tls), ("aws", None), ("github", None))
        ]
        runners.append(await _listen(_control(proxy), config.ports["control"], None))
        started()
        try:
            await asyncio.Event().wait()
        finally:
            for runner in runners:
                await runner.cleanup()


def _front(proxy: Proxy, upstream: Any) -> web.Application:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await proxy.handle(upstream, request)

    app = web.Application(client_max_size=_BODY_BYTES)
    app.router.add_route("*", "/{tail:.*}", handle)
    return app


def _control(proxy: Proxy) -> web.Application:
    async def handle(request: web.Request) -> web.StreamResponse:
        given = await request.json()
        return web.json_response(proxy.order(request.match_info["verb"], given))

    app = web.Application()
    app.router.add_post("/{verb}", handle)
    return app


async def _listen(app: web.Application, port: int, tls: ssl.SSLContext | None) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, HOST, port, ssl_context=tls).start()
    return runner


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = json.loads(Path(sys.argv[1]).read_text())
    config = Config(
        **{**given, "serving": tuple(given["serving"]), "client": tuple(given["client"])}
    )
    asyncio.run(serve(config))


if __name__ == "__main__":
    main()
