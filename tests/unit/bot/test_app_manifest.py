from __future__ import annotations

import urllib.parse

import pytest

from bot import app_manifest, errors, needs

GITHUB = "https://api.github.com"


def wanted(**changes: str) -> app_manifest.Wanted:
    return app_manifest.Wanted(**{"name": "shop stage", "url": "https://bot.test", **changes})


def test_it_asks_for_what_the_bot_needs_and_no_more() -> None:
    made = wanted().manifest("http://127.0.0.1:1/created")
    assert made["default_permissions"] == needs.PERMISSIONS | needs.OPTIONAL_PERMISSIONS
    assert made["default_events"] == list(needs.EVENTS)
    assert made["public"] is False
    assert made["redirect_url"] == "http://127.0.0.1:1/created"


@pytest.mark.parametrize(
    ("url", "hook"),
    [
        ("https://bot.test", "https://bot.test/webhook"),
        ("https://bot.test/", "https://bot.test/webhook"),
        ("https://bot.test/webhook", "https://bot.test/webhook"),
        ("https://bot.test:8443/stage", "https://bot.test:8443/stage/webhook"),
    ],
)
def test_the_webhook_is_below_the_bots_address(url: str, hook: str) -> None:
    assert wanted(url=url).manifest("")["hook_attributes"] == {"url": hook, "active": True}


@pytest.mark.parametrize(
    ("api", "site"),
    [
        (GITHUB, "https://github.com"),
        ("https://api.github.com/", "https://github.com"),
        ("https://github.example.com/api/v3", "https://github.example.com"),
        ("https://github.example.com:8443/api/v3/", "https://github.example.com:8443"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_the_page_is_on_the_site_of_the_api(api: str, site: str) -> None:
    assert app_manifest.site(api) == site
    assert wanted().address(api, "s") == f"{site}/settings/apps/new?state=s"


def test_an_organisations_app_is_made_in_its_settings() -> None:
    address = urllib.parse.urlsplit(wanted(organization="acme").address(GITHUB, "a&b=c"))
    assert address.path == "/organizations/acme/settings/apps/new"
    assert urllib.parse.parse_qs(address.query) == {"state": ["a&b=c"]}


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"name": ""}, "--name"),
        ({"name": "x" * 35}, "--name"),
        ({"url": "bot.test"}, "--url"),
        ({"url": "ftp://bot.test"}, "--url"),
        ({"url": "https://bot.test/?a=b"}, "--url"),
        ({"url": "https://me:hunter2@bot.test"}, "--url"),
        ({"organization": "a/b"}, "--organization"),
        ({"organization": ""}, "--organization"),
    ],
)
def test_what_can_not_be_is_refused(changes: dict[str, str], option: str) -> None:
    with pytest.raises(errors.InvalidSettingsError, match=option) as caught:
        wanted(**changes)
    assert "hunter2" not in caught.value.message
