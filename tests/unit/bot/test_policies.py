from __future__ import annotations

import pytest

from bot import chatops, errors, intent, model, policies, testing

KEY = model.EnvironmentKey("acme/shop", 7)
A = "a" * 40
SETTINGS = intent.Policy(label="preview", lifetime=3600)


@pytest.fixture
def hub() -> testing.FakeHub:
    return testing.FakeHub()


def policy(hub: testing.FakeHub, text: str | None) -> intent.Policy:
    if text is not None:
        hub.files["acme/shop", ".stage.yaml", "main"] = text
    return policies.BasePolicies(hub, SETTINGS).policy("acme/shop", "main")


@pytest.mark.parametrize("text", [None, "services: {}", "services: nonsense\nwhen: {}"])
def test_without_a_word_about_it_the_settings_hold(hub: testing.FakeHub, text: str | None) -> None:
    assert policy(hub, text) == SETTINGS


def test_the_base_branch_says_who_gets_one(hub: testing.FakeHub) -> None:
    found = policy(
        hub,
        "when: {mode: always, drafts: false, branches: [main], authors: [ada], paths: ['web/**']}",
    )
    assert (found.label, found.lifetime) == ("preview", 3600)
    assert found.mode is intent.Mode.ALWAYS
    assert (found.drafts, found.branches, found.authors) == (False, ("main",), ("ada",))
    assert found.paths == ("web/**",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("when: {mode: sometimes}", "line 1, column 8: when.mode"),
        ("services: {}\nwhen: {path: [a]}", "line 2, column 8: when.path: unknown key 'path'"),
        ("when: [", "no valid YAML"),
        ("- when", "no mapping"),
        ("when: {branches: ['']}", "when.branches"),
    ],
)
def test_what_can_not_be_read_is_told_and_decides_nothing(
    hub: testing.FakeHub, text: str, words: str
) -> None:
    with pytest.raises(errors.InvalidStageFileError) as caught:
        policy(hub, text)
    assert caught.value.message.startswith("in the base branch main: .stage.yaml")
    assert words in caught.value.message


def known(hub: testing.FakeHub, given: intent.Policy, *labels: str) -> intent.Known:
    pull = hub.open(KEY, A, *labels)
    chat = chatops.HubChat(
        hub,
        testing.FakeWorkloads(testing.FakeWorld(testing.SimulatedClock())),
        lambda _: None,
        chatops.Reader(),
    )
    return policies.known(pull, given, model.Life(), hub, chat)


def test_nothing_is_asked_about_who_asks_for_nothing(hub: testing.FakeHub) -> None:
    hub.permissions["ada"] = model.Permission.READ
    assert known(hub, SETTINGS) == intent.Known()
    assert known(hub, SETTINGS, "preview") == intent.Known(trusted=False)


def test_files_are_asked_for_only_where_they_decide(hub: testing.FakeHub) -> None:
    hub.files_changed = ["web/index.html"]
    always = intent.Policy(mode=intent.Mode.ALWAYS)
    assert known(hub, always).changed is None
    filtered = intent.Policy(mode=intent.Mode.ALWAYS, paths=("web/**",))
    assert known(hub, filtered).changed == ["web/index.html"]


def test_where_everybody_is_trusted_nobody_is_asked_for(hub: testing.FakeHub) -> None:
    hub.permissions["ada"] = model.Permission.NONE
    assert known(hub, intent.Policy(trust_anyone=True), "stage").trusted
