import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.webhook import signature

# GitHub's own test vector: its documentation, "Validating webhook deliveries".
SECRET = b"It's a Secret to Everybody"
BODY = b"Hello, World!"
HEADER = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_published_vector() -> None:
    assert signature.sign(SECRET, BODY) == HEADER
    assert signature.valid(SECRET, BODY, HEADER)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        HEADER.removeprefix("sha256="),
        HEADER.replace("sha256", "sha1"),
        HEADER.upper(),
        f" {HEADER}",
        f"{HEADER}0",
        HEADER[:-1],
        HEADER.replace("7", "8", 1),
        "sha256=ÄÖÜ\udcff",
    ],
)
def test_any_other_header_is_refused(header: str) -> None:
    assert not signature.valid(SECRET, BODY, header)


@settings(deadline=None)
@given(st.binary(min_size=1), st.binary(), st.binary())
def test_only_the_same_bytes_and_secret_fit(secret: bytes, body: bytes, other: bytes) -> None:
    made = signature.sign(secret, body)
    assert signature.valid(secret, body, made)
    assert signature.valid(secret, other, made) == (other == body)
    assert not signature.valid(secret + b"x", body, made)
