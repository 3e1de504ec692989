"""What people do on GitHub, and what they see of it: deliveries, commands, trust and answers.

GitHub is the simulated one, over HTTP and held against its published description; store, passes,
webhook, hub and reporter are the bot's own, and only what is built is a fake.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import model
from bot.model import Phase
from tests.contract.talk import EVENTS, KEY, SECRET, STAGE, Talk, credentials
from tests.world.github import description
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import World


@pytest.fixture(params=["app", pytest.param("token", marks=pytest.mark.slow)])
def talk(request: pytest.FixtureRequest) -> Iterator[Talk]:
    behind = World(keep_bodies=True)
    with Server(behind) as server:
        github = GitHubWorld(server.url)
        github.create_repository(KEY.repository, {".stage.yaml": STAGE})
        with Talk(github, credentials(github, request.param)) as talk:
            github.set_permission(KEY.repository, "ada", "write")
            github.set_permission(KEY.repository, "mallory", "read")
            github.add_hook(talk.url, SECRET, KEY.repository, EVENTS)
            yield talk
        assert description.all_faults(behind.exchanges) == []


def last(talk: Talk) -> model.Command:
    return talk.stand.store.commands(KEY)[-1]


def test_a_command_is_acknowledged_done_and_told(talk: Talk) -> None:
    talk.open()
    number = talk.say("Let me see that.\n\n/stage up\n")
    assert talk.phase() is Phase.READY
    ((_, reaction),) = talk.reactions(number)
    assert reaction == "eyes"
    (comment,) = talk.comments()
    assert "✅ Ready" in comment


def test_what_it_costs_is_told_and_answered(talk: Talk) -> None:
    talk.open("stage")
    talk.settle()
    (comment,) = talk.comments()
    assert "**Cost**, by what its services request: about $2.40 a day" in comment
    talk.say("/stage cost")
    assert "About $2.40 a day as it stands" in talk.comments()[-1]


def test_down_holds_until_somebody_asks_again(talk: Talk) -> None:
    talk.open("stage")
    talk.settle()
    assert talk.phase() is Phase.READY
    talk.say("/stage down")
    talk.github.push(KEY.repository, KEY.number, {"a": "2"})
    talk.settle()
    assert talk.phase() is Phase.ABSENT
    talk.say("/stage up")
    assert talk.phase() is Phase.READY
    assert len(talk.comments()) == 1


def test_a_label_brings_it_and_takes_it_away(talk: Talk) -> None:
    talk.open()
    talk.settle()
    talk.github.label(KEY.repository, KEY.number, "stage")
    talk.settle()
    assert talk.phase() is Phase.READY
    talk.github.unlabel(KEY.repository, KEY.number, "stage")
    talk.settle()
    assert talk.phase() is Phase.ABSENT


def test_a_review_may_command(talk: Talk) -> None:
    talk.open()
    talk.settle()
    talk.github.review(KEY.repository, KEY.number, "ada", "Looks good.\n/stage up")
    talk.settle()
    assert talk.phase() is Phase.READY
    assert last(talk).source is model.CommandSource.REVIEW


def test_strangers_may_ask_for_help_and_nothing_else(talk: Talk) -> None:
    talk.open()
    talk.say("/stage up", "mallory")
    assert last(talk).state is model.CommandState.REFUSED
    assert talk.phase() is Phase.ABSENT
    talk.say("/stage help", "mallory")
    assert any("| `/stage up [SHA]` |" in comment for comment in talk.comments())


def test_a_strangers_fork_runs_as_the_commit_that_was_approved(talk: Talk) -> None:
    talk.open("stage", fork="mallory/shop")
    talk.settle()
    assert talk.phase() is Phase.WAITING
    head = talk.github.head(KEY.repository, KEY.number)
    talk.say(f"/stage approve {head[:7]}", "mallory")
    assert last(talk).state is model.CommandState.REFUSED
    talk.say(f"/stage approve {head[:7]}")
    assert (talk.phase(), talk.row.commit) == (Phase.READY, head)
    talk.github.push(KEY.repository, KEY.number, {"a": "evil"})
    talk.settle()
    assert (talk.phase(), talk.row.stack_exists) == (Phase.WAITING, False)


def test_two_hooks_double_nothing(talk: Talk) -> None:
    talk.github.add_hook(talk.url, SECRET, KEY.repository, EVENTS)
    talk.open()
    number = talk.say("/stage up\n/stage status")
    assert [one.text for one in talk.stand.store.commands(KEY)] == ["up", "status"]
    assert len(talk.reactions(number)) == 1
    assert len(talk.comments()) == 2, "the one that is kept, and the answer"


def test_what_was_edited_or_quoted_or_its_own_asks_for_nothing(talk: Talk) -> None:
    talk.open()
    number = talk.say("> /stage up\n\nwhat does that do?")
    talk.github.edit_comment(KEY.repository, number, "/stage up")
    talk.settle()
    talk.hub.reply(KEY, "<!-- understudy:answer 9 9 -->\n\n/stage up")
    talk.settle()
    assert talk.stand.store.commands(KEY) == []
    assert talk.phase() is Phase.ABSENT


def test_a_comment_that_no_delivery_told_of_is_read_later(talk: Talk) -> None:
    talk.open()
    talk.settle()
    with talk.github.held(copies=0):
        talk.github.comment(KEY.repository, KEY.number, "ada", "/stage up")
        talk.github.comment(KEY.repository, KEY.number, "mallory", "/stage down")
    pulls = talk.hub.open_pull_requests(KEY.repository)
    missed = talk.conversation.catch_up(KEY.repository, pulls)
    assert [one.text for one in missed] == ["up", "down"]
    talk.settle()
    assert talk.phase() is Phase.READY
    assert last(talk).state is model.CommandState.REFUSED


def test_the_base_branch_decides_who_gets_one(talk: Talk) -> None:
    when = "when: {mode: always, paths: ['web/**']}\n"
    talk.github.commit(KEY.repository, "main", {".stage.yaml": STAGE + when})
    talk.github.settled()
    assert talk.sweeps == 1, "a policy was pushed"
    talk.open()
    talk.settle()
    assert talk.phase() is Phase.ABSENT, "it changes nothing in web/"
    talk.github.push(KEY.repository, KEY.number, {"web/index.html": "<p>"})
    talk.settle()
    assert talk.phase() is Phase.READY


def test_a_pull_request_can_not_let_itself_in(talk: Talk) -> None:
    files = {".stage.yaml": STAGE + "when: {mode: always}\n"}
    talk.github.open_pull_request(KEY.repository, "change", files)
    talk.settle()
    assert talk.phase() is Phase.ABSENT


def test_a_broken_policy_takes_nothing_away(talk: Talk) -> None:
    talk.open("stage")
    talk.settle()
    talk.github.commit(KEY.repository, "main", {".stage.yaml": "when: {mode: sometimes}"})
    talk.github.push(KEY.repository, KEY.number, {"a": "2"})
    talk.github.settled()
    talk.stand.settle()
    assert talk.row.stack_exists
    assert "in the base branch main: .stage.yaml" in talk.row.reason
    talk.github.close(KEY.repository, KEY.number)
    talk.settle()
    assert talk.phase() is Phase.ABSENT, "closed is closed, whatever the policy is"


def test_logs_are_answered_in_a_comment_of_their_own(talk: Talk) -> None:
    talk.open("stage")
    talk.settle()
    talk.stand.workloads.log = "@everyone ``` <b>up</b>\n"
    talk.say("/stage logs web")
    (answer,) = [one for one in talk.comments() if "understudy:answer" in one]
    assert "````text\n@everyone ``` <b>up</b>\n````" in answer


# -- several definitions, and branches ------------------------------------------------------------

ROOT = """\
environments:
  admin: {path: apps/admin}
  shop: {path: apps/shop}
