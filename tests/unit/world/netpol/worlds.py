"""Hypothesis strategies of whole clusters: namespaces, pods and policies as an API server has them.

Names, labels and networks are few, so that selectors meet pods and networks overlap.
"""

from typing import Any

import hypothesis.strategies as st

from tests.unit.world.netpol.objects import Json, namespace, pod, policy

NAMESPACES = ("shop", "other")
PORTS = (1, 53, 80, 8080)
_NAMES = ("http", "dns")
ADDRESSES = tuple(f"10.244.{high}.{low}" for high in (0, 1) for low in (10, 11, 12))
_NETWORKS = ("0.0.0.0/0", "10.244.0.0/16", "10.244.1.0/24", "10.244.0.10/31", "10.244.1.12/32")

_labels = st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"), max_size=2)
_values = st.lists(st.sampled_from("12"), min_size=1, max_size=2)
_expressions = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        st.sampled_from("ab"),
        st.sampled_from(("In", "NotIn")),
        _values,
    ),
    st.builds(
        lambda key, operator: {"key": key, "operator": operator},
        st.sampled_from("ab"),
        st.sampled_from(("Exists", "DoesNotExist")),
    ),
)
_selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": _labels, "matchExpressions": st.lists(_expressions, max_size=1)}
)


@st.composite
def _blocks(draw: st.DrawFn) -> Json:
    return {
        "ipBlock": {
            "cidr": draw(st.sampled_from((*_NETWORKS, "2001:db8::/32"))),
            "except": draw(st.lists(st.sampled_from(_NETWORKS[1:]), max_size=3)),
        }
    }


_peers = st.one_of(
    _blocks(),
    st.fixed_dictionaries({"podSelector": _selectors}),
    st.fixed_dictionaries({"namespaceSelector": _selectors}, optional={"podSelector": _selectors}),
)


@st.composite
def _ports(draw: st.DrawFn) -> Json:
    found: Json = {"protocol": draw(st.sampled_from(("TCP", "UDP", "SCTP")))}
    port: Any = draw(st.sampled_from((*PORTS, *_NAMES, None)))
    if port is not None:
        found["port"] = port
    if isinstance(port, int) and draw(st.booleans()):
        found["endPort"] = draw(st.integers(port, 9000))
    return found


def _rules(side: str) -> st.SearchStrategy[list[Json]]:
    return st.lists(
        st.fixed_dictionaries(
            {},
            optional={side: st.lists(_peers, max_size=2), "ports": st.lists(_ports(), max_size=2)},
        ),
        max_size=2,
    )


@st.composite
def policies(draw: st.DrawFn) -> Json:
    """One policy, with the kinds that the API server fills in."""
    kinds = draw(st.sampled_from((["Ingress"], ["Egress"], ["Ingress", "Egress"])))
    spec: Json = {"podSelector": draw(_selectors), "policyTypes": kinds}
    if "Ingress" in kinds:
        spec["ingress"] = draw(_rules("from"))
    if "Egress" in kinds:
        spec["egress"] = draw(_rules("to"))
    return policy(spec, draw(st.sampled_from(NAMESPACES)))


@st.composite
def clusters(draw: st.DrawFn) -> tuple[list[Json], list[Json], list[Json]]:
    """Policies, namespaces and pods."""
    spaces = [namespace(name, **draw(_labels)) for name in NAMESPACES]
    pods = [
        pod(
            address,
            draw(st.sampled_from(NAMESPACES)),
            draw(_labels),
            draw(st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(PORTS), max_size=2)),
        )
        for address in draw(
            st.lists(st.sampled_from(ADDRESSES), unique=True, min_size=2, max_size=4)
        )
    ]
    return draw(st.lists(policies(), max_size=3)), spaces, pods
