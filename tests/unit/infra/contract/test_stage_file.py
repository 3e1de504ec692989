import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.contract import StageFile, StageFileError

SMALLEST = """\
services:
  web:
    image: registry.test/web:{sha}
    port: 8080
"""


def refusal(text: str) -> str:
    with pytest.raises(StageFileError) as raised:
        StageFile.parse(text)
    return str(raised.value)


def test_the_smallest_file_names_one_service_with_image_and_port() -> None:
    stage = StageFile.parse(SMALLEST)
    assert stage.services["web"].replicas == 1
    assert stage.edge == "dedicated"


def test_a_file_survives_the_way_through_a_stack_config() -> None:
    stage = StageFile.parse(SMALLEST + "    env: {LEVEL: 3, DEBUG: 'yes'}\n    route: /\n")
    assert StageFile.parse(stage.model_dump_json(exclude_defaults=True)) == stage
    assert stage.services["web"].env == {"LEVEL": "3", "DEBUG": "yes"}


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("", "", "no mapping", id="empty"),
        pytest.param("- a\n", "", "no mapping", id="list"),
        pytest.param("a: [\n", "line 2, column 1", "no valid YAML", id="malformed"),
        pytest.param("services: {}\n", "line 1, column 1", "at least 1", id="no services"),
        pytest.param(
            SMALLEST + "    prot: 1\n", "line 5, column 5", "unknown key 'prot'", id="key"
        ),
        pytest.param(SMALLEST + "sevices: {}\n", "line 5, column 1", "unknown key", id="top key"),
        pytest.param(SMALLEST.replace("web:", "Web_:", 1), "line 2", "no DNS label", id="label"),
        pytest.param(SMALLEST.replace(":{sha}", ":1"), "line 3", "lacks {sha}", id="no sha"),
        pytest.param(SMALLEST.replace("8080", "0"), "line 4", "greater than", id="port"),
        pytest.param(SMALLEST.replace("    port: 8080\n", ""), "", "'port' is missing", id="none"),
        pytest.param(SMALLEST + "    egress: [nowhere]\n", "line 5", "no destination", id="egress"),
        pytest.param(
            SMALLEST + "capacity: {spot: false, on_demand: false}\n",
            "line 5",
            "allow at least one",
            id="capacity",
        ),
        pytest.param(
            SMALLEST + "jobs:\n  migrate:\n    image: a:{sha}\n    before: [api]\n",
            "",
            "'api', which is no service",
            id="job before nothing",
        ),
        pytest.param(
            SMALLEST + "    route: /\n  b:\n    image: b:{sha}\n    port: 1\n    route: /\n",
            "",
            "both have the route '/'",
            id="route twice",
        ),
        pytest.param("services: " + "x" * 70000, "", "larger than 64 KiB", id="large"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_with_its_place(
    text: str, place: str, words: str
) -> None:
    sentence = refusal(text)
    assert sentence.startswith(".stage.yaml")
    assert place in sentence
    assert words in sentence
    assert "\n" not in sentence


def test_the_sentence_says_how_many_more_problems_there_are() -> None:
    assert "(1 more after this one)" in refusal(SMALLEST + "    a: 1\n    b: 2\n")


@given(st.text(max_size=200))
def test_any_text_is_either_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        StageFile.parse(text)
    except StageFileError as error:
        assert str(error)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_service_value_is_refused_with_a_sentence(value: object) -> None:
    assert ".stage.yaml" in refusal(json.dumps({"services": {"web": value}}))
