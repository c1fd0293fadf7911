"""When a person may be reminded, and how far her deadline is moved by leave.

Everything counts in her own working days: by her pattern, without holidays and without the days on which she
is away. Where the hours of her pattern are not known (shifts), those of the regency's first pattern count;
where these are not known either, Monday to Friday and the hours of `Plan.fallback`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from bot.model import Absence
from bot.worktime import Calendar, State, UnknownPatternError, state_at

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_FAR = 400
"""Days that are looked through for a working day; an absence without an end never ends within them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`offsets`: the working days before (negative), on (0) and after the due day on which a person is
    reminded. `escalations`: the working days after it on which her head, the next level up, … are told.
    `fallback`: hours of the day in which one may write to people whose hours nobody knows."""

    offsets: tuple[int, ...] = (-3, -1, 0, 1, 3, 7)
    escalations: tuple[int, ...] = (2, 5, 10)
    fallback: tuple[time, time] = (time(8), time(15))


@dataclass(frozen=True, slots=True)
class Own:
    """A person's own calendar. `pattern` None: the regency's first."""

    calendar: Calendar
    pattern: str | None = None
    absences: tuple[Absence, ...] = ()

    def serves_on(self, day: date) -> bool:
        """Whether `day` is one of her working days, leave aside and holidays taken into account."""
        for pattern in (self.pattern, None):
            found = self.calendar.pattern_on(pattern, day)
            if found is not None and found.days is not None:
                return self.calendar.work_on(pattern, day) is not None
        return day.weekday() < _SATURDAY and self.calendar.holiday_on(day) is None

    def away_on(self, day: date) -> bool:
        return any(a.start <= day and (a.end is None or day < a.end) for a in self.absences)

    def days(self, start: date, step: int) -> Iterator[date]:
        """Her working days from `start` (included) onwards, `step` 1, or backwards, -1."""
        for distance in range(_FAR):
            day = start + distance * step * _ONE_DAY
            if self.serves_on(day) and not self.away_on(day):
                yield day

    def may_be_written_to(self, now: datetime, fallback: tuple[time, time]) -> bool:
        """Whether it is her working time: no night, no holiday, no leave, no break."""
        return self.written_to_until(now, fallback) is not None

    def written_to_until(self, now: datetime, fallback: tuple[time, time]) -> datetime | None:
        """The end of the working time that `now` lies in. None: this is no time to write."""
        local = self.calendar.local(now)
        if self.away_on(local.date()) or not self.serves_on(local.date()):
            return None
        midnight = self.calendar.at(local.date() + _ONE_DAY)  # of the next day nothing is known here
        for pattern in (self.pattern, None):
            stretch = state_at(self.calendar, pattern, now)
            if stretch.state is not State.UNKNOWN:
                return min(stretch.end, midnight) if stretch.state is State.WORKING else None
        if not fallback[0] <= local.time() < fallback[1]:
            return None
        return datetime.combine(local.date(), fallback[1], self.calendar.zone)


def own_of(calendar: Calendar, pattern: str | None, absences: tuple[Absence, ...] = ()) -> Own:
    """`pattern`: as the staff has it; one that the regency no longer has counts as none."""
    try:
        calendar.base_of(pattern)
    except UnknownPatternError:
        pattern = None
    return Own(calendar, pattern, absences)


def deadline(own: Own, begun: datetime, due: datetime) -> datetime | None:
    """Her own deadline for what reached her at `begun`: the due moment, moved on by as many working days as
    she was away in between; None while she is away and no end of it is known."""
    zone = own.calendar.zone
    first, last = begun.astimezone(zone).date(), due.astimezone(zone).date()
    span = ((last - first).days + 1) if last >= first else 0
    lost = sum(own.serves_on(day) and own.away_on(day) for day in (first + n * _ONE_DAY for n in range(span)))
    if not lost:
        return due
    moved = next(islice(own.days(last + _ONE_DAY, 1), lost - 1, None), None)
    return None if moved is None else datetime.combine(moved, due.astimezone(zone).timetz())


def stage_day(own: Own, due: date, offset: int) -> date | None:
    """The day of a reminder: `offset` working days before or after the due day; 0 is the due day itself, or
    her last working day before it. None where she has no such day within reach."""
    if offset > 0:
        return next(islice(own.days(due + _ONE_DAY, 1), offset - 1, None), None)
    return next(islice(own.days(due, -1), -offset, None), None)


def stage_now(
    own: Own, plan: Plan, due: datetime, done: Collection[int], now: datetime, since: datetime | None = None
) -> int | None:
    """The reminder that is to be sent now: the latest one whose day has come, if it was not sent yet. Those
    before it that were missed are not made up for, nor those whose day was over when the circular reached her
    at `since`, or was that very day. None: none, or this is no time to write."""
    if not own.may_be_written_to(now, plan.fallback):
        return None
    zone = own.calendar.zone
    begun = since.astimezone(zone).date() if since is not None else None
    latest = latest_stage(own, plan.offsets, due.astimezone(zone).date(), now.astimezone(zone).date(), begun)
    return None if latest is None or any(o >= latest for o in done) else latest


def latest_stage(
    own: Own, offsets: tuple[int, ...], due: date, today: date, begun: date | None = None
) -> int | None:
    """The greatest of the offsets whose day has come; `begun`: and lies after that day."""
    days = ((offset, stage_day(own, due, offset)) for offset in offsets)
    return max(
        (o for o, d in days if d is not None and d <= today and (begun is None or d > begun)), default=None
    )


def escalation_now(
    own: Own, plan: Plan, due: datetime, done: Collection[int], now: datetime, last: date | None = None
) -> int | None:
    """How many levels above the person are to be told that she is overdue: 1 for her head, 2 for the next;
    None: nothing new is to be told. Level by level: each has, from the day `last` on which the one before it
    was told, the working days that the plan leaves it."""
    zone = own.calendar.zone
    today, due_day = now.astimezone(zone).date(), due.astimezone(zone).date()
    told = max(done, default=0)
    if told >= len(plan.escalations) or own.away_on(today):
        return None
    days = [stage_day(own, due_day, plan.escalations[told])]
    if told and last is not None:
        days.append(stage_day(own, last, plan.escalations[told] - plan.escalations[told - 1]))
    return told + 1 if all(day is not None and day <= today for day in days) else None


def reach(owns: Iterable[Own], offsets: tuple[int, ...], today: date) -> tuple[tuple[int, date], ...]:
    """For each offset the latest due day of which the stage's day has come for somebody who is never away:
    who is due later need not be looked at. Greatest offset first."""
    calendars = tuple(owns)
    return tuple(
        (o, max(_latest_due(own, o, today) for own in calendars)) for o in sorted(offsets, reverse=True)
    )


def _latest_due(own: Own, offset: int, today: date) -> date:
    """Searched by halves: the later the due day, the later the stage's."""
    span = abs(offset) * 3 + 45  # holidays of two weeks in a row, and weekends

    def not_yet(distance: int) -> bool:
        day = stage_day(own, today + distance * _ONE_DAY, offset)
        return day is None or day > today

    return today + (bisect_left(range(-span, span), True, key=not_yet) - span - 1) * _ONE_DAY
