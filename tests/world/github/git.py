"""Commits as git would name them: blobs, trees and commits hashed in git's own way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit with the whole content of its files."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    author: str
    at: int
    """Seconds since the epoch."""
    files: Mapping[str, bytes]
    network: int
    """Repositories that are forks of one another share their commits, as on GitHub."""


def blob_sha(content: bytes) -> str:
    """The name of a file's content."""
    return _sha("blob", content)


def tree_sha(files: Mapping[str, bytes]) -> str:
    """The name of a folder, with the folders in it."""
    here: dict[str, bytes] = {}
    below: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        first, _, rest = path.partition("/")
        if rest:
            below.setdefault(first, {})[rest] = content
        else:
            here[first] = content
    # Git sorts a folder as if its name ended in a slash.
    entries = [(name, "100644", name, blob_sha(content)) for name, content in here.items()]
    entries += [(f"{name}/", "40000", name, tree_sha(inner)) for name, inner in below.items()]
    listing = b"".join(
        f"{mode} {name}\0".encode() + bytes.fromhex(sha) for _, mode, name, sha in sorted(entries)
    )
    return _sha("tree", listing)


def commit(
    files: Mapping[str, bytes],
    parents: tuple[str, ...],
    message: str,
    author: str,
    at: int,
    network: int,
) -> Commit:
    """Make a commit; the same content, parents, message, author and time give the same name."""
    tree = tree_sha(files)
    who = f"{author} <{author}@users.noreply.github.com> {at} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who}", f"committer {who}", "", message, ""]
    sha = _sha("commit", "\n".join(lines).encode())
    return Commit(sha, tree, parents, message, author, at, dict(files), network)


def _sha(kind: str, content: bytes) -> str:
    # The name of a thing, not a protection: git's own algorithm.
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
