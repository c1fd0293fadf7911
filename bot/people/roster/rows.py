"""A row of cells → a person of the staff, or why it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from bot.people.numbers import MASK, NumberError, NumberKind, bare_number, parse_number, parse_phone
from bot.people.roster.cells import Cell, text_of
from bot.people.roster.columns import Layout
from bot.people.roster.dates import day_of
from bot.people.roster.naming import Names
from bot.people.roster.words import Field, folded

LONGEST_NAME = 200
SHOWN = 60
"""Characters of a cell that a reason repeats."""

REMEMBERED = 50_000
"""Texts whose folded form is kept."""

_LONG_NUMBER = re.compile(r"\d{6,}")
_COUNTED = re.compile(r"\(?(\d{1,3})\)?")


@dataclass(frozen=True, slots=True)
class Reason:
    """`key` names the sentence in locales/, `values` fill its holes. Never holds a whole number of a
    person."""

    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StaffRow:
    """`phone`, `pattern` None: none. `phone_known`, `pattern_known` False: the row says nothing of it, what
    the ledger has stays. `path`: names of units from the top down, empty: the regency itself."""

    row: int
    number: str
    name: str
    status: str
    phone: str | None
    phone_known: bool
    pattern: str | None
    pattern_known: bool
    path: tuple[str, ...]
    unit_code: str | None
    unit_kind: str | None
    remarks: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """`number`: as far as it can be told, so that nobody counts as gone because of a typing error."""

    row: int
    name: str
    number: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """A person whose employment was over before today: nobody of the staff."""

    row: int
    name: str
    day: date


Read: TypeAlias = StaffRow | Rejection | Ended | None


@dataclass(frozen=True, slots=True)
class Naming:
    """What the words in cells mean: folded text → id. `numbers`: which form of number a status has.
    `regency`: folded names that the regency itself goes by."""

    statuses: Names
    patterns: Names
    units: Names
    numbers: Mapping[str, NumberKind]
    regency: frozenset[str]


class RowReader:
    """`today`: the day in the regency. `strict`: a row wider than the headers is wrong (CSV: a separator
    within a name)."""

    def __init__(self, layout: Layout, naming: Naming, today: date, *, strict: bool) -> None:
        self.layout = layout
        self.naming = naming
        self.today = today
        self.strict = strict
        self._folded: dict[str, str] = {}
        self._headers = [folded(header) for header in layout.headers]
        self.places = {name: layout.columns.get(name, ()) for name in Field}
        self.told = frozenset({*layout.columns, *layout.mapping.fixed})
        usual = (self.places[Field.STATUS], layout.units)  # first, because few texts stand there
        self._used = tuple(dict.fromkeys(at for column in (*usual, *self.places.values()) for at in column))

    def read(self, number: int, cells: tuple[Cell, ...]) -> Read:
        """None: nobody's row (blank where it matters, headers repeated, columns counted)."""
        cells = cells + (None,) * (self.layout.width - len(cells))
        texts = {at: text for at in self._used if (text := text_of(cells[at]))}
        if not texts or self._is_furniture(texts, cells):
            return None
        return _RowReading(self, number, cells, texts).done()

    def _is_furniture(self, texts: Mapping[int, str], cells: Sequence[Cell]) -> bool:
        """The headers once more, or the row under them that numbers the columns."""
        if all(self.fold(text) == self._headers[at] for at, text in texts.items()):
            return True
        if max(map(len, texts.values())) > len("(100)"):
            return False
        filled = [text for cell in cells if (text := text_of(cell))]
        counted = [int(found[1]) for text in filled if (found := _COUNTED.fullmatch(text))]
        return len(counted) == len(filled) > 1 and counted == [counted[0] + at for at in range(len(counted))]

    def fold(self, text: str) -> str:
        """Remembered: the same few words stand in thousands of cells."""
        found = self._folded.get(text)
        if found is None:
            if len(self._folded) > REMEMBERED:
                self._folded.clear()
            found = self._folded[text] = folded(text)
        return found


