from __future__ import annotations

import datetime

from bot import clock, model, overview, testing

KEY = model.EnvironmentKey("acme/shop", 7)


def test_nobody_is_told_of_what_never_was() -> None:
    store = testing.MemoryStore(clock.ManualClock())
    assert overview.Overview(store, lambda _: None).of(KEY) is None


def test_the_latest_commands_are_told_oldest_first() -> None:
    time = clock.ManualClock()
    store = testing.MemoryStore(time)
    for number in range(9):
        time.advance(1)
        store.record_command(model.Command(KEY, number, 1, f"set A={number}", "ada", time.now()))
    told = overview.Overview(store, lambda _: None).of(KEY)
    assert told is not None
    assert [one.text for one in told.commands] == [f"set A={number}" for number in range(4, 9)]


def test_the_end_is_told_as_the_policy_has_it() -> None:
    time = clock.ManualClock()
    store = testing.MemoryStore(time)
    store.hint(KEY)
    lease = store.take("test", 60)
    assert lease is not None
    store.save(lease[1], life=model.Life(began_at=time.now()))
    hour = datetime.timedelta(hours=1)
    told = overview.Overview(
        store, lambda _: None, lambda life: life.began_at and life.began_at + hour
    ).of(KEY)
    assert told is not None
    assert told.ends_at == time.now() + hour
    assert told.life.began_at == time.now()
