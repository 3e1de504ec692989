from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot import clock, errors
from bot.store import SqlStore, schema


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert schema.look(url(tmp_path / "none" / "store.db")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_this_version_has_the_newest_form(tmp_path: Path) -> None:
    path = tmp_path / "a store#1.db"
    opened = SqlStore(url(path), clock.SystemClock())
    for _ in range(2):  # with and without somebody who has it open
        form = schema.look(url(path))
        assert form is not None
        assert form.known
        assert form.current == form.newest
        opened.close()


def test_one_of_another_version_is_not_known_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.close()
    before = path.read_bytes()
    form = schema.look(url(path))
    assert form is not None
    assert (form.current, form.known) == ("9999", False)
    assert path.read_bytes() == before


def test_an_empty_one_has_no_form(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    form = schema.look(url(path))
    assert form is not None
    assert form.current is None


@pytest.mark.parametrize("address", ["no address", "postgresql+nowhere://h/d"])
def test_what_is_no_address_is_told_without_it(address: str) -> None:
    with pytest.raises(errors.InvalidSettingsError, match="no database address") as caught:
        schema.look(address)
    assert address not in caught.value.message


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 20)
    with pytest.raises(errors.UnreachableError, match="does not answer"):
        schema.look(url(path))
