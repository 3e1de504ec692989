import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.identity import BRANCH, DEFINITION, MAX_NUMBER, REPOSITORY, EnvironmentKey

REPOSITORIES = st.from_regex(REPOSITORY, fullmatch=True)
DEFINITIONS = st.one_of(st.just(""), st.from_regex(DEFINITION, fullmatch=True))
KEYS = st.one_of(
    st.builds(
        EnvironmentKey,
        REPOSITORIES,
        st.integers(1, MAX_NUMBER),
        definition=DEFINITIONS,
    ),
    st.builds(
        EnvironmentKey,
        REPOSITORIES,
        branch=st.from_regex(BRANCH, fullmatch=True),
        definition=DEFINITIONS,
    ),
)
SHOP = EnvironmentKey("acme/shop", 7)
MAIN = EnvironmentKey("acme/shop", branch="main")


@given(KEYS)
def test_what_is_written_is_read_again(key: EnvironmentKey) -> None:
    assert EnvironmentKey.parse(str(key)) == key


@given(st.text(max_size=60))
def test_any_other_text_names_none(text: str) -> None:
    found = EnvironmentKey.parse(text)
    assert found is None or str(found) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (SHOP, "acme/shop#7"),
        (SHOP.defined("admin"), "acme/shop#7:admin"),
        (MAIN, "acme/shop@main"),
        (MAIN.defined("admin"), "acme/shop@main:admin"),
    ],
)
def test_it_is_written_as_people_say_it(key: EnvironmentKey, text: str) -> None:
    assert str(key) == text
    assert key.whole in (SHOP, MAIN)


@pytest.mark.parametrize("given", [{}, {"number": 7, "branch": "main"}, {"number": -1}])
def test_it_is_of_a_pull_request_or_of_a_branch(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="neither"):
        EnvironmentKey("acme/shop", **given)  # type: ignore[arg-type]


def test_capitals_tell_branches_apart_and_repositories_not() -> None:
    assert MAIN.within("Acme/Shop").identity == MAIN.identity
    assert EnvironmentKey("acme/shop", branch="Main").identity != MAIN.identity


@pytest.mark.parametrize(
    "told",
    [
        ("acme/shop", None),
        ("acme/shop", "0"),
        ("acme/shop", "7x"),
        ("acme/shop", "7" * 10),
        ("acme", "7"),
        (None, "7"),
        ("acme/shop", "7", "main"),
        ("acme/shop", None, "a branch"),
        ("acme/shop", "7", None, "Admin!"),
    ],
)
def test_what_tells_it_not_exactly_tells_nothing(told: tuple[str | None, ...]) -> None:
    assert EnvironmentKey.told(*told) is None
