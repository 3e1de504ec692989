"""The Hub port: the fake of unit tests and the real one before the fake GitHub behave alike.

What only GitHub has (other people, other programs, limits) is tested with the real one alone.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator

import pytest

from bot import errors, github_api, model
from tests.contract.hub.stands import FORK, KEY, NOW, TOKEN, FakeStand, GitHubStand, Stand
from tests.world.github import description
from tests.world.github.control import GitHubWorld
from tests.world.github.server import Server
from tests.world.github.world import BOT, World

MARKER = "<!-- understudy:environment acme/shop#1 -->"


@pytest.fixture
def world() -> Iterator[GitHubWorld]:
    """A fake GitHub with `acme/shop`; its answers are held against GitHub's description."""
    behind = World(keep_bodies=True)
    behind.credentials.add_token(TOKEN, behind.state.account(BOT))
    with Server(behind) as server:
        control = GitHubWorld(server.url)
        control.create_repository(KEY.repository, {".stage.yaml": "first: 1\n"})
        yield control
        assert description.all_faults(behind.exchanges) == []


@pytest.fixture(params=["token", "app"])
def github(request: pytest.FixtureRequest, world: GitHubWorld) -> GitHubStand:
    """The real hub, with each kind of credentials."""
    if request.param == "token":
        return GitHubStand(world, TOKEN)
    made = world.create_app("understudy")
    return GitHubStand(world, github_api.App(made["app_id"], made["private_key"]))


@pytest.fixture(params=["token", "app", "fake"])
def stand(request: pytest.FixtureRequest) -> Stand:
    """Each implementation of the port."""
    if request.param == "fake":
        return FakeStand()
    world: GitHubWorld = request.getfixturevalue("world")
    if request.param == "token":
        return GitHubStand(world, TOKEN)
    made = world.create_app("understudy")
    return GitHubStand(world, github_api.App(made["app_id"], made["private_key"]))


# -- pull requests and files ----------------------------------------------------------------------


def test_a_pull_request_is_read_as_it_is_now(stand: Stand) -> None:
    commit = stand.open({"a": "1"}, "stage")
    found = stand.hub.pull_request(KEY)
    assert (found.key, found.head_sha, found.labels) == (KEY, commit, frozenset({"stage"}))
    assert (found.open, found.merged, found.draft, found.from_fork) == (True, False, False, False)
    assert found.head_repository == KEY.repository
    assert len(found.base_sha) == 40
    stand.label("stage/pin")
    stand.draft()
    newer = stand.push({"a": "2"})
    found = stand.hub.pull_request(KEY)
    assert newer != commit
    assert (found.head_sha, found.labels) == (newer, frozenset({"stage", "stage/pin"}))
    assert found.draft


@pytest.mark.parametrize("branch", ["main", "release/1.x"])
def test_a_branch_is_a_pull_request_that_is_never_closed(stand: Stand, branch: str) -> None:
    key = model.EnvironmentKey(KEY.repository, branch=branch, definition="admin")
    for _ in range(2):
        commit = stand.push_to(branch)
        found = stand.hub.pull_request(key)
        assert found == model.PullRequest.of_branch(key, commit, "main")
    assert stand.hub.default_branch(KEY.repository) == "main"
    with pytest.raises(errors.NotFoundError, match="branch other"):
        stand.hub.pull_request(model.EnvironmentKey(KEY.repository, branch="other"))


def test_a_branch_out_of_sight_or_of_a_moved_repository(
    github: GitHubStand, world: GitHubWorld
) -> None:
    with pytest.raises(errors.UnreachableError, match="acme/none"):
        github.hub.pull_request(model.EnvironmentKey("acme/none", branch="main"))
    commit = github.push_to("main")
    world.rename_repository(KEY.repository, "acme/store")
    found = github.hub.pull_request(model.EnvironmentKey(KEY.repository, branch="main"))
    assert (str(found.key), found.head_sha) == ("acme/store@main", commit)


