"""The facts that nobody is asked because the calendar knows them: working hours, weekday, holiday, date.

Their ids are fixed here and explained in kosakata/fakta.yaml; every other fact is only known if said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from bot.model import FactValue, Unknown
from bot.policy.condition import Measure, Variable
from bot.vocabulary import FactKind
from bot.worktime import Calendar, Stretch, in_working_hours, working_days_between

IN_WORKING_HOURS = "dalam_jam_kerja"
WEEKDAY = "hari"
HOLIDAY = "hari_libur"
DATE = "tanggal"

KINDS: Mapping[str, FactKind] = {
    IN_WORKING_HOURS: FactKind.YES_NO,
    WEEKDAY: FactKind.CHOICE,
    HOLIDAY: FactKind.YES_NO,
    DATE: FactKind.DATE,
}
"""Every derived fact and its kind. The options of the weekday are the seven days, Monday first."""

_ONE_DAY = timedelta(days=1)


def is_derived(variable: Variable) -> bool:
    """Whether the calendar has a say in the variable: its value can change as time goes by."""
    return variable.fact in KINDS or variable.measure == Measure.WORKING_DAYS


def derived(
    calendar: Calendar,
    pattern: str | None,
    variable: Variable,
    stretch: Stretch,
    day: date,
    facts: Mapping[str, FactValue | Unknown],
) -> FactValue | Unknown | None:
    """What the calendar says of a derived variable all through that part of `stretch` that lies in `day`.

    None: it says nothing (working days since a date that was not said). The day of receipt itself does
    not count: on the first working day after it, one working day has passed.
    """
    if variable.measure == Measure.WORKING_DAYS:
        since = facts.get(variable.fact)
        if not isinstance(since, date):
            return None
        return working_days_between(calendar, pattern, since + _ONE_DAY, day + _ONE_DAY)
    match variable.fact:
        case "dalam_jam_kerja":
            return in_working_hours(calendar, stretch)
        case "hari":
            return variable.values[day.weekday()]
        case "hari_libur":
            return calendar.holiday_on(day) is not None
        case "tanggal":
            return day
    return None
