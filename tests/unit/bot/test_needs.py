from __future__ import annotations

import pytest

from bot import needs


@pytest.mark.parametrize(
    ("granted", "wanted", "enough"),
    [
        ("read", "read", True),
        ("write", "read", True),
        ("admin", "write", True),
        ("read", "write", False),
        ("", "read", False),
        ("something new", "read", False),
    ],
)
def test_a_level_of_access_has_the_lower_ones_in_it(
    granted: str, wanted: str, enough: bool
) -> None:
    assert needs.covers(granted, wanted) is enough
