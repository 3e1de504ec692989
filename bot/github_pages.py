"""Reads GitHub's lists to their end, and at little cost while they stay as they are.

Each page is asked for with its last ETag: an unchanged one is answered by 304, which GitHub does
not count (documentation, "Best practices for using the REST API"). What is read here decides about
whole environments, so a list is complete or it is an error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import requests.utils

from bot import errors

PER_PAGE = 100
"""The most that GitHub gives at once."""
MAX_READINGS = 4
"""A list of several pages that is never twice the same is given up after so many."""

Item = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """One page, as GitHub gave it out."""

    content: Any
    etag: str
    link: str
    """The header of this name, which leads to the other pages; empty without one."""


Ask = Callable[[str, dict[str, Any], str], Answer | None]
"""Asks for a path with a query; None where it is still what the ETag (if not empty) stands for."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Page:
    items: tuple[Item, ...]
    etag: str
    more: bool
    """Whether another page may follow."""


class Pages:
    """Lists, page by page; it remembers each page with its ETag."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], _Page] = {}

    def read(
        self, list_name: str, path: str, query: Mapping[str, Any], field: str | None, ask: Ask
    ) -> list[Item]:
        """Every item of a list (`field` of the answer, where that is an object).

        `list_name` tells lists of one path apart. Raises TypeError for what can be no list of
        GitHub, UnreachableError for one that does not hold still.
        """

        def reading() -> list[list[Item]]:
            return self._reading(list_name, path, query, field, ask)

        found = reading()
        for _ in range(MAX_READINGS - 1):
            if len(found) == 1:
                break
            # While one page is read, others move: what is closed pulls the rest forward, past the
            # place where the reading is. Only what is twice the same was whole.
            again = reading()
            if _ids(again) == _ids(found):
                break
            found = again
        else:
            raise errors.UnreachableError(
                f"the list {path} changed each time that it was read, so it has to wait"
            )
        return [item for page in found for item in page]

    def _reading(
        self, list_name: str, path: str, query: Mapping[str, Any], field: str | None, ask: Ask
    ) -> list[list[Item]]:
        pages: list[list[Item]] = []
        seen: set[int] = set()
        more = True
        while more:
            number = len(pages) + 1
            known = self._known.get((list_name, number))
            asked = {**query, "per_page": PER_PAGE, "page": number}
            answer = ask(path, asked, known.etag if known else "")
            page = known if answer is None else _page(answer, field)
            if page is None:
                raise TypeError(path)  # unchanged, but against nothing
            self._known[list_name, number] = page
            new = [item for item in page.items if item["id"] not in seen]
            if page.items and not new:
                raise TypeError(path)  # it gives the same page for each number
            seen.update(item["id"] for item in new)
            pages.append(new)
            more = page.more
        return pages


def _page(answer: Answer, field: str | None) -> _Page:
    content = answer.content if field is None else answer.content.get(field)
    if not isinstance(content, list):
        raise TypeError(content)
    for item in content:
        if not isinstance(item, dict) or not isinstance(item.get("id"), int):
            raise TypeError(item)
    links = requests.utils.parse_header_links(answer.link) if answer.link else []
    # A full page is never believed to be the last: the header may be lost on the way, and an ETag
    # does not cover it, so that a new second page leaves the first one unchanged.
    more = len(content) >= PER_PAGE or any(link.get("rel") == "next" for link in links)
    return _Page(tuple(content), answer.etag, more)


def _ids(pages: list[list[Item]]) -> list[int]:
    return [item["id"] for page in pages for item in page]
