"""What can really occur: which values of the derived facts the calendar ever brings together, and when.

A rule that only applies on a day that is a holiday and in working hours applies never, although each by
itself is possible. Looked at are sample days of a stretch of dates in which the law stays the same: a week
after every date on which anything begins, and every holiday of the next years.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from math import prod

from bot.model import Unknown
from bot.policy.condition import Measure, Variable
from bot.policy.derived import DATE, KINDS, clock_edges, derived
from bot.policy.diagram import Space
from bot.policy.law import RegencyLaw
from bot.worktime import Calendar, Stretch, stretches

_DAYS_SAMPLED = 7
_YEARS_SAMPLED = 3
_ONE_DAY = timedelta(days=1)
_LAST_DAY = date(9000, 1, 1)
"""Far from the ends of the calendar that Python knows."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When some values of the derived facts occur. `pattern`: for whom; `told`: working hours are unknown
    to the calendar there, so that someone must have said them."""

    instant: datetime
    pattern: str
    told: bool


class Occurring:
    """The combinations of derived facts that occur on the dates [first, last) (`last` None: open)."""

    def __init__(self, law: RegencyLaw, first: date, last: date | None) -> None:
        self._law = law
        self._calendar: Calendar = law.regency.calendar
        self.levels = tuple(
            level for level, v in enumerate(law.variables) if v.fact in KINDS and v.measure == Measure.VALUE
        )
        self._clock = clock_edges(law.variables)
        self._moments: dict[tuple[int, ...], Moment] = {}
        every = prod(law.space.sizes[level] for level in self.levels)
        for day in _samples(self._calendar, _dates_tested(law.variables), first, last or _LAST_DAY):
            for pattern in self._calendar.pattern_ids:
                self._look_at(day, pattern)
            if len(self._moments) == every and not any(m.told for m in self._moments.values()):
                break  # there is nothing more to see
        self.root = _diagram(law.space, self.levels, set(self._moments))

    def _look_at(self, day: date, pattern: str) -> None:
        start, end = self._calendar.at(day), self._calendar.at(day + _ONE_DAY)
        default = self._calendar.pattern_ids[0]
        whole = stretches(self._calendar, pattern, start, end)
        for moment, stretch in _cut_by_the_clock(whole, self._clock, start):
            choices = [self._cells(level, pattern, stretch, moment) for level in self.levels]
            told = any(len(cells) > 1 for cells in choices)
            for cells in product(*choices):
                known = self._moments.get(cells)
                # A time at which the calendar itself knows them says more than one at which it does not.
                if known is None or (known.told, known.pattern != default) > (told, pattern != default):
                    self._moments[cells] = Moment(moment, pattern, told)

    def _cells(self, level: int, pattern: str, stretch: Stretch, moment: datetime) -> Sequence[int]:
        variable = self._law.variables[level]
        value = derived(self._calendar, pattern, variable, stretch, moment, {})
        if value is None or isinstance(value, Unknown):
            return range(variable.size)
        return (variable.cell(value),)

    def cells(self, known: Mapping[int, int]) -> dict[int, int]:
        """A combination that occurs and agrees with the cells known. Raises LookupError if there is none."""
        for combination in self._moments:
            found = dict(zip(self.levels, combination, strict=True))
            if all(known.get(level, cell) == cell for level, cell in found.items()):
                return found
        raise LookupError("these facts never occur together")

    def moment(self, known: Mapping[int, int]) -> Moment:
        """A time at which the derived facts have the values given. Raises LookupError if there is none."""
        cells = self.cells(known)
        return self._moments[tuple(cells[level] for level in self.levels)]


def _cut_by_the_clock(
    whole: Iterable[Stretch], edges: Sequence[int], midnight: datetime
) -> Iterator[tuple[datetime, Stretch]]:
    """Where each piece begins, and the stretch it lies in."""
    times = [midnight + timedelta(minutes=minute) for minute in edges]
    for stretch in whole:
        yield stretch.start, stretch
        yield from ((time, stretch) for time in times if stretch.start < time < stretch.end)


def _dates_tested(variables: Iterable[Variable]) -> Iterator[date]:
    for variable in variables:
        if variable.fact == DATE:
            yield from (bound for bound, _ in variable.cuts if isinstance(bound, date))


def _samples(calendar: Calendar, tested: Iterable[date], first: date, last: date) -> Iterator[date]:
    yield from (
        first + timedelta(days=step) for step in range(_DAYS_SAMPLED) if first + timedelta(days=step) < last
    )
    begins = [first, *tested, *(day for p in calendar.patterns for day in (p.since, p.until) if day)]
    found = {
        day + timedelta(days=step)
        for day in begins
        for step in range(-1, _DAYS_SAMPLED)
        if date.min < day < _LAST_DAY
    }
    for year in range(first.year, first.year + _YEARS_SAMPLED):
        found.update(calendar.holidays(year).days)
    yield from sorted(day for day in found if first <= day < last)


def _diagram(space: Space, levels: tuple[int, ...], combinations: set[tuple[int, ...]]) -> int:
    """The diagram (leaves True/False) of "one of these combinations"."""
    if not combinations or not levels:
        return space.leaf(bool(combinations))
    rests = ({c[1:] for c in combinations if c[0] == cell} for cell in range(space.sizes[levels[0]]))
    return space.node(levels[0], [_diagram(space, levels[1:], rest) for rest in rests])
