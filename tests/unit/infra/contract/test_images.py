import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.contract import Images, Platform, PreviewInputs, StageFile, StageFileError

COMMIT = "a" * 40
DIGEST = f"sha256:{'1' * 64}"
FILE = """\
services:
  web: {image: "registry.test/web:{sha}", port: 8080}
  api: {image: "registry.test/api:{sha}", port: 8080}
jobs:
  migrate: {image: "registry.test/api:{sha}"}
"""


def refusal(section: str) -> str:
    with pytest.raises(StageFileError) as raised:
        StageFile.parse(f"{FILE}images: {section}\n")
    with pytest.raises(StageFileError) as alone:
        Images.parse(f"images: {section}\n")
    assert alone.value.args[0].partition(":")[2] == raised.value.args[0].partition(":")[2]
    return str(raised.value)


def test_without_the_section_nobody_waits() -> None:
    assert StageFile.parse(FILE).images == Images() == Images.parse(FILE)
    assert (Images().wait, Images().workflow, Images().seconds) == ("none", None, 1800)


def test_the_section_is_read_alone_whatever_the_others_hold() -> None:
    found = Images.parse("services: 3\nimages: {wait: workflow, workflow: build.yml, timeout: 2h}")
    assert (found.wait, found.workflow, found.seconds) == ("workflow", "build.yml", 7200)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{wait: always}", "images.wait: input should be 'registry', 'workflow' or 'none'"),
        ("{wait: workflow}", "add for example `workflow: build.yml`"),
        ("{workflow: ../build.yml}", "images.workflow: string should match"),
        ("{workflow: build}", "images.workflow: string should match"),
        ("{timeout: 30}", "images.timeout: "),
        ("{timeout: 59s}", "not from 1m to 24h"),
        ("{timeout: 25h}", "not from 1m to 24h"),
        ("{pull_secret: mine}", "unknown key 'pull_secret'"),
    ],
)
def test_what_is_wrong_is_named(section: str, words: str) -> None:
    assert words in refusal(section)


@given(st.text(max_size=40))
def test_any_text_is_a_timeout_or_refused_in_one_sentence(text: str) -> None:
    try:
        found = Images(timeout=text)
    except pydantic.ValidationError as error:
        assert "timeout" in str(error)
    else:
        assert 60 <= found.seconds <= 86_400


def test_every_image_is_named_once_for_a_commit() -> None:
    assert StageFile.parse(FILE).image_references(COMMIT) == (
        f"registry.test/web:{COMMIT}",
        f"registry.test/api:{COMMIT}",
    )


def test_a_pinned_image_keeps_its_tag_for_people() -> None:
    stage = StageFile.parse(FILE).pinned(COMMIT, {f"registry.test/api:{COMMIT}": DIGEST})
    assert stage.services["web"].image == "registry.test/web:{sha}"
    assert stage.services["api"].image == f"registry.test/api:{{sha}}@{DIGEST}"
    assert stage.jobs["migrate"].image == f"registry.test/api:{{sha}}@{DIGEST}"
    assert stage.pinned(COMMIT, {}) is stage


def test_what_has_a_digest_keeps_it() -> None:
    text = FILE.replace("web:{sha}", f"web:{{sha}}@{DIGEST}")
    stage = StageFile.parse(text)
    reference = f"registry.test/web:{COMMIT}@{DIGEST}"
    assert stage.pinned(COMMIT, {reference: DIGEST}) == stage


def test_pinned_images_reach_the_program_and_the_section_does_not() -> None:
    stage = StageFile.parse(FILE + "images: {wait: registry}\n").pinned(
        COMMIT, {f"registry.test/web:{COMMIT}": DIGEST}
    )
    config = PreviewInputs(
        repository="acme/shop",
        pull_request=7,
        commit=COMMIT,
        stage=stage,
        platform=Platform(domain="preview.test"),
    ).to_config()
    assert "images" not in config["stage"]
    read = PreviewInputs.from_config(config.get)
    assert read.stage.services["web"].image == f"registry.test/web:{{sha}}@{DIGEST}"
