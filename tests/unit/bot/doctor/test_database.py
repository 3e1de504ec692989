from __future__ import annotations

from pathlib import Path

import pytest

from bot.doctor import Sign, database
from bot.store.schema import Form


@pytest.mark.parametrize(
    ("form", "sign", "words"),
    [
        (None, Sign.OK, "none yet"),
        (Form(None, "0003", False), Sign.OK, "is empty"),
        (Form("0003", "0003", True), Sign.OK, "newest form, 0003"),
        (Form("0002", "0003", True), Sign.WARNING, "brings them to 0003"),
        (Form("0009", "0003", False), Sign.WRONG, "0009"),
    ],
)
def test_the_form_of_the_tables_is_judged(form: Form | None, sign: Sign, words: str) -> None:
    (found,) = database.tables(lambda: form)
    assert found.sign is sign
    assert words in found.found


def test_the_folder_has_to_be_one_that_can_be_written_to(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    tried = (tmp_path, tmp_path / "new" / "deep", file, file / "below")
    signs = [next(database.folder(path)).sign for path in tried]
    assert signs == [Sign.OK, Sign.OK, Sign.WRONG, Sign.WRONG]
    assert not (tmp_path / "new").exists()
