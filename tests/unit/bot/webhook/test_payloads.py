import datetime
import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import errors, model, said
from bot.webhook import payloads
from infra.identity import MAX_NUMBER

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["action", "number", "repository", "full_name", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
REPOSITORY = r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+"
EVENTS = st.sampled_from(["pull_request", "ping", "push", "issue_comment"])


def payload(**changes: Any) -> dict[str, Any]:
    return {
        "action": "opened",
        "number": 7,
        "pull_request": {"number": 7, "state": "open"},
        "repository": {"full_name": "acme/shop", "private": True},
        **changes,
    }


def parse(event: str, content: Any) -> payloads.Delivery:
    return payloads.parse(event, json.dumps(content).encode())


@pytest.mark.parametrize(
    "action",
    [
        "opened",
        "reopened",
        "synchronize",
        "labeled",
        "unlabeled",
        "closed",
        "edited",
        "ready_for_review",
        "converted_to_draft",
    ],
)
def test_what_can_change_the_wish_is_a_hint(action: str) -> None:
    assert parse("pull_request", payload(action=action)) == payloads.Delivery(
        "pull_request", action, key=model.EnvironmentKey("acme/shop", 7)
    )


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("pull_request", "assigned"),
        ("pull_request", "review_requested"),
        ("pull_request", "invented_tomorrow"),
        ("pull_request_review", "edited"),
        ("issue_comment", "edited"),
        ("issue_comment", "deleted"),
        ("check_run", "created"),
        ("workflow_run", "requested"),
        ("deployment_status", "created"),
        ("repository", "edited"),
        ("push", ""),
        ("ping", ""),
        ("invented_tomorrow", "opened"),
    ],
)
def test_everything_else_is_no_hint(event: str, action: str) -> None:
    assert parse(event, payload(action=action)) == payloads.Delivery(event, action)


def test_what_a_ping_says_needs_no_pull_request() -> None:
    assert parse("ping", {"zen": "Keep it logically awesome.", "hook_id": 1}).key is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"number": None}, "`number`"),
        ({"number": "7"}, "`number`"),
        ({"number": 7.0}, "`number`"),
        ({"number": True}, "`number`"),
        ({"number": 0}, "`number`"),
        ({"number": -7}, "`number`"),
        ({"number": MAX_NUMBER + 1}, "`number`"),
        ({"repository": None}, "`repository.full_name`"),
        ({"repository": "acme/shop"}, "`repository.full_name`"),
        ({"repository": {"full_name": "shop"}}, "`repository.full_name`"),
        ({"repository": {"full_name": "acme/shop/extra"}}, "`repository.full_name`"),
        ({"repository": {"full_name": "acme/../etc"}}, "`repository.full_name`"),
        ({"repository": {"full_name": "acme/shop\n"}}, "`repository.full_name`"),
        ({"repository": {"full_name": "a" * 101 + "/shop"}}, "`repository.full_name`"),
        ({"action": 7}, "`action`"),
        ({"action": "a" * 101}, "`action`"),
    ],
)
def test_a_malformed_hint_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(errors.InvalidDeliveryError, match=re.escape(sentence)) as caught:
        parse("pull_request", payload(**changes))
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=%7B%7D",
        json.dumps(payload()).encode()[:-1],
        b'{"action": "opened"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"number": ' + b"9" * 5_000 + b"}",
    ],
    ids=["empty", "form", "cut", "cut early", "no text", "nested", "huge number"],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(errors.InvalidDeliveryError, match="no JSON") as caught:
        payloads.parse("pull_request", body)
    assert (caught.value.status, caught.value.reason) == (400, "not-json")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(errors.InvalidDeliveryError, match="no JSON object"):
        payloads.parse("pull_request", body)