"""
SEVERAL = {
    ".stage.yaml": ROOT,
    "apps/admin/.stage.yaml": f"when: {{base: [main]}}\n{STAGE}",
    "apps/shop/.stage.yaml": STAGE,
}


def standing(talk: Talk, *keys: model.EnvironmentKey) -> list[Phase]:
    found = [talk.stand.store.row(key) for key in keys]
    return [row.phase for row in found if row is not None]


def test_each_definition_has_a_comment_and_commands_of_its_own(talk: Talk) -> None:
    admin, shop = KEY.defined("admin"), KEY.defined("shop")
    talk.github.commit(KEY.repository, "main", SEVERAL)
    talk.github.open_pull_request(
        KEY.repository, "change", {"apps/admin/a": "1", "apps/shop/a": "1"}, ["stage"]
    )
    talk.settle()
    assert standing(talk, KEY, admin, shop) == [Phase.ABSENT, Phase.READY, Phase.READY]
    told = {
        name: one for one in talk.comments() for name in ("admin", "shop") if f"#1:{name}" in one
    }
    assert sorted(told) == ["admin", "shop"], "each once, in whatever order"
    assert "Ready · admin" in told["admin"]
    assert "`/stage/admin down`" in told["admin"]
    assert "Ready · shop" in told["shop"]
    talk.say("/stage/shop down\n/stage/admin status")
    assert standing(talk, KEY, admin, shop) == [Phase.ABSENT, Phase.READY, Phase.ABSENT]
    assert "`status` for `admin` by ada" in talk.comments()[-1]
    talk.say("/stage status\n/stage/nothing up")
    assert any("`status` for `admin` by ada" in one for one in talk.comments()[-2:])
    talk.github.close(KEY.repository, KEY.number)
    talk.settle()
    assert set(standing(talk, KEY, admin, shop)) == {Phase.ABSENT}


def test_a_branch_has_an_environment_that_follows_it(talk: Talk) -> None:
    main = model.EnvironmentKey(KEY.repository, branch="main")
    talk.github.commit(KEY.repository, "main", {".stage.yaml": f"when: {{base: [main]}}\n{STAGE}"})
    talk.github.settled()
    assert talk.sweeps == 1
    talk.stand.store.hint(main)
    talk.settle()
    commit = talk.github.commit(KEY.repository, "main", {"a": "2"})
    talk.settle()
    row = talk.stand.store.row(main)
    assert row is not None
    assert (row.phase, row.commit, row.life.pinned) == (Phase.READY, commit, True)
    made = talk.github.deployments(KEY.repository)
    assert {one["environment"] for one in made} == {"base-main"}
