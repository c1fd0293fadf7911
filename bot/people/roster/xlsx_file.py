"""Rows from XLSX, through openpyxl, a row at a time."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from bot.people.roster.cells import Row, is_blank
from bot.problems import Problem

BROKEN = (zipfile.BadZipFile, zlib.error, ParseError, EOFError, KeyError, ValueError, TypeError, IndexError)
"""What openpyxl raises for a workbook whose parts are missing or cut off."""


class XlsxFile:
    """Only sheets that are not hidden."""

    def __init__(self, path: Path) -> None:
        from openpyxl import load_workbook  # type: ignore[import-untyped]  # has no stubs of its own

        self._path = path
        with self._whole():
            self._book = load_workbook(path, read_only=True, data_only=True)
        self._sheets: dict[str, Any] = {
            sheet.title: sheet
            for sheet in self._book.worksheets
            if sheet.sheet_state == "visible" and hasattr(sheet, "reset_dimensions")
        }
        self._sizes: dict[str, int | None] = {name: sheet.max_row for name, sheet in self._sheets.items()}
        for sheet in self._sheets.values():
            sheet.reset_dimensions()  # some programs write a wrong one, and cells beyond it would be lost

    @property
    def sheets(self) -> tuple[str, ...]:
        return tuple(self._sheets)

    def size(self, sheet: str) -> int | None:
        return self._sizes[sheet]

    def rows(self, sheet: str) -> Iterator[Row]:
        rows = self._sheets[sheet].iter_rows(values_only=True)
        number = 0
        while True:
            with self._whole():
                cells = next(rows, None)
            if cells is None:
                return
            number += 1
            if not is_blank(cells):
                yield number, cells

    def close(self) -> None:
        self._book.close()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except BROKEN as error:
            raise Problem("roster.half_written", path=self._path) from error
