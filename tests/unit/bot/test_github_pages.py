"""Lists that move, end too early, or are none; tests/contract/test_hub.py has real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, github_pages
from bot.github_pages import PER_PAGE, Answer, Pages


class Forge:
    """A list in pages, and what happens to it before each request."""

    def __init__(self, *ids: int) -> None:
        self.ids = list(ids)
        self.asked: list[tuple[int, str]] = []
        self.links = True
        self.before: Callable[[int], object] = lambda request: None

    def ask(self, path: str, query: dict[str, Any], etag: str) -> Answer | None:
        self.before(len(self.asked))
        page = query["page"]
        part = self.ids[(page - 1) * PER_PAGE : page * PER_PAGE]
        found = f'"{part}"'
        self.asked.append((page, "known" if found == etag else "new"))
        if found == etag:
            return None
        more = self.links and page * PER_PAGE < len(self.ids)
        link = f'<{path}?page={page + 1}>; rel="next"' if more else ""
        return Answer([{"id": one} for one in part], found, link)


def read(pages: Pages, forge: Forge) -> list[int]:
    return [item["id"] for item in pages.read("acme/shop", "/pulls", {}, None, forge.ask)]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250])
def test_every_item_is_read_whatever_the_links_say(count: int, links: bool) -> None:
    forge = Forge(*range(count))
    forge.links = links
    assert read(Pages(), forge) == list(range(count))


def test_one_page_is_asked_for_once_and_then_by_its_etag() -> None:
    pages, forge = Pages(), Forge(1, 2)
    assert read(pages, forge) == read(pages, forge) == [1, 2]
    assert forge.asked == [(1, "new"), (1, "known")]
    forge.ids.append(3)
    assert read(pages, forge) == [1, 2, 3]


def test_several_pages_are_read_again_at_no_cost() -> None:
    forge = Forge(*range(150))
    read(Pages(), forge)
    assert forge.asked == [(1, "new"), (2, "new"), (1, "known"), (2, "known")]


def test_lists_are_told_apart() -> None:
    pages, one, two = Pages(), Forge(1), Forge(2)
    pages.read("acme/shop", "/pulls", {}, None, one.ask)
    found = pages.read("acme/other", "/pulls", {}, None, two.ask)
    assert [item["id"] for item in found] == [2]


def test_what_closes_while_it_is_read_hides_no_other() -> None:
    """Number 100 moves to the first page after that one was read."""
    forge = Forge(*range(150))
    forge.before = lambda request: forge.ids.pop(0) if request == 1 else None
    assert read(Pages(), forge) == list(range(1, 150))


def test_a_list_that_never_holds_still_is_none() -> None:
    forge = Forge(*range(150))
    forge.before = lambda request: forge.ids.pop(0)
    with pytest.raises(errors.UnreachableError, match="changed each time"):
        read(Pages(), forge)


@given(st.lists(st.integers(0, 249), max_size=3), st.integers(0, 249))
def test_what_is_open_all_the_time_is_always_listed(closed: list[int], number: int) -> None:
    forge = Forge(*range(250))

    def close(request: int) -> None:
        if request < len(closed) and closed[request] in forge.ids:
            forge.ids.remove(closed[request])

    forge.before = close
    found = read(Pages(), forge)
    assert len(set(found)) == len(found)
    assert number in found or number in closed


NONE: list[Any] = [{}, "text", None, [1], [{"id": "1"}], [{}], 7]


@pytest.mark.parametrize("content", NONE, ids=repr)
def test_what_is_no_list_is_found_out(content: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        Pages().read("x", "/pulls", {}, None, lambda *_: Answer(content, "", ""))


def test_a_list_inside_an_object_is_taken_out() -> None:
    content = {"total_count": 1, "repositories": [{"id": 7}]}
    read_from: github_pages.Ask = lambda *_: Answer(content, "", "")  # noqa: E731
    assert Pages().read("x", "/repos", {}, "repositories", read_from) == [{"id": 7}]
    with pytest.raises(TypeError):
        Pages().read("x", "/repos", {}, "others", read_from)


def test_unchanged_against_nothing_is_no_answer() -> None:
    with pytest.raises(TypeError):
        Pages().read("x", "/pulls", {}, None, lambda *_: None)


def test_the_same_page_for_every_number_is_found_out() -> None:
    """What a redirect comes to that forgets the query."""
    same = Answer([{"id": 1}], "", '</pulls?page=2>; rel="next"')
    with pytest.raises(TypeError):
        Pages().read("x", "/pulls", {}, None, lambda *_: same)
