import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import naming

REPOSITORIES = st.from_regex(r"[A-Za-z0-9._-]{1,39}/[A-Za-z0-9._-]{1,100}", fullmatch=True)
NUMBERS = st.integers(min_value=1, max_value=10**9)


@given(REPOSITORIES, NUMBERS)
def test_every_environment_name_is_a_dns_label_with_room_for_suffixes(
    repository: str, number: int
) -> None:
    name = naming.environment_name(repository, number)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
    assert len(name) <= naming.NAME_LENGTH
    assert f"pr-{number}-" in name


def test_owners_with_repositories_of_one_name_do_not_share_an_environment() -> None:
    assert naming.environment_name("acme/shop", 7) != naming.environment_name("other/shop", 7)


def test_a_name_does_not_depend_on_the_case_of_the_repository() -> None:
    # GitHub's names are case-insensitive, and deliveries carry them in either form.
    assert naming.environment_name("Acme/Shop", 7) == naming.environment_name("acme/shop", 7)


@given(REPOSITORIES)
def test_a_repository_becomes_a_valid_label_value(repository: str) -> None:
    value = naming.label_value(repository)
    assert len(value) <= 63
    assert re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?", value)


@pytest.mark.parametrize(
    ("text", "expected"), [("Hello World", "hello-world"), ("--a--b--", "a-b"), ("äöü", "")]
)
def test_slug(text: str, expected: str) -> None:
    assert naming.slug(text) == expected


def test_the_edge_header_has_the_prefix_that_cloudfront_demands() -> None:
    assert naming.edge_header("pr-1-shop-abc") == "aws-cf-cd-pr-1-shop-abc"
