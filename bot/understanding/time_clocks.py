"""Clock times (jam 8, 15.30, setengah delapan, 8 lewat 10) and counted stretches (2 jam lagi)."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from bot.understanding.time_days import Day, DayKind
from bot.understanding.time_expression import Clock, Expression
from bot.understanding.time_line import Line
from bot.understanding.time_senses import Sense, Unit

_MOST = 10_000
"""Nobody counts further than this many units from now."""


def figure(sense: Sense) -> Clock:
    """A number as an hour: 13 and more, 0 and "08" can be read in one way only."""
    number = sense.number or 0
    return Clock(number, 0, sure=not 1 <= number <= 12 or sense.digits.startswith("0"))


def clocked(line: Line, place: int) -> Expression | None:
    headed = "clock" in line.sense(place).roles
    if headed and not line.joined(place + 1):
        return None
    got = _clock(line, line.past_glue(place + 1) if headed else place, headed)
    if got is None:
        return None
    clock, after = got
    zone = line.next(after).zone
    return Expression(place, after if zone is None else after + 1, clock=clock, zone=zone)


def _clock(line: Line, at: int, headed: bool) -> tuple[Clock, int] | None:
    sense = line.sense(at)
    if sense.clock is not None:
        hour, minute = sense.clock
        return Clock(hour, minute, sure=len(sense.digits) == 2 or hour == 0, exact=True), at + 1
    if "half" in sense.roles:
        return _half(line, at, headed)
    if sense.number is None:
        return None
    return _four_figures(line, at, headed) if len(sense.digits) > 2 else _hour(line, at, headed)


def _half(line: Line, at: int, headed: bool) -> tuple[Clock, int] | None:
    """setengah delapan: half an hour before eight; not "setengah 8 jam", which measures."""
    number, unit = line.next(at + 1).number, line.next(at + 2).unit
    if number is None or not 1 <= number <= 24 or (unit is not None and not headed and unit.seconds != 3600):
        return None
    return Clock(number - 1 or 12, 30, sure=number > 13, exact=True), at + 2


def _four_figures(line: Line, at: int, headed: bool) -> tuple[Clock, int] | None:
    """1530 WIB, jam 730, 615 pagi."""
    sense = line.sense(at)
    hour, minute = divmod(sense.number or 0, 100)
    follows = line.next(at + 1)
    if hour > 23 or minute > 59 or not (headed or follows.zone is not None or follows.part is not None):
        return None
    return Clock(hour, minute, sure=len(sense.digits) == 4 or hour == 0, exact=True), at + 1


def _hour(line: Line, at: int, headed: bool) -> tuple[Clock, int] | None:
    sense, follows = line.sense(at), line.next(at + 1)
    hour = sense.number or 0
    if hour > 24:
        return None
    if follows.roles & {"past", "less"}:
        exact = _minutes(line, at + 2, less="less" in follows.roles)
        if exact is not None:
            minutes, after = exact
            return _moved(hour, minutes), after
        return (figure(sense), at + 2) if headed and "past" in follows.roles else None
    if headed and (minute := _minute(line, at + 1)) is not None:
        return Clock(hour, minute, sure=not 1 <= hour <= 12, exact=True), at + 2
    if headed or follows.part is not None or follows.zone is not None:
        return figure(sense), at + 1
    return None


def _moved(hour: int, minutes: int) -> Clock:
    """An hour and minutes past it, or before it if negative: 1 kurang 10 is 12.50."""
    whole, minute = divmod(hour * 60 + minutes, 60)
    return Clock(whole if whole > 0 or hour == 0 else 12, minute, sure=not 1 <= hour <= 12, exact=True)


def _minutes(line: Line, at: int, less: bool) -> tuple[int, int] | None:
    """The minutes after "lewat" or, negative, "kurang", and the place after them."""
    sense = line.next(at)
    number = 15 if "quarter" in sense.roles else sense.number
    if number is None or not 0 < number < 60:
        return None
    unit = line.next(at + 1).unit
    after = at + 2 if unit is not None and unit.seconds == 60 else at + 1
    return (-number if less else number), after


def _minute(line: Line, at: int) -> int | None:
    """A number right after the hour as its minutes ("jam delapan tiga puluh"), unless it counts or dates."""
    sense, follows = line.next(at), line.next(at + 1)
    if sense.number is None or sense.number >= 60 or sense.number % 5 or len(sense.digits) not in (0, 2):
        return None
    if follows.unit is not None or follows.month is not None or "month" in follows.roles:
        return None
    return sense.number if sense.digits or sense.number >= 5 else None


# --- counted stretches -----------------------------------------------------------------------


class Measure(NamedTuple):
    """A stretch as said. Days and months are not fixed stretches: they count days of the calendar."""

    seconds: int = 0
    days: int = 0
    months: int = 0


def counted(line: Line, place: int) -> Expression | None:
    """2 jam lagi, sejam yang lalu, dalam 3 hari, 2 jam ke depan, selama 2 jam; "8 jam" alone is no time."""
    roles = line.sense(place).roles
    preceded = bool(roles & {"within", "for"})
    if preceded and not line.joined(place + 1):
        return None
    got = measured(line, place + 1 if preceded else place)
    if got is None:
        return None
    size, after = got
    follows = line.next(after).roles
    if follows & {"hence", "ago", "ahead"}:
        return _shifted(place, after + 1, size, -1 if "ago" in follows else 1, ahead="ahead" in follows)
    if "within" in roles:
        return _shifted(place, after, size, 1)
    length = timedelta(seconds=size.seconds) if size.seconds else None
    return Expression(place, after, length=length, generic=True)


def _shifted(place: int, after: int, size: Measure, sign: int, *, ahead: bool = False) -> Expression:
    if ahead and not size.months:
        stretch = timedelta(seconds=size.seconds, days=size.days)
        return Expression(place, after, shift=stretch * sign, ahead=True)
    if size.seconds:
        return Expression(place, after, shift=timedelta(seconds=size.seconds) * sign)
    day = Day(DayKind.MONTHS, size.months * sign) if size.months else Day(DayKind.OFFSET, size.days * sign)
    return Expression(place, after, days=(day,))


def measured(line: Line, place: int) -> tuple[Measure, int] | None:
    """A number and its unit ("2 jam", "satu setengah jam", "2 jam 15 menit", "sejam"); the place after."""
    unit = line.sense(place).unit
    if unit is not None and unit.one:
        return _times(unit, 1.0), place + 1
    amount, at = _amount(line, place)
    unit = line.next(at).unit
    if not amount or unit is None or unit.one:
        return None
    at += 1
    if "half" in line.next(at).roles and line.next(at + 1).number is None:
        amount, at = amount + 0.5, at + 1
    size = _times(unit, amount)
    more = measured(line, at) if size.seconds and line.joined(at) else None
    if more is None or not more[0].seconds:
        return size, at
    return Measure(size.seconds + more[0].seconds), more[1]


def _amount(line: Line, place: int) -> tuple[float, int]:
    """A number of units, perhaps with a half, or a half or quarter alone; 0 if there is none."""
    sense = line.sense(place)
    if sense.number is None:
        part = 0.5 if "half" in sense.roles else 0.25 if "quarter" in sense.roles else 0.0
        return part, place + 1
    if sense.number > _MOST:
        return 0.0, place
    if "and_half" in sense.roles:
        return sense.number + 0.5, place + 1
    if "half" in line.next(place + 1).roles:
        return sense.number + 0.5, place + 2
    return float(sense.number), place + 1


def _times(unit: Unit, amount: float) -> Measure:
    whole = int(amount)
    if unit.seconds:
        return Measure(seconds=int(unit.seconds * amount))
    if unit.days and whole != amount:
        return Measure(seconds=int(unit.days * 86_400 * amount))
    return Measure(days=unit.days * whole, months=unit.months * whole)
