"""What is in a pull request: its files and commits."""

from __future__ import annotations

import pytest

from tests.unit.world.github.conftest import Api
from tests.world.github import comparing, git
from tests.world.github.control import GitHubWorld

PULL = "/repos/acme/shop/pulls/1"


def test_a_pull_requests_files_are_those_of_all_its_commits(api: Api, github: GitHubWorld) -> None:
    github.commit("acme/shop", "main", {"kept.txt": "1\n", "moved.txt": "a long text\n"})
    github.open_pull_request("acme/shop", "change", {"src/a.py": "a = 1\nb = 2\n", "b.bin": b"\0"})
    files = {".stage.yaml": None, "there/moved.txt": "a long text\n", "moved.txt": None}
    head = github.push("acme/shop", 1, {**files, "new.txt": "one\ntwo\n"})
    # What comes to the base meanwhile is not the pull request's.
    github.commit("acme/shop", "main", {"later.txt": "1"})
    github.push("acme/shop", 1, {"new.txt": "one\ntwo\nthree\n"})
    found = {item["filename"]: item for item in api.ask("GET", f"{PULL}/files").json()}
    assert {path: item["status"] for path, item in found.items()} == {
        ".stage.yaml": "removed",
        "b.bin": "added",
        "new.txt": "added",
        "src/a.py": "modified",
        "there/moved.txt": "renamed",
    }
    assert list(found) == sorted(found)
    assert found["there/moved.txt"]["previous_filename"] == "moved.txt"
    assert (found["new.txt"]["additions"], found["new.txt"]["changes"]) == (3, 3)
    assert found["src/a.py"]["patch"] == "@@ -1 +1,2 @@\n a = 1\n+b = 2"
    assert found[".stage.yaml"]["deletions"] == 1
    assert "patch" not in found["b.bin"]
    newest = github.head("acme/shop", 1)
    assert head != newest
    assert found["new.txt"]["contents_url"].endswith(f"/contents/new.txt?ref={newest}")
    assert found["b.bin"]["sha"] == git.blob_sha(b"\0")
    shown = api.ask("GET", PULL).json()
    assert (shown["changed_files"], shown["commits"]) == (5, 3)
    assert (shown["additions"], shown["deletions"]) == (4, 1)


def test_its_commits_are_its_own_oldest_first(api: Api, github: GitHubWorld) -> None:
    made = [github.open_pull_request("acme/shop", "change", {"a": "0"}, fork="mallory/shop").sha]
    made += [github.push("acme/shop", 1, {"a": str(at)}) for at in (1, 2)]
    listed = api.ask("GET", f"{PULL}/commits").json()
    assert [item["sha"] for item in listed] == made
    assert listed[0]["commit"]["author"]["name"] == "mallory"
    paged = api.ask("GET", f"{PULL}/commits", params={"per_page": 2, "page": 2})
    assert [item["sha"] for item in paged.json()] == made[2:]


def test_files_come_in_pages(api: Api, github: GitHubWorld) -> None:
    github.open_pull_request("acme/shop", "change", {f"{at:03}": "1" for at in range(120)})
    first = api.ask("GET", f"{PULL}/files", params={"per_page": 100})
    second = api.ask("GET", first.links["next"]["url"].removeprefix(github.base_url))
    names = [item["filename"] for answer in (first, second) for item in answer.json()]
    assert names == [f"{at:03}" for at in range(120)]
    assert api.ask("GET", "/repos/acme/shop/pulls/9/files").status_code == 404


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"", b"", []),
        (b"1\n", b"1\n", []),
        (b"1\n2\n", b"1\n3\n", [("modified", 1, 1)]),
        (b"1\n" * 150_000, b"2\n", [("modified", 1, 150_000)]),
        (b"\0", b"1", [("modified", 0, 0)]),
    ],
)
def test_lines_are_counted(old: bytes, new: bytes, expected: list[tuple[str, int, int]]) -> None:
    found = comparing.changes({"a": old}, {"a": new})
    assert [(item.status, item.additions, item.deletions) for item in found] == expected


def test_two_files_of_the_same_content_are_both_removed() -> None:
    found = comparing.changes({"a": b"1", "b": b"1"}, {})
    assert [(item.path, item.status) for item in found] == [("a", "removed"), ("b", "removed")]
