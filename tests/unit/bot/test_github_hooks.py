"""Lists of hooks and deliveries; how they are used is in tests/contract/test_audit.py."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import structlog

from bot import audit, errors, github_api, github_hooks

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


class PagedHub:
    """Pages by their cursor; each leads to the next one."""

    as_app = True

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.pages = pages
        self.asked: list[tuple[str, str, str]] = []

    def repositories(self) -> Sequence[str]:
        return ["acme/shop"]

    def ask(
        self,
        what: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        verb: str = "GET",
        repository: str | None = None,
    ) -> github_api.Reply:
        cursor = (query or {}).get("cursor", "")
        self.asked.append((verb, path, cursor))
        following = list(self.pages)[list(self.pages).index(cursor) + 1 :]
        link = f'<https://github.test{path}?cursor={following[0]}>; rel="next"' if following else ""
        return github_api.Reply(self.pages[cursor], {"link": link} if link else {})


def item(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "guid": f"guid {number}",
        "event": "pull_request",
        "action": None,
        "status_code": 502,
        "redelivery": False,
        "delivered_at": f"2026-01-01T00:00:{59 - number:02}Z",
        **changes,
    }


def test_pages_are_followed_by_the_cursor_that_github_gives() -> None:
    hub = PagedHub({"": [item(1), item(2)], "v1_a": [item(3)], "v1_b": [item(4)]})
    found = github_hooks.HookDeliveries(hub).attempts(github_hooks.APP_HOOK, LONG_AGO)
    assert [one.id for one in found] == [1, 2, 3, 4]
    assert [cursor for _, _, cursor in hub.asked] == ["", "v1_a", "v1_b"]


def test_no_page_is_asked_for_that_is_too_old() -> None:
    hub = PagedHub({"": [item(1), item(2)], "v1_a": [item(3)]})
    since = datetime.datetime(2026, 1, 1, 0, 0, 58, tzinfo=datetime.UTC)
    found = github_hooks.HookDeliveries(hub).attempts(github_hooks.APP_HOOK, since)
    assert [one.id for one in found] == [1]
    assert len(hub.asked) == 1


def test_a_list_that_does_not_end_is_cut_short() -> None:
    hub = PagedHub({"" if at == 0 else f"c{at}": [] for at in range(500)})
    with structlog.testing.capture_logs() as lines:
        assert list(github_hooks.pages(hub, "a list", "/x")) == [[]] * github_hooks.MAX_PAGES
    assert [line["event"] for line in lines] == ["list cut short"]


@pytest.mark.parametrize(
    "content",
    [
        {"message": "no list"},
        [{"id": 1}],
        ["text"],
        [item(1, delivered_at="yesterday")],
        [item(1, status_code=None)],
    ],
)
def test_what_is_no_list_of_deliveries_is_told(content: Any) -> None:
    found = github_hooks.HookDeliveries(PagedHub({"": content})).attempts("/app/hook", LONG_AGO)
    with pytest.raises(errors.UnreachableError, match="does not speak GitHub's API"):
        list(found)


def test_an_attempt_is_what_github_says_of_it() -> None:
    hub = PagedHub({"": [item(1, action="opened", redelivery=True)]})
    (found,) = github_hooks.HookDeliveries(hub).attempts("/app/hook", LONG_AGO)
    at = datetime.datetime(2026, 1, 1, 0, 0, 58, tzinfo=datetime.UTC)
    assert found == audit.Attempt("/app/hook", 1, "guid 1", "pull_request", "opened", 502, True, at)


def test_it_is_asked_for_at_its_own_hook() -> None:
    hub = PagedHub({"": [item(7)]})
    deliveries = github_hooks.HookDeliveries(hub)
    (found,) = deliveries.attempts("/repos/acme/shop/hooks/5", LONG_AGO)
    deliveries.ask_again(found)
    path = "/repos/acme/shop/hooks/5/deliveries/7/attempts"
    assert hub.asked[-1] == ("POST", path, "")


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://bot.test/webhook", True),
        ("https://bot.test/stage/webhook?x=1", True),
        ("https://bot.test/webhooks", False),
        ("https://ci.test/?/webhook", False),
        ("None", False),
    ],
)
def test_a_bots_address_ends_in_its_path(url: str, leads: bool) -> None:
    assert github_hooks.leads_to_a_bot(url) is leads
