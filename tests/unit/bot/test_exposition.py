from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.exposition import Exposition


def test_a_counter_has_its_help_its_type_and_a_line_for_each_label() -> None:
    shown = Exposition()
    counter = shown.meter().create_counter("understudy.things", description='"Things" that\nare.')
    counter.add(2, {"kind": "a", "by": "hand"})
    counter.add(1, {"kind": "b", "by": "hand"})
    assert shown.text() == (
        '# HELP understudy_things_total "Things" that\\nare.\n'
        "# TYPE understudy_things_total counter\n"
        'understudy_things_total{by="hand",kind="a"} 2\n'
        'understudy_things_total{by="hand",kind="b"} 1\n'
    )


def test_a_count_stays_from_one_reading_to_the_next() -> None:
    shown = Exposition()
    counter = shown.meter().create_counter("c")
    counter.add(1)
    assert shown.text().endswith("c_total 1\n")
    counter.add(1)
    assert shown.text().endswith("c_total 2\n")


def test_a_gauge_is_no_counter_and_has_its_unit() -> None:
    shown = Exposition()
    shown.meter().create_gauge("age", unit="s").set(1.5)
    assert shown.text() == "# HELP age_seconds \n# TYPE age_seconds gauge\nage_seconds 1.5\n"


def test_nothing_counted_is_an_empty_text() -> None:
    assert Exposition().text() == ""


@given(st.text(max_size=20))
def test_any_label_stays_on_its_line(value: str) -> None:
    shown = Exposition()
    shown.meter().create_counter("c").add(1, {"l": value})
    line = shown.text().split("\n")[2]
    inside = line.removeprefix('c_total{l="').removesuffix('"} 1')
    back = inside.replace("\\\\", "\0").replace('\\"', '"').replace("\\n", "\n").replace("\0", "\\")
    assert back == value or "\0" in value
    assert len(shown.text().split("\n")) == 4
