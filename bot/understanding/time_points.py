"""Days, parts of the day and clock times → moments and stretches.

A clock time without a date is today if still to come, else tomorrow. A figure of 1–12 without a part of
the day has two readings, equally likely; said with exact minutes ("setengah delapan", "8 lewat 10", "7.30")
it is first of all what was said, if that lies in the working day (`apa_adanya_sejak`), and the other half of
the day comes second.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from bot.model import Grain, When
from bot.understanding.time_days import Days, days
from bot.understanding.time_expression import Clock, Expression
from bot.understanding.time_senses import Hours, Part
from bot.understanding.time_words import TimeWords

DAY = timedelta(days=1)
HALF_DAY = timedelta(hours=12)


class Reading(NamedTuple):
    """A time and how likely it is beside the others of its expression; below 0: too vague to answer on."""

    when: When
    score: int = 0


class Scored(NamedTuple):
    hours: Hours
    score: int = 0


def points(said: Expression, now: datetime, words: TimeWords) -> list[Reading]:
    """The readings of one end of a range, or of a time that is no range, without its bound."""
    dates = days(said.days, now.date()) if said.days else ()
    if said.days and not dates:
        return []
    if said.now and said.part is not None and said.clock is None and not dates:
        return [Reading(When(now, None, Grain.INSTANT))]  # "sudah sore": of the present moment
    if said.clock is not None or said.moment is not None:
        return _instants(said, dates, now, words)
    if said.part is not None:
        return _windows(said.part, said.side, dates, now)
    if dates:
        return [Reading(whole(stretch, now.tzinfo)) for stretch in dates]
    return [Reading(When(now, None, Grain.INSTANT))] if said.now else []


# --- clock times -----------------------------------------------------------------------------


def hours_of(clock: Clock, part: Part | None, words: TimeWords) -> list[Scored]:
    """The times of day that a clock figure can mean."""
    minutes = timedelta(minutes=clock.minute)
    plain = timedelta(hours=clock.figure) + minutes
    if clock.figure > 12 or (clock.figure == 0 and (part is None or part is not words.eve)):
        return [Scored(plain)]
    if part is not None and (hour := part.hours[(clock.figure or 12) - 1]) is not None:
        return [Scored(timedelta(hours=hour) + minutes)]
    if clock.sure:
        return [Scored(plain)]
    as_said = int(clock.exact and clock.figure >= words.written_from)
    return [Scored(plain, as_said), Scored(plain + HALF_DAY)]


def _instants(said: Expression, dates: tuple[Days, ...], now: datetime, words: TimeWords) -> list[Reading]:
    if said.clock is None:
        hours = [Scored(said.moment or Hours(0))]
    else:
        hours = _likely(said, hours_of(said.clock, said.part, words))
    foreign = said.zone
    zone = now.tzinfo if foreign is None else timezone(timedelta(hours=foreign))
    if said.now and not dates:
        return _about_now(hours, now)
    dates = _each(dates)
    if said.days and not dates:
        return []
    local = now if foreign is None else now.astimezone(zone)
    moments = [
        (moment, score)
        for value, score in hours
        for moment in ([at(d.start, value, zone) for d in dates] or [_nearest(value, said.side, local)])
    ]
    found = _on_side(moments, said, now)
    if foreign is not None:
        found = [(moment.astimezone(now.tzinfo), score) for moment, score in found]
    shift = said.shift or Hours(0)
    return [Reading(_instant(moment + shift, said.length), score) for moment, score in found]


def _likely(said: Expression, hours: list[Scored]) -> list[Scored]:
    """Of two readings the one within the hours that the calendar span said with it suggests."""
    if said.likely is None or len(hours) == 1:
        return hours
    low, high = said.likely
    return [value for value in hours if low <= value.hours < high] or hours


def _nearest(value: Hours, side: int, now: datetime) -> datetime:
    """The next time of day `value`, now included; said with "tadi" the last one."""
    moment = at(now.date(), value, now.tzinfo)
    if side < 0:
        return moment if moment <= now else moment - DAY
    while moment - DAY >= now:
        moment -= DAY
    return moment if moment >= now else moment + DAY


def _on_side(
    moments: list[tuple[datetime, int]], said: Expression, now: datetime
) -> list[tuple[datetime, int]]:
    """Of several moments those of today that "nanti" or "tadi" leaves, if it leaves any."""
    if not said.side or len(moments) < 2:
        return moments
    midnight = at(now.date(), DAY, now.tzinfo)
    left = [
        (moment, score)
        for moment, score in moments
        if (now <= moment <= midnight if said.side > 0 else midnight - DAY <= moment <= now)
    ]
    return left or moments


def _about_now(hours: list[Scored], now: datetime) -> list[Reading]:
    """ "sekarang jam 8": today, past or to come; of two readings the one within the hour, if there is one."""
    moments = [(at(now.date(), value, now.tzinfo), score) for value, score in hours]
    close = [pair for pair in moments if abs(pair[0] - now) < timedelta(hours=1)]
    return [Reading(When(moment, None, Grain.INSTANT), score) for moment, score in close or moments]


def _instant(moment: datetime, length: timedelta | None) -> When:
    if length is None:
        return When(moment, None, Grain.INSTANT)
    return When(moment, moment + length, Grain.INTERVAL)


# --- stretches -------------------------------------------------------------------------------


def _windows(part: Part, side: int, dates: tuple[Days, ...], now: datetime) -> list[Reading]:
    if dates:
        return [Reading(window(part, stretch.start, now.tzinfo)) for stretch in _each(dates)]
    today = window(part, now.date(), now.tzinfo)
    assert today.start is not None
    assert today.end is not None
    if side < 0:
        day = now.date() if today.start <= now else now.date() - DAY
    else:
        day = now.date() if now < today.end else now.date() + DAY
    return [Reading(window(part, day, now.tzinfo))]


def _each(dates: tuple[Days, ...]) -> tuple[Days, ...]:
    """Single days: both of a weekend, but none of a stretch too long to name one ("minggu depan jam 8")."""
    found: list[Days] = []
    for start, end in dates:
        length = (end - start).days
        found += [Days(start + DAY * n, start + DAY * (n + 1)) for n in range(length)] if length <= 2 else []
    return tuple(found)


def window(part: Part, day: date, zone: tzinfo | None) -> When:
    grain = Grain.DAY if part.end - part.start == DAY else Grain.INTERVAL
    return When(at(day, part.start, zone), at(day, part.end, zone), grain)


def whole(stretch: Days, zone: tzinfo | None) -> When:
    grain = Grain.DAY if stretch.single else Grain.INTERVAL
    return When(at(stretch.start, Hours(0), zone), at(stretch.end, Hours(0), zone), grain)


def at(day: date, hours: Hours, zone: tzinfo | None) -> datetime:
    """The moment `hours` after 00:00 of a day by the clock on the wall."""
    return datetime.combine(day, time(), zone) + hours
