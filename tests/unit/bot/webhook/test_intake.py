import json

import pytest

from bot import errors, model
from bot.webhook import intake, payloads, signature

SECRET = b"It's a Secret to Everybody"
BODY = json.dumps(
    {"action": "opened", "number": 7, "repository": {"full_name": "acme/shop"}}
).encode()
HEADERS = {
    signature.HEADER: signature.sign(SECRET, BODY),
    intake.EVENT_HEADER: "pull_request",
    intake.DELIVERY_HEADER: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
}
JSON = "application/json"


def test_a_signed_delivery_is_accepted() -> None:
    assert intake.accept(HEADERS.get, JSON, BODY, SECRET) == intake.Accepted(
        "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        payloads.Delivery("pull_request", "opened", key=model.EnvironmentKey("acme/shop", 7)),
    )


@pytest.mark.parametrize(
    ("header", "value", "status", "reason"),
    [
        (signature.HEADER, None, 401, "unsigned"),
        (signature.HEADER, "", 401, "unsigned"),
        (signature.HEADER, signature.sign(b"other", BODY), 401, "wrong-signature"),
        (intake.EVENT_HEADER, None, 400, "missing-header"),
        (intake.EVENT_HEADER, "Pull Request", 400, "missing-header"),
        (intake.EVENT_HEADER, "a" * 65, 400, "missing-header"),
        (intake.DELIVERY_HEADER, None, 400, "missing-header"),
        (intake.DELIVERY_HEADER, "../etc", 400, "missing-header"),
        (intake.DELIVERY_HEADER, "a" * 65, 400, "missing-header"),
    ],
)
def test_a_header_that_is_missing_or_wrong_is_named(
    header: str, value: str | None, status: int, reason: str
) -> None:
    headers = {name: text for name, text in {**HEADERS, header: value}.items() if text is not None}
    with pytest.raises(errors.InvalidDeliveryError) as caught:
        intake.accept(headers.get, JSON, BODY, SECRET)
    assert (caught.value.status, caught.value.reason) == (status, reason)
    if reason != "wrong-signature":
        assert header in caught.value.message


@pytest.mark.parametrize(
    "media_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""]
)
def test_another_content_type_is_refused_with_the_way_out(media_type: str) -> None:
    with pytest.raises(errors.InvalidDeliveryError, match="application/json") as caught:
        intake.accept(HEADERS.get, media_type, BODY, SECRET)
    assert (caught.value.status, caught.value.reason) == (415, "unsupported-content-type")


def test_strangers_hear_of_nothing_but_the_signature() -> None:
    with pytest.raises(errors.InvalidDeliveryError) as caught:
        intake.accept(dict[str, str]().get, "text/plain", b"{", SECRET)
    assert caught.value.reason == "unsigned"
    with pytest.raises(errors.InvalidDeliveryError) as caught:
        intake.accept({signature.HEADER: "sha256=0"}.get, "text/plain", b"{", SECRET)
    assert caught.value.reason == "wrong-signature"


def test_no_refusal_shows_the_secret() -> None:
    given: list[dict[str, str]] = [{}, {signature.HEADER: "sha256=0"}]
    for headers in given:
        with pytest.raises(errors.InvalidDeliveryError) as caught:
            intake.accept(headers.get, JSON, BODY, b"hunter2hunter2")
        assert "hunter2" not in caught.value.message


def test_what_an_app_checked_itself_is_known_by_whom_it_was_sent_to() -> None:
    body = json.dumps(
        {
            "action": "completed",
            "check_run": {"head_sha": "a" * 40, "app": {"id": 17}},
            "repository": {"full_name": "acme/shop"},
        }
    ).encode()
    for kind, hints in (("integration", False), ("repository", True)):
        headers = HEADERS | {
            intake.EVENT_HEADER: "check_run",
            intake.TARGET_HEADER: "17",
            intake.TARGET_TYPE_HEADER: kind,
            signature.HEADER: signature.sign(SECRET, body),
        }
        assert intake.accept(headers.get, JSON, body, SECRET).delivery.hints is hints
