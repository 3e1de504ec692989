"""The parts of payloads that tell of commits and of what programs do with them.

For each event there is what an example needs to be usable, which numbers in addresses are replaced
(`words`), and what else is written over the example (`FILL`).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.world.github import git, objects, renaming, shapes
from tests.world.github.shapes.accounts import granted

Json = dict[str, Any]
Facts = Mapping[str, Any]

API = "https://api.github.com"
NOTHING = "0" * 40
"""Instead of a commit, before a branch was there."""

FITS: dict[str, Callable[[Json], bool]] = {
    "push": lambda example: bool(example["commits"]),
    "check_run": lambda example: "deployment" not in example["check_run"],
    "deployment_status": lambda example: "check_run" not in example,
    "workflow_run": lambda example: example["workflow_run"]["conclusion"] == "success",
}
"""Which examples can be used, where not all can."""

INSTEAD = {("repository", "deleted"): "created"}
"""GitHub publishes no example of these; one of another action has the same keys."""

_NUMBERS: dict[str, list[tuple[str, str, str]]] = {
    "check_run": [
        ("check_run", "check-runs", "check"),
        ("check_run", "runs", "check"),
        ("check_run.check_suite", "check-suites", "suite"),
    ],
    "check_suite": [("check_suite", "check-suites", "suite")],
    "deployment_status": [
        ("deployment", "deployments", "deployment"),
        ("deployment_status", "statuses", "status"),
    ],
    "workflow_run": [("workflow_run", "runs", "run"), ("workflow", "workflows", "workflow")],
}
"""By event: a piece of the example, the word before its number in addresses, and the fact."""


def words(event: str, example: Mapping[str, Any], facts: Facts) -> list[tuple[str, str]]:
    """What is replaced in every text of the example, as patterns."""
    found = []
    for piece, before, fact in _NUMBERS.get(event, []):
        theirs: Any = example
        for key in piece.split("."):
            theirs = theirs[key]
        mine = facts["run"].workflow if fact == "workflow" else facts[fact]
        found.append((rf"/{before}/{theirs['id']}\b", f"/{before}/{mine.id}"))
    return found


def push(made: Json, example: Json, at: objects.Repository, facts: Facts) -> None:
    """What was pushed: one commit, since that is what is made at a time."""
    commit: git.Commit = facts["commit"]
    before, ref = facts["before"] or NOTHING, facts["ref"]
    branch = ref.removeprefix("refs/heads/")
    theirs = example["commits"][0]
    person = {**shapes.simple_commit(commit)["author"], "username": commit.author}
    pushed = {
        **copy.deepcopy(theirs),
        **shapes.simple_commit(commit),
        "url": f"https://github.com/{at.full_name}/commit/{commit.sha}",
        "author": person,
        "committer": person,
        **changes(facts["parent"], commit),
    }
    made["ref"], made["before"], made["after"] = ref, before, commit.sha
    made["created"], made["deleted"], made["forced"] = before == NOTHING, False, False
    made["commits"], made["head_commit"] = [pushed], pushed
    end = f"{before[:12]}...{commit.sha[:12]}" if before != NOTHING else branch
    made["compare"] = f"https://github.com/{at.full_name}/compare/{end}"
    made["repository"]["master_branch"] = at.default_branch
    login = facts["sender"].login
    made["pusher"] = {"name": login, "email": f"{login}@users.noreply.github.com"}


def changes(parent: git.Commit | None, commit: git.Commit) -> dict[str, list[str]]:
    """The paths that a commit added, removed and modified."""
    old = parent.files if parent is not None else {}
    new = commit.files
    return {
        "added": sorted(set(new) - set(old)),
        "removed": sorted(set(old) - set(new)),
        "modified": sorted(path for path in set(old) & set(new) if old[path] != new[path]),
    }


def check_run(made: Json, example: Json, at: objects.Repository, facts: Facts) -> None:
    """A check, its suite and its App."""
    check: objects.CheckRun = facts["check"]
    theirs, mine = example["check_run"], made["check_run"]
    shown = shapes.check_run(API, at, check)
    _over(mine, shown, but={"app", "check_suite", "url", "html_url"})
    _suite(mine["check_suite"], theirs["check_suite"], at, facts)
    mine["app"] = _app(theirs["app"], check.app)


def check_suite(made: Json, example: Json, at: objects.Repository, facts: Facts) -> None:
    """A suite of checks, its commit and its App."""
    mine, suite = made["check_suite"], facts["suite"]
    _suite(mine, example["check_suite"], at, facts)
    mine["head_commit"] = shapes.simple_commit(facts["commit"])
    runs = [run for run in at.check_runs.values() if run.suite == suite.id]
    mine["latest_check_runs_count"] = len(runs)


def workflow_run(made: Json, example: Json, at: objects.Repository, facts: Facts) -> None:
    """A workflow and its run."""
    run: objects.WorkflowRun = facts["run"]
    shown = shapes.workflow_run(API, at, run, facts["commit"])
    mine = made["workflow_run"]
    _over(mine, shown, but={"repository", "head_repository", "actor", "triggering_actor"})
    mine["html_url"] = f"https://github.com/{at.full_name}/actions/runs/{run.id}"
    for name in ("actor", "triggering_actor"):
        mine[name] = renaming.person(example["workflow_run"][name], run.actor)
    for name in ("repository", "head_repository"):
        mine[name]["id"], mine[name]["owner"]["id"] = at.id, at.owner.id
    workflow = shapes.workflow(API, at, run.workflow)
    _over(made["workflow"], workflow, but={"html_url", "badge_url"})
    made["workflow"]["html_url"] = (
        f"https://github.com/{at.full_name}/blob/{at.default_branch}/{workflow['path']}"
    )


def deployment_status(made: Json, example: Json, at: objects.Repository, facts: Facts) -> None:
    """A deployment's new state. The examples are older than the addresses, which are added."""
    of, status = facts["deployment"], facts["status"]
    told = shapes.deployment_status(API, at, of, status)
    _over(made["deployment_status"], told, but={"creator"})
    _over(made["deployment"], shapes.deployment(API, at, of), but={"creator"})
    for name in ("environment_url", "log_url"):
        made["deployment_status"][name] = told[name]
    for name, who in (("deployment", of.creator), ("deployment_status", status.creator)):
        made[name]["creator"] = renaming.person(example[name]["creator"], who)


