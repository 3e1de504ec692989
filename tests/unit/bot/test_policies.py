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


ROOT = """\
environments:
  shop: {path: apps/shop, also: ["libs/**"]}
  admin: {path: apps/admin}
"""


def of(hub: testing.FakeHub, definition: str) -> intent.Policy:
    return policies.BasePolicies(hub, SETTINGS).policy("acme/shop", "main", definition)


def test_where_there_are_several_each_has_a_policy_of_its_own(hub: testing.FakeHub) -> None:
    hub.files["acme/shop", "apps/admin/.stage.yaml", "main"] = "when: {mode: always, base: [main]}"
    whole = policy(hub, ROOT)
    assert whole.never == intent.SEVERAL
    assert sorted(whole.definitions) == ["admin", "shop"]
    shop, admin = of(hub, "shop"), of(hub, "admin")
    assert (shop.mode, shop.within) == (intent.Mode.LABEL, ("apps/shop/**", "libs/**"))
    assert (admin.mode, admin.bases) == (intent.Mode.ALWAYS, ("main",))


@pytest.mark.parametrize("text", [None, "services: {}", ROOT])
def test_what_there_is_no_definition_of_gets_none(hub: testing.FakeHub, text: str | None) -> None:
    policy(hub, text)
    assert of(hub, "other").never == intent.UNDEFINED


def test_files_are_asked_for_where_a_definition_is_made_of_some(hub: testing.FakeHub) -> None:
    hub.files_changed = ["apps/admin/a"]
    shop = intent.Policy(within=("apps/shop/**",))
    assert known(hub, shop, "stage").changed == ["apps/admin/a"]
    assert known(hub, shop).changed is None


def test_nobody_is_asked_about_a_branch(hub: testing.FakeHub) -> None:
    main = model.EnvironmentKey("acme/shop", branch="main")
    hub.branches["acme/shop", "main"] = A
    given = intent.Policy(bases=("main",))
    found = policies.known(hub.pull_request(main), given, model.Life(), hub, None)  # type: ignore[arg-type]
    assert found == intent.Known()
