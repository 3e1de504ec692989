"""What a distribution asks its origin for a request: where, by which name, with what. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from tests.world.edge.routing import COOKIE, Config

Headers = list[tuple[str, str]]

ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's managed origin request policies."""

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
ALWAYS = frozenset({"content-type", "content-length", "accept-encoding"})
"""Passed on whatever the policies say, since the body would make no sense without."""


class RefusedError(Exception):
    """The distribution does not serve this request: an HTTP status, and where else to go."""

    def __init__(self, status: int, location: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.location = location


@dataclasses.dataclass(frozen=True)
class OriginRequest:
    """What is sent to the origin."""

    secure: bool
    host: str
    port: int
    path: str
    headers: Headers
    timeout: float


@dataclasses.dataclass(frozen=True)
class _Passing:
    """What of a viewer's request goes on to the origin."""

    headers: frozenset[str] | None
    """Names in lower case; None for all."""
    query: bool
    cookies: bool
    host: bool


def behaviour_of(config: Config, path: str) -> Config:
    """The cache behaviour for a path: the first whose pattern matches, or the default one."""
    for behaviour in config.get("CacheBehaviors", {}).get("Items") or []:
        if _pattern(behaviour["PathPattern"]).fullmatch(path):
            return dict(behaviour)
    return dict(config["DefaultCacheBehavior"])


def origin_of(config: Config, behaviour: Config) -> Config:
    """The origin that a behaviour leads to; of a group, the first."""
    target = behaviour["TargetOriginId"]
    for group in config.get("OriginGroups", {}).get("Items") or []:
        if group["Id"] == target:
            target = group["Members"]["Items"][0]["OriginId"]
    return next(dict(one) for one in config["Origins"]["Items"] if one["Id"] == target)


def request_for(
    config: Config, method: str, target: str, headers: Iterable[tuple[str, str]], viewer: str
) -> OriginRequest:
    """What to send for a viewer's request. Raises RefusedError.

    `target` is the path and query that the viewer asked for, `viewer` its address.
    """
    headers = list(headers)
    parts = urlsplit(target)
    behaviour = behaviour_of(config, parts.path)
    _check_viewer(behaviour, method, target, _first(headers, "host"))
    origin = origin_of(config, behaviour)
    passing = _passing(behaviour)
    custom = origin.get("CustomOriginConfig") or {"OriginProtocolPolicy": "http-only"}
    secure = custom["OriginProtocolPolicy"] == "https-only"
    path = parts.path
    if path == "/" and config.get("DefaultRootObject"):
        path = f"/{config['DefaultRootObject']}"
    query = f"?{parts.query}" if parts.query and passing.query else ""
    return OriginRequest(
        secure=secure,
        host=origin["DomainName"],
        port=int(custom.get("HTTPSPort", 443) if secure else custom.get("HTTPPort", 80)),
        path=f"{origin.get('OriginPath', '')}{path}{query}",
        headers=_headers(headers, origin, passing, viewer),
        timeout=float(custom.get("OriginReadTimeout", 30)),
    )


def _check_viewer(behaviour: Config, method: str, target: str, host: str) -> None:
    """The edge speaks HTTP only, so every viewer comes without TLS."""
    policy = behaviour["ViewerProtocolPolicy"]
    if policy == "redirect-to-https":
        raise RefusedError(301, f"https://{host.split(':', 1)[0]}{target}")
    allowed = behaviour.get("AllowedMethods", {}).get("Items") or ["HEAD", "GET"]
    if policy == "https-only" or method not in allowed:
        raise RefusedError(403)


def _passing(behaviour: Config) -> _Passing:
    if values := behaviour.get("ForwardedValues"):
        names = frozenset(name.lower() for name in (values.get("Headers") or {}).get("Items") or [])
        return _Passing(
            headers=None if "*" in names else names,
            query=bool(values["QueryString"]),
            cookies=values["Cookies"]["Forward"] != "none",
            host=bool(names & {"*", "host"}),
        )
    policy = behaviour.get("OriginRequestPolicyId")
    if not policy:
        return _Passing(headers=frozenset(), query=False, cookies=False, host=False)
    # A policy of somebody's own is not kept by the simulation: it passes on all but Host.
    return _Passing(headers=None, query=True, cookies=True, host=policy == ALL_VIEWER)


def _headers(viewer: Headers, origin: Config, passing: _Passing, address: str) -> Headers:
    custom = [
        (item["HeaderName"], item["HeaderValue"])
        for item in origin.get("CustomHeaders", {}).get("Items") or []
    ]
    own = {name.lower() for name, _ in custom} | {"host", "x-forwarded-for", "via"}
    kept: Headers = []
    for name, value in viewer:
        lower = name.lower()
        if lower in HOP_BY_HOP or lower in own:
            continue
        if lower == "cookie":
            value = _without_session(value)  # noqa: PLW2901
            if not passing.cookies or not value:
                continue
        elif not (passing.headers is None or lower in passing.headers or lower in ALWAYS):
            continue
        kept.append((name, value))
    if not any(name.lower() == "user-agent" for name, _ in kept):
        kept.append(("User-Agent", "Amazon CloudFront"))
    before = _first(viewer, "x-forwarded-for")
    return [
        ("Host", _first(viewer, "host") if passing.host else origin["DomainName"]),
        *kept,
        *custom,
        ("X-Forwarded-For", f"{before}, {address}" if before else address),
    ]


def _without_session(cookies: str) -> str:
    """The viewer's cookies without the edge's own."""
    return "; ".join(
        part
        for part in (part.strip() for part in cookies.split(";"))
        if part and part.split("=", 1)[0] != COOKIE
    )


def _first(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")


def _pattern(pattern: str) -> re.Pattern[str]:
    """CloudFront's path pattern: `*` is any text, `?` any one character, case matters."""
    whole = pattern if pattern.startswith(("/", "*")) else f"/{pattern}"
    return re.compile(
        "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in whole),
        re.DOTALL,
    )


def resolve(host: str, rules: Iterable[tuple[str, str]]) -> str:
    """The address to connect to for a host: of the longest suffix that fits, or the host."""
    fitting: list[tuple[str, str]] = [
        rule for rule in rules if host == rule[0] or host.endswith(f".{rule[0]}")
    ]
    return max(fitting, key=lambda rule: len(rule[0]))[1] if fitting else host


def parse_rule(text: str) -> tuple[str, str]:
    """`SUFFIX=ADDRESS` as a pair. Raises ValueError."""
    suffix, equals, address = text.partition("=")
    if not (suffix and equals and address):
        raise ValueError(f"{text!r} is no SUFFIX=ADDRESS, such as preview.test=127.0.0.1")
    return suffix.lower().removeprefix("."), address