class _RowReading:
    """One row: collects every reason to reject it, so that all can be repaired at once. `texts`: of the cells
    that are used and filled, by index."""

    def __init__(
        self, reader: RowReader, row: int, cells: tuple[Cell, ...], texts: Mapping[int, str]
    ) -> None:
        self._reader = reader
        self._row = row
        self._cells = cells
        self._texts = texts
        self._reasons: list[Reason] = []
        self._remarks: list[Reason] = []

    def done(self) -> StaffRow | Rejection | Ended:
        name = self._name()
        ended = self._ended()
        if ended is not None and not self._reasons:
            return Ended(self._row, name, ended)
        naming = self._reader.naming
        status = self._named(Field.STATUS, naming.statuses, "roster.reject_status")
        number = self._number(status)
        path = self._path()
        pattern = self._named(Field.PATTERN, naming.patterns, "roster.reject_pattern")
        kind = self._named(Field.UNIT_KIND, naming.units, "roster.reject_unit_kind")
        phone, phone_known = self._phone()
        code = self._text(Field.UNIT_CODE) or None
        self._check_width()
        if self._reasons or number is None or status is None:
            known = number or bare_number(self._cell(Field.NUMBER))
            return Rejection(self._row, name, known, tuple(self._reasons))
        known_pattern = self._has(Field.PATTERN)
        told = (number, name, status, phone, phone_known, pattern, known_pattern, path, code, kind)
        return StaffRow(self._row, *told, remarks=tuple(self._remarks))

    # --- fields ---

    def _name(self) -> str:
        name = self._text(Field.NAME)
        if not any(letter.isalpha() for letter in name):
            self._reject("roster.reject_no_name")
        elif len(name) > LONGEST_NAME:
            self._reject("roster.reject_long_name", count=LONGEST_NAME)
        return name[:LONGEST_NAME]

    def _number(self, status: str | None) -> str | None:
        """Without a status it cannot be told which form it must have."""
        if status is None:
            return None
        kind = self._reader.naming.numbers.get(status, NumberKind.OWN)
        try:
            return parse_number(self._cell(Field.NUMBER), kind, self._reader.today)
        except NumberError as error:
            self._reject(f"roster.reject_number_{error.fault.value}")
            return None

    def _phone(self) -> tuple[str | None, bool]:
        """The phone, and whether the row tells of one, if only that there is none."""
        if not any(letter.isalnum() for letter in self._text(Field.PHONE)):
            return None, self._has(Field.PHONE)
        phone = parse_phone(self._cell(Field.PHONE))
        if phone is None:
            self._remarks.append(Reason("roster.remark_phone"))
        return phone, phone is not None

    def _path(self) -> tuple[str, ...]:
        fold = self._reader.fold
        places = self._reader.layout.units
        names = [text for at in places if (text := self._texts.get(at)) and fold(text)]
        if not names:
            self._reject("roster.reject_no_unit")
        if any(len(name) > LONGEST_NAME for name in names):
            self._reject("roster.reject_long_unit", count=LONGEST_NAME)
        if names and fold(names[0]) in self._reader.naming.regency:
            del names[0]
        return tuple(name for at, name in enumerate(names) if at == 0 or fold(name) != fold(names[at - 1]))

    def _named(self, name: Field, known: Names, key: str) -> str | None:
        text = self._text(name)
        if not text or not self._reader.fold(text):
            fixed = self._reader.layout.mapping.fixed.get(name)
            if fixed is None and name is Field.STATUS:
                self._reject("roster.reject_no_status")
            return fixed
        found = known.get(self._reader.fold(text))
        if found is None:
            self._reject(key, value=_shown(text))
        return found

    def _ended(self) -> date | None:
        text = self._text(Field.END)
        if not text or not folded(text):
            return None
        day = day_of(self._cell(Field.END))
        if day is None:
            self._reject("roster.reject_end", value=_shown(text))
        return day if day is not None and day < self._reader.today else None

    def _check_width(self) -> None:
        width = self._reader.layout.width
        if self._reader.strict and any(text_of(cell) for cell in self._cells[width:]):
            self._reject("roster.reject_too_wide", count=width)

    # --- helpers ---

    def _has(self, name: Field) -> bool:
        return name in self._reader.told

    def _place(self, name: Field) -> int | None:
        """The first of the field's columns that is filled."""
        for at in self._reader.places[name]:
            if at in self._texts:
                return at
        return None

    def _text(self, name: Field) -> str:
        place = self._place(name)
        return "" if place is None else self._texts[place]

    def _cell(self, name: Field) -> Cell:
        place = self._place(name)
        return None if place is None else self._cells[place]

    def _reject(self, key: str, **values: str | int) -> None:
        self._reasons.append(Reason(key, values))


def _shown(text: str) -> str:
    """The cell as a reason may repeat it: a column read as the wrong one can hold anybody's number."""
    return _LONG_NUMBER.sub(lambda found: MASK * len(found[0]), text)[:SHOWN]
