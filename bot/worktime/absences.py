"""Days away from work laid over a timeline: the stretches of working hours that lie in a person's absence.

A day of absence is a local date: what a night shift works after midnight belongs to the day after. Time off
stays as it is, for nobody has to say what leave makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from bot.model import Absence
from bot.worktime.calendar import Calendar
from bot.worktime.stretch import State, Stretch

_Days: TypeAlias = tuple[date, date, str]  # first day, first day after, kind of absence

MEMO_SIZE = 1024


@lru_cache(maxsize=MEMO_SIZE)
def spells(absences: tuple[Absence, ...]) -> tuple[_Days, ...]:
    """The days of absence, in order, without overlap: where absences overlap the first one listed counts;
    adjoining ones of a kind are one."""
    edges = sorted({edge for a in absences for edge in (a.start, a.end or date.max)})
    found: list[_Days] = []
    for first, last in pairwise(edges):
        kind = next((a.kind for a in absences if a.start <= first and last <= (a.end or date.max)), None)
        if kind is None:
            continue
        if found and found[-1][1:] == (first, kind):
            found[-1] = (found[-1][0], last, kind)
        else:
            found.append((first, last, kind))
    return tuple(found)


def overlaid(
    calendar: Calendar, stretch: Stretch, instant: datetime, absences: tuple[Absence, ...]
) -> Stretch:
    """The part of `stretch` around `instant` (local, within it) that is wholly in one absence or in none."""
    if stretch.state is State.OFF:
        return stretch
    start, end, today = stretch.start, stretch.end, instant.date()
    for first, last, kind in spells(absences):
        if first <= today < last:
            start = max(start, calendar.at(first))
            return replace(stretch, start=start, end=_earlier(calendar, end, last), absence=kind)
        if last <= today:
            start = max(start, calendar.at(last))
        else:
            end = _earlier(calendar, end, first)
            break
    return stretch if (start, end) == (stretch.start, stretch.end) else replace(stretch, start=start, end=end)


def _earlier(calendar: Calendar, end: datetime, day: date) -> datetime:
    return end if day > end.date() else min(end, calendar.at(day))


def divided(calendar: Calendar, found: Sequence[Stretch], absences: tuple[Absence, ...]) -> Iterator[Stretch]:
    """The same stretches, cut where an absence begins or ends."""
    for stretch in found:
        cursor = stretch.start
        while cursor < stretch.end:
            part = overlaid(calendar, stretch, cursor, absences)
            yield part
            cursor = part.end
