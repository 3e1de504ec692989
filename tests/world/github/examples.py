"""Payloads of deliveries: GitHub's published examples, with this world's names and numbers.

Nothing else is changed, so that a delivery has every key, and every odd value, of a real one. What
is added: `issue.pull_request` of a comment, since the examples are of issues that are none; the
`installation` of an App's deliveries where an example has none; a deployment status's addresses.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from tests.world.github import objects, payloads, renaming
from tests.world.github.shapes.accounts import granted, selection
from tests.world.github.shapes.common import maybe, node_id, stamp


def payload(
    event: str,
    action: str,
    repository: objects.Repository,
    facts: Mapping[str, Any],
    *,
    installation: int | None,
) -> dict[str, Any]:
    """The body of a delivery, as JSON data."""
    example = renaming.pick(
        event,
        payloads.INSTEAD.get((event, action), action),
        installed=installation is not None,
        fits=payloads.FITS.get(event, bool),
    )
    renamed = renaming.Renamed(example, repository, facts.get("pull"))
    renamed.words += payloads.words(event, example, facts)
    made: dict[str, Any] = renamed.of(example)
    made["repository"]["default_branch"] = repository.default_branch
    if "action" in made:
        made["action"] = action
    made.pop(renaming.INSTALLATION, None)
    if installation is not None:
        made[renaming.INSTALLATION] = {
            "node_id": node_id("IntegrationInstallation", installation),
            **example.get(renaming.INSTALLATION, {}),
            "id": installation,
        }
    if "sender" in facts:
        made["sender"] = renaming.person(example["sender"], facts["sender"])
    if event in payloads.FILL:
        payloads.FILL[event](made, example, repository, facts)
    if event == "pull_request":
        _about_pull(made, example, repository, facts)
    elif event == "issue_comment":
        _about_comment(made, example, facts)
    elif event == "pull_request_review":
        _about_pull(made, example, repository, facts)
        _about_review(made, example, facts["review"])
    elif event == "ping":
        _about_hook(made, facts["hook"])
    return made


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
    # A review's pull request is shown as in a list, and older examples have no draft.
    told = {"number": pull.number, "title": pull.title, "draft": pull.draft, "state": pull.state}
    mine.update({key: value for key, value in told.items() if key in theirs})
    if "number" in example:
        made["number"] = pull.number
    mine["user"] = renaming.person(person, pull.author)
    made["sender"] = renaming.person(person, pull.author)
    mine["base"]["ref"] = mine["base"]["repo"]["default_branch"] = pull.base_ref
    mine["base"]["label"] = f"{repository.owner.login}:{pull.base_ref}"
    mine["head"] = _head(example, pull)
    pattern = example_label(example)
    mine["labels"] = [_label(pattern, label, repository.full_name) for label in pull.labels]
    if "label" in facts:
        made["label"] = _label(example["label"], facts["label"], repository.full_name)
    if "before" in facts:
        made["before"], made["after"] = facts["before"], facts["after"]
    if "merged" not in theirs:
        mine["closed_at"], mine["merged_at"] = maybe(pull.closed_at), maybe(pull.merged_at)
        mine["merge_commit_sha"] = pull.merge_commit_sha
    elif pull.merged_at is not None:
        assert pull.merged_by is not None
        mine["merged"], mine["merge_commit_sha"] = True, pull.merge_commit_sha
        mine["merged_at"] = mine["closed_at"]
        mine["merged_by"] = renaming.person(person, pull.merged_by)


def _head(example: dict[str, Any], pull: objects.PullRequest) -> dict[str, Any]:
    theirs = example["pull_request"]["head"]
    made: dict[str, Any] = copy.deepcopy(theirs)
    if pull.head_repository is None:
        made["repo"] = None
    else:
        made["repo"] = renaming.Renamed(example, pull.head_repository).of(theirs["repo"])
        made["repo"]["fork"] = pull.head_repository.parent is not None
        made["repo"]["default_branch"] = pull.head_repository.default_branch
    made["user"] = renaming.person(theirs["user"], pull.head_owner)
    made["sha"], made["ref"] = pull.head_sha, pull.head_ref
    made["label"] = f"{pull.head_owner.login}:{pull.head_ref}"
    return made


def example_label(example: dict[str, Any]) -> dict[str, Any]:
    """What a label looks like in a payload; examples without labels borrow another's."""
    labels = example["pull_request"]["labels"]
    found: dict[str, Any] = (
        labels[0] if labels else renaming.pick("pull_request", "labeled", installed=True)["label"]
    )
    return found


