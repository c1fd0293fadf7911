"""From … to …: the part of the day and the date said once hold for both ends, and the start decides the date.

"jam 8 sampai jam 10 pagi", "dari jam 10 malam sampai jam 2" (over midnight), "Senin sampai Jumat", "sekarang
sampai jam 3".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.model import Grain, When
from bot.understanding.time_days import DayKind
from bot.understanding.time_expression import Expression
from bot.understanding.time_points import DAY, HALF_DAY, Reading, Scored, at, hours_of, points
from bot.understanding.time_senses import Hours
from bot.understanding.time_words import TimeWords


def ranged(left: Expression, right: Expression, now: datetime, words: TimeWords) -> list[Reading]:
    if left.clock is not None and right.clock is not None and not (left.days and right.days):
        return _clocks(left, right, now, words)
    found = []
    for first in points(left, now, words):
        if first.when.start is None:
            continue
        for last in _ends(right, first.when.start, bool(left.days), now, words):
            if first.when.start < last:
                found.append(Reading(When(first.when.start, last, Grain.INTERVAL), first.score))
                break
    return found


def _ends(right: Expression, start: datetime, dated: bool, now: datetime, words: TimeWords) -> list[datetime]:
    """When the range can end, earliest first: looked for from its start on, but "lusa" counts from today."""
    base = start
    if any(day.kind is DayKind.OFFSET for day in right.days):
        base = now
    elif dated and not right.days:
        base = at(start.date(), Hours(0), start.tzinfo)
    found = points(right, base, words)
    return sorted(r.when.end or r.when.start for r in found if r.when.start is not None)


def _clocks(left: Expression, right: Expression, now: datetime, words: TimeWords) -> list[Reading]:
    """Two clock times of one day, or over its midnight."""
    pairs = _pairs(left, right, words)
    zone = right.zone if left.zone is None else left.zone
    anchor = Expression(
        left.first, left.after, left.days or right.days, zone=zone, side=left.side or right.side
    )
    found = []
    for start, end, score in pairs:
        anchor.moment = start
        for reading in points(anchor, now, words):
            if reading.when.start is not None:
                stop = reading.when.start + (end - start)
                found.append(Reading(When(reading.when.start, stop, Grain.INTERVAL), score))
    return found


def _pairs(left: Expression, right: Expression, words: TimeWords) -> list[tuple[Hours, Hours, int]]:
    """Start and end as times of the start's day."""
    assert left.clock is not None
    assert right.clock is not None
    starts = hours_of(left.clock, left.part or right.part, words)
    ends = hours_of(right.clock, right.part or left.part, words)
    if right.part is not None and left.part is None and not left.clock.sure:
        return [_before(left, starts, ends, words)]
    if len(starts) == 2 and len(ends) == 1:
        return [(s.hours, _past(ends[0].hours, s.hours, DAY), 0) for s in starts if s.hours < ends[0].hours]
    return _forward(starts, ends, right)


def _before(
    left: Expression, starts: list[Scored], ends: list[Scored], words: TimeWords
) -> tuple[Hours, Hours, int]:
    """A part of the day said of the end: of the start too, unless the start then lies after the end."""
    assert left.clock is not None
    end = ends[0].hours
    both = [value.hours for value in starts if value.hours < end]
    either = [value.hours for value in hours_of(left.clock, None, words) if value.hours < end]
    start = max(both or either, default=starts[0].hours)
    return start, _past(end, start, DAY), 0


def _forward(starts: list[Scored], ends: list[Scored], right: Expression) -> list[tuple[Hours, Hours, int]]:
    found = []
    for start in starts:
        step = DAY if right.part is not None or (right.clock and right.clock.sure) else HALF_DAY
        end = min(_past(value.hours, start.hours, step) for value in ends)
        found.append((start.hours, end, start.score))
    return found


def _past(end: Hours, start: Hours, step: timedelta) -> Hours:
    """`end`, moved on by whole steps until it lies after `start`."""
    while end <= start:
        end += step
    return end
