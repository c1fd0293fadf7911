"""Rows from XLSX: the workbook through openpyxl, its cells as a stream."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from bot.people.roster.cells import Cell, Row, is_blank
from bot.people.roster.xlsx_parts import read_rows, read_texts
from bot.problems import Problem

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ExpatError,
    ParseError,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,  # a part that is encrypted, or packed in a way that Python cannot unpack
    RuntimeError,
)
"""What a workbook whose parts are missing, cut off or nonsense raises."""


DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="[A-Z]+[0-9]+:[A-Z]+([0-9]+)"')
START = 4_096
"""Bytes of a sheet among which it says how large it is, if it does."""


class XlsxFile:
    """Only sheets that are not hidden."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._whole():
            self._reader = _opened(path)

    @property
    def sheets(self) -> tuple[str, ...]:
        return tuple(self._reader.parts)

    def size(self, sheet: str) -> int | None:
        """As the file claims, which can be wrong."""
        with self._whole(), self._open(sheet) as source:
            found = DIMENSION.search(source.read(START))
        return int(found[1]) if found else None

    def rows(self, sheet: str) -> Iterator[Row]:
        with self._whole(), self._open(sheet) as source:
            for number, cells in read_rows(source, self._reader.shared_strings, self._dated):
                if not is_blank(cells):
                    yield number, cells

    def close(self) -> None:
        self._reader.archive.close()

    def _open(self, sheet: str) -> IO[bytes]:
        part: IO[bytes] = self._reader.archive.open(self._reader.parts[sheet])
        return part

    def _dated(self, style: int, number: float) -> Cell:
        from openpyxl.utils.datetime import from_excel  # type: ignore[import-untyped]  # has no stubs

        book = self._reader.wb
        if style not in book._date_formats or style in book._timedelta_formats:
            return number
        with suppress(OverflowError, ValueError):  # formatted as a day, and none
            moment: Cell = from_excel(number, book.epoch)
            return moment
        return number

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except BROKEN as error:
            raise Problem("roster.half_written", path=self._path) from error


def _opened(path: Path) -> Any:
    """An ExcelReader that has read what goes before the cells: `parts` are the sheets that are shown."""
    from openpyxl.reader.excel import ExcelReader  # type: ignore[import-untyped]  # has no stubs
    from openpyxl.styles.stylesheet import apply_stylesheet  # type: ignore[import-untyped]
    from openpyxl.xml.constants import SHARED_STRINGS  # type: ignore[import-untyped]

    class Reader(ExcelReader):  # type: ignore[misc]
        def read(self) -> None:
            self.read_manifest()
            self.read_strings()
            self.read_workbook()
            with suppress(*BROKEN):  # some programs write styles that are none; a day is then its number
                apply_stylesheet(self.archive, self.wb)
            self.parts = {
                sheet.name: relation.target
                for sheet, relation in self.parser.find_sheets()
                if sheet.state == "visible" and relation.Type.endswith("/worksheet")
            }

        def read_strings(self) -> None:
            part = self.package.find(SHARED_STRINGS)
            if part is not None:
                with self.archive.open(part.PartName.removeprefix("/")) as source:
                    self.shared_strings = read_texts(source)

    reader = Reader(path, read_only=True, data_only=True, keep_links=False)
    try:
        with warnings.catch_warnings(action="ignore"):  # of styles and extensions that it does not know
            reader.read()
    except BaseException:
        reader.archive.close()
        raise
    return reader
