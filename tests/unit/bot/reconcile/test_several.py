"""Repositories with several definitions, and branches with an environment of their own."""

from __future__ import annotations

import pytest

from bot import errors, intent, model
from bot.model import CommandState, Phase
from infra import contract
from tests.unit.bot.reconcile.stand import KEY, A, B, Stand

ADMIN, SHOP = KEY.defined("admin"), KEY.defined("shop")
MAIN = model.EnvironmentKey(KEY.repository, branch="main")
FOLDERS = {name: contract.Definition(path=f"apps/{name}") for name in ("admin", "shop")}


@pytest.fixture
def several() -> Stand:
    made = Stand()
    made.policies.settings = intent.Policy(never=intent.SEVERAL, definitions=FOLDERS)
    for name, found in FOLDERS.items():
        made.policies.definitions[name] = intent.Policy(within=found.paths)
    made.hub.files_changed = ["apps/admin/index.html"]
    return made


def phases(stand: Stand) -> dict[str, Phase]:
    keys = {row.key for row in stand.store.rows()}
    found = {key.definition: stand.store.row(key) for key in keys}
    return {name: row.phase for name, row in sorted(found.items()) if row is not None}


def ended(stand: Stand, key: model.EnvironmentKey) -> list[tuple[str, CommandState]]:
    return [(command.text, command.state) for command in stand.store.commands(key)]


def test_the_label_brings_up_what_the_pull_request_changes(several: Stand) -> None:
    several.open()
    several.settle()
    assert phases(several) == {"": Phase.ABSENT, "admin": Phase.READY, "shop": Phase.ABSENT}
    several.push(B)
    several.settle()
    row = several.store.row(ADMIN)
    assert row is not None
    assert row.commit == B
    several.shut()
    several.rest()
    assert set(phases(several).values()) == {Phase.ABSENT}
    assert several.world.environments == {}


def test_a_label_of_its_own_brings_up_any(several: Stand) -> None:
    several.open(A, "stage/shop")
    several.settle()
    assert phases(several) == {"": Phase.ABSENT, "admin": Phase.ABSENT, "shop": Phase.READY}


def test_a_command_reaches_those_that_exist_or_else_those_that_are_meant(several: Stand) -> None:
    several.open(A, "bug")
    several.command("up")
    several.settle()
    assert phases(several)["admin"] is Phase.READY
    assert ended(several, KEY) == [("up", CommandState.DONE)]
    assert ended(several, ADMIN) == [("up", CommandState.DONE)]
    assert ended(several, SHOP) == []
    several.command("down")
    several.rest()
    assert phases(several)["admin"] is Phase.ABSENT
    assert several.store.commands(KEY)[-1].answer == "passed on to admin"


def test_up_reaches_those_that_exist_and_those_that_are_changed(several: Stand) -> None:
    several.open(A, "stage/shop")
    several.settle()
    several.command("restart")
    several.command("up")
    several.settle()
    answers = [command.answer for command in several.store.commands(KEY)]
    assert answers == ["passed on to shop", "passed on to admin, shop"]
    assert phases(several)["admin"] is Phase.READY


def test_a_command_that_nobody_is_meant_by_is_refused_with_a_word(several: Stand) -> None:
    several.hub.files_changed = ["README.md"]
    several.open(A, "bug")
    several.command("up")
    several.settle()
    (command,) = several.store.commands(KEY)
    assert command.state is CommandState.REFUSED
    assert "there are admin, shop" in command.answer
    assert several.reporter.answers, "nothing else would tell it"


def test_help_is_given_once(several: Stand) -> None:
    several.open()
    several.settle()
    several.command("help")
    several.settle()
    assert ended(several, ADMIN) == []
    assert [command.text for command in several.reporter.answers] == ["help"]


def test_a_definition_that_is_no_more_is_taken_away(several: Stand) -> None:
    several.open()
    several.settle()
    several.policies.definitions["admin"] = intent.Policy(never=intent.UNDEFINED)
    several.policies.settings = intent.Policy(never=intent.SEVERAL, definitions={})
    several.store.hint(KEY)
    several.rest()
    assert phases(several)["admin"] is Phase.ABSENT
    assert several.world.environments == {}


def test_a_file_that_can_not_be_read_takes_nothing_away(several: Stand) -> None:
    several.open()
    several.settle()
    several.policies.faults["main"] = errors.InvalidStageFileError("in main: nonsense")
    several.command("status")
    several.settle()
    assert several.world.environments
    assert phases(several)["admin"] is not Phase.ABSENT


# -- branches -------------------------------------------------------------------------------------


@pytest.fixture
def based() -> Stand:
    made = Stand()
    made.with_policy(intent.Policy(bases=("main",), lifetime=60, warn_before=0))
    made.hub.branches[KEY.repository, "main"] = A
    made.store.hint(MAIN)
    return made


def base(stand: Stand) -> tuple[Phase, str | None]:
    row = stand.store.row(MAIN)
    assert row is not None
    return row.phase, row.commit


def test_a_branch_has_its_newest_commit_for_good(based: Stand) -> None:
    based.settle()
    assert base(based) == (Phase.READY, A)
    based.clock.advance(10 * 86400)
    based.hub.branches[KEY.repository, "main"] = B
    based.store.hint_branch("Acme/Shop", "main")
    based.rest()
    assert base(based) == (Phase.READY, B)
    assert based.told.life.pinned


@pytest.mark.parametrize("end", ["deleted", "no longer named", "down"])
def test_it_goes_with_its_branch_or_by_word(based: Stand, end: str) -> None:
    based.settle()
    if end == "deleted":
        based.hub.branches.clear()
    elif end == "down":
        now = based.clock.now()
        direct = model.CommandSource.DIRECT
        based.store.record_command(model.Command(MAIN, 1, 1, "down", "root", now, source=direct))
    else:
        based.with_policy(intent.Policy())
    based.store.hint(MAIN)
    based.rest()
    assert base(based)[0] is Phase.ABSENT
    assert based.world.environments == {}
