"""How a time said now and a time remembered make one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.dialogue.memory import Draft
from bot.model import Grain, Understood, When

DAY, CLOCK = "day", "clock"
"""Names under which a message's spans say whether its time names a day, an hour, or both."""
_SMALL_HOURS = 4
"""Before this hour, "malam" may belong to the day before: such times are left where they were read."""


def said(understood: Understood) -> tuple[bool, bool]:
    """Whether the message named a day, and whether it named an hour."""
    names = {name for name, _, _ in understood.spans}
    return DAY in names, CLOCK in names


def completed(before: Draft, now: Draft) -> tuple[When, ...]:
    """The times asked about: those said now, with the day or the hour that was said before and not
    replaced."""
    if not now.times:
        return before.times
    if now.clock_said and not now.day_said and before.day_said and (day := _day(before.times)):
        return tuple(_on(when, day) for when in now.times)
    whole_day = now.day_said and all(when.grain is Grain.DAY for when in now.times)
    if whole_day and before.clock_said and (day := _day(now.times)):
        return tuple(_on(when, day) for when in before.times)
    return now.times


def chosen(options: tuple[When, ...], answer: tuple[When, ...]) -> tuple[When, ...]:
    """The offered time that the answer picks ("yang sore"); empty if it picks none or several."""
    picked = [option for option in options if any(_covers(when, option) for when in answer)]
    return (picked[0],) if len(picked) == 1 else ()


def _covers(answer: When, option: When) -> bool:
    """Whether the hour of `option` lies in the hours of `answer`, whatever the day."""
    if answer.start is None or option.start is None:
        return False
    if answer.end is None:
        return answer.start.time() == option.start.time()
    since_start = (_minutes(option.start) - _minutes(answer.start)) % (24 * 60)
    return since_start < (answer.end - answer.start) / timedelta(minutes=1)


def _minutes(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute


def _day(times: tuple[When, ...]) -> datetime | None:
    """The first instant of the one day that the times lie on, None if there are several."""
    if any(when.grain is Grain.INTERVAL and _spans_days(when) for when in times):
        return None
    days = {_midnight(when.start) for when in times if when.start is not None}
    return days.pop() if len(days) == 1 else None


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _spans_days(when: When) -> bool:
    return when.start is not None and when.end is not None and when.end - when.start > timedelta(days=1)


def _on(when: When, day: datetime) -> When:
    """The same hours on another day; a span of the calendar ("@ISTIRAHAT") within that day."""
    if when.symbol is not None:
        return replace(when, start=day, end=day + timedelta(days=1))
    if when.start is None or when.start.hour < _SMALL_HOURS:
        return when
    start = when.start.replace(year=day.year, month=day.month, day=day.day)
    return replace(when, start=start, end=when.end and start + (when.end - when.start))
