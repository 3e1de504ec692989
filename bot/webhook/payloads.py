"""What a delivery is about; pure."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

from bot import errors, model, said
from infra import contract
from infra.identity import MAX_NUMBER, REPOSITORY

PULL_REQUEST_ACTIONS = frozenset(
    {"opened", "reopened", "synchronize", "labeled", "unlabeled", "closed"}
    | {"edited", "ready_for_review", "converted_to_draft"}
)
"""The actions that can change what is wanted."""
REPOSITORY_ACTIONS = frozenset({"renamed", "transferred", "deleted", "archived", "unarchived"})
INSTALLATION_EVENTS = frozenset({"installation", "installation_repositories"})
FINISHED = frozenset({"completed"})
AGAIN = frozenset({"rerequested", "requested_action"})

MAX_ID = 2**63 - 1
MAX_ACTION = 100

_LOGIN = re.compile(r"[A-Za-z0-9_.-]{1,100}(\[bot\])?")
_COMMIT = re.compile(r"[0-9a-f]{40}")

Payload = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery, as far as it matters."""

    event: str
    action: str = ""
    """Empty where the event has none."""
    sender: str = ""
    """Who made it happen; empty where GitHub does not say."""
    key: model.EnvironmentKey | None = None
    """The environment that it is a hint for; None where it is none."""
    said: said.Said | None = None
    """What somebody wrote, where that may hold commands."""
    commit: tuple[str, str] | None = None
    """The repository and the commit that something else has finished for."""
    branch: tuple[str, str] | None = None
    """The repository and the branch that somebody pushed to."""
    sweep: bool = False
    """Whether everything is to be compared anew: what is wanted may have changed for many."""

    @property
    def hints(self) -> bool:
        """Whether anything comes of it."""
        return bool(self.key or self.said or self.commit or self.branch or self.sweep)


def parse(event: str, body: bytes, app: str = "") -> Delivery:
    """Read a delivery's body. Raises InvalidDeliveryError, and nothing else.

    `app` is the id of the GitHub App that it was sent to, where it was one.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidDeliveryError(
            "the body is no JSON, or not all of it: set the webhook's content type to "
            "application/json, and see that no proxy changes or cuts bodies",
            reason="not-json",
            status=400,
        ) from error
    if not isinstance(payload, dict):
        raise _malformed(event, "the body is no JSON object")
    action = payload.get("action") or ""
    if not isinstance(action, str) or len(action) > MAX_ACTION:
        raise _malformed(event, "`action` is no word")
    found = Delivery(event, action, _login(payload.get("sender")))
    # What the bot itself says of an environment must not make it look at that again.
    return found if action in FINISHED and _of(app, event, payload) else _read(found, payload)


def _of(app: str, event: str, payload: Payload) -> bool:
    """Whether a check is the App's own."""
    checked = _mapping(payload.get(event)) if event in {"check_run", "check_suite"} else {}
    return bool(app) and str(_mapping(checked.get("app")).get("id")) == app


def _read(found: Delivery, payload: Payload) -> Delivery:
    event, action = found.event, found.action
    match event:
        case "pull_request" if action in PULL_REQUEST_ACTIONS:
            return dataclasses.replace(found, key=_key(event, payload, payload.get("number")))
        case "issue_comment" if action == "created":
            return _commented(found, payload)
        case "pull_request_review" if action == "submitted":
            return _reviewed(found, payload)
        case "check_run" | "check_suite" | "workflow_run" if action in FINISHED | AGAIN:
            return _checked(found, payload)
        case "push":
            return _pushed(found, payload)
        case _:
            return dataclasses.replace(found, sweep=_sweeps(found))


def _sweeps(found: Delivery) -> bool:
    if found.event == "repository":
        return found.action in REPOSITORY_ACTIONS
    return found.event in INSTALLATION_EVENTS