def repository(made: Json, example: Json, at: objects.Repository, facts: Facts) -> None:
    """What the repository was before; nothing where it is gone."""
    if made["action"] == "renamed":
        made["changes"]["repository"]["name"]["from"] = facts["name"]
    elif made["action"] == "transferred":
        owner: objects.Account = facts["owner"]
        theirs = example["changes"]["owner"]["from"]["user"]
        kind = "organization" if owner.kind == "Organization" else "user"
        made["changes"]["owner"]["from"] = {kind: renaming.person(theirs, owner)}


FILL: dict[str, Callable[[Json, Json, objects.Repository, Facts], None]] = {
    "push": push,
    "check_run": check_run,
    "check_suite": check_suite,
    "workflow_run": workflow_run,
    "deployment_status": deployment_status,
    "repository": repository,
}
"""What is written over an example, by event."""


def _over(mine: Json, shown: Mapping[str, Any], but: set[str]) -> None:
    """Take over what the API says, for the keys that are there; node ids stay."""
    keys = set(mine) & set(shown) - but - {"node_id"}
    mine.update({key: shown[key] for key in keys if not key.endswith("node_id")})


def _suite(mine: Json, theirs: Json, at: objects.Repository, facts: Facts) -> None:
    suite: objects.CheckSuite = facts["suite"]
    commit: git.Commit = facts["commit"]
    mine["id"], mine["head_sha"] = suite.id, suite.head_sha
    mine["head_branch"] = at.branch_of(suite.head_sha)
    mine["status"], mine["conclusion"] = suite.status, suite.conclusion
    mine["before"], mine["after"] = (commit.parents or (NOTHING,))[0], commit.sha
    pulls = at.pulls_of(suite.head_sha)
    mine["pull_requests"] = [shapes.pull_minimal(API, at, pull) for pull in pulls]
    mine["app"] = _app(theirs["app"], suite.app)


def _app(theirs: Json, app: objects.App) -> Json:
    """An example's App with another name."""
    made = {**copy.deepcopy(theirs), "id": app.id, "name": app.slug}
    made["html_url"] = re.sub(r"/apps/.*", f"/apps/{app.slug}", made["html_url"])
    made["owner"] = renaming.person(theirs["owner"], app.owner)
    told = {"slug": app.slug, **granted(app)}
    return {**made, **{key: value for key, value in told.items() if key in theirs}}
