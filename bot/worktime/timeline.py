"""What a calendar says of an instant or a span: stretches of working, break, off and unknown.

A stretch runs from one change point to the next: edges of working hours and breaks, midnights at which a
day off begins or ends, and those at which another pattern (or version of it) takes over. A person's absences
cut it further, at their own midnights.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, TypeAlias

from bot.model import Absence, Unknown
from bot.worktime.absences import divided, overlaid
from bot.worktime.calendar import DAY_MINUTES, BreakRule, Calendar, Holiday, Hours, Pattern
from bot.worktime.stretch import Reason, State, Stretch

_MERGED_DAYS: Final = 31  # how far one stretch is followed over midnights, either way
MEMO_SIZE: Final = 8192  # plans kept per calendar: years of days for every pattern

_ONE_DAY: Final = timedelta(days=1)


_Span: TypeAlias = tuple[int, int, State, Reason, Pattern | None, Holiday | None]  # minutes of the day


def state_at(
    calendar: Calendar, pattern: str | None, instant: datetime, absences: tuple[Absence, ...] = ()
) -> Stretch:
    """The stretch that holds `instant`, whole, but cut where it goes on for more than a month.

    `pattern` None is the regency's default. Raises UnknownPatternError, ValueError for a naive
    `instant`, and OverflowError at the very ends of `datetime`'s range.
    """
    local = calendar.local(instant)
    for stretch in _plan(calendar, pattern, local.date()):
        if local < stretch.end:
            return overlaid(calendar, stretch, local, absences) if absences else stretch
    raise AssertionError("a plan covers its day")


def stretches(
    calendar: Calendar,
    pattern: str | None,
    start: datetime,
    end: datetime,
    absences: tuple[Absence, ...] = (),
) -> tuple[Stretch, ...]:
    """The stretches of [start, end), in order, without gap or overlap; neighbours differ in state, reason,
    pattern version, holiday or absence. Empty if `end` is not after `start`. Raises as `state_at` does."""
    first, last = calendar.local(start), calendar.local(end)
    if last <= first:
        return ()
    found = _whole(calendar, pattern, first, last)
    found[0] = _clipped(found[0], first, found[0].end)
    found[-1] = _clipped(found[-1], found[-1].start, last)
    return tuple(divided(calendar, found, absences) if absences else found)


def _whole(calendar: Calendar, pattern: str | None, first: datetime, last: datetime) -> list[Stretch]:
    """The unclipped stretches that touch [first, last)."""
    found: list[Stretch] = []
    cursor = first
    while cursor < last:
        for stretch in _plan(calendar, pattern, cursor.date()):
            if stretch.end <= cursor:
                continue
            if stretch.start >= last:
                break
            if found and stretch.continues(found[-1]):  # one that goes on for more than a month
                found[-1] = _clipped(found[-1], found[-1].start, stretch.end)
            else:
                found.append(stretch)
            cursor = stretch.end
    return found


def _clipped(stretch: Stretch, start: datetime, end: datetime) -> Stretch:
    if stretch.start == start and stretch.end == end:
        return stretch
    # spelled out, for dataclasses.replace takes three times as long
    return Stretch(
        start, end, stretch.state, stretch.reason, stretch.pattern, stretch.holiday, stretch.absence
    )


def in_working_hours(calendar: Calendar, stretch: Stretch) -> bool | Unknown:
    """Whether a stretch counts as working hours (jam kerja) in this regency."""
    usual = _usually_in_working_hours(calendar, stretch)
    if stretch.absence is None or usual is False or calendar.leave_rule is BreakRule.INSIDE:
        return usual
    return False if calendar.leave_rule is BreakRule.OUTSIDE else Unknown.LEAVE_UNREGULATED


def _usually_in_working_hours(calendar: Calendar, stretch: Stretch) -> bool | Unknown:
    """The same for somebody who is not away."""
    if stretch.state is State.UNKNOWN:
        return Unknown.HOURS_UNKNOWN
    if stretch.state is State.BREAK:
        return break_counts(calendar)
    return stretch.state is State.WORKING


def break_counts(calendar: Calendar) -> bool | Unknown:
    """Whether a break counts as working hours in this regency."""
    if calendar.break_rule is BreakRule.UNREGULATED:
        return Unknown.BREAK_UNREGULATED
    return calendar.break_rule is BreakRule.INSIDE


def cautions(calendar: Calendar, stretch: Stretch) -> tuple[str, ...]:
    """What an answer that rests on `stretch` must admit, as keys:

    "leave" (nobody has said whether leave counts), "leave_unverified" (what is said of it is an assumption),
    "break" (whether breaks count is an assumption), "break_times_unknown" (a break lies somewhere within),
    "hours_unverified", "holiday_estimated" (the date is an estimate), "holidays_undecreed" (the joint
    decree of that year is not known, so this day may yet become a day off)."""
    found = _of_leave(calendar, stretch)
    if found and calendar.leave_rule is not BreakRule.INSIDE:
        return tuple(found)  # leave covers the hours, whatever they are
    pattern, holiday = stretch.pattern, stretch.holiday
    if stretch.state is State.BREAK and not calendar.break_source.verified:
        found.append("break")
    if pattern and stretch.state is State.WORKING and _has_unplaced_break(pattern, stretch.start):
        found.append("break_times_unknown")
    on_the_clock = stretch.reason in (Reason.HOURS, Reason.BREAK, Reason.OUTSIDE_HOURS)
    if pattern and on_the_clock and not pattern.source.verified:
        found.append("hours_unverified")
    if holiday and holiday.estimated:
        found.append("holiday_estimated")
    if stretch.state in (State.WORKING, State.BREAK) and not calendar.holidays(stretch.start.year).decreed:
        found.append("holidays_undecreed")
    return tuple(found)


def _of_leave(calendar: Calendar, stretch: Stretch) -> list[str]:
    if stretch.absence is None or _usually_in_working_hours(calendar, stretch) is False:
        return []
    if calendar.leave_rule is BreakRule.UNREGULATED:
        return ["leave"]
    return [] if calendar.leave_source.verified else ["leave_unverified"]


def _has_unplaced_break(pattern: Pattern, start: datetime) -> bool:
    hours = (pattern.days or {}).get(start.weekday())
    return hours is not None and hours.unplaced_break > 0


# --- the plan of a day -----------------------------------------------------------------------


def _plan(calendar: Calendar, pattern: str | None, day: date) -> tuple[Stretch, ...]:
    """The stretches that touch `day`; the first and the last one reach into its neighbours."""
    key = ("plan", pattern, day)
    found: tuple[Stretch, ...] | None = calendar.memo.get(key)
    if found is None:
        found = _remember(calendar, key, _joined(calendar, pattern, day))
    return found


def _remember(calendar: Calendar, key: object, value: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    if len(calendar.memo) >= MEMO_SIZE:
        calendar.memo.clear()
    calendar.memo[key] = value
    return value


def _joined(calendar: Calendar, pattern: str | None, day: date) -> tuple[Stretch, ...]:
    pieces = list(_pieces(calendar, pattern, day))
    for step in range(1, _MERGED_DAYS + 1):
        before = _pieces(calendar, pattern, day - step * _ONE_DAY)
        if not pieces[0].continues(before[-1]):
            break
        pieces[0] = _clipped(pieces[0], before[-1].start, pieces[0].end)
        if len(before) > 1:
            break
    for step in range(1, _MERGED_DAYS + 1):
        after = _pieces(calendar, pattern, day + step * _ONE_DAY)
        if not after[0].continues(pieces[-1]):
            break
        pieces[-1] = _clipped(pieces[-1], pieces[-1].start, after[0].end)
        if len(after) > 1:
            break
    return tuple(pieces)


def _pieces(calendar: Calendar, pattern: str | None, day: date) -> tuple[Stretch, ...]:
    """The stretches of `day`, cut at its midnights."""
    key = ("pieces", pattern, day)
    found: tuple[Stretch, ...] | None = calendar.memo.get(key)
    if found is None:
        spans = _flattened(list(_layers(calendar, pattern, day)))
        found = _remember(calendar, key, tuple(_stretch(calendar, day, span) for span in spans))
    return found


def _stretch(calendar: Calendar, day: date, span: _Span) -> Stretch:
    return Stretch(calendar.at(day, span[0]), calendar.at(day, span[1]), *span[2:])


def _layers(calendar: Calendar, pattern: str | None, day: date) -> Iterator[_Span]:
    """What `day` is made of; a later layer covers an earlier one."""
    current = calendar.pattern_on(pattern, day)
    yield _ground(calendar, current, day)
    yesterday = day - _ONE_DAY
    if (night := calendar.work_on(pattern, yesterday)) is not None:
        yield from _work(night, DAY_MINUTES, calendar.pattern_on(pattern, yesterday))
    if (hours := calendar.work_on(pattern, day)) is not None:
        yield from _work(hours, 0, current)


def _ground(calendar: Calendar, pattern: Pattern | None, day: date) -> _Span:
    """The state of `day` where nobody works."""
    holiday = calendar.holiday_on(day) if pattern and calendar.rests_on(pattern, day) else None
    if pattern is None:
        state, reason = State.UNKNOWN, Reason.NO_PATTERN
    elif holiday:
        state, reason = State.OFF, Reason.JOINT_LEAVE if holiday.joint else Reason.HOLIDAY
    elif pattern.days is None:
        state, reason = State.UNKNOWN, Reason.HOURS_UNKNOWN
    else:
        works = day.weekday() in pattern.days
        state, reason = State.OFF, Reason.OUTSIDE_HOURS if works else Reason.WEEKEND
    return 0, DAY_MINUTES, state, reason, pattern, holiday


def _work(hours: Hours, elapsed: int, pattern: Pattern | None) -> Iterator[_Span]:
    """The spans of hours that began `elapsed` minutes before this day did, as far as they lie in it."""
    spans = [(hours.start, hours.end, State.WORKING, Reason.HOURS)]
    spans += [(start, end, State.BREAK, Reason.BREAK) for start, end in hours.breaks]
    for start, end, state, reason in spans:
        first, last = max(start - elapsed, 0), min(end - elapsed, DAY_MINUTES)
        if first < last:
            yield first, last, state, reason, pattern, None


def _flattened(layers: list[_Span]) -> list[_Span]:
    """The visible spans, in order, equal neighbours joined."""
    cuts = sorted({minute for layer in layers for minute in layer[:2]})
    found: list[_Span] = []
    for start, end in pairwise(cuts):
        top = next(layer for layer in reversed(layers) if layer[0] <= start < layer[1])
        if found and found[-1][2:] == top[2:]:
            found[-1] = (found[-1][0], end, *top[2:])
        else:
            found.append((start, end, *top[2:]))
    return found
