"""The two long parts of a workbook, as a stream: the cells of a sheet and the texts that cells share.

openpyxl makes an object of every element; a roster needs values only, and gets them here several times
faster. Everything else about a workbook (its sheets, its styles, its dates) stays openpyxl's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import IO, Any
from xml.parsers import expat

from bot.people.roster.cells import Cell, Row

CHUNK = 1 << 16
COLUMNS = 1_000
"""Cells of a row that are read; nobody's roster is wider."""

Dated = Callable[[int, float], Cell]
"""What a number is that has this style: a moment, or the number itself."""


class _Part:
    """A part as its elements come. `completed`: what is ready to be taken. The text of <v> and of <t> is
    collected in `written`, without the reading aids in <rPh>."""

    def __init__(self) -> None:
        self.completed: list[Any] = []
        self.written: list[str] = []
        self._names: dict[str, str] = {}
        self._aids = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._root
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = _refuse

    def read(self, source: IO[bytes]) -> Iterator[Any]:
        """Raises ExpatError for a part that is broken off, ValueError for one that defines entities."""
        while chunk := source.read(CHUNK):
            self._parser.Parse(chunk, False)
            yield from self.completed
            self.completed.clear()
        self._parser.Parse(b"", True)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element other than those of text."""

    def finish(self, name: str) -> None:
        """As `begin`, at the element's end."""

    def _root(self, name: str, _: dict[str, str]) -> None:
        """All elements that matter have the namespace's prefix of the outermost one."""
        prefix = name[: name.find(":") + 1]
        self._names = {prefix + local: local for local in ("row", "c", "v", "t", "rPh", "si")}
        self._parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = self._names.get(name)
        if local == "t" or local == "v":
            if not self._aids:
                self._parser.CharacterDataHandler = self.written.append
        elif local == "rPh":
            self._aids += 1
        elif local is not None:
            self.begin(local, attributes)

    def _end(self, name: str) -> None:
        local = self._names.get(name)
        if local == "t" or local == "v":
            self._parser.CharacterDataHandler = None
        elif local == "rPh":
            self._aids -= 1
        elif local is not None:
            self.finish(local)


def _refuse(*_: object) -> None:
    raise ValueError("DOCTYPE")


class _SharedTexts(_Part):
    def finish(self, name: str) -> None:
        if name == "si":
            self.completed.append("".join(self.written))
            self.written.clear()


class _Sheet(_Part):
    def __init__(self, shared: Sequence[str], dated: Dated) -> None:
        super().__init__()
        self._shared = shared
        self._dated = dated
        self._number = 0
        self._cells: list[Cell] = []
        self._column = -1
        self._attributes: dict[str, str] = {}

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r")
            self._column = _column(place.rstrip("0123456789")) if place else self._column + 1
            self._attributes = attributes
            self.written.clear()
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._cells, self._column = [], -1

    def finish(self, name: str) -> None:
        if name == "c":
            if self.written and self._column < COLUMNS:
                self._put(self._cell("".join(self.written)))
        elif name == "row":
            self.completed.append((self._number, tuple(self._cells)))

    def _put(self, cell: Cell) -> None:
        """Cells come in order; one that comes again counts for what it was last."""
        cells = self._cells
        if self._column < len(cells):
            cells[self._column] = cell
            return
        cells.extend([None] * (self._column - len(cells)))
        cells.append(cell)

    def _cell(self, written: str) -> Cell:
        kind = self._attributes.get("t", "n")
        if kind == "s":
            return self._shared[int(written)]
        if kind != "n":
            return written  # a text, a formula's text, a failed formula, a day as ISO 8601, 0 or 1
        number: int | float = float(written) if set(written) & {".", "e", "E"} else int(written)
        style = self._attributes.get("s")
        return self._dated(int(style), number) if style else number


def read_texts(source: IO[bytes]) -> list[str]:
    return list(_SharedTexts().read(source))


def read_rows(source: IO[bytes], shared: Sequence[str], dated: Dated) -> Iterator[Row]:
    """The rows that the file has, with their numbers; cells that are empty are None."""
    return _Sheet(shared, dated).read(source)


@cache
def _column(letters: str) -> int:
    """0 for A. Raises ValueError for what is no column."""
    number = 0
    for letter in letters:
        number = number * 26 + int(letter, 36) - 9
    if not 0 < number <= 16_384:
        raise ValueError("column")
    return number - 1
