import pytest

from infra.contract import Definition, StageFileError, When, definitions, file_of

ROOT = """\
environments:
  shop: {path: apps/shop/, also: ["libs/**"]}
  admin: {path: apps/admin}
"""


def test_the_root_names_definitions_with_their_files() -> None:
    found = definitions(ROOT)
    assert found == {
        "shop": Definition(path="apps/shop/", also=("libs/**",)),
        "admin": Definition(path="apps/admin"),
    }
    assert found["shop"].paths == ("apps/shop/**", "libs/**")
    assert file_of(ROOT, "shop") == "apps/shop/.stage.yaml"
    assert file_of(None, "") == ".stage.yaml"


def test_a_stage_file_names_none() -> None:
    assert definitions("services: {}") == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("environments: {}", "names no definition"),
        ("environments: {Shop: {path: a}}", "line 1, column 16: environments.Shop: 'Shop' is no"),
        ("environments: {shop: {}}", "'path' is missing"),
        ("environments: {shop: {path: ../a}}", "line 1, column 23"),
        ("environments: {shop: {path: a}}\nservices: {}", "unknown key 'services'"),
        ("- a", "no mapping"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(StageFileError) as caught:
        definitions(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("root", [ROOT, None, "services: {}"])
def test_what_there_is_not_has_no_file(root: str | None) -> None:
    with pytest.raises(StageFileError, match=r"has no environment 'other' \(any more\): it has "):
        file_of(root, "other")


@pytest.mark.parametrize("branch", ["a branch", "release/*", "-x", "f#1"])
def test_base_environments_are_of_branches_named_in_full(branch: str) -> None:
    assert When.parse("when: {base: [main, release/1.x]}").base == ("main", "release/1.x")
    with pytest.raises(StageFileError, match="is no branch that can have an environment"):
        When.parse(f"when: {{base: ['{branch}']}}")
