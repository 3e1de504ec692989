"""Which distribution answers a request: the primary by Host, its staging one by the policy. Pure.

From the developer guide, "Understand how continuous deployment works".
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Config = dict[str, Any]

COOKIE = "cf-cd-session"
"""Keeps a viewer on its side of a weight. CloudFront's own name for it is not published."""


@dataclasses.dataclass(frozen=True)
class Distribution:
    """A distribution as the edges have it."""

    id: str
    domain: str
    config: Config
    policy: Config | None = None

    @property
    def staging(self) -> bool:
        """Whether only a policy leads to it."""
        return bool(self.config.get("Staging"))

    def answers(self, host: str) -> bool:
        """Whether a viewer may ask it by this host name."""
        if self.staging or not self.config["Enabled"]:
            return False
        names = [self.domain, *(self.config.get("Aliases", {}).get("Items") or [])]
        return any(_matches(name.lower(), host) for name in names)


@dataclasses.dataclass(frozen=True)
class Choice:
    """Who answers, and the session cookie that the viewer gets with it."""

    distribution: Distribution
    cookie: str | None = None
    max_age: int = 0


def choose(
    distributions: Sequence[Distribution],
    host: str,
    headers: Mapping[str, str],
    cookies: Mapping[str, str],
    now: float,
    draw: Callable[[], float],
) -> Choice | None:
    """Who answers; None where no distribution has this host.

    `headers` has lower-case names; `draw` gives a number from 0 up to 1.
    """
    host = host.split(":", 1)[0].lower()
    primary = next((one for one in distributions if one.answers(host)), None)
    if primary is None:
        return None
    staging = _staging(distributions, primary)
    traffic = (primary.policy or {}).get("TrafficConfig") or {}
    if staging is None or not traffic:
        return Choice(primary)
    if traffic["Type"] == "SingleHeader":
        rule = traffic["SingleHeaderConfig"]
        wanted = headers.get(rule["Header"].lower()) == rule["Value"]
        return Choice(staging if wanted else primary)
    return _by_weight(traffic["SingleWeightConfig"], primary, staging, cookies, now, draw)


def _staging(distributions: Sequence[Distribution], primary: Distribution) -> Distribution | None:
    """The staging distribution of a primary, if it can answer now."""
    policy = primary.policy
    if not policy or not policy["Enabled"]:
        return None
    domains = policy["StagingDistributionDnsNames"].get("Items") or []
    for one in distributions:
        if one.staging and one.domain in domains and one.config["Enabled"]:
            return one
    return None


def _by_weight(
    rule: Config,
    primary: Distribution,
    staging: Distribution,
    cookies: Mapping[str, str],
    now: float,
    draw: Callable[[], float],
) -> Choice:
    stickiness = rule.get("SessionStickinessConfig")
    if not stickiness:
        return Choice(staging if draw() < rule["Weight"] else primary)
    # Another rule means new sessions.
    mark = hashlib.sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest()[:8]
    idle, most = stickiness["IdleTTL"], stickiness["MaximumTTL"]
    session = _session(cookies.get(COOKIE, ""), mark)
    if session and now - session[2] <= idle and now - session[1] <= most:
        side, started, _ = session
    else:
        side, started = ("s" if draw() < rule["Weight"] else "p"), now
    cookie = f"{mark}.{side}.{started:.0f}.{now:.0f}"
    return Choice(staging if side == "s" else primary, cookie, min(idle, most))


def _session(cookie: str, mark: str) -> tuple[str, float, float] | None:
    """Side, beginning and last request of a session; None where there is none of this rule."""
    parts = cookie.split(".")
    if len(parts) != 4 or parts[0] != mark or parts[1] not in ("s", "p"):
        return None
    if not (parts[2].isdecimal() and parts[3].isdecimal()):
        return None
    return parts[1], float(parts[2]), float(parts[3])


def _matches(name: str, host: str) -> bool:
    if name.startswith("*."):
        # A wildcard stands for one label or more, as in CloudFront's alternate domain names.
        return host.endswith(name[1:]) and host != name[1:]
    return name == host
