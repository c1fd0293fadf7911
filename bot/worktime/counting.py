"""Sums over a calendar: working days of a deadline, hours of a week."""

from __future__ import annotations

from datetime import date, timedelta

from bot.worktime.calendar import Calendar, Pattern


def working_days_between(calendar: Calendar, pattern: str | None, start: date, end: date) -> int:
    """The working days in [start, end), by local dates; 0 if `end` is not after `start`.

    "Within 30 working days after receiving it" does not count the day of receipt: pass the day after it
    as `start`. A day on which the pattern's hours are not known counts as it does for the default pattern,
    and if those are not known either it counts, so that a deadline is never shown too late.
    Leave stops no deadline: it runs by the office's calendar.
    """
    days = (start + timedelta(days=step) for step in range(max((end - start).days, 0)))
    return sum(_is_working_day(calendar, pattern, day) for day in days)


def _is_working_day(calendar: Calendar, pattern: str | None, day: date) -> bool:
    for choice in (pattern, None):
        found = calendar.pattern_on(choice, day)
        if found is not None and found.days is not None:
            return calendar.work_on(choice, day) is not None
    return True


def weekly_hours(pattern: Pattern) -> timedelta | None:
    """Working time of a week without holidays, breaks not counted; None if the hours are not known."""
    if pattern.days is None:
        return None
    return timedelta(minutes=sum(hours.working_minutes for hours in pattern.days.values()))
