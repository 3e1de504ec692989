from __future__ import annotations

from bot import clock
from bot.feedback import budget


def test_below_the_limits_nothing_waits() -> None:
    counted = budget.Budget(clock.ManualClock())
    assert counted.wait() == 0
    counted.spend()
    assert counted.wait() == 0


def test_any_minute_and_any_hour_stay_below_githubs_limits() -> None:
    time = clock.ManualClock()
    start = time.now()
    counted = budget.Budget(time)
    written: list[float] = []
    while (time.now() - start).total_seconds() < 2 * 3600:
        if pause := counted.wait():
            time.advance(pause)
            continue
        counted.spend()
        written.append((time.now() - start).total_seconds())
    for seconds, most in ((60, 80), (3600, 500)):
        busiest = max(
            sum(begin <= at < begin + seconds for at in written) for begin in set(written)
        )
        assert busiest < most
    assert len(written) >= 900, "what is allowed is used"


def test_progress_leaves_room_for_news() -> None:
    counted = budget.Budget(clock.ManualClock())
    while not counted.wait(news=False):
        counted.spend()
    assert counted.wait(news=True) == 0
