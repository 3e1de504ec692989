"""Commits have the names that git gives them."""

from __future__ import annotations

from tests.world.github import git


def test_known_names() -> None:
    # The names that `git hash-object` gives to nothing, as a file and as a folder.
    assert git.blob_sha(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert git.tree_sha({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_a_tree_is_named_as_git_names_it() -> None:
    # Made by `git write-tree`; `a-b` sorts before the folder `a`, since `-` comes before `/`.
    files = {"a/c": b"c\n", "a-b": b"ab\n", "a/d/e": b"e\n"}
    assert git.tree_sha(files) == "88efd87a5f24a3fc54fdf616495c297a1f700989"


def test_a_commit_is_named_as_git_names_it() -> None:
    made = git.commit({"a": b"a\n"}, (), "First", "mona", 1_700_000_000, network=1)
    assert made.sha == "1ab8cb8a902eef8189d09fb71f4215505b81e43d"


def test_the_name_depends_on_content_and_parents() -> None:
    def sha(content: bytes, *parents: str) -> str:
        return git.commit({"a": content}, parents, "m", "mona", 1, network=1).sha

    assert len({sha(b"1"), sha(b"2"), sha(b"1", "0" * 40)}) == 3
    assert sha(b"1") == sha(b"1")
