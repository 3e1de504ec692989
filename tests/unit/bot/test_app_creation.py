"""The whole way of a manifest, with this test as the browser and a stub as GitHub."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
import werkzeug.serving

from bot import app_creation, app_files, app_manifest, errors

KEY = "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n"
SECRET = "hunter2-of-the-hook"


class Stub:
    """GitHub as its description says: a code is exchanged once for an App with its secrets."""

    def __init__(self) -> None:
        self.codes = {"good"}
        self.answer: dict[str, Any] = {
            "id": 77,
            "slug": "shop-stage",
            "html_url": "https://github.test/apps/shop-stage",
            "pem": KEY,
            "webhook_secret": SECRET,
            "client_secret": "hunter2-client",
        }
        app = flask.Flask("stub")

        @app.post("/app-manifests/<code>/conversions")
        def convert(code: str) -> tuple[dict[str, Any], int]:
            if code not in self.codes:
                return {"message": "Not Found"}, 404
            self.codes.discard(code)
            return self.answer, 201

        self.server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def github() -> Iterator[Stub]:
    made = Stub()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


class Visit:
    """A creation that runs, and the browser before it."""

    def __init__(self, github: Stub, folder: Path) -> None:
        self.files = app_files.Files(folder)
        wanted = app_manifest.Wanted("<shop> stage", "https://bot.test", "acme")
        self.creation = app_creation.Creation(github.url, wanted, self.files)
        self.page = ""
        self.error: errors.UnderstudyError | None = None
        self._opened = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert self._opened.wait(10)

    def _run(self) -> None:
        try:
            self.creation.run(self._open, 20)
        except errors.UnderstudyError as error:
            self.error = error

    def _open(self, page: str) -> None:
        self.page = page
        self._opened.set()

    def get(self, path: str = "", **query: str) -> requests.Response:
        return requests.get(self.page + path, params=query, timeout=10)

    def form(self) -> tuple[str, dict[str, Any]]:
        """Where the page posts to, and what."""
        text = self.get().text
        target = html.unescape(re.findall(r'action="([^"]+)"', text)[0])
        return target, json.loads(html.unescape(re.findall(r'value="([^"]+)"', text)[0]))

    def state(self) -> str:
        return self.form()[0].partition("state=")[2]


@pytest.fixture
def visit(github: Stub, tmp_path: Path) -> Iterator[Visit]:
    made = Visit(github, tmp_path / "out")
    yield made
    made.creation._ended.set()
    made.thread.join()


def test_the_page_posts_the_manifest_to_github(visit: Visit, github: Stub) -> None:
    target, manifest = visit.form()
    assert target.startswith(f"{github.url}/organizations/acme/settings/apps/new?state=")
    assert manifest["redirect_url"] == f"{visit.page}created"
    assert manifest["name"] == "<shop> stage"
    assert "<shop>" not in visit.get().text, "what was typed is no HTML"


def test_the_code_becomes_an_app_whose_secrets_are_in_files_only(visit: Visit) -> None:
    answer = visit.get("created", code="good", state=visit.state())
    visit.thread.join(10)
    assert answer.status_code == 200
    assert "hunter2" not in answer.text
    assert (visit.files.key.read_text(), visit.files.secret.read_text()) == (KEY, SECRET)
    assert visit.creation.made is not None
    assert visit.creation.made.app_id == 77
    assert visit.creation.made.install == "https://github.test/apps/shop-stage/installations/new"
    assert visit.creation.made.install in answer.text


@pytest.mark.parametrize("state", [None, "", "another", "\u00e4"])
def test_what_did_not_begin_here_is_refused(visit: Visit, github: Stub, state: str | None) -> None:
    query = {} if state is None else {"state": state}
    assert visit.get("created", code="good", **query).status_code == 400
    assert github.codes == {"good"}, "it was not even asked"


@pytest.mark.parametrize("code", ["", "spent", "../../user", "a b"])
def test_a_code_that_is_none_can_be_followed_by_a_good_one(visit: Visit, code: str) -> None:
    state = visit.state()
    assert visit.get("created", code=code, state=state).status_code == 502
    assert visit.thread.is_alive()
    assert visit.get("created", code="good", state=state).status_code == 200


@pytest.mark.parametrize("lacking", ["pem", "webhook_secret", "id", "html_url"])
def test_an_answer_that_lacks_something_is_told_without_the_rest(
    visit: Visit, github: Stub, lacking: str
) -> None:
    github.answer[lacking] = None if lacking == "webhook_secret" else ""
    if lacking == "html_url":
        del github.answer[lacking]
    answer = visit.get("created", code="good", state=visit.state())
    assert answer.status_code == 502
    assert "hunter2" not in answer.text
    assert not visit.files.key.exists()


def test_a_name_that_leads_here_by_foreign_dns_is_refused(visit: Visit) -> None:
    answer = requests.get(visit.page, headers={"Host": "evil.test"}, timeout=10)
    assert answer.status_code == 403


def test_the_page_can_be_neither_framed_nor_kept(visit: Visit) -> None:
    headers = visit.get().headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_it_listens_on_loopback_only(visit: Visit) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", visit.page)


def test_it_ends_by_itself(github: Stub, tmp_path: Path) -> None:
    wanted = app_manifest.Wanted("stage", "https://bot.test")
    made = app_creation.Creation(github.url, wanted, app_files.Files(tmp_path))
    with pytest.raises(errors.UnderstudyError, match="no App was made within"):
        made.run(lambda _: None, 0.05)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_asked_where_its_files_would_be_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "webhook-secret").write_text("mine")
    wanted = app_manifest.Wanted("stage", "https://bot.test")
    made = app_creation.Creation("https://api.github.com", wanted, app_files.Files(tmp_path))
    with pytest.raises(errors.InvalidSettingsError, match="is not written over"):
        made.run(lambda _: pytest.fail("the page was opened"), 0.05)


def test_a_port_that_is_taken_is_told(github: Stub, tmp_path: Path) -> None:
    wanted = app_manifest.Wanted("stage", "https://bot.test")
    files = app_files.Files(tmp_path)
    made = app_creation.Creation(github.url, wanted, files, github.server.server_port)
    with pytest.raises(errors.UnderstudyError, match="--port"):
        made.run(lambda _: None, 0.05)
