"""Named times ("@ISTIRAHAT") turned into the times they are in a regency's calendar.

Decisions, where the language leaves them open:
- "jam kerja" is the whole span from masuk to pulang, breaks included; "istirahat" is each break by itself
  (a span over several breaks would hold working hours too);
- "masuk" is an instant; "pulang" is one too where the text named an instant, else the free time from pulang
  to midnight;
- of a day that was said, all its spans are meant (evening before morning for "di luar jam kerja"); with no
  day said, the present or next one;
- a clock time or part of a day said with the symbol narrows it; with Ramadan or a day off, which are whole
  days, it is moved to the first of them; the days of a feast are one span.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from bot.model import Grain, Unknown, When
from bot.worktime.calendar import DAY_MINUTES, Calendar
from bot.worktime.stretch import State, Stretch
from bot.worktime.timeline import break_counts, state_at, stretches

_AHEAD: Final = 62  # days searched for the next occasion: beyond the longest row of days off


class Symbol(StrEnum):
    BREAK = "@ISTIRAHAT"
    WORKING_HOURS = "@JAM_KERJA"
    FREE_TIME = "@LUAR_JAM_KERJA"
    LEAVING = "@PULANG"
    COMING = "@MASUK"
    RAMADAN = "@RAMADAN"
    DAY_OFF = "@LIBUR"


_Range: TypeAlias = tuple[datetime, datetime | None]  # end None: an instant
_Finder: TypeAlias = Callable[[Calendar, str | None, date], list[_Range]]


def resolve(when: When, calendar: Calendar, pattern: str | None, now: datetime) -> tuple[When, ...]:
    """The times `when` means to a person with `pattern`, its symbol kept; `(when,)` if it has no symbol.

    Empty if the calendar has no such time: a day without working hours, hours that are not known, a Ramadan
    that nobody confirmed, a feast without a date, an unknown symbol. Several times (two breaks) are all
    meant, likeliest first. Raises as `state_at` does.
    """
    if when.symbol is None:
        return (when,)
    now = calendar.local(now)
    if when.symbol == Symbol.DAY_OFF:
        ranges = _day_off(when, calendar, pattern, now)
    elif when.start is None and when.symbol == Symbol.FREE_TIME:
        ranges = _next_free_time(calendar, pattern, now)
    elif (finder := _finder(when)) is None:
        ranges = _season(when, calendar, pattern, now)
    elif when.start is None:
        ranges = _next(finder, calendar, pattern, now)
    else:
        ranges = _said(finder, when, calendar, pattern)
    return tuple(_when(when, calendar, found) for found in ranges)


def implied(symbol: str, calendar: Calendar) -> bool | Unknown | None:
    """Whether a time named by `symbol` lies in working hours, by its very name: for people whose hours are
    not known. None where the name does not tell (Ramadan; a feast or day off, on which shifts work)."""
    if symbol == Symbol.BREAK:
        return break_counts(calendar)
    if symbol in (Symbol.WORKING_HOURS, Symbol.COMING):
        return True
    return False if symbol in (Symbol.FREE_TIME, Symbol.LEAVING) else None


# --- the spans of one day --------------------------------------------------------------------


def _breaks(calendar: Calendar, pattern: str | None, day: date) -> list[_Range]:
    hours = calendar.work_on(pattern, day)
    return [(calendar.at(day, a), calendar.at(day, b)) for a, b in hours.breaks] if hours else []


def _working_hours(calendar: Calendar, pattern: str | None, day: date) -> list[_Range]:
    hours = calendar.work_on(pattern, day)
    return [(calendar.at(day, hours.start), calendar.at(day, hours.end))] if hours else []


def _coming(calendar: Calendar, pattern: str | None, day: date) -> list[_Range]:
    return [(start, None) for start, _ in _working_hours(calendar, pattern, day)]


def _leaving(calendar: Calendar, pattern: str | None, day: date) -> list[_Range]:
    return [(end, None) for _, end in _working_hours(calendar, pattern, day) if end]


def _after_leaving(calendar: Calendar, pattern: str | None, day: date) -> list[_Range]:
    return [
        (leaving, _end_of_rest(calendar, pattern, leaving)) for leaving, _ in _leaving(calendar, pattern, day)
    ]


def _end_of_rest(calendar: Calendar, pattern: str | None, leaving: datetime) -> datetime:
    """When the free time that begins at `leaving` ends, midnight at the latest."""
    return min(state_at(calendar, pattern, leaving).end, calendar.at(leaving.date(), DAY_MINUTES))


def _free_time(calendar: Calendar, pattern: str | None, day: date) -> list[_Range]:
    parts = stretches(calendar, pattern, calendar.at(day), calendar.at(day, DAY_MINUTES))
    return [(part.start, part.end) for part in reversed(parts) if part.state is State.OFF]


_FINDERS: Final[dict[str, _Finder]] = {
    Symbol.BREAK: _breaks,
    Symbol.WORKING_HOURS: _working_hours,
    Symbol.FREE_TIME: _free_time,
    Symbol.LEAVING: _after_leaving,
    Symbol.COMING: _coming,
}


def _finder(when: When) -> _Finder | None:
    if when.symbol == Symbol.LEAVING and when.grain is Grain.INSTANT:
        return _leaving
    return _FINDERS.get(when.symbol or "")


# --- of a day that was said ------------------------------------------------------------------


def _said(finder: _Finder, when: When, calendar: Calendar, pattern: str | None) -> list[_Range]:
    """Every span of the days said, cut to the part of the day said where that leaves anything."""
    first, last = _anchor(when, calendar)
    spans = [span for day in _days(first, last) for span in finder(calendar, pattern, day)]
    cut = [part for span in spans if (part := _cut(span, first, last))]
    return cut or spans


def _anchor(when: When, calendar: Calendar) -> _Range:
    assert when.start is not None
    return calendar.local(when.start), calendar.local(when.end) if when.end else None


def _days(first: datetime, last: datetime | None) -> Iterator[date]:
    """The local dates that [first, last) touches."""
    day = first.date()
    yield day
    while last is not None and (day := day + timedelta(days=1)) < last.date() + _part_of(last):
        yield day


def _part_of(last: datetime) -> timedelta:
    """One day if `last` lies within a date, none if it is the midnight that ends the one before."""
    return timedelta(days=int((last.hour, last.minute, last.second, last.microsecond) != (0, 0, 0, 0)))


def _cut(span: _Range, first: datetime, last: datetime | None) -> _Range | None:
    """The part of `span` in [first, last), or `first` itself if it is an instant within; None if nothing."""
    start, end = span
    if last is None:
        return (first, None) if start <= first and (first < end if end else start == first) else None
    if end is None:
        return span if first <= start < last else None
    low, high = max(start, first), min(end, last)
    return (low, high) if low < high else None


# --- with no day said ------------------------------------------------------------------------


def _next(finder: _Finder, calendar: Calendar, pattern: str | None, now: datetime) -> list[_Range]:
    """The present occasion, else the next one; none beyond a day whose hours are not known."""
    for step in range(-1, _AHEAD):  # yesterday's night shift may still be going on
        day = now.date() + timedelta(days=step)
        for start, end in finder(calendar, pattern, day):
            if (end > now) if end else start >= now:
                return [(start, end)]
        if step >= 0 and _hours_unknown(calendar, pattern, day):
            break
    return []


def _hours_unknown(calendar: Calendar, pattern: str | None, day: date) -> bool:
    noon = calendar.at(day, DAY_MINUTES // 2)
    return state_at(calendar, pattern, noon).state is State.UNKNOWN


def _next_free_time(calendar: Calendar, pattern: str | None, now: datetime) -> list[_Range]:
    """From now, or from the next pulang, until work begins again."""
    start: datetime | None = None
    for stretch in stretches(calendar, pattern, now, now + timedelta(days=_AHEAD)):
        if stretch.state is State.UNKNOWN or (start and stretch.state is not State.OFF):
            return [(start, stretch.start)] if start else []
        if start is None and stretch.state is State.OFF:
            start = stretch.start
    return [(start, now + timedelta(days=_AHEAD))] if start else []


# --- symbols that are days -------------------------------------------------------------------


def _season(when: When, calendar: Calendar, pattern: str | None, now: datetime) -> list[_Range]:
    """The Ramadan or feast that touches the days said, else the one that is or comes next."""
    known: list[tuple[datetime, datetime]] = [
        (calendar.at(first), calendar.at(end)) for first, end in _seasons(when, calendar, now)
    ]
    if when.start is not None:
        first, last = _anchor(when, calendar)
        if touched := [part for span in known if (part := _cut(span, first, last))]:
            return touched
    today = calendar.at(now.date())
    ahead = [(max(start, today), end) for start, end in known if end > today]
    if not ahead or not _clock_said(when):
        return [*ahead[:1]]
    days = list(_days(*ahead[0]))
    work = [day for day in days if calendar.work_on(pattern, day)]
    return [_moved(when, calendar, (work or days)[0])]


def _seasons(when: When, calendar: Calendar, now: datetime) -> Sequence[tuple[date, date]]:
    """The known occasions of a symbol, half open, in order: Ramadans, or a feast ("@IDUL_FITRI" is the
    public holiday with the id idul_fitri) in this year and the next."""
    if when.symbol == Symbol.RAMADAN:
        return calendar.ramadan
    feast = (when.symbol or "").removeprefix("@").lower()
    years = {now.year, now.year + 1, when.start.year if when.start else now.year}
    listed = (calendar.holidays(year).days.items() for year in sorted(years))
    found: list[tuple[date, date]] = []
    for day in sorted(day for days in listed for day, off in days if off.id == feast and not off.joint):
        first = found.pop()[0] if found and found[-1][1] == day else day
        found.append((first, day + timedelta(days=1)))
    return found


def _day_off(when: When, calendar: Calendar, pattern: str | None, now: datetime) -> list[_Range]:
    """The days off among the days said, else today if it is one, else the next one."""
    if when.start and not _clock_said(when):
        return [
            _whole(calendar, day) for day in _days(*_anchor(when, calendar)) if _off(calendar, pattern, day)
        ]
    today = _anchor(when, calendar)[0].date() if when.start else now.date()
    for step in range(_AHEAD):
        day = today + timedelta(days=step)
        if _hours_unknown(calendar, pattern, day):
            break
        if _off(calendar, pattern, day):
            return [_moved(when, calendar, day) if when.start else _whole(calendar, day)]
    return []


def _off(calendar: Calendar, pattern: str | None, day: date) -> bool:
    parts: tuple[Stretch, ...] = stretches(calendar, pattern, calendar.at(day), calendar.at(day, DAY_MINUTES))
    return all(part.state is State.OFF for part in parts)


def _whole(calendar: Calendar, day: date) -> _Range:
    return calendar.at(day), calendar.at(day, DAY_MINUTES)


def _clock_said(when: When) -> bool:
    """Whether `when` names a time of day and not only days."""
    if when.start is None or when.grain is Grain.DAY:
        return False
    return when.end is None or bool(_part_of(when.start) or _part_of(when.end))


def _moved(when: When, calendar: Calendar, day: date) -> _Range:
    """The clock time of `when` on another day."""
    first, last = _anchor(when, calendar)
    start = first.replace(year=day.year, month=day.month, day=day.day)
    return start, start + (last - first) if last else None


def _when(said: When, calendar: Calendar, found: _Range) -> When:
    start, end = found
    if end is None:
        return replace(said, start=start, end=None, grain=Grain.INSTANT)
    is_day = start == calendar.at(start.date()) and end == calendar.at(start.date(), DAY_MINUTES)
    return replace(said, start=start, end=end, grain=Grain.DAY if is_day else Grain.INTERVAL)
