"""The sample shop answers as its two services should."""

from __future__ import annotations

import importlib
import types

import pytest
import requests

from tests.world.images.shop import api, serving, web


def test_page_shows_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "COMMIT", "c0ffee")
    assert '<code id="commit">c0ffee</code>' in web.app.test_client().get("/").text


def test_web_hands_on_what_api_says(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = api.app.test_client().get("/items").json
    asked: list[str] = []

    def get(url: str, timeout: float) -> object:
        asked.append(url)
        return types.SimpleNamespace(raise_for_status=lambda: None, json=lambda: stock)

    monkeypatch.setattr(requests, "get", get)
    answer = web.app.test_client().get("/api/items")
    assert asked == ["http://api:8080/items"]
    assert answer.json is not None
    assert answer.json["api"] == stock


def test_web_says_when_api_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, timeout: float) -> object:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", get)
    answer = web.app.test_client().get("/api/items")
    assert answer.status_code == 502
    assert "does not answer: ConnectionError" in answer.text


@pytest.mark.parametrize(("fault", "status"), [("", 200), ("unready", 503)])
def test_health_follows_the_fault(monkeypatch: pytest.MonkeyPatch, fault: str, status: int) -> None:
    monkeypatch.setattr(serving, "_FAULT", fault)
    assert serving.service("x").test_client().get("/healthz").status_code == status


def test_a_crashing_commit_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_FAULT", "crash")
    try:
        with pytest.raises(SystemExit, match="SHOP_FAULT=crash"):
            importlib.reload(serving).service("x")
    finally:
        monkeypatch.undo()
        importlib.reload(serving)
