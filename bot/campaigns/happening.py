"""Which values of the derived facts a working pattern ever brings together, in a stretch of dates.

On the safe side: whatever can happen is in it, and also some that does not (holidays fall on every day, for
nobody knows those of years to come). For "is anybody concerned?" that is the side to err on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache, partial
from itertools import product

from bot.model import Unknown
from bot.policy.condition import Measure, Variable
from bot.policy.derived import DATE, IN_WORKING_HOURS, KINDS, clock_edges, derived
from bot.policy.diagram import Space
from bot.policy.law import RegencyLaw
from bot.worktime import Calendar, Holiday, HolidayYear, stretches

_ONE_DAY = timedelta(days=1)
_FORTNIGHT = 14
_FIRST, _LAST = date(1990, 1, 1), date(2200, 1, 1)
"""Before and after these dates no calendar speaks; a stretch without an end is looked at within them."""


class Happening:
    """What can happen under one law, as diagrams over `space`, which is like the law's own."""

    def __init__(self, law: RegencyLaw, space: Space) -> None:
        self._law = law
        self._space = space
        self._calendars = tuple(_calendars(law.regency.calendar))
        self._levels = tuple(
            level for level, v in enumerate(law.variables) if v.fact in KINDS and v.measure == Measure.VALUE
        )
        self._memo: dict[object, int] = {}

    def diagram(self, pattern: str, first: date, last: date | None) -> int:
        """Leaves True/False: what can happen to people of `pattern` on the dates [first, last)."""
        key = (pattern, first, last)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = _diagram(self._space, self._levels, self._seen(pattern, first, last))
        return found

    def _seen(self, pattern: str, first: date, last: date | None) -> set[tuple[int, ...]]:
        seen: set[tuple[int, ...]] = set()
        for day in _days(self._law, max(first, _FIRST), min(last or _LAST, _LAST)):
            for calendar in self._calendars:
                seen.update(_of_day(self._law, calendar, pattern, day, self._levels))
        return seen


def _calendars(calendar: Calendar) -> Iterator[Calendar]:
    """The calendar with no holiday, with one every day, and on every other day (which matters to a night
    shift that begins on one day and ends on the next)."""
    for rests in ((), (0, 1), (0,), (1,)):
        yield replace(calendar, holidays=partial(_year, rests))


@lru_cache(maxsize=1024)
def _year(rests: tuple[int, ...], year: int) -> HolidayYear:
    feast = Holiday({"id": ""})
    days = (date(year, 1, 1) + n * _ONE_DAY for n in range(366))
    return HolidayYear({day: feast for day in days if day.toordinal() % 2 in rests})


def _days(law: RegencyLaw, first: date, last: date) -> Iterator[date]:
    """Two weeks after every date on which something begins, and the day before it."""
    begins = {first}
    for pattern in law.regency.calendar.patterns:
        begins.update(day for day in (pattern.since, pattern.until) if day)
    for variable in law.variables:
        if variable.fact == DATE:
            begins.update(bound for bound, _ in variable.cuts if isinstance(bound, date))
    near = {b for b in begins if _FIRST <= b <= _LAST}
    found = {begin + n * _ONE_DAY for begin in near for n in range(-1, _FORTNIGHT)}
    yield from sorted(day for day in found if first <= day < last)


def _of_day(
    law: RegencyLaw, calendar: Calendar, pattern: str, day: date, levels: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    start, end = calendar.at(day), calendar.at(day + _ONE_DAY)
    edges = [start + timedelta(minutes=minute) for minute in clock_edges(law.variables)]
    for stretch in stretches(calendar, pattern, start, end):
        begins = [stretch.start, *(edge for edge in edges if stretch.start < edge < stretch.end)]
        for begin in begins:
            cells = []
            for level in levels:
                variable = law.variables[level]
                cells.append(_cells(variable, derived(calendar, pattern, variable, stretch, begin, {})))
            yield from product(*cells)


def _cells(variable: Variable, value: object) -> Sequence[int]:
    if value is None or isinstance(value, Unknown):
        return range(variable.size)
    if variable.fact == IN_WORKING_HOURS and value is True:
        return range(variable.size)  # she may be on leave
    return (variable.cell(value),)  # type: ignore[arg-type]


def _diagram(space: Space, levels: tuple[int, ...], combinations: set[tuple[int, ...]]) -> int:
    """The diagram of "one of these combinations"."""
    if not combinations or not levels:
        return space.leaf(bool(combinations))
    rests = ({c[1:] for c in combinations if c[0] == cell} for cell in range(space.sizes[levels[0]]))
    return space.node(levels[0], [_diagram(space, levels[1:], rest) for rest in rests])
