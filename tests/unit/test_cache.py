"""What is kept between runs: used only from a folder of the user's own, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cache import remembered


def never() -> str:
    raise AssertionError("it was kept and need not be made again")


def test_a_value_is_made_once_for_a_key(tmp_path: Path) -> None:
    assert remembered("key", lambda: "made", tmp_path / "own", 2) == "made"
    assert remembered("key", never, tmp_path / "own", 2) == "made"


def test_another_key_is_another_value(tmp_path: Path) -> None:
    remembered("one", lambda: 1, tmp_path / "own", 2)
    assert remembered("two", lambda: 2, tmp_path / "own", 2) == 2


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05cno_such_module\nx\n."])
def test_a_broken_file_only_costs_time(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "own"
    remembered("key", lambda: "made", folder, 2)
    next(folder.glob("*.pickle")).write_bytes(content)
    assert remembered("key", lambda: "again", folder, 2) == "again"


def test_a_folder_that_others_can_write_to_is_not_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    remembered("key", lambda: "made", folder, 2)
    folder.chmod(0o777)
    assert remembered("key", lambda: "again", folder, 2) == "again"


def test_a_folder_that_cannot_be_made_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert remembered("key", lambda: "made", tmp_path / "file" / "below", 2) == "made"


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for number in range(5):
        remembered(number, lambda: "x", tmp_path / "own", 2)
    assert len(list((tmp_path / "own").glob("*.pickle"))) == 2


def test_a_value_that_cannot_be_kept_is_still_given(tmp_path: Path) -> None:
    assert remembered("key", lambda: lambda: 1, tmp_path / "own", 2)() == 1
