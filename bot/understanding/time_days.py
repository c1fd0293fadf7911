"""Days as they are said → dates of the calendar.

"hari Senin" is the next one, today if it is Monday; "Senin ini" of this week (Monday to Sunday), "Senin
depan" of next week; "tgl 17" the next 17th, "tgl 31" in the next month that has one; a day and month
without a year the next one; named days likewise.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple


class DayKind(StrEnum):
    OFFSET = "offset"  # n days from today
    WEEKDAY = "weekday"  # n: 0 Monday; which: "", "this", "next", "previous"
    MONTHDAY = "monthday"  # n
    DATE = "date"  # n, month, year (0: not said)
    MONTHS = "months"  # n months from today, the same day of the month
    WEEK = "week"  # n weeks from this one
    WEEKEND = "weekend"  # Saturday and Sunday, n weeks from this one
    MONTH = "month"  # n months from this one
    NAMED_MONTH = "named_month"  # month, year (0: the next, or this one)
    YEAR = "year"  # n years from this one, or the year itself
    FIRST = "first"  # the first day of `box`
    LAST = "last"  # the last day of `box`
    MIDDLE = "middle"  # the middle third of a month


class Day(NamedTuple):
    """A day or a stretch of days as said. `moved`: so many days from the day named ("malam Minggu"
    −1, "H-3" −3)."""

    kind: DayKind
    n: int = 0
    month: int = 0
    year: int = 0
    which: str = ""
    moved: int = 0
    box: DayKind | None = None


class Days(NamedTuple):
    """From `start` to before `end`."""

    start: date
    end: date

    @property
    def single(self) -> bool:
        return (self.end - self.start).days == 1


_SIZES = {
    DayKind.YEAR: 0,
    DayKind.MONTH: 1,
    DayKind.NAMED_MONTH: 1,
    DayKind.MIDDLE: 2,
    DayKind.WEEK: 3,
    DayKind.WEEKEND: 4,
}
BOXES = frozenset(_SIZES)
"""Stretches within which another day can be named ("Senin minggu depan", "tanggal 5 bulan depan")."""


def days(said: tuple[Day, ...], today: date) -> tuple[Days, ...]:
    """What the words, taken together, can mean: one stretch if they agree, each of them if they do not
    ("lusa sabtu" when it is not), none if a date does not exist."""
    try:
        return _days(said, today)
    except (ValueError, OverflowError):
        return ()


def _days(said: tuple[Day, ...], today: date) -> tuple[Days, ...]:
    points = [day for day in said if day.kind not in BOXES]
    boxes = [day for day in said if day.kind in BOXES]
    if not points:
        return _nested(boxes, today)
    if not boxes:
        return _agreeing(_gone(points, today), [_point(day, today) for day in _gone(points, today)])
    for box in _nested(boxes, today):
        inside = [_point(day, box.start) for day in points]
        if all(box.start <= date < box.end for date in inside):
            return _agreeing(points, inside)
    return ()


def _gone(points: list[Day], today: date) -> list[Day]:
    """ "tanggal 20 Januari kemarin": the last such date, not yesterday, unless the two agree."""
    if len(points) != 2 or points[0].kind is not DayKind.DATE or points[0].moved:
        return points
    dated, offset = points
    if offset.kind is not DayKind.OFFSET or offset.n != -1:
        return points
    year = dated.year or (today.year if (dated.month, dated.n) < (today.month, today.day) else today.year - 1)
    return [dated._replace(year=year)] if date(year, dated.month, dated.n) < today else points


def _nested(boxes: list[Day], today: date) -> tuple[Days, ...]:
    """One stretch, or a smaller one within a larger ("Desember tahun depan")."""
    large, *smaller = sorted(boxes, key=lambda box: _SIZES[box.kind])
    outer = _box(large, today)
    for box in smaller:
        inner = _box(box, today)
        if not _within(inner, outer):
            inner = _box(box, outer.start)
        if not _within(inner, outer):
            return ()
        outer = inner
    return (outer,)


def _within(inner: Days, outer: Days) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _agreeing(points: list[Day], found: list[date]) -> tuple[Days, ...]:
    for candidate in found:
        if all(_accepts(day, own, candidate) for day, own in zip(points, found, strict=True)):
            return (_one(candidate),)
    if points[0].kind is DayKind.WEEKDAY and points[1].kind is DayKind.OFFSET and points[1].n == 1:
        return (_one(found[0]),)  # "Sabtu besok" is the Saturday to come, as "besok Sabtu" is not
    return tuple(_one(candidate) for candidate in dict.fromkeys(found))


def _accepts(day: Day, own: date, candidate: date) -> bool:
    """Whether `candidate` can be what `day` names: a weekday alone fits any such day, not just the next."""
    named = candidate - timedelta(days=day.moved)
    if day.kind is DayKind.WEEKDAY and not day.which:
        return named.weekday() == day.n
    if day.kind is DayKind.MONTHDAY:
        return named.day == day.n
    if day.kind is DayKind.DATE and not day.year:
        return (named.day, named.month) == (day.n, day.month)
    return own == candidate


# --- one day ---------------------------------------------------------------------------------


def _point(day: Day, today: date) -> date:
    if not day.moved:
        return _POINTS[day.kind](day, today)
    move = timedelta(days=day.moved)
    return _POINTS[day.kind](day, today if day.which else today - move) + move


def _offset(day: Day, today: date) -> date:
    return today + timedelta(days=day.n)


def _weekday(day: Day, today: date) -> date:
    monday = _monday(today)
    if day.which == "this":
        return monday + timedelta(days=day.n)
    if day.which == "next":
        return monday + timedelta(days=7 + day.n)
    if day.which == "previous":
        return today - timedelta(days=(today.weekday() - day.n - 1) % 7 + 1)
    return today + timedelta(days=(day.n - today.weekday()) % 7)


def _monthday(day: Day, today: date) -> date:
    month = today.replace(day=1)
    while not (_has(month, day.n) and month.replace(day=day.n) >= today):
        month = _later(month, 1)
        if (month - today).days > 400:
            raise ValueError(f"no month has a day {day.n}")
    return month.replace(day=day.n)


def _date(day: Day, today: date) -> date:
    if day.year:
        return date(day.year, day.month, day.n)
    for year in range(today.year, today.year + 9):  # 29 February: at most eight years on
        if _has(date(year, day.month, 1), day.n) and date(year, day.month, day.n) >= today:
            return date(year, day.month, day.n)
    raise ValueError(f"no year has a {day.n}/{day.month}")


def _months(day: Day, today: date) -> date:
    month = _later(today.replace(day=1), day.n)
    return month.replace(day=min(today.day, calendar.monthrange(month.year, month.month)[1]))


def _first(day: Day, today: date) -> date:
    """The first of a stretch; of one not said which, the next to come."""
    box = _box(_boxed(day), today)
    if day.which == "" and box.start < today and day.box is not DayKind.NAMED_MONTH:
        box = _box(_boxed(day)._replace(n=1), today)
    if day.which == "" and box.start < today:
        box = _box(_boxed(day)._replace(year=today.year + 1), today)
    return box.start


def _last(day: Day, today: date) -> date:
    return _box(_boxed(day), today).end - timedelta(days=1)


def _boxed(day: Day) -> Day:
    assert day.box is not None
    return day._replace(kind=day.box)


_POINTS: dict[DayKind, Callable[[Day, date], date]] = {
    DayKind.OFFSET: _offset,
    DayKind.WEEKDAY: _weekday,
    DayKind.MONTHDAY: _monthday,
    DayKind.DATE: _date,
    DayKind.MONTHS: _months,
    DayKind.FIRST: _first,
    DayKind.LAST: _last,
}


# --- stretches -------------------------------------------------------------------------------


def _box(day: Day, today: date) -> Days:
    if day.kind is DayKind.WEEK:
        monday = _monday(today) + timedelta(days=7 * day.n)
        return Days(monday, monday + timedelta(days=7))
    if day.kind is DayKind.WEEKEND:
        saturday = _monday(today) + timedelta(days=7 * day.n + 5)
        return Days(saturday, saturday + timedelta(days=2))
    if day.kind is DayKind.YEAR:
        year = day.year or today.year + day.n
        return Days(date(year, 1, 1), date(year + 1, 1, 1))
    return _month(day, today)


def _month(day: Day, today: date) -> Days:
    first = _later(today.replace(day=1), day.n)
    if day.month:
        year = day.year or (today.year if day.month >= today.month else today.year + 1)
        first = date(year, day.month, 1)
    if day.kind is DayKind.MIDDLE:
        return Days(first.replace(day=11), first.replace(day=21))
    return Days(first, _later(first, 1))


def _monday(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _later(first: date, months: int) -> date:
    """The first of the month that lies `months` after the month of `first`."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _has(month: date, day: int) -> bool:
    return 1 <= day <= calendar.monthrange(month.year, month.month)[1]


def _one(day: date) -> Days:
    return Days(day, day + timedelta(days=1))
