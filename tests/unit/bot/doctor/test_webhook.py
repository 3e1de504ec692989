from __future__ import annotations

import pytest

from bot import errors, needs
from bot.doctor import Sign
from bot.doctor.webhook import webhooks
from tests.unit.bot.doctor import hub as hubs


def signs(hub: hubs.FakeHub) -> list[Sign]:
    return [found.sign for found in webhooks(hub)]


def test_a_hook_whose_deliveries_are_taken_is_fine() -> None:
    assert signs(hubs.app()) == signs(hubs.token()) == [Sign.OK, Sign.OK]


@pytest.mark.parametrize("event", needs.EVENTS)
@pytest.mark.parametrize("make", [hubs.app, hubs.token])
def test_an_event_that_is_not_subscribed_to_is_named(make: object, event: str) -> None:
    assert callable(make)
    events = [one for one in needs.EVENTS if one != event]
    first, *_ = webhooks(make(events=events))
    assert (first.sign, first.found) == (Sign.WRONG, f"is not told of {event}")


def test_a_hook_that_is_told_everything_lacks_nothing() -> None:
    assert signs(hubs.token(events=["*"])) == [Sign.OK, Sign.OK]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (401, "UNDERSTUDY_WEBHOOK_SECRET"),
        (404, "/webhook"),
        (415, "content type"),
        (503, "log"),
        (502, "from the internet"),
        (504, "from the internet"),
        (0, "from the internet"),
    ],
)
def test_a_delivery_that_failed_says_how_to_mend_it(status: int, word: str) -> None:
    hub = hubs.app()
    hub.answers["/app/hook/deliveries"] = [hubs.delivery(status)]
    _, last = webhooks(hub)
    assert last.sign is Sign.WRONG
    assert str(status) in last.found
    assert word in last.mend


def test_no_delivery_yet_is_a_warning() -> None:
    hub = hubs.app()
    hub.answers["/app/hook/deliveries"] = []
    assert signs(hub) == [Sign.OK, Sign.WARNING]


def test_an_app_without_a_hook_is_wrong() -> None:
    hub = hubs.app()
    del hub.answers["/app/hook/deliveries"]
    assert signs(hub) == [Sign.OK, Sign.WRONG]


@pytest.mark.parametrize("error", [errors.NotFoundError("404"), errors.ForbiddenError("403")])
def test_a_token_that_may_not_see_hooks_is_a_warning(error: Exception) -> None:
    hub = hubs.token()
    hub.answers["/repos/acme/shop/hooks"] = error
    assert signs(hub) == [Sign.WARNING]


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"url": "https://bot.test/", "content_type": "json"}, "/webhook"),
        ({"url": "https://bot.test/webhook", "content_type": "form"}, "application/json"),
    ],
)
def test_an_apps_hook_that_leads_elsewhere_or_sends_forms_is_wrong(
    config: dict[str, str], word: str
) -> None:
    hub = hubs.app()
    hub.answers["/app/hook/config"] = config
    (found,) = [one for one in webhooks(hub) if one.sign is Sign.WRONG]
    assert word in found.mend


def test_other_hooks_are_none_of_ours() -> None:
    hub = hubs.token(config={"url": "https://ci.test/hook", "content_type": "json"})
    (found,) = webhooks(hub)
    assert found.sign is Sign.WARNING
    assert "/webhook" in found.found


def test_a_hook_that_is_off_or_sends_forms_is_wrong() -> None:
    assert signs(hubs.token(active=False)) == [Sign.WRONG]
    config = {"url": "https://bot.test/webhook", "content_type": "form"}
    assert signs(hubs.token(config=config)) == [Sign.WRONG, Sign.OK, Sign.OK]


def test_without_repositories_there_is_nothing_to_look_at() -> None:
    hub = hubs.FakeHub(as_app=False)
    assert signs(hub) == [Sign.WARNING]
