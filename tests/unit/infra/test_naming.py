import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import naming
from infra.identity import EnvironmentKey
from tests.unit.infra.test_identity import KEYS

REPOSITORIES = st.from_regex(r"[A-Za-z0-9._-]{1,39}/[A-Za-z0-9._-]{1,100}", fullmatch=True)


@given(KEYS)
def test_every_environment_name_is_a_dns_label_with_room_for_suffixes(key: EnvironmentKey) -> None:
    name = naming.environment_name(key)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
    assert len(name) <= naming.NAME_LENGTH
    assert name.startswith("base-" if key.is_base else f"pr-{key.number}-")
    assert naming.NAME_FORM.fullmatch(name)
    assert naming.environment_of(naming.stack_name(name, naming.EDGE)) == name


@given(KEYS)
def test_what_carries_labels_or_tags_tells_whose_it_is(key: EnvironmentKey) -> None:
    name = naming.environment_name(key)
    labels = naming.labels(name, key)
    for value in labels.values():
        assert naming.label_value(value) == value, "a valid value"
    assert naming.labelled(labels, naming.owner_annotations(key, "bot")) == key
    tags = naming.tags(name, key, "bot")
    assert naming.tagged(tags) == key
    for value in tags.values():
        # API reference of CloudFront, Tag.
        assert re.fullmatch(r"[\w .:/=+\-@]{0,256}", value)


def test_definitions_and_branches_do_not_share_an_environment() -> None:
    shop = EnvironmentKey("acme/shop", 7)
    main, other = (EnvironmentKey("acme/shop", branch=name) for name in ("a/b", "a-b"))
    keys = [shop, shop.defined("admin"), main, other, main.defined("admin")]
    assert len({naming.environment_name(key) for key in keys}) == len(keys)
    assert len({naming.github_environment(key) for key in keys}) == len(keys)
    assert [naming.check(key) for key in keys[:3]] == [
        "understudy",
        "understudy/admin",
        "understudy/base",
    ]


def test_owners_with_repositories_of_one_name_do_not_share_an_environment() -> None:
    assert _name("acme/shop") != _name("other/shop")


def test_a_name_does_not_depend_on_the_case_of_the_repository() -> None:
    # GitHub's names are case-insensitive, and deliveries carry them in either form.
    assert _name("Acme/Shop") == _name("acme/shop")


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


def _name(repository: str) -> str:
    return naming.environment_name(EnvironmentKey(repository, 7))
