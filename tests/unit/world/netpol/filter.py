"""Passes packets through a compiled ruleset, so that tests ask what it does, not how it is said."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

_CONDITION = re.compile(
    r"ip (?P<side>saddr|daddr) (?P<less>!= )?"
    r"(?:\{ (?P<set>[^}]*) \}|@(?P<named>\w+)|(?P<one>[\d./]+))"
    r"|meta l4proto (?P<protocol>\w+)"
    r"|(?P<of>tcp|udp|sctp) dport (?P<low>\d+)(?:-(?P<high>\d+))?"
)
_ITSELF = "ip saddr . ip daddr @itself accept"
_IGNORED = ("type ", "ct state", "meta nfproto ipv6")


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection."""

    source: str
    target: str
    port: int
    protocol: str = "tcp"


class Filter:
    """A ruleset's sets and chains."""

    def __init__(self, ruleset: str) -> None:
        self.sets: dict[str, set[str]] = {}
        self.chains: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in map(str.strip, ruleset.splitlines()):
            if line.startswith(("set ", "chain ")):
                kind, name = line.split()[:2]
                lines = []
                if kind == "chain":
                    self.chains[name] = lines
                else:
                    self.sets[name] = set()
            elif line.startswith("elements"):
                self.sets[name] = set(line.partition("{ ")[2].removesuffix(" }").split(", "))
            else:
                lines.append(line)

    def passes(self, packet: Packet, hook: str = "between_pods") -> bool:
        """Whether the packet of a new connection gets through a hook."""
        return self._run(hook, packet) is not False

    def _run(self, chain: str, packet: Packet) -> bool | None:
        """True: accepted; False: dropped; None: back to the caller."""
        for line in self.chains[chain]:
            if line == "}" or line.startswith(_IGNORED):
                continue
            if line == _ITSELF:
                if f"{packet.source} . {packet.target}" in self.sets["itself"]:
                    return True
                continue
            words, verdict = self._split(line)
            if not all(self._holds(found, packet) for found in words):
                continue
            if verdict == "drop":
                return False
            if verdict == "return":
                return None
            outcome = self._run(verdict.removeprefix("jump "), packet)
            if outcome is not None:
                return outcome
        return None

    def _split(self, line: str) -> tuple[list[re.Match[str]], str]:
        found, at = [], 0
        while match := _CONDITION.match(line, at):
            found.append(match)
            at = match.end() + 1
        return found, line[at:]

    def _holds(self, match: re.Match[str], packet: Packet) -> bool:
        parts: dict[str, Any] = match.groupdict()
        if parts["protocol"]:
            return bool(parts["protocol"] == packet.protocol)
        if parts["of"]:
            low = int(parts["low"])
            return parts["of"] == packet.protocol and (
                low <= packet.port <= int(parts["high"] or low)
            )
        address = packet.source if parts["side"] == "saddr" else packet.target
        if parts["named"]:
            listed = self.sets[parts["named"]]
        else:
            listed = set((parts["set"] or parts["one"]).split(", "))
        inside = any(ipaddress.ip_address(address) in ipaddress.ip_network(text) for text in listed)
        return inside is not bool(parts["less"])
