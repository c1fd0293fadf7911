"""Rows from CSV, whatever its encoding and its separator."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from bot.people.roster.cells import Row, is_blank
from bot.problems import Problem

SEPARATORS = (",", ";", "\t", "|")
CHUNK = 1 << 20
SAMPLE = 50
"""Rows that tell the separator."""

LONGEST_CELL = 10_000
"""Characters. A longer cell is a quotation mark that was never closed."""

BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CONTROL = bytes({*range(32)} - {7, 9, 10, 11, 12, 13, 26, 27})
"""Bytes that no text holds."""


class CsvFile:
    """The encoding is that of the byte order mark, else UTF-8 if all of the file is, else Windows-1252."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoding = _encoding(path)
        self._separator, self._skipped = self._shape()
        with path.open("rb") as file:
            file.seek(-1, 2)
            self._finished = file.read(1) in (b"\n", b"\r", b"\0")

    @property
    def sheets(self) -> tuple[str, ...]:
        return ("",)

    def size(self, sheet: str) -> int | None:
        with self._path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))

    def rows(self, sheet: str) -> Iterator[Row]:
        width, short = 0, False
        with self._open() as file:
            for number, cells in self._records(file, self._separator):
                if number > self._skipped and not is_blank(cells):
                    yield number, cells
                    width, short = max(width, len(cells)), len(cells) < width
        if short and not self._finished:
            raise Problem("roster.half_written", path=self._path)

    def close(self) -> None:
        """A file is open only while its rows are read."""

    def _records(self, file: TextIO, separator: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Each with the number of the line it begins on."""
        reader = csv.reader(file, delimiter=separator, strict=True)
        line = 1
        try:
            for cells in reader:
                if any(len(cell) > LONGEST_CELL for cell in cells):
                    raise Problem("roster.open_quote", path=self._path, row=line)
                yield line, tuple(cells)
                line = reader.line_num + 1
        except csv.Error as error:
            if reader.line_num > line or "end of data" in str(error) or "field larger" in str(error):
                raise Problem("roster.open_quote", path=self._path, row=line) from error
            raise Problem("roster.bad_line", path=self._path, row=line) from error

    def _open(self) -> TextIO:
        return self._path.open(encoding=self._encoding, newline="")

    def _shape(self) -> tuple[str, int]:
        """The separator, and how many lines go before the rows ("sep=;" is one, for Excel only)."""
        with self._open() as file:
            first = file.readline().strip().lower().strip('"')
        if first.startswith("sep=") and first[4:] in SEPARATORS:
            return first[4:], 1
        return max(SEPARATORS, key=self._regularity), 0

    def _regularity(self, separator: str) -> int:
        """How many cells lie in rows of the most usual width."""
        widths: Counter[int] = Counter()
        try:
            with self._open() as file:
                for _, cells in islice(self._records(file, separator), SAMPLE):
                    widths[len(cells)] += 1
        except Problem:
            pass  # what was read until there tells enough; reading the rows says what is wrong
        return max((width * count for width, count in widths.items() if width > 1), default=0)


def _encoding(path: Path) -> str:
    """Raises Problem for what is no text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, first = True, True
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            if first:
                marked = next((name for mark, name in BOMS.items() if chunk.startswith(mark)), None)
                if marked or _is_utf16(chunk):
                    return _checked(path, marked or _is_utf16(chunk) or "")
                first = False
            if chunk.translate(None, CONTROL) != chunk:
                raise Problem("roster.not_text", path=path)
            is_utf8 = is_utf8 and _decodes(decoder, chunk)
    return "utf-8" if is_utf8 and _decodes(decoder, b"", final=True) else _checked(path, "cp1252")


def _is_utf16(chunk: bytes) -> str | None:
    """UTF-16 without a mark: half the bytes of Latin letters are zero."""
    head = chunk[:1000]
    if len(head) >= 4 and head[1::2].count(0) > len(head) // 3:
        return "utf-16-le"
    return "utf-16-be" if len(head) >= 4 and head[0::2].count(0) > len(head) // 3 else None


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _checked(path: Path, encoding: str) -> str:
    """The encoding, if the whole file is text in it."""
    try:
        with path.open(encoding=encoding) as file:
            for chunk in iter(lambda: file.read(CHUNK), ""):
                if "\0" in chunk:
                    raise Problem("roster.not_text", path=path)
    except UnicodeError as error:
        raise Problem("roster.not_text", path=path) from error
    return encoding
