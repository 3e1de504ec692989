"""The edge before the simulated AWS, with two small origins behind it."""

import contextlib
import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.contract.world.aws.accounts import HEADER, Account, origin
from tests.world.aws.process import free_port, running
from tests.world.edge import process as edge_process
from tests.world.edge.view import FRESH_SECONDS

ALIAS = "shop.test"
CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:1:certificate/1",
    "SSLSupportMethod": "sni-only",
    "MinimumProtocolVersion": "TLSv1.2_2021",
}
BEHAVIOUR = {
    "TargetOriginId": "app",
    "ViewerProtocolPolicy": "allow-all",
    "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
    "AllowedMethods": {
        "Quantity": 7,
        "Items": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
    },
}
STAGING = {HEADER["Header"]: HEADER["Value"]}


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        answer = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        text = json.dumps(answer).encode()
        self.send_response(404 if self.path.startswith("/missing") else 200)
        if self.path.startswith("/chunked"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (text[:7], text[7:], b""):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            return
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where all origins listen: they are told apart by the Host that they are asked for."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def edge(endpoint: str) -> Iterator[str]:
    with edge_process.running(endpoint, {"test": "127.0.0.1"}) as address:
        yield address


Get = Callable[..., requests.Response]


@pytest.fixture
def get(edge: str) -> Iterator[Get]:
    """Ask the edge, by the alias if nothing else is said."""
    with requests.Session() as session:

        def ask(path: str = "/", host: str = ALIAS, **named: Any) -> requests.Response:
            headers = {"Host": host, **named.pop("headers", {})}
            method = named.pop("method", "GET")
            return session.request(
                method, f"{edge}{path}", headers=headers, timeout=10, allow_redirects=False, **named
            )

        yield ask


def primary(account: Account, port: int, **changes: Any) -> str:
    made = account.create(
        Aliases={"Quantity": 1, "Items": [ALIAS]},
        ViewerCertificate=CERTIFICATE,
        Origins={"Quantity": 1, "Items": [origin("app", "production.test", port)]},
        **{"DefaultCacheBehavior": BEHAVIOUR, **changes},
    )
    return str(made["Id"])


def staging(account: Account, port: int) -> dict[str, Any]:
    return account.create(
        Staging=True,
        ViewerCertificate=CERTIFICATE,
        Origins={"Quantity": 1, "Items": [origin("app", "pr-7.preview.test", port)]},
        DefaultCacheBehavior=BEHAVIOUR,
    )


def served_by(answer: requests.Response) -> str:
    """The host that the origin was asked for, or the status where none was asked."""
    if answer.headers.get("Content-Type") == "text/html":
        return str(answer.status_code)
    return str(answer.json()["headers"]["host"])


def until(expected: str, ask: Callable[[], requests.Response]) -> requests.Response:
    """Ask until the edge has seen what was changed."""
    deadline = time.monotonic() + 20
    while served_by(answer := ask()) != expected:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.02)
    return answer


def test_production_answers_without_the_header_and_the_preview_with_it(
    account: Account, get: Get, port: int
) -> None:
    identifier = primary(account, port)
    until("production.test", get)
    policy = account.policy(staging(account, port)["DomainName"])
    assert served_by(get(headers=STAGING)) == "production.test"
    account.update(identifier, ContinuousDeploymentPolicyId=policy)
    until("pr-7.preview.test", lambda: get(headers=STAGING))
    assert served_by(get()) == "production.test"
    assert served_by(get(headers={HEADER["Header"]: "guessed"})) == "production.test"
    account.update(identifier, ContinuousDeploymentPolicyId="")
    until("production.test", lambda: get(headers=STAGING))


def test_the_answer_says_that_it_came_through_cloudfront(
    account: Account, get: Get, port: int
) -> None:
    primary(account, port)
    answer = until("production.test", get)
    assert answer.headers["x-cache"] == "Miss from cloudfront"
    assert "cloudfront.net (CloudFront)" in answer.headers["via"]
    assert answer.headers["x-amz-cf-id"]
    asked = answer.json()["headers"]
    assert "CloudFront" in asked["via"]
    assert asked["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_methods_bodies_and_queries_go_through(
    account: Account, get: Get, port: int, method: str
) -> None:
    primary(account, port)
    until("production.test", get)
    answer = get("/a?b=c", method=method, data=b"text" if method == "POST" else None)
    assert answer.status_code == 200
    if method != "HEAD":
        body = answer.json()
        assert (body["method"], body["path"]) == (method, "/a?b=c")
        assert body["body"] == ("text" if method == "POST" else "")


def test_bodies_in_chunks_go_through_both_ways(account: Account, get: Get, port: int) -> None:
    primary(account, port)
    until("production.test", get)
    answer = get("/chunked", method="POST", data=iter([b"one", b"two"]))
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.json()["body"] == "onetwo"


