import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.registry_logins import Login, Logins

AUTH = base64.b64encode(b"ada:with:colon").decode()


def parsed(**entries: dict[str, str]) -> Logins:
    return Logins.parse(json.dumps({"auths": entries}))


def test_an_entry_has_user_and_password_apart_or_together() -> None:
    together = parsed(**{"registry.example.com": {"auth": AUTH}})
    apart = parsed(
        **{"registry.example.com": {"username": "ada", "password": "with:colon", "auth": "x"}}
    )
    for logins in (together, apart):
        assert logins.of("registry.example.com", "acme/web") == Login("ada", "with:colon")
        assert logins.of("other.example.com", "acme/web") is None


def test_an_entry_without_a_password_is_none() -> None:
    for entry in ({}, {"identitytoken": "x"}, {"username": "ada"}, {"auth": ""}):
        assert parsed(**{"registry.example.com": entry}).of("registry.example.com", "web") is None


@pytest.mark.parametrize(
    ("key", "registry", "repository", "fits"),
    [
        ("https://registry.test:5000", "registry.test:5000", "web", True),
        ("registry.test", "registry.test:5000", "web", False),
        ("registry.test/acme", "registry.test", "acme/web", True),
        ("registry.test/acme", "registry.test", "acme", True),
        ("registry.test/acme", "registry.test", "acmeshop/web", False),
        ("*.ecr.test", "12.ecr.test", "web", True),
        ("*.ecr.test", "a.b.ecr.test", "web", False),
        ("*", "registry.test", "web", False),
    ],
)
def test_an_entry_is_for_a_registry_or_a_part_of_it(
    key: str, registry: str, repository: str, fits: bool
) -> None:
    assert (Logins({key: Login("a", "b")}).of(registry, repository) is not None) is fits


def test_the_most_exact_entry_counts() -> None:
    logins = Logins({"r.test": Login("all", "x"), "r.test/acme": Login("acme", "x")})
    assert logins.of("r.test", "acme/web") == Login("acme", "x")
    assert logins.of("r.test", "other/web") == Login("all", "x")


def test_a_login_is_never_shown() -> None:
    login = Login("ada", "swordfish")
    assert "swordfish" not in repr(login)
    assert login.basic == "Basic " + base64.b64encode(b"ada:swordfish").decode()


SHAPES = st.recursive(
    st.none() | st.text(max_size=8) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["auths", "auth", "username", "r.test"]), inner, max_size=3
        )
    ),
)


@given(SHAPES.map(json.dumps) | st.text(max_size=40))
def test_whatever_a_secret_holds_is_read_or_refused(text: str) -> None:
    try:
        Logins.parse(text).of("r.test", "web")
    except ValueError as error:
        assert str(error) == "it is no dockerconfigjson with `auths`"
