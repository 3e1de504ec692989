import socket
from collections.abc import Iterator

import pytest
import requests

from bot import errors, registry_api
from bot.registry_api import RegistryImages
from bot.registry_logins import Login, Logins
from tests.unit.bot.registry_server import PASSWORD, TOKEN, USER, Registry, registry


@pytest.fixture
def shop() -> Iterator[Registry]:
    with registry() as served:
        yield served


def asking(shop: Registry, password: str = PASSWORD) -> RegistryImages:
    logins = Logins({shop.host: Login(USER, password)})
    return RegistryImages(lambda: logins)


def refusal(images: RegistryImages, shop: Registry) -> str:
    with pytest.raises(errors.UnreachableError) as caught:
        images.resolve([f"{shop.host}/acme/web:1"])
    told = f"{caught.value.message} {caught.value!r} {caught.value.__cause__!r}"
    assert PASSWORD not in told
    assert TOKEN not in told
    assert "\n" not in caught.value.message
    return caught.value.message


def test_an_image_that_is_there_has_its_digest_and_one_that_is_not_has_none(shop: Registry) -> None:
    digest = shop.push("acme/web", "1")
    there, missing = f"{shop.host}/acme/web:1", f"{shop.host}/acme/web:2"
    assert RegistryImages().resolve([there, missing, there]) == {there: digest, missing: None}
    assert [(verb, path) for verb, path, _ in shop.seen] == [
        ("HEAD", "/v2/acme/web/manifests/1"),
        ("HEAD", "/v2/acme/web/manifests/2"),
    ]
    assert shop.accepted[0].split(", ") == list(registry_api.MANIFESTS)


def test_nothing_is_asked_for_no_images() -> None:
    def never() -> Logins:
        raise AssertionError

    assert RegistryImages(never).resolve([]) == {}


def test_a_digest_is_asked_for_as_it_is(shop: Registry) -> None:
    digest = shop.push("acme/web", "1")
    image = f"{shop.host}/acme/web:1@{digest}"
    assert RegistryImages().resolve([image]) == {image: digest}
    assert shop.seen[0][1].endswith(digest)


def test_a_digest_that_is_not_told_is_computed(shop: Registry) -> None:
    digest = shop.push("acme/web", "1", b'{"layers": []}')
    shop.tells_digest = False
    image = f"{shop.host}/acme/web:1"
    assert RegistryImages().resolve([image]) == {image: digest}


def test_a_manifest_without_end_is_not_read(
    shop: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_api, "MAX_MANIFEST", 10)
    shop.push("acme/web", "1", b"x" * 100)
    shop.tells_digest = False
    assert "too much" in refusal(RegistryImages(), shop)


def test_many_images_are_asked_for_in_bounded_time(
    shop: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_api, "TOTAL_SECONDS", -1.0)
    assert "answers too slowly" in refusal(RegistryImages(), shop)
    assert shop.seen == []


@pytest.mark.parametrize("asks", ["basic", "bearer"])
def test_a_registry_that_asks_is_told_who_is_there(shop: Registry, asks: str) -> None:
    digest = shop.push("acme/web", "1")
    shop.asks = asks
    image = f"{shop.host}/acme/web:1"
    assert asking(shop).resolve([image]) == {image: digest}
    assert shop.seen[0][2] == "", "nothing is said unasked"


def test_a_token_is_asked_for_with_the_registrys_own_words_and_used_again(shop: Registry) -> None:
    for tag in ("1", "2"):
        shop.push("acme/web", tag)
    shop.asks = "bearer"
    asking(shop).resolve([f"{shop.host}/acme/web:1", f"{shop.host}/acme/web:2"])
    assert shop.count("/token?scope=repository%3Aa%3Apull%2Cx&service=shop") == 1
    assert len(shop.seen) == 4


def test_who_has_no_login_may_get_a_token_too(shop: Registry) -> None:
    digest = shop.push("acme/web", "1")
    shop.asks, shop.anonymous = "bearer", True
    image = f"{shop.host}/acme/web:1"
    assert RegistryImages().resolve([image]) == {image: digest}


@pytest.mark.parametrize("asks", ["basic", "bearer"])
def test_a_login_that_does_not_fit_is_named(shop: Registry, asks: str) -> None:
    shop.asks = asks
    assert "the login of UNDERSTUDY_PULL_SECRET (401)" in refusal(asking(shop, "wrong"), shop)
    assert "the bot without a login (401)" in refusal(RegistryImages(), shop)


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "may read it"), (429, "too often"), (500, "answered 500"), (302, "answered 302")],
)
def test_every_other_answer_is_one_sentence(shop: Registry, status: int, words: str) -> None:
    shop.status = status
    assert words in refusal(RegistryImages(), shop)


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"token": 3}', '{"token": "a\\nb"}', "<html>", '{"token": ""}']
)
def test_a_token_that_is_none_is_explained(shop: Registry, body: str) -> None:
    shop.asks, shop.token_body = "bearer", body
    assert "gave out no token" in refusal(asking(shop), shop)


@pytest.mark.parametrize("realm", ["ftp://x/token", "token", "http:/x"])
def test_a_login_is_shown_to_no_strange_place(shop: Registry, realm: str) -> None:
    shop.asks, shop.realm = "bearer", realm
    assert "no safe place" in refusal(asking(shop), shop)


def test_a_login_is_shown_to_its_own_registry_alone(shop: Registry) -> None:
    shop.asks = "basic"
    images = RegistryImages(lambda: Logins({"registry.test": Login(USER, PASSWORD)}))
    assert "without a login" in refusal(images, shop)
    assert {said for *_, said in shop.seen} == {""}


def test_a_file_with_passwords_for_other_programs_is_not_used(
    shop: Registry, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    RegistryImages().resolve([f"{shop.host}/acme/web:1"])
    assert shop.seen[0][2] == ""


def test_a_registry_that_does_not_answer_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        image = f"127.0.0.1:{free.getsockname()[1]}/web:1"
        with pytest.raises(errors.UnreachableError, match=r"did not answer .*\(ConnectionError\)"):
            RegistryImages().resolve([image])


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("registry.test/web:1", "https://registry.test/v2/web/manifests/1"),
        ("Old.test:5000/web:1", "http://old.test:5000/v2/web/manifests/1"),
        ("old.test/web:1", "https://old.test/v2/web/manifests/1"),
        ("localhost:5000/web:1", "http://localhost:5000/v2/web/manifests/1"),
    ],
)
def test_registries_are_asked_with_encryption_unless_told_otherwise(
    image: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def request(_: requests.Session, verb: str, url: str, **options: object) -> None:
        asked.append(url)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "request", request)
    with pytest.raises(errors.UnreachableError):
        RegistryImages(insecure=["OLD.test:5000"]).resolve([image])
    assert asked == [address]


def test_what_is_no_reference_is_refused_before_anything_is_asked(shop: Registry) -> None:
    with pytest.raises(errors.InvalidStageFileError):
        RegistryImages().resolve([f"{shop.host}/web:1", "Web:1"])
    assert shop.seen == []
