"""The facts that nobody is asked because calendar and clock know them: working hours, weekday, holiday, date,
time of day.

Their ids are fixed here and explained in kosakata/fakta.yaml; every other fact is only known if said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import cast

from bot.model import FactValue, Unknown
from bot.policy.condition import Measure, Variable
from bot.vocabulary import FactKind
from bot.worktime import Calendar, Stretch, in_working_hours, working_days_between

IN_WORKING_HOURS = "dalam_jam_kerja"
WEEKDAY = "hari"
HOLIDAY = "hari_libur"
DATE = "tanggal"
CLOCK = "pukul"

KINDS: Mapping[str, FactKind] = {
    IN_WORKING_HOURS: FactKind.YES_NO,
    WEEKDAY: FactKind.CHOICE,
    HOLIDAY: FactKind.YES_NO,
    DATE: FactKind.DATE,
    CLOCK: FactKind.CLOCK,
}
"""Every derived fact and its kind. The options of the weekday are the seven days, Monday first."""

_ONE_DAY = timedelta(days=1)


def is_derived(variable: Variable) -> bool:
    """Whether the calendar has a say in the variable: its value can change as time goes by."""
    return variable.fact in KINDS or variable.measure in Measure.DEADLINES


def clock_edges(variables: Iterable[Variable]) -> tuple[int, ...]:
    """The minutes of a day at which the time of day passes from one cell to another, in order."""
    return tuple(cast("int", cut[0]) for v in variables if v.fact == CLOCK for cut in v.cuts)


def derived(
    calendar: Calendar,
    pattern: str | None,
    variable: Variable,
    stretch: Stretch,
    start: datetime,
    facts: Mapping[str, FactValue | Unknown],
) -> FactValue | Unknown | None:
    """What the calendar says of a derived variable in `stretch` from `start` on, up to the next midnight or
    edge of the clock.

    None: it says nothing (days since a date that was not said). The day of receipt itself does not count: on
    the first working day after it, one working day has passed.
    """
    day = start.date()
    if variable.measure in Measure.DEADLINES:
        since = facts.get(variable.fact)
        return days_passed(calendar, pattern, variable, since, day) if isinstance(since, date) else None
    match variable.fact:
        case "dalam_jam_kerja":
            return in_working_hours(calendar, stretch)
        case "hari":
            return variable.values[day.weekday()]
        case "hari_libur":
            return calendar.holiday_on(day) is not None
        case "tanggal":
            return day
        case "pukul":
            return start.hour * 60 + start.minute
    return None


def days_passed(calendar: Calendar, pattern: str | None, variable: Variable, since: date, day: date) -> int:
    """How many days of the deadline's kind have passed on `day`; none before the date itself."""
    if variable.measure == Measure.CALENDAR_DAYS:
        return max((day - since).days, 0)
    return working_days_between(calendar, pattern, since + _ONE_DAY, day + _ONE_DAY)
