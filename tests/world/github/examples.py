"""Payloads of deliveries: GitHub's published examples, with this world's names and numbers.

Nothing else is changed, so that a delivery has every key, and every odd value, of a real one. The
one addition is `issue.pull_request` of a comment: the examples are of issues that are none.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from tests.world.github import npm, objects

INSTALLATION = "installation"


def pick(event: str, action: str, *, installed: bool) -> dict[str, Any]:
    """A copy of the example that fits best: an App's deliveries name its installation."""
    found = next(entry["examples"] for entry in npm.load(npm.EXAMPLES) if entry["name"] == event)
    fitting = [example for example in found if example.get("action", "") == action]
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


def payload(
    event: str,
    action: str,
    repository: objects.Repository,
    facts: Mapping[str, Any],
    *,
    installation: int | None,
) -> dict[str, Any]:
    """The body of a delivery, as JSON data."""
    example = pick(event, action, installed=installation is not None)
    made: dict[str, Any] = _Renamed(example, repository, facts.get("pull")).of(example)
    made["repository"]["default_branch"] = repository.default_branch
    if installation is not None and INSTALLATION in made:
        made[INSTALLATION]["id"] = installation
    if event == "pull_request":
        _about_pull(made, example, repository, facts)
    elif event == "issue_comment":
        _about_comment(made, example, facts)
    elif event == "ping":
        _about_hook(made, facts["hook"])
    return made


class _Renamed:
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


def _person(example: Mapping[str, Any], account: objects.Account) -> dict[str, Any]:
    """An example's user object with another name."""
    made = {
        key: re.sub(rf"\b{re.escape(example['login'])}\b", account.login, value)
        if isinstance(value, str) and key != "node_id"
        else value
        for key, value in example.items()
    }
    return {**made, "id": account.id}


def _label(example: Mapping[str, Any], label: objects.Label, full_name: str) -> dict[str, Any]:
    address = f"https://api.github.com/repos/{full_name}/labels/{label.name}"
    return {**example, "id": label.id, "name": label.name, "color": label.color, "url": address}


def _about_pull(
    made: dict[str, Any],
    example: dict[str, Any],
    repository: objects.Repository,
    facts: Mapping[str, Any],
) -> None:
    pull: objects.PullRequest = facts["pull"]
    theirs = example["pull_request"]
    mine = made["pull_request"]
    person = theirs["user"]
    made["number"] = mine["number"] = pull.number
    mine["title"], mine["draft"], mine["state"] = pull.title, pull.draft, pull.state
    mine["user"] = _person(person, pull.author)
    made["sender"] = _person(person, pull.author)
    mine["base"]["ref"] = mine["base"]["repo"]["default_branch"] = pull.base_ref
    mine["base"]["label"] = f"{repository.owner.login}:{pull.base_ref}"
    mine["head"] = _head(example, pull)
    pattern = example_label(example)
    mine["labels"] = [_label(pattern, label, repository.full_name) for label in pull.labels]
    if "label" in facts:
        made["label"] = _label(example["label"], facts["label"], repository.full_name)
    if "before" in facts:
        made["before"], made["after"] = facts["before"], facts["after"]
    if pull.merged_at is not None:
        assert pull.merged_by is not None
        mine["merged"], mine["merge_commit_sha"] = True, pull.merge_commit_sha
        mine["merged_at"] = mine["closed_at"]
        mine["merged_by"] = _person(person, pull.merged_by)


def _head(example: dict[str, Any], pull: objects.PullRequest) -> dict[str, Any]:
    theirs = example["pull_request"]["head"]
    made: dict[str, Any] = copy.deepcopy(theirs)
    if pull.head_repository is None:
        made["repo"] = None
    else:
        made["repo"] = _Renamed(example, pull.head_repository).of(theirs["repo"])
        made["repo"]["fork"] = pull.head_repository.parent is not None
        made["repo"]["default_branch"] = pull.head_repository.default_branch
    made["user"] = _person(theirs["user"], pull.head_owner)
    made["sha"], made["ref"] = pull.head_sha, pull.head_ref
    made["label"] = f"{pull.head_owner.login}:{pull.head_ref}"
    return made


def example_label(example: dict[str, Any]) -> dict[str, Any]:
    """What a label looks like in a payload; examples without labels borrow another's."""
    labels = example["pull_request"]["labels"]
    found: dict[str, Any] = (
        labels[0] if labels else pick("pull_request", "labeled", installed=True)["label"]
    )
    return found


def _about_comment(made: dict[str, Any], example: dict[str, Any], facts: Mapping[str, Any]) -> None:
    pull: objects.PullRequest = facts["pull"]
    comment: objects.Comment = facts["comment"]
    issue, written = made["issue"], made["comment"]
    person = example["comment"]["user"]
    issue["number"], issue["title"], issue["state"] = pull.number, pull.title, pull.state
    issue["user"] = _person(person, pull.author)
    issue["labels"] = []
    address = issue["url"].replace("/issues/", "/pulls/")
    html = issue["html_url"] = issue["html_url"].replace("/issues/", "/pull/")
    merged_at = pull.merged_at.strftime("%Y-%m-%dT%H:%M:%SZ") if pull.merged_at else None
    issue["pull_request"] = {
        "url": address,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "merged_at": merged_at,
    }
    old = str(example["comment"]["id"])
    for key in ("url", "html_url"):
        written[key] = written[key].replace(old, str(comment.id)).replace("/issues/", "/pull/")
    written["url"] = written["url"].replace("/pull/", "/issues/")
    written["id"], written["body"] = comment.id, comment.body
    written["user"] = _person(person, comment.author)
    made["sender"] = _person(person, comment.author)
    if "before" in facts:
        made["changes"]["body"]["from"] = facts["before"]


def _about_hook(made: dict[str, Any], hook: objects.Hook) -> None:
    old = str(made["hook_id"])
    made["hook_id"] = made["hook"]["id"] = hook.id
    made["hook"]["events"] = list(hook.events)
    made["hook"]["config"]["url"] = hook.url
    for key, value in made["hook"].items():
        if key.endswith("url"):
            made["hook"][key] = value.replace(old, str(hook.id))