@settings(deadline=None)
@given(EVENTS, st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@example("pull_request", json.dumps(payload()).encode())
def test_any_bytes_are_parsed_or_refused(event: str, body: bytes) -> None:
    try:
        delivery = payloads.parse(event, body)
    except errors.InvalidDeliveryError as error:
        assert error.status == 400
        assert error.message
        return
    assert delivery.event == event
    assert delivery.said is None or event == "issue_comment"
    if delivery.key is not None:
        assert event == "pull_request"
        assert delivery.action in payloads.PULL_REQUEST_ACTIONS
        assert re.fullmatch(REPOSITORY, delivery.key.repository)
        assert 0 < delivery.key.number <= MAX_NUMBER


@settings(deadline=None)
@given(
    st.from_regex(r"[A-Za-z0-9._-]{1,39}/[A-Za-z0-9_-]{1,100}", fullmatch=True),
    st.integers(1, MAX_NUMBER),
    st.sampled_from(sorted(payloads.PULL_REQUEST_ACTIONS)),
    JSON,
)
def test_every_pull_request_is_read_whatever_else_is_told(
    repository: str, number: int, action: str, more: Any
) -> None:
    content = payload(
        action=action, number=number, repository={"full_name": repository}, sender=more
    )
    assert parse("pull_request", content).key == model.EnvironmentKey(repository, number)


# -- what is written ------------------------------------------------------------------------------

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
USER = {"login": "ada", "type": "User"}


def comment(**changes: Any) -> dict[str, Any]:
    written = {"id": 2**40, "body": "/stage up", "created_at": "2026-01-01T12:00:00Z", "user": USER}
    return {
        "action": "created",
        "issue": {"number": 7, "pull_request": {"url": "https://…"}},
        "comment": {**written, **changes},
        "repository": {"full_name": "acme/shop"},
        "sender": USER,
    }


def review(**changes: Any) -> dict[str, Any]:
    written = {"id": 5, "body": "/stage up", "submitted_at": "2026-01-01T12:00:00Z", "user": USER}
    return {
        "action": "submitted",
        "pull_request": {"number": 7},
        "review": {**written, **changes},
        "repository": {"full_name": "acme/shop"},
    }


KEY = model.EnvironmentKey("acme/shop", 7)


def test_a_comment_is_what_somebody_said() -> None:
    found = parse("issue_comment", comment())
    assert found.said == said.Said(KEY, 2**40, "ada", "/stage up", NOON)
    assert (found.sender, found.key, found.hints) == ("ada", None, True)


def test_a_review_is_as_well() -> None:
    source = model.CommandSource.REVIEW
    found = parse("pull_request_review", review())
    assert found.said == said.Said(KEY, 5, "ada", "/stage up", NOON, source)


@pytest.mark.parametrize("body", ["", None])
def test_a_review_without_a_word_says_nothing(body: str | None) -> None:
    assert parse("pull_request_review", review(body=body)).said is None


@pytest.mark.parametrize("user", [None, {}, {"login": "ci", "type": "Bot"}, {"login": ""}])
def test_programs_and_the_deleted_are_not_listened_to(user: Any) -> None:
    assert parse("issue_comment", comment(user=user)).said is None


def test_a_comment_on_an_issue_is_nothing_to_us() -> None:
    content = comment()
    del content["issue"]["pull_request"]
    assert not parse("issue_comment", content).hints


@pytest.mark.parametrize(
    "changes", [{"id": None}, {"id": 2**63}, {"body": 7}, {"created_at": "soon"}]
)
def test_a_malformed_comment_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidDeliveryError) as caught:
        parse("issue_comment", comment(**changes))
    assert caught.value.status == 400


# -- what else has happened -----------------------------------------------------------------------

SHA = "a" * 40


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("check_run", "completed"),
        ("check_run", "rerequested"),
        ("check_run", "requested_action"),
        ("check_suite", "completed"),
        ("check_suite", "rerequested"),
        ("workflow_run", "completed"),
    ],
)
def test_what_has_finished_for_a_commit_is_a_hint_for_it(event: str, action: str) -> None:
    content: dict[str, Any] = {
        "action": action,
        event: {"head_sha": SHA},
        "repository": {"full_name": "acme/shop"},
    }
    assert parse(event, content).commit == ("acme/shop", SHA)
    content[event] = {"head_sha": "main"}
    with pytest.raises(errors.InvalidDeliveryError, match="head_sha"):
        parse(event, content)


@pytest.mark.parametrize("event", ["check_run", "check_suite"])
@pytest.mark.parametrize(
    ("action", "app", "hints"),
    [
        ("completed", "17", False),
        ("completed", "18", True),
        ("completed", "", True),
        ("rerequested", "17", True),
    ],
)
def test_the_end_of_the_bot_s_own_check_is_no_hint(
    event: str, action: str, app: str, hints: bool
) -> None:
    content = {
        "action": action,
        event: {"head_sha": SHA, "app": {"id": 17}},
        "repository": {"full_name": "acme/shop"},
    }
    found = payloads.parse(event, json.dumps(content).encode(), app)
    assert found.hints is hints


@pytest.mark.parametrize(
    ("ref", "names", "sweeps"),
    [
        ("refs/heads/main", {"modified": [".stage.yaml"]}, True),
        ("refs/heads/main", {"added": [".stage.yaml"]}, True),
        ("refs/heads/main", {"removed": [".stage.yaml"]}, True),
        ("refs/heads/main", {"modified": ["README.md"]}, False),
        ("refs/tags/v1", {"modified": [".stage.yaml"]}, False),
        ("refs/heads/main", {"modified": ".stage.yaml"}, False),
        ("refs/heads/main", {"modified": ["apps/admin/.stage.yaml"]}, True),
    ],
)
def test_a_push_of_the_stage_file_may_change_what_many_want(
    ref: str, names: dict[str, Any], sweeps: bool
) -> None:
    assert parse("push", payload(ref=ref, commits=[{}, names])).sweep is sweeps


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ("refs/heads/main", ("acme/shop", "main")),
        ("refs/heads/release/1.x", ("acme/shop", "release/1.x")),
        ("refs/tags/v1", None),
        ("refs/heads/", None),
        ("main", None),
    ],
)
def test_a_push_is_to_a_branch(ref: str, branch: tuple[str, str] | None) -> None:
    assert parse("push", payload(ref=ref, commits="many")).branch == branch


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("repository", "renamed"),
        ("repository", "deleted"),
        ("installation", "created"),
        ("installation_repositories", "removed"),
    ],
)
def test_repositories_that_come_and_go_are_looked_for(event: str, action: str) -> None:
    assert parse(event, {"action": action}).sweep
