import dataclasses

import pytest

from bot import clock, configure, errors, model, ports, testing
from infra import contract

KEY = model.EnvironmentKey("acme/shop", 7)
A, BASE = "a" * 40, "0" * 40
DIGEST = f"sha256:{'1' * 64}"
FILE = """\
services:
  web: {image: "registry.test/web:{sha}", port: 8080}
"""


@pytest.fixture
def hub() -> testing.FakeHub:
    made = testing.FakeHub()
    made.open(KEY, A)
    made.files[KEY.repository, ".stage.yaml", A] = f"{FILE}images: {{wait: registry}}\n"
    made.files[KEY.repository, ".stage.yaml", BASE] = FILE.replace("web:", "shop:")
    return made


@pytest.fixture
def configurer(hub: testing.FakeHub) -> configure.StageConfigurer:
    return configure.StageConfigurer(hub, contract.Platform(domain="preview.test"), "")


@pytest.fixture
def row() -> ports.Row:
    store = testing.MemoryStore(clock.ManualClock())
    store.hint(KEY)
    found = store.row(KEY)
    assert found is not None
    return found


def test_the_images_are_those_of_the_file_that_counts(
    hub: testing.FakeHub, configurer: configure.StageConfigurer
) -> None:
    pull = hub.pull_request(KEY)
    own = configurer.images(pull, trusted=True)
    assert own == ports.Needed((f"registry.test/web:{A}",), contract.Images(wait="registry"))
    base = configurer.images(pull, trusted=False)
    assert base == ports.Needed((f"registry.test/shop:{A}",), contract.Images())


def test_images_that_were_found_are_pinned_for_their_commit_alone(
    hub: testing.FakeHub, configurer: configure.StageConfigurer, row: ports.Row
) -> None:
    def images(commit: str) -> str:
        found = model.Images(commit, {f"registry.test/web:{A}": DIGEST})
        given = dataclasses.replace(row, images=found)
        config = configurer.config(given, hub.pull_request(KEY), trusted=True)
        assert config is not None
        inputs = contract.PreviewInputs.from_config(config.get)
        return inputs.stage.services["web"].image

    assert images(A) == f"registry.test/web:{{sha}}@{DIGEST}"
    assert images(BASE) == "registry.test/web:{sha}"


def test_a_file_is_read_once_for_each_commit(
    hub: testing.FakeHub, configurer: configure.StageConfigurer, row: ports.Row
) -> None:
    pull = hub.pull_request(KEY)
    configurer.images(pull, trusted=True)
    hub.fault = errors.UnreachableError("GitHub did not answer")
    assert configurer.config(row, pull, trusted=True) is not None
    with pytest.raises(errors.UnreachableError):
        configurer.images(pull, trusted=False)


@pytest.mark.parametrize(
    ("text", "words"), [(None, "is missing at commit aaaaaaa"), ("services: 3", "services")]
)
def test_a_file_that_can_not_be_used_is_named(
    hub: testing.FakeHub, configurer: configure.StageConfigurer, text: str | None, words: str
) -> None:
    del hub.files[KEY.repository, ".stage.yaml", A]
    if text is not None:
        hub.files[KEY.repository, ".stage.yaml", A] = text
    with pytest.raises(errors.InvalidStageFileError, match=words):
        configurer.images(hub.pull_request(KEY), trusted=True)
