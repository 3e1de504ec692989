from __future__ import annotations

from typing import Any

import pytest
import structlog

from bot import errors, needs
from bot.doctor import PermissionWatch, Sign
from bot.doctor.permissions import permissions
from tests.unit.bot.doctor import hub as hubs


def without(name: str) -> dict[str, str]:
    return {key: level for key, level in hubs.APP["permissions"].items() if key != name}


def told(hub: hubs.FakeHub) -> list[tuple[Sign, str, str]]:
    return [(found.sign, found.found, found.mend) for found in permissions(hub)]


def test_an_app_with_all_of_them_is_fine() -> None:
    assert told(hubs.app()) == [(Sign.OK, "everything needed is granted, by 1 installation(s)", "")]


@pytest.mark.parametrize("name", needs.PERMISSIONS)
def test_what_the_app_lacks_is_named_once_with_the_place_to_grant_it(name: str) -> None:
    hub = hubs.app(permissions=without(name))
    hub.answers["/app/installations"] = [{**hubs.INSTALLATION, "permissions": without(name)}]
    assert told(hub) == [
        (
            Sign.WRONG,
            f"the App lacks {name}: {needs.PERMISSIONS[name]}",
            "grant it at https://github.com/organizations/acme/settings/apps/understudy/permissions"
            ", then accept it for each installation",
        )
    ]


@pytest.mark.parametrize("name", needs.PERMISSIONS)
def test_what_an_installation_did_not_accept_is_named_with_its_page(name: str) -> None:
    hub = hubs.app()
    hub.answers["/app/installations"] = [{**hubs.INSTALLATION, "permissions": without(name)}]
    (found,) = told(hub)
    assert found[0] is Sign.WRONG
    assert found[1] == f"the installation on acme lacks {name}: {needs.PERMISSIONS[name]}"
    assert hubs.INSTALLATION["html_url"] in found[2]


def test_reading_is_not_writing_and_writing_is_reading() -> None:
    own = {**hubs.APP["permissions"], "issues": "read", "contents": "write"}
    (found,) = [one for one in told(hubs.app(permissions=own)) if one[0] is Sign.WRONG]
    assert found[1] == "the App lacks issues: write"


def test_an_optional_one_is_a_warning() -> None:
    hub = hubs.app(permissions=without("statuses"))
    assert [sign for sign, *_ in told(hub)] == [Sign.WARNING, Sign.OK]


@pytest.mark.parametrize(
    ("installations", "words"),
    [([], "installed nowhere"), ([{**hubs.INSTALLATION, "suspended_at": "x"}], "is suspended")],
)
def test_an_app_that_reaches_nothing_is_told(installations: list[Any], words: str) -> None:
    hub = hubs.app()
    hub.answers["/app/installations"] = installations
    sign, found, mend = told(hub)[0]
    assert sign is Sign.WARNING
    assert words in found
    assert mend


@pytest.mark.parametrize(
    ("scopes", "private", "sign"),
    [
        ("repo, read:org", True, Sign.OK),
        ("public_repo", False, Sign.OK),
        ("public_repo", True, Sign.WRONG),
        ("read:org", False, Sign.WRONG),
        ("", False, Sign.WRONG),
        (None, True, Sign.WARNING),
    ],
)
def test_a_token_is_judged_by_its_scopes(scopes: str | None, private: bool, sign: Sign) -> None:
    hub = hubs.token(scopes)
    hub.answers["/repos/acme/shop"]["private"] = private
    ((found, _, mend),) = told(hub)
    assert found is sign
    assert bool(mend) == (sign is not Sign.OK)


# -- at the start ---------------------------------------------------------------------------------


def watch(hub: hubs.FakeHub) -> list[Any]:
    with structlog.testing.capture_logs() as lines:
        made = PermissionWatch(hub)
        made.start()
        made.stop()
        made._thread.join(10)
    return lines


def test_each_missing_permission_is_an_error_in_the_log() -> None:
    lines = watch(hubs.app(permissions={"metadata": "read"}))
    assert {line["log_level"] for line in lines} == {"error"}
    told = {line["why"] for line in lines}
    wanted = {**needs.PERMISSIONS}
    del wanted["metadata"]
    assert told == {f"the App lacks {name}: {level}" for name, level in wanted.items()}


def test_with_everything_granted_nothing_is_logged() -> None:
    assert watch(hubs.app()) == watch(hubs.token()) == []


def test_a_github_that_does_not_answer_stops_nobody() -> None:
    hub = hubs.app()
    hub.answers["/app"] = errors.UnreachableError("away")
    assert [(line["log_level"], line["why"]) for line in watch(hub)] == [("warning", "away")]


def test_an_answer_of_another_shape_stops_nobody() -> None:
    hub = hubs.app()
    hub.answers["/app/installations"] = [["no", "object"]]
    assert [line["event"] for line in watch(hub)] == ["permissions not checked"]
