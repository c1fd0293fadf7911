"""Conditions of rules: a small closed language of tests on facts, and the variables they speak of.

A condition is `Test`, `All`, `Some` or `Not`. The tests on one fact cut its values into finitely many
cells (two for yes/no, one per option, the stretches between thresholds for numbers and dates), so a
situation is one cell per variable.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bot.model import FactValue, Literal

Number = int | float | date
Cut = tuple[Number, int]
"""A boundary between cells: (x, 0) lies just before x, (x, 1) just after it."""


class Measure:
    """What of a fact a test looks at; part of the variable's identity."""

    VALUE = "nilai"
    WORKING_DAYS = "hari_kerja"  # working days from that date (a fact) to the time asked about
    CALENDAR_DAYS = "hari_kalender"  # calendar days from that date, the day itself not counted either

    DEADLINES = frozenset({WORKING_DAYS, CALENDAR_DAYS})


@dataclass(frozen=True, slots=True)
class Test:
    """`fact` is one of `values`, or (for numbers, dates, times of day, counts of days) lies between two cuts.

    `low` and `high` None mean unbounded; `values` None means a range test.
    """

    fact: str
    values: frozenset[FactValue] | None = None
    low: Cut | None = None
    high: Cut | None = None
    measure: str = Measure.VALUE

    @property
    def variable(self) -> tuple[str, str]:
        return (self.fact, self.measure)


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Test | All | Some | Not

ALWAYS = All(())
NEVER = Some(())


def tests_in(condition: Condition) -> Iterator[Test]:
    """Every test of the condition, left to right."""
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from tests_in(part)
        case All(parts) | Some(parts):
            for part in parts:
                yield from tests_in(part)


@dataclass(frozen=True, slots=True)
class Variable:
    """One axis of the space of situations: a fact (or a measure of it) and its cells.

    Discrete: `values[cell]` is the cell's value. Ordered: `cuts` separate the cells, `values` is empty.
    """

    fact: str
    measure: str = Measure.VALUE
    values: tuple[FactValue, ...] = ()
    cuts: tuple[Cut, ...] = ()

    @property
    def size(self) -> int:
        return len(self.values) or len(self.cuts) + 1

    def cell(self, value: FactValue) -> int:
        """The cell a known value lies in. Raises ValueError for a value that the vocabulary lacks."""
        if self.values:
            return self.values.index(value)
        # (x, 0) < (x, 0.5) < (x, 1): a value sits between the cut before it and the cut after it.
        return bisect_left(self.cuts, (value, 0.5))

    def cells_of(self, test: Test) -> list[int]:
        """The cells in which `test` holds."""
        if test.values is not None:
            return [cell for cell, value in enumerate(self.values) if value in test.values]
        low = 0 if test.low is None else self.cuts.index(test.low) + 1
        high = len(self.cuts) if test.high is None else self.cuts.index(test.high)
        return list(range(low, high + 1))

    def literal(self, first: int, last: int | None = None) -> Literal:
        """The condition to lie in one cell; of an ordered variable, in the cells `first` to `last`."""
        if self.values:
            return Literal(self.fact, self.values[first])
        low, high = self.bounds(first)[0], self.bounds(first if last is None else last)[1]
        return Literal(self.fact, None, low, high, self.measure)

    def bounds(self, cell: int) -> tuple[Cut | None, Cut | None]:
        """The cuts around a cell of an ordered variable; None where it is open."""
        return (self.cuts[cell - 1] if cell else None, self.cuts[cell] if cell < len(self.cuts) else None)


def cuts_of(tests: Iterable[Test]) -> tuple[Cut, ...]:
    """The sorted boundaries that the range tests on one variable draw."""
    found = {cut for test in tests for cut in (test.low, test.high) if cut is not None}
    return tuple(sorted(found))
