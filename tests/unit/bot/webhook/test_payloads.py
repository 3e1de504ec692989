import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import errors, model
from bot.webhook import payloads

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
        "pull_request", action, model.EnvironmentKey("acme/shop", 7)
    )


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("pull_request", "assigned"),
        ("pull_request", "review_requested"),
        ("pull_request", "invented_tomorrow"),
        ("pull_request_review", "submitted"),
        ("push", ""),
        ("ping", ""),
        ("invented_tomorrow", "opened"),
    ],
)
def test_everything_else_is_no_hint(event: str, action: str) -> None:
    assert parse(event, payload(action=action)) == payloads.Delivery(event, action, None)


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
        ({"number": payloads.MAX_NUMBER + 1}, "`number`"),
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
    if delivery.key is not None:
        assert event == "pull_request"
        assert delivery.action in payloads.PULL_REQUEST_ACTIONS
        assert re.fullmatch(REPOSITORY, delivery.key.repository)
        assert 0 < delivery.key.number <= payloads.MAX_NUMBER


@settings(deadline=None)
@given(
    st.from_regex(r"[A-Za-z0-9._-]{1,39}/[A-Za-z0-9_-]{1,100}", fullmatch=True),
    st.integers(1, payloads.MAX_NUMBER),
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
