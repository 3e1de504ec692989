"""The text of the nftables table, and the order in which a packet passes it; pure.

The hooks stand behind kube-proxy's address translation (`prerouting`), so they see the pod that a
service's address led to, and before its masquerading (`postrouting`), so they see the pod that
asked. Frames between two pods of the bridge pass `forward` because of br_netfilter. What pods send
to the world's own programs passes `input`. What those programs send (probes, the ingress
controller) passes neither: a node may always reach its pods. Stricter than Kubernetes, a closed pod
may not reach its node unless a policy says so: here DNS, OTLP and the clouds are on the node.
"""

from __future__ import annotations

from collections.abc import Iterable

NAME = "understudy_policies"

REMOVE = f"add table inet {NAME}\ndelete table inet {NAME}\n"
"""Takes the table away, whether or not it is there."""

# Policies are about new connections; what was allowed to begin may go on.
_ANSWERS = "ct state established,related accept"
# Pods have link-local addresses of IPv6 that no policy can name: a way round all of them.
_NO_IPV6 = "meta nfproto ipv6 {where}drop"
_OUTWARD = "ip saddr @closed_out jump outward"


def render(
    closed_in: Iterable[str],
    closed_out: Iterable[str],
    inward: Iterable[str],
    outward: Iterable[str],
) -> str:
    """The whole ruleset as `nft -f` takes it: it replaces the table of before in one step.

    Closed addresses accept or send only what a line of `inward` or `outward` matches.
    """
    received, sent = sorted(set(closed_in)), sorted(set(closed_out))
    itself = [f"{address} . {address}" for address in sorted({*received, *sent})]
    lines = [
        *REMOVE.splitlines(),
        f"table inet {NAME} {{",
        *_set("closed_in", "ipv4_addr", received),
        *_set("closed_out", "ipv4_addr", sent),
        *_set("itself", "ipv4_addr . ipv4_addr", itself),
        *_chain("inward", [*(f"{line} return" for line in sorted(set(inward))), "drop"]),
        *_chain("outward", [*(f"{line} return" for line in sorted(set(outward))), "drop"]),
        *_chain(
            "between_pods",
            [
                "type filter hook forward priority filter; policy accept;",
                _ANSWERS,
                _NO_IPV6.format(where=""),
                # A pod cannot be closed to itself; it may come by a service's address.
                "ip saddr . ip daddr @itself accept",
                _OUTWARD,
                "ip daddr @closed_in jump inward",
            ],
        ),
        *_chain(
            "to_the_node",
            [
                "type filter hook input priority filter; policy accept;",
                _ANSWERS,
                _NO_IPV6.format(where='iifname != "lo" '),
                _OUTWARD,
            ],
        ),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _set(name: str, kind: str, elements: list[str]) -> list[str]:
    listed = [f"    elements = {{ {', '.join(elements)} }}"] if elements else []
    return [f"  set {name} {{", f"    type {kind}", *listed, "  }"]


def _chain(name: str, lines: Iterable[str]) -> list[str]:
    return [f"  chain {name} {{", *(f"    {' '.join(line.split())}" for line in lines), "  }"]