def _commented(found: Delivery, payload: Payload) -> Delivery:
    """A comment on a pull request; GitHub sends those on issues as well."""
    issue = _mapping(payload.get("issue"))
    if not isinstance(issue.get("pull_request"), dict):
        return found
    key = _key(found.event, payload, issue.get("number"))
    return _spoken(found, key, payload.get("comment"), "created_at", model.CommandSource.COMMENT)


def _reviewed(found: Delivery, payload: Payload) -> Delivery:
    number = _mapping(payload.get("pull_request")).get("number")
    key = _key(found.event, payload, number)
    return _spoken(found, key, payload.get("review"), "submitted_at", model.CommandSource.REVIEW)


def _spoken(
    found: Delivery,
    key: model.EnvironmentKey,
    given: object,
    time: str,
    source: model.CommandSource,
) -> Delivery:
    written = _mapping(given)
    author, body, number = _mapping(written.get("user")), written.get("body"), written.get("id")
    # Who was deleted, and every program: one that answers another has no end.
    if not _login(author) or author.get("type") == "Bot" or not body:
        return found
    if not isinstance(body, str) or not isinstance(number, int) or not _whole(number, MAX_ID):
        raise _malformed(found.event, "what was written has no text or no id")
    at = _time(found.event, written.get(time))
    return dataclasses.replace(found, said=said.Said(key, number, _login(author), body, at, source))


def _checked(found: Delivery, payload: Payload) -> Delivery:
    """Something else has finished with a commit, or somebody asks for ours again."""
    commit = _mapping(payload.get(found.event)).get("head_sha")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise _malformed(found.event, f"`{found.event}.head_sha` is missing or no commit")
    return dataclasses.replace(found, commit=(_repository(found.event, payload), commit))


def _pushed(found: Delivery, payload: Payload) -> Delivery:
    """A push to a branch, which may have an environment of its own; one that touches a stage file
    may change what is wanted for many, as other branches may go into it."""
    kind, _, branch = str(payload.get("ref", "")).removeprefix("refs/").partition("/")
    if kind != "heads" or not branch:
        return found
    commits = payload.get("commits")
    touched = {
        str(name)
        for commit in map(_mapping, commits if isinstance(commits, list) else ())
        for how in ("added", "modified", "removed")
        if isinstance(names := commit.get(how), list)
        for name in names
    }
    ours = any(name.rpartition("/")[2] == contract.FILE_NAME for name in touched)
    return dataclasses.replace(
        found, branch=(_repository(found.event, payload), branch), sweep=ours
    )


def _key(event: str, payload: Payload, number: object) -> model.EnvironmentKey:
    repository = _repository(event, payload)
    if not _whole(number, MAX_NUMBER):
        raise _malformed(event, "`number` is missing or no pull request's")
    assert isinstance(number, int)
    return model.EnvironmentKey(repository, number)


def _repository(event: str, payload: Payload) -> str:
    name = _mapping(payload.get("repository")).get("full_name")
    if not isinstance(name, str) or not REPOSITORY.fullmatch(name):
        raise _malformed(event, "`repository.full_name` is missing or no owner/name")
    return name


def _time(event: str, value: object) -> datetime.datetime:
    try:
        at = datetime.datetime.fromisoformat(str(value))
    except ValueError:
        raise _malformed(event, "the time at which it was written is missing") from None
    return at if at.tzinfo else at.replace(tzinfo=datetime.UTC)


def _login(account: object) -> str:
    login = _mapping(account).get("login")
    return login if isinstance(login, str) and _LOGIN.fullmatch(login) else ""


def _whole(number: object, most: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 < number <= most


def _mapping(value: object) -> Payload:
    return value if isinstance(value, dict) else {}


def _malformed(event: str, what: str) -> errors.InvalidDeliveryError:
    return errors.InvalidDeliveryError(
        f"{what}: this is no delivery of GitHub's {event} event",
        reason="malformed",
        status=400,
    )
