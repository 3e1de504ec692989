from tests.unit.world.otlp import exports
from tests.world.otlp import wire
from tests.world.otlp.store import Store


def names(store: Store, environment: str | None = None) -> list[str]:
    return [span.name for span in store.spans(environment)]


def test_only_the_newest_spans_are_kept_and_all_are_counted() -> None:
    store = Store(spans=2)
    store.add(wire.traces(exports.traces(names=("a", "b"))))
    store.add(wire.traces(exports.traces(names=("c",))))
    assert names(store, "pr-7") == ["b", "c"]
    assert store.counts() == {"pr-7": {"spans": 3}}


def test_a_talkative_environment_pushes_no_other_out() -> None:
    store = Store(spans=2)
    store.add(wire.traces(exports.traces("pr-1", names=("quiet",))))
    store.add(wire.traces(exports.traces("pr-2", names=("a", "b", "c"))))
    assert names(store, "pr-1") == ["quiet"]
    assert names(store) == ["quiet", "b", "c"]


def test_the_environment_that_was_silent_longest_is_forgotten() -> None:
    store = Store(environments=2)
    for name in ("pr-1", "pr-2", "pr-1", "pr-3"):
        store.add(wire.logs(exports.logs(name)))
    assert store.counts() == {"pr-1": {"log_records": 6}, "pr-3": {"log_records": 3}}
    assert names(store, "pr-2") == []


def test_counts_of_all_signals_stand_together() -> None:
    store = Store()
    for export in (
        wire.traces(exports.traces()),
        wire.metrics(exports.metrics()),
        wire.logs(exports.logs()),
    ):
        store.add(export)
    assert store.counts() == {"pr-7": {"spans": 1, "metric_points": 2, "log_records": 3}}


def test_one_export_of_many_environments_stays_within_the_limit() -> None:
    store = Store(environments=1)
    body = exports.traces("pr-1", names=("a",)) + exports.traces("pr-2", names=("b",))
    store.add(wire.traces(body))  # protobuf messages add up
    assert names(store) == ["b"]
