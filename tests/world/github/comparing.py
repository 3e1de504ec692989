"""What a branch has that another has not: its commits, and the files that they changed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from tests.world.github import git

MAX_TEXT = 200_000
"""Bytes; what is larger is shown without its lines, as GitHub leaves out long ones."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs."""

    path: str
    status: str
    """`added`, `modified`, `removed` or (with the same content at another path) `renamed`."""
    sha: str
    """Of the content: the new one, or the old one where it was removed."""
    additions: int = 0
    deletions: int = 0
    patch: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A head against a base."""

    commits: tuple[git.Commit, ...]
    """The head's own ones, oldest first."""
    changes: tuple[Change, ...]
    """What they did since the branches parted, by path."""


def compare(commits: Mapping[str, git.Commit], base: str, head: str) -> Comparison:
    """Compare two commits as GitHub does: from where they parted, not from the base itself."""
    theirs, ours = ancestors(commits, base), ancestors(commits, head)
    own = [sha for sha in ours if sha not in theirs]
    parted = next((sha for sha in ours if sha in theirs), None)
    old = commits[parted].files if parted is not None else {}
    return Comparison(
        commits=tuple(commits[sha] for sha in reversed(own)),
        changes=tuple(changes(old, commits[head].files)),
    )


def ancestors(commits: Mapping[str, git.Commit], sha: str) -> dict[str, None]:
    """A commit and everything before it, nearest first."""
    found: dict[str, None] = {}
    waiting = [sha]
    for here in waiting:
        if here not in found:
            found[here] = None
            waiting.extend(commits[here].parents)
    return found


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """Every file that differs, by path."""
    gone = {path: git.blob_sha(old[path]) for path in sorted(set(old) - set(new))}
    found = []
    for path in sorted(set(old) | set(new)):
        if path not in old:
            sha = git.blob_sha(new[path])
            previous = next((at for at, same in gone.items() if same == sha), None)
            if previous is not None:
                del gone[previous]
                found.append(Change(path, "renamed", sha, previous=previous))
            else:
                found.append(_change(path, "added", b"", new[path], sha))
        elif path in new and old[path] != new[path]:
            sha = git.blob_sha(new[path])
            found.append(_change(path, "modified", old[path], new[path], sha))
    left = [_change(path, "removed", old[path], b"", sha) for path, sha in gone.items()]
    return sorted([*found, *left], key=lambda change: change.path)


def _change(path: str, status: str, old: bytes, new: bytes, sha: str) -> Change:
    if b"\0" in old + new:
        return Change(path, status, sha)
    before, after = (text.decode(errors="replace").splitlines() for text in (old, new))
    if len(old) + len(new) > MAX_TEXT:
        return Change(path, status, sha, len(after), len(before))
    lines = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    return Change(path, status, sha, added, removed, "\n".join(lines) or None)