def test_a_definition_has_the_pull_request_of_its_number(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    found = stand.hub.pull_request(KEY.defined("admin"))
    assert (found.key, found.head_sha) == (KEY.defined("admin"), commit)


@pytest.mark.parametrize("merged", [False, True])
def test_a_closed_one_is_closed(stand: Stand, merged: bool) -> None:
    stand.open({"a": "1"})
    stand.close(merged=merged)
    found = stand.hub.pull_request(KEY)
    assert (found.open, found.merged) == (False, merged)


def test_a_fork_is_named_until_it_is_deleted(stand: Stand) -> None:
    stand.open({"a": "1"}, fork=FORK)
    assert stand.hub.pull_request(KEY).head_repository == FORK
    stand.delete_fork()
    found = stand.hub.pull_request(KEY)
    assert (found.head_repository, found.from_fork, found.open) == (None, True, True)


def test_what_is_not_there_is_not_found(stand: Stand) -> None:
    stand.open({"a": "1"})
    key = model.EnvironmentKey(KEY.repository, 9)
    with pytest.raises(errors.NotFoundError, match=key.repository):
        stand.hub.pull_request(key)


def test_a_repository_out_of_sight_says_nothing_of_its_pull_requests(
    github: GitHubStand,
) -> None:
    key = model.EnvironmentKey("acme/none", 1)
    with pytest.raises(errors.UnreachableError, match=r"no repository acme/none.*access"):
        github.hub.pull_request(key)


def test_a_file_is_read_at_its_commit(stand: Stand) -> None:
    first = stand.open({".stage.yaml": "größe: 1\n"})
    second = stand.push({".stage.yaml": "größe: 2\n"})
    assert stand.hub.file(KEY.repository, ".stage.yaml", first) == "größe: 1\n"
    assert stand.hub.file(KEY.repository, ".stage.yaml", second) == "größe: 2\n"
    assert stand.hub.file(KEY.repository, "none.yaml", second) is None


# -- lists ----------------------------------------------------------------------------------------


def test_open_pull_requests_are_listed_as_each_is_read(stand: Stand) -> None:
    commit = stand.open({"a": "1"}, "stage", "stage/pin")
    assert list(stand.lists.repositories()) == [KEY.repository]
    (found,) = stand.lists.open_pull_requests(KEY.repository)
    assert found == stand.hub.pull_request(KEY)
    assert found.head_sha == commit
    stand.draft()
    newer = stand.push({"a": "2"})
    (found,) = stand.lists.open_pull_requests(KEY.repository)
    assert (found.head_sha, found.draft) == (newer, True)
    stand.close()
    assert list(stand.lists.open_pull_requests(KEY.repository)) == []


def test_a_deleted_fork_is_listed_as_deleted(stand: Stand) -> None:
    stand.open({"a": "1"}, fork=FORK)
    stand.delete_fork()
    (found,) = stand.lists.open_pull_requests(KEY.repository)
    assert (found.head_repository, found.from_fork) == (None, True)


# -- the comment ----------------------------------------------------------------------------------


def test_there_is_one_comment_and_it_is_edited(stand: Stand) -> None:
    stand.open({"a": "1"})
    first = stand.hub.write_comment(KEY, f"{MARKER}\n\none", None)
    second = stand.hub.write_comment(KEY, f"{MARKER}\n\ntwo", first)
    assert second == first
    assert stand.comments() == {first: f"{MARKER}\n\ntwo"}


def test_a_forgotten_comment_is_found_by_its_marker(stand: Stand) -> None:
    stand.open({"a": "1"})
    first = stand.hub.write_comment(KEY, f"{MARKER}\n\none", None)
    assert stand.hub.write_comment(KEY, f"{MARKER}\n\ntwo", None) == first
    assert list(stand.comments().values()) == [f"{MARKER}\n\ntwo"]


def test_a_deleted_comment_is_written_anew(stand: Stand) -> None:
    stand.open({"a": "1"})
    first = stand.hub.write_comment(KEY, f"{MARKER}\n\none", None)
    stand.delete_comment(first)
    second = stand.hub.write_comment(KEY, f"{MARKER}\n\ntwo", first)
    assert second != first
    assert stand.comments() == {second: f"{MARKER}\n\ntwo"}


def test_a_wrong_id_leads_to_the_comment_all_the_same(stand: Stand) -> None:
    stand.open({"a": "1"})
    first = stand.hub.write_comment(KEY, f"{MARKER}\n\none", None)
    assert stand.hub.write_comment(KEY, f"{MARKER}\n\ntwo", 424_242) == first
    assert list(stand.comments().values()) == [f"{MARKER}\n\ntwo"]


# -- deployments ----------------------------------------------------------------------------------


def test_a_commit_has_one_deployment(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    first = stand.hub.create_deployment(KEY.repository, commit, "pr-1")
    assert stand.hub.create_deployment(KEY.repository, commit, "pr-1") == first
    newer = stand.push({"a": "2"})
    assert stand.hub.create_deployment(KEY.repository, newer, "pr-1") != first
    assert stand.hub.create_deployment(KEY.repository, commit, "pr-2") != first
    assert stand.deployments() == 3


def test_a_deployment_takes_its_states(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    number = stand.hub.create_deployment(KEY.repository, commit, "pr-1")
    given = [
        ("in_progress", None, "Coming up"),
        ("success", "http://pr-1.preview.test", "Ready"),
        ("inactive", None, ""),
    ]
    for state, url, text in given:
        stand.hub.set_deployment_status(KEY.repository, number, state, url, text)
    assert stand.statuses(number) == [(state, url or "", text) for state, url, text in given]


def test_success_ends_the_one_before(stand: Stand) -> None:
    numbers = []
    for at in range(2):
        commit = stand.open({"a": "0"}) if at == 0 else stand.push({"a": "1"})
        numbers.append(stand.hub.create_deployment(KEY.repository, commit, "pr-1"))
        took = stand.hub.set_deployment_status(KEY.repository, numbers[-1], "success", None, "")
        assert took == at + 1
    assert [state for state, _, _ in stand.statuses(numbers[0])] == ["success", "inactive"]
    assert [state for state, _, _ in stand.statuses(numbers[1])] == ["success"]


def test_success_ends_what_never_ended_before_a_failure(stand: Stand) -> None:
    numbers = []
    for at, state in enumerate(("in_progress", "failure", "success")):
        commit = stand.open({"a": "0"}) if at == 0 else stand.push({"a": str(at)})
        numbers.append(stand.hub.create_deployment(KEY.repository, commit, "pr-1"))
        stand.hub.set_deployment_status(KEY.repository, numbers[-1], state, None, "")
    states = [[state for state, _, _ in stand.statuses(number)] for number in numbers]
    assert states == [["in_progress", "inactive"], ["failure"], ["success"]]


# -- checks ---------------------------------------------------------------------------------------

URL = "http://pr-1.preview.test"


def say(
    stand: Stand, commit: str, known: int | None, state: str, url: str | None = URL
) -> int | None:
    return stand.hub.set_check(
        KEY.repository,
        commit,
        known,
        name="understudy",
        state=state,
        title=state,
        summary="**why**",
        url=url,
    )


def test_a_commit_has_one_check_and_it_is_edited(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    first = say(stand, commit, None, "in_progress")
    assert stand.checks(commit) == [("in_progress", URL, "in_progress")]
    for state in ("failure", "success", "cancelled"):
        assert say(stand, commit, first, state) == first
        assert stand.checks(commit) == [(state, URL, state)]
    newer = stand.push({"a": "2"})
    assert stand.checks(newer) == []


def test_a_forgotten_check_that_is_in_progress_is_found(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    first = say(stand, commit, None, "in_progress")
    assert say(stand, commit, None, "success") == first
    assert stand.checks(commit) == [("success", URL, "success")]


def test_a_check_that_is_gone_is_made_anew(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    say(stand, commit, 424_242, "success")
    assert stand.checks(commit) == [("success", URL, "success")]


def test_no_check_of_a_commit_that_is_not_there(github: GitHubStand) -> None:
    github.open({"a": "1"})
    with pytest.raises(errors.NotFoundError):
        say(github, "0" * 40, None, "success")


def test_who_may_not_check_is_told_so_once(github: GitHubStand) -> None:
    commit = github.open({"a": "1"})
    github.world.fail_next(403, method="POST", message="Resource not accessible by integration")
    with pytest.raises(errors.NotFoundError, match="refuses"):
        say(github, commit, None, "success")


# -- out of order ---------------------------------------------------------------------------------


def test_silence_is_unreachable_for_every_verb(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    hub, at = stand.hub, KEY.repository
    number = hub.create_deployment(at, commit, "pr-1")
    comment = hub.write_comment(KEY, MARKER, None)
    check = say(stand, commit, None, "in_progress")
    stand.fall_silent()
    for ask in (
        lambda: hub.pull_request(KEY),
        lambda: hub.file(at, ".stage.yaml", commit),
        lambda: hub.write_comment(KEY, f"{MARKER}\n\ntwo", comment),
        lambda: hub.write_comment(KEY, f"{MARKER}\n\ntwo", None),
        lambda: hub.create_deployment(at, commit, "pr-2"),
        lambda: hub.set_deployment_status(at, number, "success", None, ""),
        lambda: say(stand, commit, check, "success"),
        lambda: say(stand, commit, None, "success"),
        lambda: stand.lists.open_pull_requests(at),
        lambda: stand.lists.comments(at, NOW),
        lambda: hub.permission(at, "ada"),
        lambda: hub.commit(at, commit),
        lambda: hub.wrote(KEY, comment, model.CommandSource.COMMENT),
        lambda: hub.belongs(KEY, commit),
        lambda: hub.changed(KEY),
        lambda: hub.react(at, comment, "eyes"),
        lambda: hub.reply(KEY, "answer"),
    ):
        with pytest.raises(errors.UnreachableError):
            ask()
    assert list(stand.comments().values()) == [MARKER]


# -- people ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("admin", model.Permission.ADMIN),
        ("maintain", model.Permission.WRITE),
        ("write", model.Permission.WRITE),
        ("triage", model.Permission.READ),
        ("read", model.Permission.READ),
        ("none", model.Permission.NONE),
    ],
)
def test_what_somebody_may_do_is_asked_for(
    stand: Stand, given: str, found: model.Permission
) -> None:
    stand.permit("ada", given)
    assert stand.hub.permission(KEY.repository, "ada") is found


def test_a_commit_is_found_by_its_first_characters_and_belongs(stand: Stand) -> None:
    first = stand.open({"a": "1"})
    second = stand.push({"a": "2"})
    assert stand.hub.commit(KEY.repository, second[:7]) == second
    assert stand.hub.belongs(KEY, first[:7])
    assert stand.hub.belongs(KEY, second)
    assert not stand.hub.belongs(KEY, "0123456")


def test_what_is_changed_is_asked_for_once_for_each_commit(github: GitHubStand) -> None:
    github.open({"a": "1"})
    for _ in range(2):
        assert github.hub.changed(KEY) == ["a"]
    asked = [past["path"] for past in github.world.requests()]
    assert [path.rpartition("/")[2] for path in asked].count("files") == 1
    github.push({"b": "1"})
    assert sorted(github.hub.changed(KEY.defined("admin"))) == ["a", "b"]


def test_what_is_changed_is_listed(stand: Stand) -> None:
    stand.open({"web/index.html": "1", "README": "2"})
    assert sorted(stand.hub.changed(KEY)) == ["README", "web/index.html"]


def test_what_people_said_is_read_since_a_time(stand: Stand) -> None:
    stand.open({"a": "1"})
    number = stand.say("ada", "/stage up\n\nplease")
    hour = datetime.timedelta(hours=1)
    (found,) = stand.lists.comments(KEY.repository, NOW - hour)
    assert (found.key, found.id, found.author, found.body) == (
        KEY,
        number,
        "ada",
        "/stage up\n\nplease",
    )
    assert abs(found.at - NOW) < hour
    assert stand.lists.comments(KEY.repository, NOW + hour) == []


def test_what_somebody_wrote_is_read_as_it_is_now(stand: Stand) -> None:
    stand.open({"a": "1"})
    number = stand.say("ada", "/stage up")
    found = stand.hub.wrote(KEY, number, model.CommandSource.COMMENT)
    assert (found.key, found.id, found.author, found.body) == (KEY, number, "ada", "/stage up")
    for source in model.CommandSource.COMMENT, model.CommandSource.REVIEW:
        with pytest.raises(errors.NotFoundError):
            stand.hub.wrote(KEY, number + 1000, source)


def test_a_reaction_is_put_once(stand: Stand) -> None:
    stand.open({"a": "1"})
    number = stand.say("ada", "/stage up")
    for _ in range(2):
        stand.hub.react(KEY.repository, number, "eyes")
    assert stand.reactions(number) == ["eyes"]


# -- lists, of the real one -----------------------------------------------------------------------


def many(github: GitHubStand, count: int) -> list[int]:
    """So many open pull requests, oldest first."""
    repository = KEY.repository
    return [
        github.world.open_pull_request(repository, files={"a": "1"}).number for _ in range(count)
    ]


def listed(github: GitHubStand) -> list[int]:
    return [found.key.number for found in github.lists.open_pull_requests(KEY.repository)]


def test_a_long_list_is_read_to_its_end(github: GitHubStand) -> None:
    numbers = many(github, 103)
    assert listed(github) == numbers
    # GitHub's links to the other pages may be lost on the way.
    github.world.cut_lists(1000, path="/pulls", times=9)
    assert listed(github) == numbers


def test_a_list_that_stays_as_it_is_costs_nothing(github: GitHubStand) -> None:
    numbers = many(github, 3)
    assert listed(github) == numbers
    github.world.forget_requests()
    assert listed(github) == numbers
    assert [past["status"] for past in github.world.requests()] == [304]
    github.world.close(KEY.repository, numbers[0])
    assert listed(github) == numbers[1:]


def test_what_is_asked_in_each_pass_costs_nothing_while_it_stays(
    github: GitHubStand,
) -> None:
    github.open({"a": "1"}, "stage")
    github.permit("ada", "write")
    hub, at = github.hub, KEY.repository

    def ask() -> list[object]:
        return [
            hub.pull_request(KEY),
            hub.permission(at, "ada"),
            hub.file(at, ".stage.yaml", "main"),
        ]

    first = ask()
    github.world.forget_requests()
    assert ask() == first
    assert {request["status"] for request in github.world.requests()} == {304}
    github.permit("ada", "read")
    github.world.commit(at, "main", {".stage.yaml": "second: 2"})
    assert ask()[1:] == [model.Permission.READ, "second: 2"]


def test_a_new_second_page_is_seen_behind_an_unchanged_first_one(github: GitHubStand) -> None:
    numbers = many(github, 100)
    assert listed(github) == numbers
    numbers += many(github, 1)
    assert listed(github) == numbers


@pytest.mark.parametrize("page", [1, 2])
@pytest.mark.parametrize("status", [403, 404, 429, 500, 502])
def test_a_list_with_a_page_that_fails_is_none(github: GitHubStand, page: int, status: int) -> None:
    many(github, 101)
    if page == 2:
        assert len(listed(github)) == 101
        github.world.close(KEY.repository, 101)
        github.world.fail_next(0, path="/pulls")
    github.world.fail_next(status, path="/pulls", times=9)
    with pytest.raises(errors.UnreachableError):
        listed(github)


def test_a_used_up_rate_limit_is_no_empty_list(github: GitHubStand) -> None:
    many(github, 1)
    assert len(listed(github)) == 1
    github.world.rate_limit(remaining=0)
    with pytest.raises(errors.UnreachableError):
        listed(github)


def test_a_repository_out_of_sight_has_no_list(github: GitHubStand) -> None:
    with pytest.raises(errors.UnreachableError, match=r"no repository acme/none.*access"):
        github.lists.open_pull_requests("acme/none")


def test_an_app_finds_its_repositories(world: GitHubWorld) -> None:
    names = [KEY.repository, *(f"{owner}/r{at}" for owner in ("acme", "beta") for at in range(60))]
    for name in names[1:]:
        world.create_repository(name, {"a": "1"})
    made = world.create_app("understudy")
    hub = github_api.GitHubHub(world.base_url, github_api.App(made["app_id"], made["private_key"]))
    assert sorted(hub.repositories()) == sorted(names)
    world.fail_next(502, path="/installation/repositories", times=9)
    with pytest.raises(errors.UnreachableError):
        hub.repositories()


def test_a_token_has_the_repositories_that_it_was_given(world: GitHubWorld) -> None:
    hub = github_api.GitHubHub(world.base_url, TOKEN, ["acme/shop", "acme/other"])
    assert list(hub.repositories()) == ["acme/shop", "acme/other"]
    assert list(github_api.GitHubHub(world.base_url, TOKEN).repositories()) == []


# -- what only GitHub has -------------------------------------------------------------------------


def test_a_marker_that_somebody_else_pasted_is_left_alone(github: GitHubStand) -> None:
    github.open({"a": "1"})
    theirs = github.world.comment(KEY.repository, 1, "mallory", f"{MARKER}\n\nmine now")
    ours = github.hub.write_comment(KEY, f"{MARKER}\n\none", None)
    assert ours != theirs
    assert github.hub.write_comment(KEY, f"{MARKER}\n\ntwo", None) == ours
    assert github.comments() == {theirs: f"{MARKER}\n\nmine now", ours: f"{MARKER}\n\ntwo"}


def test_the_comment_is_found_behind_many_others(github: GitHubStand) -> None:
    github.open({"a": "1"})
    for at in range(120):
        github.world.comment(KEY.repository, 1, "mona", f"talk {at}")
    ours = github.hub.write_comment(KEY, f"{MARKER}\n\none", None)
    github.world.comment(KEY.repository, 1, "mona", "more talk")
    assert github.hub.write_comment(KEY, f"{MARKER}\n\ntwo", None) == ours


def test_only_the_first_line_is_a_marker(github: GitHubStand) -> None:
    github.open({"a": "1"})
    other = github.hub.write_comment(KEY, f"<!-- another -->\n\n{MARKER}", None)
    assert github.hub.write_comment(KEY, f"{MARKER}\n\none", None) != other


def test_no_comment_on_what_is_gone(github: GitHubStand) -> None:
    with pytest.raises(errors.NotFoundError):
        github.hub.write_comment(KEY, MARKER, None)


def test_a_commit_that_github_has_lost_is_not_a_missing_file(github: GitHubStand) -> None:
    with pytest.raises(errors.NotFoundError, match="No commit found"):
        github.hub.file(KEY.repository, ".stage.yaml", "0" * 40)


def test_a_folder_is_no_file_and_a_huge_file_is_refused(github: GitHubStand) -> None:
    commit = github.open({"folder/a": "1", "huge.yaml": "x" * 1_000_001})
    assert github.hub.file(KEY.repository, "folder", commit) is None
    with pytest.raises(errors.NotFoundError, match="over 1 MB"):
        github.hub.file(KEY.repository, "huge.yaml", commit)


def test_a_file_that_is_no_text_is_shown_as_far_as_it_is(github: GitHubStand) -> None:
    commit = github.world.commit(KEY.repository, "main", {"b": b"a\xff\x00b"})
    assert github.hub.file(KEY.repository, "b", commit) == "a\ufffd\0b"


def test_a_forks_file_is_read_through_the_repository(github: GitHubStand) -> None:
    commit = github.open({".stage.yaml": "theirs: 1\n"}, fork=FORK)
    assert github.hub.file(KEY.repository, ".stage.yaml", commit) == "theirs: 1\n"


def test_a_deployment_neither_merges_nor_waits_for_checks(github: GitHubStand) -> None:
    commit = github.open({"a": "1"})
    github.world.commit(KEY.repository, "main", {"later": "1"})
    number = github.hub.create_deployment(KEY.repository, commit, "pr-1")
    (made,) = github.world.deployments(KEY.repository)
    assert made["id"] == number
    assert (made["transient_environment"], made["production_environment"]) == (True, False)


def test_other_programs_deployments_are_left_alone(github: GitHubStand) -> None:
    commit = github.open({"a": "1"})
    other_app = github.world.create_app("other")
    other = github_api.GitHubHub(
        github.world.base_url, github_api.App(other_app["app_id"], other_app["private_key"])
    )
    theirs = other.create_deployment(KEY.repository, commit, "pr-1")
    other.set_deployment_status(KEY.repository, theirs, "success", None, "theirs")
    ours = github.hub.create_deployment(KEY.repository, commit, "pr-1")
    assert ours != theirs
    github.hub.set_deployment_status(KEY.repository, ours, "success", None, "ours")
    assert [state for state, _, _ in github.statuses(theirs)] == ["success"]


def test_success_ends_the_older_deployments_of_the_environment(github: GitHubStand) -> None:
    numbers = []
    commit = github.open({"a": "0"})
    for at in range(3):
        numbers.append(github.hub.create_deployment(KEY.repository, commit, "pr-1"))
        github.hub.set_deployment_status(KEY.repository, numbers[-1], "success", None, "")
        commit = github.push({"a": str(at + 1)})
    elsewhere = github.hub.create_deployment(KEY.repository, commit, "pr-2")
    github.hub.set_deployment_status(KEY.repository, elsewhere, "success", None, "")
    github.hub.set_deployment_status(KEY.repository, numbers[-1], "inactive", None, "")
    states = [[state for state, _, _ in github.statuses(number)] for number in numbers]
    assert states == [["success", "inactive"]] * 3
    assert [state for state, _, _ in github.statuses(elsewhere)] == ["success"]


def test_an_unknown_deployment_is_not_found(github: GitHubStand) -> None:
    with pytest.raises(errors.NotFoundError):
        github.hub.set_deployment_status(KEY.repository, 1, "success", None, "")


def test_a_long_description_is_cut(github: GitHubStand) -> None:
    commit = github.open({"a": "1"})
    number = github.hub.create_deployment(KEY.repository, commit, "pr-1")
    github.hub.set_deployment_status(KEY.repository, number, "failure", None, "x" * 200)
    assert github.statuses(number) == [("failure", "", "x" * 140)]


def test_an_answer_is_written_once(github: GitHubStand) -> None:
    github.open({"a": "1"})
    for text in ("first", "again"):
        github.hub.reply(KEY, f"<!-- understudy:answer 1 1 -->\n\n{text}")
    github.hub.reply(KEY, "<!-- understudy:answer 1 2 -->\n\nother")
    bodies = [body.rpartition("\n")[2] for body in github.comments().values()]
    assert bodies == ["first", "other"]


def test_a_review_is_read_as_it_is_now(github: GitHubStand, world: GitHubWorld) -> None:
    github.open({"a": "1"})
    number = world.review(KEY.repository, KEY.number, "ada", "/stage up")
    found = github.hub.wrote(KEY, number, model.CommandSource.REVIEW)
    assert (found.key, found.author, found.body) == (KEY, "ada", "/stage up")
    assert abs(found.at - NOW) < datetime.timedelta(hours=1)


def test_edited_comments_and_those_of_programs_are_not_read(
    github: GitHubStand, world: GitHubWorld
) -> None:
    github.open({"a": "1"})
    edited = github.say("ada", "/stage up")
    time.sleep(1.1)  # GitHub tells times in whole seconds
    world.edit_comment(KEY.repository, edited, "/stage down")
    other = world.create_app("ci")
    theirs = github_api.GitHubHub(
        world.base_url, github_api.App(other["app_id"], other["private_key"]), []
    )
    theirs.reply(KEY, "/stage pin")
    assert github.lists.comments(KEY.repository, NOW - datetime.timedelta(hours=1)) == []


def test_files_that_were_cut_short_decide_nothing(github: GitHubStand, world: GitHubWorld) -> None:
    github.open({"a": "1", "b": "2"})
    world.cut_lists(1, path="/files")
    with pytest.raises(errors.UnreachableError, match="a part of the files"):
        github.hub.changed(KEY)


# -- workflows ------------------------------------------------------------------------------------


def test_the_newest_run_of_a_workflow_counts_for_its_commit_alone(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    stand.add_workflow("build.yml")
    stand.add_workflow("test.yml")
    assert stand.hub.workflow_state(KEY.repository, "build.yml", commit) is None
    stand.finish_workflow("build.yml", commit, "failure")
    stand.finish_workflow("build.yml", commit, "success")
    stand.finish_workflow("test.yml", commit, "cancelled")
    newer = stand.push({"a": "2"})
    stand.finish_workflow("build.yml", newer, "failure")
    state = stand.hub.workflow_state
    assert state(KEY.repository, "build.yml", commit) == "success"
    assert state(KEY.repository, "build.yml", newer) == "failure"
    assert state(KEY.repository, "test.yml", commit) == "cancelled"
    assert state(KEY.repository, "other.yml", commit) is None
    assert stand.hub.dispatched_state(KEY.repository, "build.yml", commit) is None


def test_a_workflow_is_asked_for_with_its_inputs(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    stand.add_workflow("build.yml")
    inputs = {"sha": commit, "pull_request": "1"}
    stand.hub.dispatch(KEY.repository, "build.yml", "main", inputs)
    assert stand.dispatches() == [("build.yml", "main", inputs)]


def test_a_workflow_that_is_not_there_can_not_be_asked_for(stand: Stand) -> None:
    stand.open({"a": "1"})
    with pytest.raises(errors.NotFoundError, match=r"build\.yml"):
        stand.hub.dispatch(KEY.repository, "build.yml", "main", {})
    assert stand.dispatches() == []


def test_github_says_why_it_refuses_a_workflow(github: GitHubStand) -> None:
    github.open({"a": "1"})
    github.add_workflow("build.yml")
    with pytest.raises(errors.NotFoundError, match="No ref found for: gone"):
        github.hub.dispatch(KEY.repository, "build.yml", "gone", {})


def test_of_workflows_nothing_is_known_while_github_is_silent(stand: Stand) -> None:
    commit = stand.open({"a": "1"})
    stand.fall_silent()
    for ask in (stand.hub.workflow_state, stand.hub.dispatched_state):
        with pytest.raises(errors.UnreachableError):
            ask(KEY.repository, "build.yml", commit)
    with pytest.raises(errors.UnreachableError):
        stand.hub.dispatch(KEY.repository, "build.yml", "main", {})
