import pytest

from bot import errors, model, ports, testing
from bot.chatops import building

KEY = model.EnvironmentKey("acme/shop", 7)
A = "a" * 40
BUILD = "build.yml"
INPUTS = {"sha": A, "pull_request": "7"}


@pytest.fixture
def hub() -> testing.FakeHub:
    """A fork's pull request, and a workflow that the base branch names."""
    made = testing.FakeHub()
    made.open(KEY, A, "stage", fork="eve/shop")
    made.files[KEY.repository, ".stage.yaml", "main"] = "images: {workflow: build.yml}\n"
    made.workflows.add(BUILD)
    return made


def ask(hub: testing.FakeHub) -> str:
    return building.ask(hub, hub.pull_requests[KEY])


def test_the_base_branchs_workflow_is_asked_for_the_commit(hub: testing.FakeHub) -> None:
    assert ask(hub) == "build.yml was asked to build its images"
    assert hub.dispatches == [(BUILD, "main", INPUTS)]


def test_what_is_built_already_is_not_built_again(hub: testing.FakeHub) -> None:
    ask(hub)
    assert ask(hub) == "its images are built by build.yml already"
    hub.dispatched[BUILD, A] = "success"
    ask(hub)
    assert len(hub.dispatches) == 1


def test_what_failed_is_built_again(hub: testing.FakeHub) -> None:
    hub.dispatched[BUILD, A] = "failure"
    ask(hub)
    assert hub.dispatches == [(BUILD, "main", INPUTS)]


def test_a_run_of_the_forks_own_does_not_count(hub: testing.FakeHub) -> None:
    hub.runs[BUILD, A] = "success"
    ask(hub)
    assert len(hub.dispatches) == 1


@pytest.mark.parametrize("permission", [model.Permission.NONE, model.Permission.READ])
def test_an_author_without_write_access_is_helped_as_well(
    hub: testing.FakeHub, permission: model.Permission
) -> None:
    hub.open(KEY, A)
    assert ask(hub) == ""
    hub.permissions["ada"] = permission
    assert ask(hub) == "build.yml was asked to build its images"


@pytest.mark.parametrize("text", [None, "services: {}\n", "images: {wait: registry}\n"])
def test_without_a_workflow_nothing_is_asked(hub: testing.FakeHub, text: str | None) -> None:
    del hub.files[KEY.repository, ".stage.yaml", "main"]
    if text is not None:
        hub.files[KEY.repository, ".stage.yaml", "main"] = text
    assert ask(hub) == ""
    assert hub.dispatches == []


def test_the_pull_requests_own_file_names_no_workflow(hub: testing.FakeHub) -> None:
    hub.files[KEY.repository, ".stage.yaml", A] = "images: {workflow: evil.yml}\n"
    hub.workflows.add("evil.yml")
    ask(hub)
    assert [workflow for workflow, *_ in hub.dispatches] == [BUILD]


def test_what_can_not_be_asked_for_is_told(hub: testing.FakeHub) -> None:
    hub.workflows.clear()
    assert ask(hub) == ("no images are built for it: there is no workflow build.yml in acme/shop")
    hub.files[KEY.repository, ".stage.yaml", "main"] = "images: {workflow: build}\n"
    assert ask(hub).startswith("no images are built for it: in the base branch main: .stage.yaml")


def test_while_github_is_silent_nothing_is_decided(hub: testing.FakeHub) -> None:
    hub.fault = errors.UnreachableError("GitHub did not answer")
    with pytest.raises(errors.UnreachableError):
        ask(hub)


def test_a_run_that_goes_on_has_no_conclusion(hub: testing.FakeHub) -> None:
    ask(hub)
    assert hub.dispatched_state(KEY.repository, BUILD, A) == ports.RUNNING


def test_of_several_definitions_each_names_its_own(hub: testing.FakeHub) -> None:
    root = "environments: {admin: {path: apps/admin}}\n"
    hub.files[KEY.repository, ".stage.yaml", "main"] = root
    pull = hub.pull_requests[KEY]
    assert building.ask(hub, pull.of("admin")) == ""
    path = "apps/admin/.stage.yaml"
    hub.files[KEY.repository, path, "main"] = "images: {workflow: build.yml}\n"
    assert building.ask(hub, pull.of("admin")) == "build.yml was asked to build its images"
    assert "has no environment 'other'" in building.ask(hub, pull.of("other"))
