import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot import app, clock, errors, model, overview, ports, webhook
from bot.settings import Settings
from bot.store import SqlStore
from bot.webhook import signature

SECRET = b"hunter2hunter2"
BODY = b'{"action": "opened", "number": 7, "repository": {"full_name": "acme/shop"}}'
HEADERS = {
    "X-GitHub-Event": "pull_request",
    "X-GitHub-Delivery": "guid",
    signature.HEADER: signature.sign(SECRET, BODY),
}
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: u, user: {token: x}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(f"sqlite:///{tmp_path / 'store.db'}", clock.SystemClock())
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def effects(wake: Callable[[], None] = lambda: None) -> webhook.Effects:
    return webhook.Effects(read=lambda _: (), wake=wake)


def create(store: ports.Store, *, alive: bool = True) -> flask.Flask:
    return app.create_app(store, SECRET, effects(), lambda: alive)


class BrokenStore:
    """A store whose database does not answer."""

    def healthy(self) -> bool:
        return False

    def record_delivery(self, *_: object) -> bool:
        raise errors.UnreachableError("the database at postgresql://bot@db does not answer")


# -- HTTP -----------------------------------------------------------------------------------------


def test_a_process_that_runs_is_alive_whatever_else_is_wrong() -> None:
    broken: Any = BrokenStore()
    answer = create(broken, alive=False).test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


def test_it_is_ready_with_database_and_workers(store: SqlStore) -> None:
    answer = create(store).test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})


def test_it_is_not_ready_without_them(store: SqlStore) -> None:
    broken: Any = BrokenStore()
    for made, reason in ((create(broken), "database"), (create(store, alive=False), "workers")):
        answer = made.test_client().get("/readyz")
        assert answer.json is not None
        assert (answer.status_code, answer.json["reason"]) == (503, reason)


def test_what_was_counted_is_shown_in_prometheus_text_form(store: SqlStore) -> None:
    made = app.create_app(store, SECRET, effects(), lambda: True, lambda: "a_total 1\n")
    answer = made.test_client().get("/metrics")
    assert (answer.status_code, answer.text) == (200, "a_total 1\n")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_a_delivery_reaches_the_store_and_wakes_the_workers(store: SqlStore) -> None:
    woken = threading.Event()
    made = app.create_app(store, SECRET, effects(woken.set), lambda: True)
    answer = made.test_client().post(
        "/webhook", data=BODY, headers=HEADERS, content_type="application/json"
    )
    assert answer.status_code == 202
    assert woken.is_set()
    row = store.row(model.EnvironmentKey("acme/shop", 7))
    assert row is not None
    assert row.wanted == 1


def test_a_delivery_that_can_not_be_stored_is_not_acknowledged(lines: list[Any]) -> None:
    broken: Any = BrokenStore()
    answer = (
        create(broken)
        .test_client()
        .post("/webhook", data=BODY, headers=HEADERS, content_type="application/json")
    )
    assert answer.json is not None
    assert (answer.status_code, answer.json["reason"]) == (503, "unreachable")
    assert "postgresql" not in answer.text, "the outside need not know"
    assert any("postgresql" in str(line.get("why")) for line in lines)


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/webhook", 405, "method-not-allowed"),
        ("POST", "/healthz", 405, "method-not-allowed"),
    ],
)
def test_every_refusal_is_json_with_a_reason(
    store: SqlStore, method: str, path: str, status: int, reason: str
) -> None:
    answer = create(store).test_client().open(path, method=method)
    assert answer.json is not None
    assert (answer.status_code, answer.json["reason"]) == (status, reason)


# -- starting and stopping ------------------------------------------------------------------------


@dataclasses.dataclass
class Recorded:
    """A bot whose parts only write down what is asked of them."""

    done: list[str] = dataclasses.field(default_factory=list)
    fault: errors.UnderstudyError | None = None

    def __post_init__(self) -> None:
        self.bot = app.Bot(flask.Flask("bot"), [self], self.warm, lambda: self.done.append("close"))

    def warm(self) -> None:
        self.done.append("warm")
        if self.fault:
            raise self.fault

    def start(self) -> None:
        self.done.append("start")

    def stop(self) -> None:
        self.done.append("stop")


def test_workers_begin_when_the_engine_is_warm_and_end_before_the_store() -> None:
    recorded = Recorded()
    recorded.bot.start()
    recorded.bot.stop()
    assert recorded.done == ["warm", "start", "stop", "close"]


def test_a_cold_engine_keeps_nobody_from_working(lines: list[Any]) -> None:
    recorded = Recorded(fault=errors.EngineError("no pulumi"))
    recorded.bot.start()
    recorded.bot.stop()
    assert recorded.done == ["warm", "start", "stop", "close"]
    assert lines[0]["why"] == "no pulumi"


def test_a_bot_that_never_started_ends_as_well() -> None:
    recorded = Recorded()
    recorded.bot.stop()
    assert recorded.done == ["stop", "close"]


# -- after a sweep --------------------------------------------------------------------------------


def test_after_a_sweep_workers_are_woken_before_github_is_asked(store: SqlStore) -> None:
    done: list[str] = []
    unused: Any = None
    after = app._Afterwards(
        store,
        unused,
        overview.Overview(store, lambda _: None),
        lambda: done.append("wake"),
        clock.SystemClock(),
        ask_again=lambda: done.append("ask again"),
    )
    after()
    after()
    assert done == ["wake", "ask again"] * 2


# -- wiring ---------------------------------------------------------------------------------------


def settings(folder: Path, **changes: str) -> Settings:
    (folder / "platform.yaml").write_text("domain: preview.test\nprimary_distribution_id: E1\n")
    (folder / "kubeconfig").write_text(KUBECONFIG)
    given = {
        "webhook_secret": "hunter2hunter2",
        "github_token": "hunter2-token",
        "github_url": "http://127.0.0.1:9",
        "platform_file": str(folder / "platform.yaml"),
        "data_dir": str(folder / "data"),
        "pulumi_passphrase": "hunter2-passphrase",
        "kubeconfig": str(folder / "kubeconfig"),
        **changes,
    }
    names = {f"UNDERSTUDY_{name.upper()}": value for name, value in given.items() if value}
    return Settings.from_env(names)


def private_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize("as_app", [False, True])
def test_the_real_stages_fit_together(tmp_path: Path, as_app: bool) -> None:
    identity = {"github_token": "", "github_app_id": "12", "github_private_key": private_key()}
    bot = app.build(settings(tmp_path, **identity if as_app else {}))
    try:
        assert bot.app.test_client().get("/healthz").status_code == 200
        assert bot.app.test_client().get("/readyz").status_code == 503, "nothing works yet"
    finally:
        bot.stop()
    assert (tmp_path / "data" / "understudy.db").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kubeconfig": "/nowhere/kubeconfig"}, "kubeconfig"),
        ({"database_url": "mysql://u:hunter2@h/d"}, "only sqlite and postgresql"),
        ({"data_dir": "/dev/null/data"}, "UNDERSTUDY_DATA_DIR"),
        (
            {"github_token": "", "github_app_id": "12", "github_private_key": "hunter2"},
            "private key of GitHub App 12",
        ),
    ],
)
def test_what_can_not_be_wired_is_told_and_nothing_stays_open(
    tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    before = set(threading.enumerate())
    with pytest.raises(errors.UnderstudyError, match=sentence) as caught:
        app.build(settings(tmp_path, **changes))
    assert "hunter2" not in caught.value.message
    assert set(threading.enumerate()) == before
