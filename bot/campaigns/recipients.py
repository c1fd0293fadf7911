"""Those to whom something is written about a campaign that nobody has just asked for: what is known of them,
and when they may be written to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial

from bot.campaigns.campaign import Unreachable
from bot.campaigns.reminding import (
    Own,
    Plan,
    deadline,
    escalation_now,
    latest_stage,
    own_of,
    reach,
    stage_day,
)
from bot.model import Absence
from bot.people.identity import Account
from bot.worktime import Calendar

REMEMBERED = 4096
"""Stages that are remembered: most people of a campaign share one."""


Way = tuple[Account, str | None]
"""An account, and the language chosen there."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """`unit`: where she works today; `lineage`: from there up to the regency. `account`: where she is written
    to, None: nothing reaches her, and `why`. `language`: of the account, None: not said. `ways`: all her
    accounts that can be written to, each with its language; the preferred one, which is `account`, first."""

    person: int
    name: str
    unit: int
    lineage: tuple[int, ...]
    pattern: str | None = None
    absences: tuple[Absence, ...] = ()
    account: Account | None = None
    why: Unreachable | None = None
    language: str | None = None
    unit_name: str = ""
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A circular that a person has not acknowledged. `due`: hers by the ledger, leave not counted yet.
    `sent`: when it reached her. `done`: the offsets (of reminders) or levels (of escalations) that are over;
    `days`: (offset, day) of the reminders she was given: where her deadline has moved on since, they are not
    over. `told`: who was told of her, in the order of the levels; `last`: when the last of them was.
    `channel`: by which it went."""

    campaign: int
    subject: str
    number: str | None
    due: datetime
    sent: datetime
    done: frozenset[int] = frozenset()
    told: tuple[int, ...] = ()
    last: datetime | None = None
    channel: str | None = None
    days: tuple[tuple[int, date], ...] = ()


class Timetable:
    """What one regency's calendar and the plan say of people at the moment `now`."""

    def __init__(self, calendar: Calendar, plan: Plan, now: datetime) -> None:
        self.calendar = calendar
        self.plan = plan
        self.now = calendar.local(now)
        self._latest = lru_cache(REMEMBERED)(partial(_latest, calendar, plan))
        self._stage_day = lru_cache(REMEMBERED)(partial(_stage_day, calendar))
        self._level = lru_cache(REMEMBERED)(partial(_level, calendar, plan, self.now))
        self._until = lru_cache(REMEMBERED)(partial(_until, calendar, plan, self.now))

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def somebody_works(self) -> bool:
        """Whether anybody at all may be written to now."""
        return any(own.may_be_written_to(self.now, self.plan.fallback) for own in self.owns)

    @property
    def owns(self) -> tuple[Own, ...]:
        """Of the people of each pattern, who are never away."""
        return tuple(Own(self.calendar, pattern) for pattern in self.calendar.pattern_ids)

    def reach(self, offsets: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """For each offset, the greatest first, the moment (seconds since 1970) before which somebody must be
        due, of whom its day may have come; who is or was away can be due later."""
        days = reach(self.owns, offsets, self.today)
        return tuple((o, int(self.calendar.at(day + timedelta(days=1)).timestamp())) for o, day in days)

    def until(self, who: Recipient) -> datetime | None:
        """The end of her working time. None: she is not to be written to now."""
        return self._until(who.pattern, who.absences)

    def due(self, who: Recipient, pending: Pending) -> datetime | None:
        """Her own deadline, leave counted. None: nobody knows when she is back."""
        due = pending.due.astimezone(self.calendar.zone)
        if not who.absences:
            return due
        return deadline(own_of(self.calendar, who.pattern, who.absences), pending.sent, due)

    def stage(self, who: Recipient, pending: Pending) -> int | None:
        """The reminder that is due by now. Says nothing of the hour."""
        due = self.due(who, pending)
        if due is None:
            return None
        begun = pending.sent.astimezone(self.calendar.zone).date()
        latest = self._latest(who.pattern, who.absences, due.date(), begun, self.today)
        if latest is None or any(o >= latest for o in pending.done):
            return None
        given = (day for offset, day in pending.days if offset >= latest)
        fits = self._stage_day(who.pattern, who.absences, due.date(), latest)
        return None if fits is None or any(day >= fits for day in given) else latest

    def level(self, who: Recipient, pending: Pending) -> int | None:
        """How many levels above her are to be told by now that she is overdue. Says nothing of the hour."""
        due = self.due(who, pending)
        if due is None or due > self.now:
            return None
        last = pending.last.astimezone(self.calendar.zone).date() if pending.last else None
        return self._level(who.pattern, who.absences, due, pending.done, last)


def _latest(
    calendar: Calendar,
    plan: Plan,
    pattern: str | None,
    absences: tuple[Absence, ...],
    due: date,
    begun: date,
    today: date,
) -> int | None:
    return latest_stage(own_of(calendar, pattern, absences), plan.offsets, due, today, begun)


def _stage_day(
    calendar: Calendar, pattern: str | None, absences: tuple[Absence, ...], due: date, offset: int
) -> date | None:
    return stage_day(own_of(calendar, pattern, absences), due, offset)


def _level(
    calendar: Calendar,
    plan: Plan,
    now: datetime,
    pattern: str | None,
    absences: tuple[Absence, ...],
    due: datetime,
    done: frozenset[int],
    last: date | None,
) -> int | None:
    return escalation_now(own_of(calendar, pattern, absences), plan, due, done, now, last)


def _until(
    calendar: Calendar, plan: Plan, now: datetime, pattern: str | None, absences: tuple[Absence, ...]
) -> datetime | None:
    return own_of(calendar, pattern, absences).written_to_until(now, plan.fallback)
