from __future__ import annotations

from pathlib import Path

import pytest

from bot import errors
from bot.app_files import Files


def test_both_are_for_their_owner_only(tmp_path: Path) -> None:
    files = Files(tmp_path / "new" / "folder")
    files.prepare()
    files.keep("the key", "the secret")
    assert (files.key.read_text(), files.secret.read_text()) == ("the key", "the secret")
    modes = {path.stat().st_mode & 0o777 for path in (files.key, files.secret)}
    assert modes == {0o600}
    assert files.key.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["private-key.pem", "webhook-secret"])
@pytest.mark.parametrize("dangling", [False, True])
def test_what_exists_is_not_written_over(tmp_path: Path, name: str, dangling: bool) -> None:
    path = tmp_path / name
    if dangling:
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.write_text("mine")
    files = Files(tmp_path)
    with pytest.raises(errors.InvalidSettingsError, match="is not written over"):
        files.prepare()
    with pytest.raises(errors.InvalidSettingsError, match="can't be made"):
        files.keep("a", "b")
    assert not (tmp_path / "elsewhere").exists()
    assert dangling or path.read_text() == "mine"


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.InvalidSettingsError, match="--out"):
        Files(tmp_path / "file" / "below").prepare()
