import datetime

import pytest
from sqlalchemy.dialects import sqlite

from bot.store.tables import UtcDateTime

DIALECT = sqlite.dialect()
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
EAST = datetime.timezone(datetime.timedelta(hours=3))


@pytest.mark.parametrize("value", [NOON, NOON.astimezone(EAST)])
def test_a_time_is_stored_as_utc(value: datetime.datetime) -> None:
    stored = UtcDateTime().process_bind_param(value, DIALECT)
    assert stored == NOON
    assert stored is not None
    assert stored.utcoffset() == datetime.timedelta(0)


@pytest.mark.parametrize("value", [NOON.replace(tzinfo=None), NOON, NOON.astimezone(EAST)])
def test_a_time_is_read_as_utc_whatever_the_database_makes_of_it(value: datetime.datetime) -> None:
    read = UtcDateTime().process_result_value(value, DIALECT)
    assert read == NOON
    assert read is not None
    assert read.utcoffset() == datetime.timedelta(0)


def test_a_time_without_zone_is_never_stored() -> None:
    with pytest.raises(ValueError, match="without zone"):
        UtcDateTime().process_bind_param(NOON.replace(tzinfo=None), DIALECT)


def test_no_time_stays_none() -> None:
    assert UtcDateTime().process_bind_param(None, DIALECT) is None
    assert UtcDateTime().process_result_value(None, DIALECT) is None
