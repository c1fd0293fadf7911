"""Expressions + now → the times they can mean. What does not exist (31 February) gives no reading at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Grain, When
from bot.understanding.time_days import Days, days
from bot.understanding.time_expression import Expression
from bot.understanding.time_points import DAY, Reading, at, points, whole
from bot.understanding.time_ranges import ranged
from bot.understanding.time_senses import Hours
from bot.understanding.time_words import TimeWords


def readings(said: Expression, now: datetime, words: TimeWords) -> tuple[Reading, ...]:
    """What `said` can mean, likeliest first; empty if it names no time that exists."""
    try:
        found = _readings(said, now, words)
    except OverflowError:  # before the year 1 or after 9999
        return ()
    if len(found) == 1:
        return (found[0],)
    return tuple(sorted(dict.fromkeys(found), key=lambda reading: -reading.score))


def _readings(said: Expression, now: datetime, words: TimeWords) -> list[Reading]:
    if said.end is not None:
        return ranged(said, said.end, now, words)
    if said.vague:
        return _vague(said, now)
    if said.now and said.bound == "after" and not said.days and said.side <= 0:
        return [Reading(When(now, None, Grain.INSTANT))]  # "sudah lewat jam 4": of the present moment
    if said.shift is not None and said.clock is None:
        return [_shifted(said.shift, now, said.ahead)]
    if said.symbol is not None and not _narrower_than_symbol(said):
        return _symbol(said, now)
    symbol = said.symbol if said.of_days else None
    return [_bounded(reading, said, now, symbol) for reading in points(said, now, words)]


def _shifted(shift: timedelta, now: datetime, ahead: bool) -> Reading:
    if ahead:
        return Reading(When(min(now, now + shift), max(now, now + shift), Grain.INTERVAL))
    return Reading(When(now + shift, None, Grain.INSTANT))


def _vague(said: Expression, now: datetime) -> list[Reading]:
    """ "nanti", "tadi": the rest of the day, or what is past of it; nothing to answer on."""
    if not said.side or said.bound:
        return []
    midnight = at(now.date(), Hours(0), now.tzinfo)
    stretch = (now, midnight + DAY) if said.side > 0 else (midnight, now)
    return [Reading(When(*stretch, Grain.INTERVAL), -1)] if stretch[0] < stretch[1] else []


# --- the working calendar --------------------------------------------------------------------


def _narrower_than_symbol(said: Expression) -> bool:
    """Whether the time of day said beside a calendar span says more than the span."""
    if said.clock is not None or said.moment is not None:
        return True
    return said.part is not None and (said.of_days or said.part.night)


def _symbol(said: Expression, now: datetime) -> list[Reading]:
    if said.now:
        unresolved = When(None, None, Grain.INTERVAL, said.symbol)
        return [Reading(When(now, None, Grain.INSTANT), 1), Reading(unresolved)]
    if not said.days:
        if said.side or said.part is not None:
            return [Reading(_named(Days(now.date(), now.date() + DAY), now, said.symbol))]
        return [Reading(When(None, None, Grain.INTERVAL, said.symbol))]
    symbol = None if said.of_days else said.symbol  # "hari ini cuti bersama": the day itself
    return [Reading(_named(stretch, now, symbol)) for stretch in days(said.days, now.date())]


def _named(stretch: Days, now: datetime, symbol: str | None) -> When:
    return replace(whole(stretch, now.tzinfo), symbol=symbol)


# --- bounds ----------------------------------------------------------------------------------


def _bounded(reading: Reading, said: Expression, now: datetime, symbol: str | None) -> Reading:
    when = reading.when if symbol is None else replace(reading.when, symbol=symbol)
    if not said.bound or when.start is None or said.length is not None:
        return reading._replace(when=when)
    prayer = said.part is not None and said.part.approximate
    if prayer and said.clock is not None:
        return reading._replace(when=when)  # "habis magrib jam 7": the clock time itself
    start, end = _limits(said, when.start, when.end or when.start, now, prayer)
    if start >= end:
        return reading._replace(score=-1)
    return Reading(When(start, end, Grain.INTERVAL, symbol), reading.score)


def _limits(
    said: Expression, start: datetime, end: datetime, now: datetime, prayer: bool
) -> tuple[datetime, datetime]:
    """The stretch before, after, until, from or since what lies from `start` to `end`."""
    midnight = at(start.date(), Hours(0), start.tzinfo)
    if start == midnight and said.clock is not None and end == start:
        midnight -= DAY  # "sampai jam 12 malam": of the day that ends then
    if said.bound == "before":
        return (midnight if said.of_day else now), start
    if said.bound == "day_until":
        return midnight, start if said.clock is not None else end
    if said.bound == "until":
        return now, start if said.clock is not None else end
    if said.bound == "since":
        return start, now
    if prayer:
        return start, end
    opening = end if said.bound == "after" else start
    return opening, at(opening.date(), DAY, start.tzinfo)
