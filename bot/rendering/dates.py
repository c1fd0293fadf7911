"""Times as people write them, from Babel's calendar names: "Sen 23 Nov 2026 09.10 WIB"."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from babel import Locale
from babel.core import get_global

from bot.model import Grain, When
from bot.rendering.texts import Texts

_ROUND = 5
"""Minutes: people name such times of day."""


@lru_cache(maxsize=16)
def _names(language: str) -> tuple[dict[int, str], dict[int, str]]:
    locale = Locale.parse(language)
    return dict(locale.days["format"]["abbreviated"]), dict(locale.months["format"]["abbreviated"])


@lru_cache(maxsize=64)
def _zone(zone: str) -> str:
    names = Locale.parse("id").meta_zones.get(get_global("meta_zones").get(zone), {})
    return str(names.get("short", {}).get("standard") or zone)


def zone_name(moment: datetime) -> str:
    """WIB, WITA or WIT, in every language; the zone's own id where CLDR has no short name for it."""
    return _zone(str(moment.tzinfo))


def clock(moment: datetime, texts: Texts) -> str:
    """07.30 in Indonesian, 07:30 in English."""
    return texts("time.clock", hour=f"{moment.hour:02}", minute=f"{moment.minute:02}")


def day(moment: datetime, texts: Texts, *, year: bool = True) -> str:
    days, months = _names(texts.language)
    key = "time.day" if year else "time.day_short"
    return texts(
        key, weekday=days[moment.weekday()], day=moment.day, month=months[moment.month], year=moment.year
    )


def date_of(value: date, texts: Texts) -> str:
    return day(datetime.combine(value, time()), texts)


def last_day(until: date, texts: Texts) -> str:
    """The last day of something that holds until, and not including, a date."""
    return date_of(until - timedelta(days=1), texts)


def moment(at: datetime, now: datetime, texts: Texts) -> str:
    """A point in time as seen from `now`: only the clock today, with the day otherwise."""
    if at.date() == now.astimezone(at.tzinfo).date():
        return clock(at, texts)
    return f"{day(at, texts, year=at.year != now.year)} {clock(at, texts)}"


def span(start: datetime, end: datetime | None, now: datetime, texts: Texts) -> str:
    """A stretch of time; its day is named once if it lies within one."""
    if end is None:
        return texts("time.from", start=moment(start, now, texts))
    if _same_day(start, end):
        return texts("time.range", start=moment(start, now, texts), end=clock_end(start, end, texts))
    return texts("time.range_days", start=moment(start, now, texts), end=moment(end, now, texts))


def at_latest(end: int) -> bool:
    """Whether an exclusive end (in minutes) was written to let the round time before it count: 15.01 means
    15.00 at the latest."""
    return end % _ROUND == 1


def clock_end(start: datetime, end: datetime, texts: Texts) -> str:
    """The end of a stretch on the day of `start`: midnight is 24.00, not 00.00 of the next day."""
    if end.date() > start.date():
        return texts("time.clock", hour="24", minute="00")
    return clock(end, texts)


def _same_day(start: datetime, end: datetime) -> bool:
    midnight = end.hour == end.minute == 0
    return end.date() == start.date() or (midnight and end.date() == start.date() + timedelta(days=1))


def when(asked: When, texts: Texts) -> str:
    """The time asked about, in full: what was understood is shown back so that it can be corrected."""
    assert asked.start is not None
    zone = zone_name(asked.start)
    if asked.grain is Grain.DAY:
        return day(asked.start, texts)
    if asked.end is None:
        return f"{day(asked.start, texts)} {clock(asked.start, texts)} {zone}"
    start = f"{day(asked.start, texts)} {clock(asked.start, texts)}"
    if _same_day(asked.start, asked.end):
        return f"{texts('time.range', start=start, end=clock_end(asked.start, asked.end, texts))} {zone}"
    end = f"{day(asked.end, texts)} {clock(asked.end, texts)}"
    return f"{texts('time.range_days', start=start, end=end)} {zone}"
