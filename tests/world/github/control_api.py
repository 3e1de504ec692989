"""What tests and the demo do to this GitHub: `POST /_world/VERB` with a JSON object.

`control.GitHubWorld` is the client; its methods say what each verb does.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import flask

from tests.world.github import control_programs_api, errors, objects, shapes
from tests.world.github.api.common import base, world
from tests.world.github.limits import Cut, Failure
from tests.world.github.world import Default

blueprint = flask.Blueprint("control", __name__, url_prefix="/_world")


@blueprint.post("/<verb>")
def act(verb: str) -> Any:
    """Do it, and answer with what came of it."""
    done = _acts().get(verb)
    if done is None:
        raise errors.Refusal(404, f"there is no verb {verb}")
    given = flask.request.get_json(silent=True) or {}
    # Who waits for deliveries must not stand in the way of those who answer them.
    with contextlib.nullcontext() if verb == "settled" else world().state.lock:
        return flask.jsonify(done(**given))


def files(given: Mapping[str, Any] | None) -> dict[str, bytes | None] | None:
    """Files out of JSON: a text, `{"base64": …}`, or null for one that goes away."""
    if given is None:
        return None
    return {
        path: base64.b64decode(content["base64"])
        if isinstance(content, dict)
        else (None if content is None else content.encode())
        for path, content in given.items()
    }


def _repository(full_name: str, content: Mapping[str, Any]) -> Any:
    made = world().state.create_repository(full_name, files(content) or {})
    return shapes.full_repository(base(), made)


def _commit(repository: str, branch: str, content: Mapping[str, Any], author: str) -> Any:
    return world().state.push_branch(repository, branch, files(content) or {}, author)


def _open(repository: str, branch: str, content: Mapping[str, Any] | None, **more: Any) -> Any:
    made = world().state.open_pull(repository, branch, files(content), **more)
    return {"number": made.number, "sha": made.head_sha}


def _push(repository: str, number: int, content: Mapping[str, Any]) -> Any:
    return world().state.push(repository, number, files(content) or {})


def _pull(repository: str, number: int) -> Any:
    at, found = world().state.pull(repository, number)
    return shapes.pull(base(), at, found, world().state.compared(found))


def _permission(repository: str, login: str, permission: str) -> Any:
    found = world().state.repository(repository)
    found.permissions[world().state.account(login).login] = permission


def _comment(repository: str, number: int, login: str, body: str) -> Any:
    state = world().state
    return state.comment(repository, number, state.account(login), body).id


def _comments(repository: str, number: int) -> Any:
    at, _ = world().state.pull(repository, number)
    found = [comment for comment in list(at.comments.values()) if comment.number == number]
    return [shapes.comment(base(), at, comment) for comment in found]


def _review(repository: str, number: int, login: str, body: str, state: str) -> Any:
    here = world().state
    return here.review(repository, number, here.account(login), body, state).id


def _reactions(repository: str, comment_id: int) -> Any:
    found = world().state.repository(repository).comments.get(comment_id)
    if found is None:
        raise errors.not_found()
    return [shapes.reaction(base(), reaction) for reaction in found.reactions]


def _react(repository: str, comment_id: int, login: str, content: str) -> Any:
    state = world().state
    made, _ = state.react(repository, comment_id, state.account(login), content)
    return made.id


def _edit_comment(repository: str, comment_id: int, body: str) -> None:
    world().state.edit_comment(repository, comment_id, body)


def _deployments(repository: str) -> Any:
    at = world().state.repository(repository)
    return [
        {
            **shapes.deployment(base(), at, item),
            "statuses": [
                shapes.deployment_status(base(), at, item, status)
                for status in reversed(item.statuses)
            ],
        }
        for item in list(at.deployments.values())
    ]


def _checks(repository: str, sha: str) -> Any:
    at = world().state.repository(repository)
    runs = [run for run in at.check_runs.values() if run.head_sha == sha]
    return {
        "check_runs": [shapes.check_run(base(), at, run) for run in runs],
        "statuses": [
            shapes.commit_status(base(), at, sha, status) for status in at.statuses.get(sha, [])
        ],
    }


def _hook(url: str, secret: str, events: list[str], repository: str | None) -> Any:
    if repository is None:
        world().hook = Default(url, secret, events)
        return None
    return world().add_hook(url, secret, events, world().state.repository(repository)).id


def _deliveries() -> Any:
    return [
        {**shapes.delivery(delivery), "pending": delivery.delivered_at is None}
        for delivery in list(world().deliveries.all)
    ]


def _redeliver(guid: str) -> Any:
    sent = [delivery for delivery in world().deliveries.all if delivery.guid == guid]
    if not sent:
        raise errors.Refusal(404, f"no delivery has the GUID {guid}")
    # One for each hook that had it.
    last: dict[int, objects.Delivery] = {delivery.hook.id: delivery for delivery in sent}
    return [world().deliveries.redeliver(delivery).id for delivery in last.values()]


def _requests() -> Any:
    return [
        {"method": past.method, "path": past.path, "status": past.status, "viewer": past.viewer}
        for past in list(world().exchanges)
    ]


def _fail(**given: Any) -> None:
    world().limits.failures.append(Failure(**given))


def _cut(**given: Any) -> None:
    world().limits.cuts.append(Cut(**given))


def _secondary(seconds: float) -> None:
    world().limits.paused_until = time.time() + seconds


def _content(minute: int, hour: int) -> None:
    world().limits.content = (minute, hour)


def _acts() -> dict[str, Callable[..., Any]]:
    here = world()
    state, limits, deliveries = here.state, here.limits, here.deliveries
    return {
        "create_repository": _repository,
        "delete_repository": state.delete_repository,
        "rename_repository": state.rename,
        "permission": _permission,
        "commit": _commit,
        "open": _open,
        "push": _push,
        "pull": _pull,
        "close": state.close,
        "reopen": state.reopen,
        "draft": state.set_draft,
        "label": lambda **given: len(state.label(**given)),
        "unlabel": lambda **given: len(state.unlabel(**given)),
        "comment": _comment,
        "delete_comment": state.delete_comment,
        "edit_comment": _edit_comment,
        "comments": _comments,
        "review": _review,
        "react": _react,
        "reactions": _reactions,
        "deployments": _deployments,
        "checks": _checks,
        "hook": _hook,
        "deliveries": _deliveries,
        "redeliver": _redeliver,
        "hold": deliveries.hold,
        "release": deliveries.release,
        "settled": deliveries.settled,
        "requests": _requests,
        "forget_requests": here.exchanges.clear,
        "cut": _cut,
        "fail": _fail,
        "rate_limit": limits.set_primary,
        "secondary": _secondary,
        "content": _content,
        "clear": limits.clear,
        **control_programs_api.acts(),
    }
