from __future__ import annotations

import pytest

from bot import errors, model, stage_files, testing
from infra import contract

KEY = model.EnvironmentKey("acme/shop", 7)
A, P = "a" * 40, "b" * 40
ROOT = "environments: {shop: {path: apps/shop}, admin: {path: apps/admin}}"
WEB = "services:\n  web: {image: 'registry.test/web:{sha}', port: 8080, route: /}\n"
USES = WEB + "uses: [{repository: acme/payments}]\n"
PAYMENTS = """\
shared_with: [acme/*]
services:
  api: {image: "registry.test/api:{sha}", port: 80, route: /api}
  desk: {image: "registry.test/desk:{sha}", port: 80, route: /}
jobs:
  migrate: {image: "registry.test/api:{sha}", before: [api]}
  seed: {image: "registry.test/desk:{sha}", before: [desk]}
"""


@pytest.fixture
def hub() -> testing.FakeHub:
    made = testing.FakeHub()
    made.branches["acme/payments", "main"] = P
    made.files["acme/payments", ".stage.yaml", P] = PAYMENTS
    return made


def read(
    hub: testing.FakeHub, files: dict[str, str], key: model.EnvironmentKey = KEY
) -> contract.StageFile:
    for name, text in files.items():
        hub.files[KEY.repository, name, A] = text
    return stage_files.StageFiles(hub).at(key, A)


def test_a_definition_is_read_in_its_folder(hub: testing.FakeHub) -> None:
    files = {".stage.yaml": ROOT, "apps/admin/.stage.yaml": WEB}
    assert list(read(hub, files, KEY.defined("admin")).services) == ["web"]


@pytest.mark.parametrize(
    ("definition", "files", "sentence"),
    [
        ("", {}, ".stage.yaml is missing at commit aaaaaaa: add one"),
        ("", {".stage.yaml": ROOT}, ".stage.yaml names several environments at commit aaaaaaa"),
        ("other", {".stage.yaml": ROOT}, ".stage.yaml has no environment 'other' (any more): it"),
        ("admin", {".stage.yaml": WEB}, "it has none"),
        ("admin", {".stage.yaml": ROOT}, "apps/admin/.stage.yaml is missing at commit aaaaaaa"),
        (
            "admin",
            {".stage.yaml": ROOT, "apps/admin/.stage.yaml": "services: {}\nedge: 7"},
            "apps/admin/.stage.yaml line 1, column 1: services",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_file(
    hub: testing.FakeHub, definition: str, files: dict[str, str], sentence: str
) -> None:
    with pytest.raises(errors.InvalidStageFileError) as caught:
        read(hub, files, KEY.defined(definition))
    assert sentence in caught.value.message


def test_another_repository_brings_its_services_at_its_own_commit(hub: testing.FakeHub) -> None:
    stage = read(hub, {".stage.yaml": USES})
    assert sorted(stage.services) == ["api", "desk", "web"]
    assert sorted(stage.jobs) == ["migrate", "seed"]
    assert set(stage.image_references(A)) == {
        f"registry.test/web:{A}",
        f"registry.test/api:{P}",
        f"registry.test/desk:{P}",
    }
    routes = {name: service.route for name, service in stage.services.items()}
    assert routes == {"web": "/", "api": "/api", "desk": None}, "its own come first"


def test_only_what_is_needed_is_brought(hub: testing.FakeHub) -> None:
    text = USES.replace("acme/payments}", "acme/payments, services: [api]}")
    stage = read(hub, {".stage.yaml": text})
    assert sorted(stage.services) == ["api", "web"]
    assert sorted(stage.jobs) == ["migrate"]


@pytest.mark.parametrize(
    "shared", ["", "shared_with: []\n", "shared_with: [acme/other, 'other/*']\n"]
)
def test_nobody_brings_what_is_not_shared_with_him(hub: testing.FakeHub, shared: str) -> None:
    text = PAYMENTS.replace("shared_with: [acme/*]\n", shared)
    hub.files["acme/payments", ".stage.yaml", P] = text
    with pytest.raises(errors.InvalidStageFileError) as unshared:
        read(hub, {".stage.yaml": USES})
    hub.branches.clear()
    with pytest.raises(errors.InvalidStageFileError) as unseen:
        read(hub, {".stage.yaml": USES})
    assert unshared.value.message == unseen.value.message, "nobody learns what is there"
    assert "shared_with: [acme/shop]" in unshared.value.message


@pytest.mark.parametrize("theirs", [None, "services: {}", "- nonsense", "a: [", "shared_with: 7"])
def test_nothing_is_told_of_a_file_that_is_not_shared(
    hub: testing.FakeHub, theirs: str | None
) -> None:
    del hub.files["acme/payments", ".stage.yaml", P]
    if theirs is not None:
        hub.files["acme/payments", ".stage.yaml", P] = theirs
    for uses in (USES, USES.replace("payments}", "payments, environment: desk}")):
        with pytest.raises(errors.InvalidStageFileError, match="shares no services with"):
            read(hub, {".stage.yaml": uses})


def test_one_of_several_environments_may_be_used(hub: testing.FakeHub) -> None:
    hub.files["acme/payments", ".stage.yaml", P] = "environments: {desk: {path: desk}}"
    hub.files["acme/payments", "desk/.stage.yaml", P] = PAYMENTS
    stage = read(hub, {".stage.yaml": USES.replace("payments}", "payments, environment: desk}")})
    assert sorted(stage.services) == ["api", "desk", "web"]


@pytest.mark.parametrize(
    ("ours", "theirs", "sentence"),
    [
        (USES.replace("web:", "api:"), PAYMENTS, "uses: acme/payments brings 'api', and there is"),
        (USES.replace("payments}", "payments, services: [x]}"), PAYMENTS, "has no service 'x': it"),
    ],
)
def test_names_that_do_not_fit_are_told(
    hub: testing.FakeHub, ours: str, theirs: str, sentence: str
) -> None:
    hub.files["acme/payments", ".stage.yaml", P] = theirs
    with pytest.raises(errors.InvalidStageFileError) as caught:
        read(hub, {".stage.yaml": ours})
    assert sentence in caught.value.message


def test_a_github_that_is_away_says_nothing_of_what_is_shared(hub: testing.FakeHub) -> None:
    hub.files[KEY.repository, ".stage.yaml", A] = USES
    hub.fault = errors.UnreachableError("GitHub did not answer")
    with pytest.raises(errors.UnreachableError):
        stage_files.StageFiles(hub).at(KEY, A)
