"""The one day that a time expression names as the value of a fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from bot.understanding.time_days import Day, DayKind, days
from bot.understanding.time_expression import Expression

PAST, AHEAD = "lampau", "mendatang"

_LOOKED_BACK: Final = {DayKind.WEEKDAY: 6, DayKind.MONTHDAY: 30, DayKind.DATE: 364}
"""Days that come again: how far back the last one may lie."""


def day_of(said: Expression, direction: str | None, today: date) -> date | None:
    """The one day that was said; a day that comes again ("3 Maret", "Senin") is the last or the next one, as
    the fact's direction says, and no day without one."""
    if said.of_day or said.end or said.symbol or said.bound or said.shift or said.length or said.generic:
        return None
    if said.now and not said.days:
        return today
    recurring = [day for day in said.days if day.kind in _LOOKED_BACK and not day.year and not day.which]
    if not recurring or len(recurring) < len(said.days):
        return _single(said.days, today)
    if direction == AHEAD:
        return _single(said.days, today)
    if direction != PAST:
        return None
    first = today - timedelta(days=max(_LOOKED_BACK[day.kind] for day in recurring))
    found = _single(_without_weekday(recurring), first)
    weekdays = {day.n for day in recurring if day.kind is DayKind.WEEKDAY}
    fits = found is not None and found <= today and (not weekdays or found.weekday() in weekdays)
    return found if fits else None


def _without_weekday(recurring: Sequence[Day]) -> tuple[Day, ...]:
    """ "Selasa 3 Maret": the date tells the day, the weekday only has to fit."""
    return tuple(day for day in recurring if day.kind is not DayKind.WEEKDAY) or tuple(recurring)


def _single(said: tuple[Day, ...], today: date) -> date | None:
    found = days(said, today)
    return found[0].start if len(found) == 1 and found[0].single else None