def _about_comment(made: dict[str, Any], example: dict[str, Any], facts: Mapping[str, Any]) -> None:
    pull: objects.PullRequest = facts["pull"]
    comment: objects.Comment = facts["comment"]
    issue, written = made["issue"], made["comment"]
    person = example["comment"]["user"]
    issue["number"], issue["title"], issue["state"] = pull.number, pull.title, pull.state
    issue["user"] = renaming.person(person, pull.author)
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
    written["created_at"] = stamp(comment.created_at)
    written["updated_at"] = stamp(comment.updated_at)
    written["user"] = renaming.person(person, comment.author)
    made["sender"] = renaming.person(person, comment.author)
    if "before" in facts:
        made["changes"]["body"]["from"] = facts["before"]


def _about_review(made: dict[str, Any], example: dict[str, Any], review: objects.Review) -> None:
    written, theirs = made["review"], example["review"]
    html = written["html_url"].replace(str(theirs["id"]), str(review.id))
    written["id"], written["body"] = review.id, review.body or None
    written["submitted_at"] = stamp(review.submitted_at)
    # Deliveries write small what the API writes in capitals.
    written["state"], written["commit_id"] = review.state.lower(), review.commit_id
    written["html_url"] = written["_links"]["html"]["href"] = html
    written["user"] = made["sender"] = renaming.person(theirs["user"], review.author)


def _about_hook(made: dict[str, Any], hook: objects.Hook) -> None:
    old = str(made["hook_id"])
    made["hook_id"] = made["hook"]["id"] = hook.id
    made["hook"]["events"] = list(hook.events)
    made["hook"]["config"]["url"] = hook.url
    for key, value in made["hook"].items():
        if key.endswith("url"):
            made["hook"][key] = value.replace(old, str(hook.id))


def installation(
    event: str,
    action: str,
    app: objects.App,
    number: int,
    owner: objects.Account,
    repositories: Sequence[objects.Repository],
) -> dict[str, Any]:
    """The body of a delivery about an App's installation on an account."""
    example = renaming.pick(event, action, installed=True)
    made = copy.deepcopy(example)
    theirs, mine = example[renaming.INSTALLATION], made[renaming.INSTALLATION]
    for name in ("access_tokens_url", "html_url"):
        mine[name] = theirs[name].replace(str(theirs["id"]), str(number))
    if owner.kind == "Organization":
        settings = f"/organizations/{owner.login}/settings/"
        mine["html_url"] = mine["html_url"].replace("/settings/", settings)
    mine["id"], mine["app_id"], mine["target_id"] = number, app.id, owner.id
    mine["target_type"], mine["account"] = owner.kind, renaming.person(theirs["account"], owner)
    mine["account"]["type"] = owner.kind
    mine.update(granted(app))
    chosen = selection(app, owner.login)
    mine["repository_selection"] = chosen
    told = [
        {
            "id": item.id,
            "node_id": node_id("Repository", item.id),
            "name": item.name,
            "full_name": item.full_name,
            "private": False,
        }
        for item in repositories
    ]
    if event == "installation":
        made["repositories"] = told
    else:
        made["repository_selection"] = chosen
        made[f"repositories_{action}"] = told
    made["sender"] = renaming.person(example["sender"], owner)
    return made
