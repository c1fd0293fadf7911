"""Where the header row is, and which of its columns has each field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.people.roster.cells import Cell, text_of
from bot.people.roster.mapping import RosterMapping
from bot.people.roster.reading import RosterFile
from bot.people.roster.words import REQUIRED, Field, RosterWords, folded
from bot.problems import Problem

HEAD = 40
"""Rows among which the headers are looked for: a title block goes before them."""

ENOUGH = 2
"""Headers recognised in a row from which it counts as the header row."""

UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns`, `units`: indexes of cells. `width`: cells of the header row. `mapping`: with the headers as
    they stand in the file."""

    sheet: str
    header_row: int
    headers: tuple[str, ...]
    columns: Mapping[Field, tuple[int, ...]]
    units: tuple[int, ...]
    mapping: RosterMapping

    @property
    def width(self) -> int:
        return len(self.headers)


@dataclass(frozen=True, slots=True)
class _HeaderRow:
    sheet: str
    number: int
    headers: tuple[str, ...]

    def index(self, header: str) -> int | None:
        """Raises Problem if the header stands twice."""
        wanted = folded(header)
        found = [at for at, text in enumerate(self.headers) if folded(text) == wanted]
        if len(found) > 1:
            raise Problem("roster.twice", header=header, row=self.number)
        return found[0] if found else None

    def has(self, header: str) -> bool:
        return folded(header) in map(folded, self.headers)


def lay_out(
    file: RosterFile, words: RosterWords, mapping: RosterMapping | None, sheet: str | None = None
) -> Layout:
    """By `mapping`, or as the headers suggest. `sheet` goes before the mapping's. Raises Problem."""
    found = [best for name in _sheets(file, mapping, sheet) if (best := _best(file, name, words, mapping))]
    if not found and mapping:
        raise Problem("roster.mapped_no_header", headers=_listed(mapping.headers) or "-", count=HEAD)
    if not found:
        raise Problem("roster.no_header", count=HEAD, sheets=_listed(file.sheets) or "-")
    complete = [row for row in found if not any(_lacking(row, mapping or _proposed(row.headers, words)))]
    if len(complete or found) > 1:
        raise Problem("roster.several_sheets", sheets=_listed(row.sheet for row in complete or found))
    header = (complete or found)[0]
    used = mapping or _proposed(header.headers, words)
    _check_complete(header, used)
    return Layout(
        header.sheet,
        header.number,
        header.headers,
        {name: _indexes(header, headers) for name, headers in used.columns.items()},
        _indexes(header, used.units),
        used,
    )


def _sheets(file: RosterFile, mapping: RosterMapping | None, sheet: str | None) -> tuple[str, ...]:
    wanted = sheet or (mapping.sheet if mapping else None)
    if wanted is None or file.sheets == ("",):
        return file.sheets
    same = [name for name in file.sheets if folded(name) == folded(wanted)]
    if not same:
        raise Problem("roster.no_sheet", sheet=wanted, sheets=_listed(file.sheets))
    return (same[0],)


def _best(
    file: RosterFile, sheet: str, words: RosterWords, mapping: RosterMapping | None
) -> _HeaderRow | None:
    """The first row with the most of the wanted headers; None: no row has enough of them."""
    rows = [row for row in _head(file, sheet) if not mapping or mapping.header_row in (None, row.number)]
    if mapping and mapping.header_row and rows:
        return rows[0]
    scored = [(_score(row, words, mapping), -at) for at, row in enumerate(rows)]
    best = max(scored, default=(0, 0))
    enough = min(ENOUGH, len(mapping.headers)) if mapping else ENOUGH
    return rows[-best[1]] if best[0] >= max(enough, 1) else None


def _head(file: RosterFile, sheet: str) -> Iterator[_HeaderRow]:
    for number, cells in islice(file.rows(sheet), HEAD):
        yield _HeaderRow(sheet, number, _texts(cells))


def _texts(cells: Sequence[Cell]) -> tuple[str, ...]:
    texts = [text_of(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _score(row: _HeaderRow, words: RosterWords, mapping: RosterMapping | None) -> int:
    if mapping:
        return sum(row.has(header) for header in mapping.headers)
    proposed = _proposed(row.headers, words)
    return len(proposed.columns) + len(proposed.units)


def _proposed(headers: Sequence[str], words: RosterWords) -> RosterMapping:
    """Each field has the column whose header the words prefer."""
    by_word = {folded(header): header for header in reversed(headers) if header}
    columns = {name: (header,) for name, known in words.headers.items() if (header := _first(known, by_word))}
    units = tuple(header for known in words.unit_headers if (header := _first(known, by_word)))
    return RosterMapping(columns, units)


def _first(known: Sequence[str], by_word: Mapping[str, str]) -> str | None:
    return next((by_word[word] for word in known if word in by_word), None)


def _lacking(header: _HeaderRow, mapping: RosterMapping) -> tuple[list[str], list[str]]:
    """Headers of the mapping that the row lacks; fields that the mapping lacks."""
    absent = [name for name in mapping.headers if not header.has(name)]
    missing = [name.value for name in REQUIRED if name not in mapping.columns and name not in mapping.fixed]
    return absent, missing if mapping.units else [*missing, UNIT]


def _check_complete(header: _HeaderRow, mapping: RosterMapping) -> None:
    seen = {"row": header.number, "headers": _listed(text for text in header.headers if text)}
    absent, missing = _lacking(header, mapping)
    if absent:
        raise Problem("roster.mapped_missing", missing=_listed(absent), **seen)
    if missing:
        raise Problem("roster.missing_column", missing=_listed(missing), **seen)


def _indexes(header: _HeaderRow, headers: Sequence[str]) -> tuple[int, ...]:
    return tuple(at for text in headers if (at := header.index(text)) is not None)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
