import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, image_reference
from bot.image_reference import Reference

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("text", "registry", "repository", "version"),
    [
        ("registry.example.com/acme/shop/web:1", "registry.example.com", "acme/shop/web", "1"),
        ("localhost/web", "localhost", "web", "latest"),
        ("localhost:5000/web:1", "localhost:5000", "web", "1"),
        ("Registry.test:5000/web:1", "registry.test:5000", "web", "1"),
        ("[::1]:5000/web:1", "[::1]:5000", "web", "1"),
        (f"registry.test/web@{DIGEST}", "registry.test", "web", DIGEST),
        (f"registry.test/web:1@{DIGEST}", "registry.test", "web", DIGEST),
        ("registry.test/a__b/c-d--e.f:1_2.3-4", "registry.test", "a__b/c-d--e.f", "1_2.3-4"),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(
    text: str, registry: str, repository: str, version: str
) -> None:
    assert image_reference.parse(text) == Reference(registry, repository, version)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no registry"),
        ("web:1", "names no registry"),
        ("acme/web:1", "names no registry"),
        ("r.test/Web:1", "small letters"),
        ("r.test/", "small letters"),
        ("r.test/acme//web", "small letters"),
        ("r.test/acme/-web", "small letters"),
        ("r.test/web:", "a tag has"),
        ("r.test/web:a b", "a tag has"),
        (f"r.test/web:{'1' * 129}", "a tag has"),
        ("r.test/web@sha256:1", "sha256:… with 64 digits"),
        ("https://registry.test/web:1", "no host name"),
        ("registry.test:0/web", "no host name"),
        ("registry.test:99999999999999/web", "no host name"),
        ("[:::]/web", "no host name"),
        (f"{'a' * 64}.test/web", "no host name"),
        (f"registry.test/{'a' * 250}", "longer than 255"),
        ("a" * 601, "longer than 600"),
        ("registry.test/web:1\n", "a tag has"),
        ("registry.test:٣/web", "no host name"),
    ],
)
def test_what_is_none_is_refused_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(errors.InvalidStageFileError) as caught:
        image_reference.parse(text)
    assert words in caught.value.message


SIGNS = st.text(alphabet="aA1.:/@-_[]{} \nsha256é", max_size=80)


@given(st.one_of(st.text(max_size=700), SIGNS))
def test_any_text_is_a_reference_or_refused_in_one_sentence(text: str) -> None:
    try:
        found = image_reference.parse(text)
    except errors.InvalidStageFileError as error:
        assert "\n" not in error.message
        assert len(error.message) < 300
    else:
        assert found.registry
        assert found.repository
        assert found.version
        assert not set(found.registry + found.repository + found.version) & set(" \n?#%\\")


@pytest.mark.parametrize(
    ("text", "host", "local"),
    [
        ("registry.test:5000/web", "registry.test:5000", False),
        ("localhost:5000/web", "localhost:5000", True),
        ("127.0.0.1:5000/web", "127.0.0.1:5000", True),
        ("[::1]:5000/web", "[::1]:5000", True),
        ("10.0.0.1:5000/web", "10.0.0.1:5000", False),
    ],
)
def test_where_a_registry_answers(text: str, host: str, local: bool) -> None:
    found = image_reference.parse(text)
    assert (found.registry, found.local) == (host, local)
