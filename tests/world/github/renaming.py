"""This world's names and numbers in the place of those of GitHub's published examples."""

from __future__ import annotations

import copy
import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from tests.world.github import npm, objects

INSTALLATION = "installation"


def pick(
    event: str,
    action: str,
    *,
    installed: bool,
    fits: Callable[[dict[str, Any]], bool] = bool,
) -> dict[str, Any]:
    """A copy of the example that fits best: an App's deliveries name its installation."""
    found = next(entry["examples"] for entry in npm.load(npm.EXAMPLES) if entry["name"] == event)
    fitting = [
        example for example in found if example.get("action", "") == action and fits(example)
    ]
    if not fitting:
        raise LookupError(f"{npm.EXAMPLES.package} has no example of {event} {action}")
    best = min(
        fitting,
        key=lambda example: (
            (INSTALLATION in example) != installed,
            "organization" in example,
        ),
    )
    return copy.deepcopy(best)


class Renamed:
    """Writes this world's names and numbers where a piece of an example has its own."""

    def __init__(
        self,
        example: Mapping[str, Any],
        repository: objects.Repository,
        pull: objects.PullRequest | None = None,
    ) -> None:
        theirs = example["repository"]
        self.words = [
            (re.escape(theirs["full_name"]), repository.full_name),
            (rf"\b{re.escape(theirs['owner']['login'])}\b", repository.owner.login),
            (rf"^{re.escape(theirs['name'])}$", repository.name),
        ]
        self.ids = {theirs["id"]: repository.id, theirs["owner"]["id"]: repository.owner.id}
        subject = example.get("pull_request") or example.get("issue")
        if pull is None or subject is None:
            return
        self.words.append((rf"/(pulls?|issues)/{subject['number']}\b", rf"/\1/{pull.number}"))
        if "head" in subject:
            self.words.append((subject["head"]["sha"], pull.head_sha))
            self.words.append((subject["base"]["sha"], pull.base_sha))
            self.ids[subject["id"]] = pull.id

    def of(self, piece: Any, name: str = "") -> Any:
        """The piece with everything renamed."""
        match piece:
            case dict():
                return {key: self.of(value, key) for key, value in piece.items()}
            case list():
                return [self.of(value) for value in piece]
            case str() if not name.endswith("node_id"):
                for pattern, word in self.words:
                    piece = re.sub(pattern, word, piece)
                return piece
            case int() if name == "id" and not isinstance(piece, bool):
                return self.ids.get(piece, piece)
            case _:
                return piece


def person(example: Mapping[str, Any], account: objects.Account) -> dict[str, Any]:
    """An example's user object with another name."""
    written = (example["login"], urllib.parse.quote(example["login"]))
    pattern = "|".join(rf"(?<!\w){re.escape(login)}(?!\w)" for login in written)
    made = {
        key: re.sub(pattern, account.login, value)
        if isinstance(value, str) and key != "node_id"
        else value
        for key, value in example.items()
    }
    return {**made, "id": account.id, "type": account.kind}
