from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from tests.world.edge import origins
from tests.world.edge.routing import COOKIE

VIEWER = "192.0.2.7"


def origin(identifier: str, host: str, **changes: Any) -> dict[str, Any]:
    custom = {"HTTPPort": 8080, "HTTPSPort": 8443, "OriginProtocolPolicy": "http-only"}
    return {"Id": identifier, "DomainName": host, "CustomOriginConfig": custom, **changes}


def behaviour(target: str = "app", **changes: Any) -> dict[str, Any]:
    return {
        "TargetOriginId": target,
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": "p",
        "OriginRequestPolicyId": origins.ALL_VIEWER_EXCEPT_HOST,
        **changes,
    }


def config(
    default: dict[str, Any] | None = None,
    others: list[dict[str, Any]] | None = None,
    first: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    both = [first or origin("app", "app.test"), origin("static", "static.test")]
    return {
        "Origins": {"Quantity": 2, "Items": both},
        "DefaultCacheBehavior": default or behaviour(),
        "CacheBehaviors": {"Quantity": len(others or []), "Items": others or []},
        **changes,
    }


def asked(
    given: dict[str, Any],
    target: str = "/",
    method: str = "GET",
    headers: list[tuple[str, str]] | None = None,
) -> origins.OriginRequest:
    return origins.request_for(
        given, method, target, [("Host", "shop.test"), *(headers or [])], VIEWER
    )


def test_the_origin_is_asked_by_its_own_name_and_port() -> None:
    request = asked(config(), "/a?b=c")
    assert (request.host, request.port, request.secure) == ("app.test", 8080, False)
    assert request.path == "/a?b=c"
    assert ("Host", "app.test") in request.headers
    assert ("X-Forwarded-For", VIEWER) in request.headers


def test_an_https_origin_is_asked_on_its_https_port() -> None:
    custom = {"HTTPPort": 80, "HTTPSPort": 8443, "OriginProtocolPolicy": "https-only"}
    request = asked(config(first=origin("app", "app.test", CustomOriginConfig=custom)))
    assert (request.port, request.secure) == (8443, True)


def test_the_origins_path_comes_before_and_the_root_object_for_the_root() -> None:
    given = config(first=origin("app", "app.test", OriginPath="/v2"), DefaultRootObject="i.html")
    assert asked(given, "/").path == "/v2/i.html"
    assert asked(given, "/a/").path == "/v2/a/"


def test_the_origins_own_headers_win() -> None:
    headers = {"Quantity": 1, "Items": [{"HeaderName": "x-tenant", "HeaderValue": "shop"}]}
    given = config(first=origin("app", "app.test", CustomHeaders=headers))
    request = asked(given, headers=[("X-Tenant", "another")])
    assert [value for name, value in request.headers if name.lower() == "x-tenant"] == ["shop"]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/static/*", "/static/a/b.css", True),
        ("/static/*", "/Static/a", False),
        ("static/*", "/static/a", True),
        ("*.jpg", "/a/b.jpg", True),
        ("*.jpg", "/a/bxjpg", False),
        ("/a?c", "/abc", True),
        ("/a?c", "/ac", False),
        ("/[ab]", "/a", False),
    ],
)
def test_a_path_pattern_chooses_the_behaviour(pattern: str, path: str, matches: bool) -> None:
    given = config(others=[behaviour("static", PathPattern=pattern)])
    assert asked(given, path).host == ("static.test" if matches else "app.test")


def test_the_first_pattern_that_matches_wins() -> None:
    given = config(
        others=[behaviour("static", PathPattern="/a/*"), behaviour("app", PathPattern="/a/b")]
    )
    assert asked(given, "/a/b?q=/x").host == "static.test"


def test_a_group_is_asked_at_its_first_member() -> None:
    members = {"Quantity": 2, "Items": [{"OriginId": "static"}, {"OriginId": "app"}]}
    groups = {"Quantity": 1, "Items": [{"Id": "both", "Members": members}]}
    assert asked(config(behaviour("both"), OriginGroups=groups)).host == "static.test"


SENT = [
    ("Cookie", f"a=1; {COOKIE}=x; b=2"),
    ("Authorization", "Bearer 1"),
    ("Connection", "close"),
    ("X-Own", "1"),
]


@pytest.mark.parametrize(
    ("changes", "passed", "host", "query"),
    [
        ({}, {"cookie", "authorization", "x-own"}, "app.test", True),
        (
            {"OriginRequestPolicyId": origins.ALL_VIEWER},
            {"cookie", "authorization", "x-own"},
            "shop.test",
            True,
        ),
        ({"OriginRequestPolicyId": None}, set(), "app.test", False),
        (
            {
                "ForwardedValues": {
                    "QueryString": True,
                    "Cookies": {"Forward": "none"},
                    "Headers": {"Quantity": 2, "Items": ["Host", "X-Own"]},
                }
            },
            {"x-own"},
            "shop.test",
            True,
        ),
        (
            {"ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "all"}}},
            {"cookie"},
            "app.test",
            False,
        ),
    ],
)
def test_policies_decide_what_is_passed_on(
    changes: dict[str, Any], passed: set[str], host: str, query: bool
) -> None:
    request = asked(config(behaviour(**changes)), "/?q=1", headers=SENT)
    names = {name.lower() for name, _ in request.headers}
    assert names == passed | {"host", "user-agent", "x-forwarded-for"}
    assert ("Host", host) in request.headers
    assert request.path == ("/?q=1" if query else "/")


def test_the_edges_own_cookie_stays_at_the_edge() -> None:
    request = asked(config(), headers=SENT)
    assert ("Cookie", "a=1; b=2") in request.headers
    alone = asked(config(), headers=[("Cookie", f"{COOKIE}=x")])
    assert not any(name == "Cookie" for name, _ in alone.headers)


@pytest.mark.parametrize(
    ("changes", "method", "status", "location"),
    [
        ({"ViewerProtocolPolicy": "redirect-to-https"}, "GET", 301, "https://shop.test/a?b"),
        ({"ViewerProtocolPolicy": "https-only"}, "GET", 403, None),
        ({}, "POST", 403, None),
    ],
)
def test_what_the_behaviour_does_not_serve_is_refused(
    changes: dict[str, Any], method: str, status: int, location: str | None
) -> None:
    with pytest.raises(origins.RefusedError) as caught:
        asked(config(behaviour(**changes)), "/a?b", method)
    assert (caught.value.status, caught.value.location) == (status, location)


@hypothesis.given(
    pattern=st.text("ab/*?.", min_size=1, max_size=6), path=st.text("ab/.", max_size=6)
)
def test_a_star_matches_whatever_is_put_in_its_place(pattern: str, path: str) -> None:
    given = config(others=[behaviour("static", PathPattern=f"/{pattern}")])
    concrete = "/" + pattern.replace("*", path).replace("?", "a")
    # A path of two leading slashes would be read as a host name by any URL parser.
    hypothesis.assume(not concrete.startswith("//"))
    assert asked(given, concrete).host == "static.test"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("pr-7.preview.test", "10.0.0.1"),
        ("preview.test", "10.0.0.1"),
        ("www.test", "10.0.0.2"),
        ("nopreview.test", "10.0.0.2"),
        ("example.org", "example.org"),
    ],
)
def test_the_longest_suffix_says_where_to_connect(host: str, address: str) -> None:
    rules = [origins.parse_rule(text) for text in ("preview.test=10.0.0.1", ".test=10.0.0.2")]
    assert origins.resolve(host, rules) == address


@pytest.mark.parametrize("text", ["preview.test", "=10.0.0.1", "preview.test="])
def test_a_rule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"preview\.test=127\.0\.0\.1"):
        origins.parse_rule(text)
