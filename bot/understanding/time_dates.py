"""Days by name and number: hari Senin, tanggal 17, 5 Desember, minggu depan, akhir bulan."""

from __future__ import annotations

from bot.understanding.time_days import Day, DayKind
from bot.understanding.time_expression import Expression
from bot.understanding.time_line import Line
from bot.understanding.time_senses import Sense

_WHICH = {"this": 0, "next": 1, "previous": -1}
_YEARS = range(1900, 2200)


def dayed(line: Line, place: int, sense: Sense) -> Expression | None:
    roles = sense.roles
    if "date" in roles:
        return _dated(line, place)
    if "day" in roles:
        return weekday(line, place, place + 1) if line.next(place + 1).weekday is not None else None
    if "weekend" in roles:
        return _boxed(line, place, place + 1, DayKind.WEEKEND)
    if "week" in roles and line.next(place + 1).roles & _WHICH.keys():
        return _boxed(line, place, place + 1, DayKind.WEEK)
    if sense.weekday is not None:
        return weekday(line, place, place)
    if roles & {"first", "last", "middle"}:
        return _edge(line, place)
    if sense.number is not None:
        return _day_and_month(line, place, place)
    return _month_or_year(line, place)


def weekday(line: Line, place: int, at: int) -> Expression:
    """The weekday at `at`, with "ini", "depan" or "lalu" after it."""
    which, after = _which(line, at + 1)
    day = Day(DayKind.WEEKDAY, line.sense(at).weekday or 0, which=which)
    return Expression(place, after, days=(day,))


def _which(line: Line, at: int) -> tuple[str, int]:
    """ "this", "next", "previous" as said at this place, and the place after; ("", at) if none is."""
    roles = line.next(at).roles
    return next(((role, at + 1) for role in _WHICH if role in roles), ("", at))


def _boxed(line: Line, place: int, at: int, kind: DayKind) -> Expression:
    which, after = _which(line, at)
    return Expression(place, after, days=(Day(kind, _WHICH.get(which, 0), which=which),))


def _dated(line: Line, place: int) -> Expression | None:
    """tanggal 17, tanggal 17 Agustus, tanggal 1/12."""
    sense = line.next(place + 1)
    if sense.date is not None:
        return Expression(place, place + 2, days=(Day(DayKind.DATE, *sense.date),))
    if sense.number is None or sense.number > 99:
        return None  # up to 99 it is a date, though perhaps one that does not exist
    whole = _day_and_month(line, place, place + 1)
    return whole or Expression(place, place + 2, days=(Day(DayKind.MONTHDAY, sense.number),))


def _day_and_month(line: Line, place: int, at: int) -> Expression | None:
    number = line.sense(at).number
    if number is None or number > 99 or not line.joined(at + 1):
        return None
    month, after = _month(line, at + 1)
    if month is None:
        return None
    if "year" in line.next(after).roles and line.next(after + 1).number in _YEARS:
        after += 1
    year, after = _full_year(line, after)
    return Expression(place, after, days=(Day(DayKind.DATE, number, month, year),))


def _full_year(line: Line, at: int) -> tuple[int, int]:
    """A year in four figures at this place, and the place after; (0, at) if none is."""
    number = line.next(at).number
    return (number, at + 1) if number is not None and number in _YEARS else (0, at)


def _month(line: Line, at: int) -> tuple[int | None, int]:
    """A month by name, or "bulan" with its name or number; (None, at) if there is none."""
    sense = line.sense(at)
    if sense.month is not None:
        return sense.month, at + 1
    if "month" in sense.roles:
        named = line.next(at + 1)
        number = named.number if named.month is None else named.month
        if number is not None and 1 <= number <= 12:
            return number, at + 2
    return None, at


def _month_or_year(line: Line, place: int) -> Expression | None:
    roles, follows = line.sense(place).roles, line.next(place + 1)
    if "month" in roles and follows.roles & _WHICH.keys():
        return _boxed(line, place, place + 1, DayKind.MONTH)
    if "year" in roles:
        if follows.roles & _WHICH.keys():
            return _boxed(line, place, place + 1, DayKind.YEAR)
        if follows.number is not None and "decade" in line.next(place + 2).roles:
            return Expression(place, place + 3, generic=True)
        year, after = _full_year(line, place + 1)
        return Expression(place, after, days=(Day(DayKind.YEAR, year=year),)) if year else None
    month, after = _month(line, place)
    if month is None or ("short" in roles and after == place + 1):
        return None
    year, after = _full_year(line, after)
    return Expression(place, after, days=(Day(DayKind.NAMED_MONTH, month=month, year=year),))


def _edge(line: Line, place: int) -> Expression | None:
    """awal bulan depan, akhir Desember, pertengahan bulan."""
    box = _box_at(line, place + 1)
    if box is None:
        return None
    day, after = box
    roles = line.sense(place).roles
    if "middle" in roles:
        is_month = day.kind in (DayKind.MONTH, DayKind.NAMED_MONTH)
        return Expression(place, after, days=(day._replace(kind=DayKind.MIDDLE),)) if is_month else None
    kind = DayKind.FIRST if "first" in roles else DayKind.LAST
    return Expression(place, after, days=(day._replace(kind=kind, box=day.kind),))


def _box_at(line: Line, at: int) -> tuple[Day, int] | None:
    if not line.joined(at):
        return None
    named = _month_or_year(line, at)
    for role, kind in (("week", DayKind.WEEK), ("month", DayKind.MONTH), ("year", DayKind.YEAR)):
        if named is None and role in line.sense(at).roles:
            named = _boxed(line, at, at + 1, kind)
    return None if named is None else (named.days[0], named.after)
