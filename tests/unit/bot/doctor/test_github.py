from __future__ import annotations

import datetime
import email.utils
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bot import clock, errors
from bot.doctor import Sign, github
from tests.unit.bot.doctor import hub as hubs

NOW = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


class Site:
    """Answers each question with this time and status."""

    def __init__(self) -> None:
        self.date: str | None = None
        self.status = 200
        site = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(site.status)
                if site.date is not None:
                    self.send_header("Date", site.date)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Page)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("seconds", "sign"),
    [(0, Sign.OK), (59, Sign.OK), (-59, Sign.OK), (62, Sign.WRONG), (-61, Sign.WRONG)],
)
def test_the_clock_is_compared_with_githubs(site: Site, seconds: float, sign: Sign) -> None:
    site.date = email.utils.format_datetime(NOW, usegmt=True)
    ours = NOW + datetime.timedelta(seconds=seconds)
    address = github.Address(site.url, clock.ManualClock(ours))
    assert [found.sign for found in address.reach()] == [Sign.OK]
    assert [found.sign for found in address.compare_clocks()] == [sign]


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_time_that_is_not_told_is_a_warning(site: Site, date: str | None) -> None:
    site.date = date
    address = github.Address(site.url, clock.ManualClock(NOW))
    list(address.reach())
    assert [found.sign for found in address.compare_clocks()] == [Sign.WARNING]


def test_credentials_do_not_matter_for_the_address(site: Site) -> None:
    site.status = 401
    assert [one.sign for one in github.Address(site.url, clock.ManualClock()).reach()] == [Sign.OK]


@pytest.mark.parametrize("status", [502, None])
def test_what_does_not_answer_is_told(site: Site, status: int | None) -> None:
    url = site.url
    if status is None:
        url = "http://127.0.0.1:1"
    else:
        site.status = status
    with pytest.raises(errors.UnreachableError, match="answer"):
        list(github.Address(url, clock.ManualClock()).reach())


def test_it_says_whose_name_the_bot_acts_in() -> None:
    (as_app,) = github.identity(hubs.app())
    assert as_app.found == "acts as understudy[bot], GitHub App 12 of acme"
    (as_person,) = github.identity(hubs.token())
    assert as_person.found == "acts as mona, by its token"


def test_each_repository_of_a_token_is_looked_at() -> None:
    hub = hubs.token()
    assert [one.sign for one in github.visible(hub)] == [Sign.OK]
    hub.answers["/repos/acme/shop"] = {"full_name": "acme/shop", "permissions": {"push": False}}
    (found,) = github.visible(hub)
    assert found.sign is Sign.WRONG
    assert "role Write in acme/shop" in found.mend
    hub.answers["/repos/acme/shop"] = {"full_name": "acme/store"}
    (found,) = github.visible(hub)
    assert (found.sign, found.found) == (Sign.WARNING, "is called acme/store today")
    del hub.answers["/repos/acme/shop"]
    (found,) = github.visible(hub)
    assert (found.sign, found.found) == (Sign.WRONG, "can't be seen")


def test_an_app_knows_its_repositories() -> None:
    assert [one.found for one in github.visible(hubs.app())] == ["1 can be seen"]
    for as_app in (True, False):
        (found,) = github.visible(hubs.FakeHub(as_app=as_app))
        assert found.sign is Sign.WARNING


def test_what_is_no_github_is_told() -> None:
    hub = hubs.app()
    hub.answers["/app"] = ["a", "list"]
    with pytest.raises(errors.UnreachableError, match="does not speak GitHub's API"):
        list(github.identity(hub))


def test_an_app_of_a_person_is_changed_in_that_persons_settings() -> None:
    app = {**hubs.APP, "owner": {"login": "mona", "type": "User"}}
    assert github.app_settings(app) == "https://github.com/settings/apps/understudy"
