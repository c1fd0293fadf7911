"""A file as sheets of rows: which kind it is, and what is wrong with it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from bot.people.roster.cells import Row
from bot.people.roster.csv_file import CsvFile
from bot.people.roster.xlsx_file import XlsxFile
from bot.problems import Problem

ZIP, OLE, PDF = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF"
"""How files begin: XLSX (and other packed files), the old XLS (and an XLSX with a password), PDF."""

WORKBOOK = "xl/workbook.xml"

UNPACKED = 2 << 30
"""Bytes into which a workbook may unpack; more is a file made to fill the memory."""


class RosterFile(Protocol):
    """A file that can be read several times. `sheets`: their names in order, ("",) for a CSV file, which has
    none. `size`: rows of a sheet as far as known beforehand, for a progress bar."""

    @property
    def sheets(self) -> tuple[str, ...]: ...

    def rows(self, sheet: str) -> Iterator[Row]:
        """Every row that is not blank. Raises Problem where the file is broken off."""

    def size(self, sheet: str) -> int | None: ...

    def close(self) -> None: ...


def open_roster(path: Path) -> RosterFile:
    """Raises Problem if the file cannot be a roster."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise Problem("roster.no_file", path=path, reason=error) from error
    if not start:
        raise Problem("roster.empty_file", path=path)
    if start.startswith(PDF):
        raise Problem("roster.pdf", path=path)
    if start == OLE:
        raise Problem("roster.old_excel", path=path)
    if start.startswith(ZIP):
        return _workbook(path)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        raise Problem("roster.not_excel", path=path)
    return CsvFile(path)


def _workbook(path: Path) -> XlsxFile:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise Problem("roster.half_written", path=path) from error
    if WORKBOOK not in {part.filename for part in parts}:
        raise Problem("roster.other_archive", path=path)
    if sum(part.file_size for part in parts) > UNPACKED:
        raise Problem("roster.too_big", path=path, size=UNPACKED >> 20)
    return XlsxFile(path)
