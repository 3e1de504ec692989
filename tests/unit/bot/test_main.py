import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import __main__ as command_line
from bot import app_creation, clock, logs, model, ports
from bot.store import SqlStore

KEY = model.EnvironmentKey("acme/shop", 7)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlStore:
    """The store that the commands use; it is closed after each of them."""
    for name, value in {
        "WEBHOOK_SECRET": "hunter2hunter2",
        "GITHUB_TOKEN": "hunter2-token",
        "PLATFORM_FILE": str(tmp_path / "platform.yaml"),
        "PULUMI_PASSPHRASE": "hunter2-passphrase",
        "DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(f"UNDERSTUDY_{name}", value)
    opened = SqlStore(f"sqlite:///{tmp_path / 'understudy.db'}", clock.SystemClock())
    opened.close()  # a pool makes new connections when it is asked again
    return opened


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["understudy", *words])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    code = ended.value.code
    assert isinstance(code, int)
    return code


def environment(store: SqlStore, **changes: object) -> None:
    store.hint(KEY)
    taken = store.take("test", 60)
    assert taken is not None
    store.save(taken[1], **changes)
    store.close()


def test_reconcile_raises_a_hint(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "reconcile", "acme/shop#7") == 0
    assert capsys.readouterr().out == "acme/shop#7 will be looked at\n"
    row, _ = store.rows()
    store.close()
    assert (row.key, row.wanted, row.seen) == (KEY, 1, 0)


@pytest.mark.parametrize(
    "word",
    ["shop#7", "acme/shop", "acme/shop#", "acme/shop#0", "acme/shop#-1", "acme/shop#7x", "a/b/c#7"],
)
@pytest.mark.parametrize("command", ["reconcile", "timeline"])
def test_what_names_no_environment_is_refused(
    store: SqlStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    word: str,
) -> None:
    assert run(monkeypatch, command, word) == 2
    assert capsys.readouterr().err == (
        f"understudy: {word!r} names no environment: write OWNER/REPOSITORY#NUMBER or "
        "OWNER/REPOSITORY@BRANCH, with :NAME where the repository has several\n"
    )
    assert store.rows() == []
    store.close()


def test_environments_are_listed_each_on_a_line(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Reasons come from other programs: no markup, and nothing that steers a terminal.
    reason = "web: [/red] \x1b[31m crashed\nagain"
    environment(store, phase=model.Phase.DEGRADED, commit="a" * 40, reason=reason)
    assert run(monkeypatch, "environments") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["environment", "of", "phase", "commit", "reason"]
    name, key, phase, commit, *words = line.split()
    assert name.startswith("pr-7-shop-")
    assert (key, phase, commit) == ("acme/shop#7", "degraded", "aaaaaaa")
    assert " ".join(words) == "web: [/red] [31m crashed again"


def test_a_timeline_is_shown_oldest_first(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(store)
    store.note(KEY, "first [bold]")
    store.note(KEY, "second")
    store.close()
    assert run(monkeypatch, "timeline", "ACME/shop#7") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("  first [bold]")
    assert second.endswith("  second")


def test_who_made_what_happen_is_shown(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.record_delivery(ports.Delivered("1", "pull_request", "opened", "ada"), [KEY])
    store.close()
    assert run(monkeypatch, "audit", "acme/shop#7") == 0
    _, line = capsys.readouterr().out.splitlines()
    assert line.split()[2:] == ["ada", "pull_request", "opened"]


def test_a_command_that_nobody_runs_is_kept_and_told(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "env", "acme/shop#7", "extend", "8h", "--wait", "0.1") == 2
    assert "it is kept" in capsys.readouterr().err
    (found,) = store.commands(KEY)
    assert (found.text, found.source) == ("extend 8h", model.CommandSource.DIRECT)
    store.close()


def test_a_timeline_of_nobody_is_refused(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "timeline", "acme/shop#8") == 2
    assert "acme/shop#8 has no environment" in capsys.readouterr().err
    store.close()


def test_a_folder_without_database_is_told_and_stays_empty(
    store: SqlStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UNDERSTUDY_DATA_DIR", str(tmp_path / "other"))
    assert run(monkeypatch, "environments") == 2
    assert "UNDERSTUDY_DATA_DIR" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    store.close()


@pytest.mark.parametrize("command", [["serve"], ["environments"], ["reconcile", "acme/shop#7"]])
def test_a_missing_setting_is_one_sentence(
    store: SqlStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    monkeypatch.delenv("UNDERSTUDY_WEBHOOK_SECRET")
    assert run(monkeypatch, *command) == 2
    assert capsys.readouterr().err == (
        "understudy: UNDERSTUDY_WEBHOOK_SECRET is missing: set it; docs/settings.md says to what\n"
    )
    store.close()


# -- what looks at everything, and what begins ----------------------------------------------------


def test_the_doctor_ends_with_1_where_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", {"PATH": "/nowhere"})
    monkeypatch.setattr(logs, "configure", lambda _: None)  # it would last beyond this test
    assert run(monkeypatch, "doctor") == 1
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("wrong   settings: UNDERSTUDY_")
    assert run(monkeypatch, "doctor", "--json") == 1
    assert json.loads(capsys.readouterr().out)["healthy"] is False


def test_a_new_app_is_told_as_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(creation: object, opened: Callable[[str], None]) -> app_creation.Made:
        opened("http://127.0.0.1:1/")
        return app_creation.Made(77, "https://github.test/apps/stage")

    monkeypatch.setattr(app_creation.Creation, "run", made)
    words = ("--name", "stage", "--url", "https://bot.test", "--out", str(tmp_path))
    assert run(monkeypatch, "create-app", *words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Open http://127.0.0.1:1/ in a browser",
        "UNDERSTUDY_GITHUB_APP_ID=77",
        f"UNDERSTUDY_GITHUB_PRIVATE_KEY_FILE={tmp_path}/private-key.pem",
        f"UNDERSTUDY_WEBHOOK_SECRET_FILE={tmp_path}/webhook-secret",
        "Install it at https://github.test/apps/stage/installations/new",
    ]


def test_an_app_that_can_not_be_asked_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "create-app", "--name", "stage", "--url", "bot.test") == 2
    assert "--url is no address of a site" in capsys.readouterr().err