def test_an_error_of_the_origin_is_the_origins(account: Account, get: Get, port: int) -> None:
    primary(account, port)
    until("production.test", get)
    answer = get("/missing")
    assert answer.status_code == 404
    assert answer.headers["x-cache"] == "Error from cloudfront"
    assert served_by(answer) == "production.test"


def test_a_host_that_no_distribution_has_is_refused(account: Account, get: Get, port: int) -> None:
    primary(account, port)
    until("production.test", get)
    answer = get(host="unknown.test")
    assert answer.status_code == 403
    assert "The request could not be satisfied" in answer.text


def test_a_staging_distribution_is_not_reached_by_its_own_name(
    account: Account, get: Get, port: int
) -> None:
    identifier = primary(account, port)
    domain = staging(account, port)["DomainName"]
    own = account.client.get_distribution(Id=identifier)["Distribution"]["DomainName"]
    until("production.test", lambda: get(host=own))
    assert get(host=domain).status_code == 403


def test_an_origin_that_does_not_listen_is_a_bad_gateway(account: Account, get: Get) -> None:
    primary(account, free_port())
    answer = until("502", get)
    assert "CloudFront" in answer.text
    assert answer.headers["x-cache"] == "Error from cloudfront"


def test_a_path_leads_to_its_own_origin(account: Account, get: Get, port: int) -> None:
    both = [origin("app", "production.test", port), origin("static", "static.test", port)]
    account.create(
        Origins={"Quantity": 2, "Items": both},
        Aliases={"Quantity": 1, "Items": [ALIAS]},
        ViewerCertificate=CERTIFICATE,
        DefaultCacheBehavior=BEHAVIOUR,
        CacheBehaviors={
            "Quantity": 1,
            "Items": [{**BEHAVIOUR, "PathPattern": "/static/*", "TargetOriginId": "static"}],
        },
    )
    until("production.test", get)
    assert served_by(get("/static/a.css")) == "static.test"


def test_a_method_that_is_not_allowed_does_not_reach_the_origin(
    account: Account, get: Get, port: int
) -> None:
    read_only = {key: value for key, value in BEHAVIOUR.items() if key != "AllowedMethods"}
    primary(account, port, DefaultCacheBehavior=read_only)
    until("production.test", get)
    assert get(method="POST", data=b"text").status_code == 403


def test_a_weight_keeps_a_viewer_on_its_side(account: Account, get: Get, port: int) -> None:
    identifier = primary(account, port)
    stickiness = {"IdleTTL": 300, "MaximumTTL": 600}
    rule = {"Weight": 0.15, "SessionStickinessConfig": stickiness}
    traffic = {"Type": "SingleWeight", "SingleWeightConfig": rule}
    policy = account.policy(staging(account, port)["DomainName"], TrafficConfig=traffic)
    account.update(identifier, ContinuousDeploymentPolicyId=policy)
    account.wait(identifier)
    deadline = time.monotonic() + 20
    while "set-cookie" not in (answer := get()).headers:
        assert time.monotonic() < deadline
    side = served_by(answer)
    # requests keeps the cookie only for the address that it asked, so it is given by hand
    cookie = answer.headers["set-cookie"].split(";", 1)[0]
    again = [get(headers={"Cookie": cookie}) for _ in range(10)]
    assert {served_by(one) for one in again} == {side}
    assert "cookie" not in again[0].json()["headers"]


def test_the_edges_go_on_with_what_they_had_until_a_change_is_deployed(
    session: Any, port: int
) -> None:
    with (
        running(deploy_seconds=1.5) as slow,
        edge_process.running(slow, {"test": "127.0.0.1"}) as edge,
    ):
        account = Account(session.client("cloudfront", endpoint_url=slow))
        identifier = primary(account, port)

        def ask() -> requests.Response:
            return requests.get(edge, headers={"Host": ALIAS}, timeout=10)

        until("production.test", ask)
        changed = {"Quantity": 1, "Items": [origin("app", "changed.test", port)]}
        account.update(identifier, Origins=changed)
        assert served_by(ask()) == "production.test"
        until("changed.test", ask)
        assert account.status(identifier) == "Deployed"


def test_the_edges_go_on_when_aws_can_not_be_reached(session: Any, port: int) -> None:
    with contextlib.ExitStack() as stack:
        with running(deploy_seconds=0.05) as gone:
            primary(Account(session.client("cloudfront", endpoint_url=gone)), port)
            edge = stack.enter_context(edge_process.running(gone, {"test": "127.0.0.1"}))

            def ask() -> requests.Response:
                return requests.get(edge, headers={"Host": ALIAS}, timeout=10)

            until("production.test", ask)
        time.sleep(2 * FRESH_SECONDS)
        assert served_by(ask()) == "production.test"


@pytest.mark.parametrize(
    "raw",
    [
        b"POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_request_that_can_not_be_read_is_answered(edge: str, raw: bytes) -> None:
    host, number = edge.removeprefix("http://").split(":")
    with socket.create_connection((host, int(number)), timeout=10) as connection:
        connection.sendall(raw)
        assert connection.recv(200).startswith(b"HTTP/1.1 400")
