"""When people are reminded: in their own working time, stage by stage, with leave stopping the clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaigns.reminding import Own, Plan, deadline, escalation_now, stage_day, stage_now
from bot.model import Absence
from tests.policy_worlds import at, calendar

PLAN = Plan(offsets=(-3, -1, 0, 1, 3), escalations=(2, 5), fallback=(time(9), time(15)))
MONDAY = date(2026, 11, 23)
THURSDAY = date(2026, 11, 26)
DUE = at(THURSDAY, "16:00")


def own(*absences: Absence, pattern: str | None = None) -> Own:
    return Own(calendar(), pattern, absences)


def away(start: date, end: date | None) -> Absence:
    return Absence("cuti", start, end)


@pytest.mark.parametrize(
    ("clock", "may"), [("07:59", False), ("08:00", True), ("12:30", False), ("15:59", True), ("16:00", False)]
)
def test_people_are_written_to_in_their_working_hours_only(clock: str, may: bool) -> None:
    assert own().may_be_written_to(at(MONDAY, clock), PLAN.fallback) is may


def test_nobody_is_written_to_on_a_day_off_or_on_leave() -> None:
    saturday = MONDAY + timedelta(days=5)
    assert not own().may_be_written_to(at(saturday, "10:00"), PLAN.fallback)
    assert not own(away(MONDAY, THURSDAY)).may_be_written_to(at(MONDAY, "10:00"), PLAN.fallback)


def test_shift_staff_are_written_to_in_the_hours_of_the_office() -> None:
    shift = own(pattern="shift")
    assert shift.may_be_written_to(at(MONDAY, "10:00"), PLAN.fallback)
    assert not shift.may_be_written_to(at(MONDAY, "20:00"), PLAN.fallback)


def test_reminders_count_in_working_days() -> None:
    """Due on a Monday: a working day before it is the Friday, three are the Wednesday."""
    due = MONDAY + timedelta(days=7)
    assert stage_day(own(), due, 0) == due
    assert stage_day(own(), due, -1) == date(2026, 11, 27)
    assert stage_day(own(), due, -3) == date(2026, 11, 25)
    assert stage_day(own(), date(2026, 11, 27), 1) == due


def test_a_deadline_on_a_day_off_is_reminded_of_on_the_last_working_day_before() -> None:
    assert stage_day(own(), date(2026, 11, 28), 0) == date(2026, 11, 27)


def test_each_stage_is_sent_once_and_missed_ones_are_not_made_up_for() -> None:
    assert stage_now(own(), PLAN, DUE, (), at(MONDAY, "09:00")) == -3
    assert stage_now(own(), PLAN, DUE, (-3,), at(MONDAY, "10:00")) is None
    assert stage_now(own(), PLAN, DUE, (), at(THURSDAY, "09:00")) == 0
    assert stage_now(own(), PLAN, DUE, (0,), at(THURSDAY, "10:00")) is None
    assert stage_now(own(), PLAN, DUE, (0,), at(date(2026, 11, 27), "09:00")) == 1


def test_nothing_is_sent_at_night_and_the_stage_waits_for_the_morning() -> None:
    assert stage_now(own(), PLAN, DUE, (), at(MONDAY, "20:00")) is None
    assert stage_now(own(), PLAN, DUE, (), at(MONDAY + timedelta(days=1), "08:00")) == -3


def test_an_overdue_person_is_told_of_level_by_level() -> None:
    assert escalation_now(own(), PLAN, DUE, (), at(date(2026, 11, 27), "09:00")) is None
    assert escalation_now(own(), PLAN, DUE, (), at(date(2026, 11, 30), "09:00")) == 1
    assert escalation_now(own(), PLAN, DUE, (1,), at(date(2026, 12, 1), "09:00")) is None
    assert escalation_now(own(), PLAN, DUE, (1,), at(date(2026, 12, 3), "09:00")) == 2
    assert escalation_now(own(), PLAN, DUE, (1, 2), at(date(2026, 12, 30), "09:00")) is None


def test_leave_moves_the_deadline_by_the_working_days_it_took() -> None:
    """Away on Tuesday and Wednesday: due two working days after Thursday, on Monday."""
    leave = away(date(2026, 11, 24), THURSDAY)
    assert deadline(own(leave), at(MONDAY, "09:00"), DUE) == at(date(2026, 11, 30), "16:00")


def test_leave_before_the_message_came_or_after_the_deadline_moves_nothing() -> None:
    before, later = away(date(2026, 11, 16), MONDAY), away(date(2026, 11, 27), date(2026, 12, 5))
    assert deadline(own(before, later), at(MONDAY, "09:00"), DUE) == DUE


def test_leave_without_an_end_stops_the_clock() -> None:
    assert deadline(own(away(MONDAY, None)), at(MONDAY, "09:00"), DUE) is None


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(0, 20), st.integers(0, 10), st.integers(0, 30)
)
def test_a_person_keeps_as_many_working_days_as_her_colleagues(
    begun: date, length: int, into: int, absent: int
) -> None:
    """However the leave lies, she has as many days on duty until her deadline as one without leave."""
    due = at(begun + timedelta(days=length), "16:00")
    start = begun + timedelta(days=into)
    person = own(away(start, start + timedelta(days=absent)))
    moved = deadline(person, at(begun, "09:00"), due)
    assert moved is not None
    assert moved >= due
    assert _on_duty(own(), begun, due) <= _on_duty(person, begun, moved)
    if moved != due:
        assert _on_duty(own(), begun, due) == _on_duty(person, begun, moved)


def _on_duty(who: Own, start: date, end: datetime) -> int:
    days = (start + timedelta(days=n) for n in range((end.date() - start).days + 1))
    return sum(who.serves_on(day) and not who.away_on(day) for day in days)
