"""Pure calendar: regency + pattern + instant → working, break, off or unknown, and the change points."""

from bot.worktime.calendar import (
    BreakRule,
    Calendar,
    Holiday,
    HolidayYear,
    Hours,
    Pattern,
    Source,
    UnknownPatternError,
)
from bot.worktime.counting import weekly_hours, working_days_between
from bot.worktime.stretch import Reason, State, Stretch
from bot.worktime.symbols import Symbol, implied, resolve
from bot.worktime.timeline import break_counts, cautions, in_working_hours, state_at, stretches

__all__ = [
    "BreakRule",
    "Calendar",
    "Holiday",
    "HolidayYear",
    "Hours",
    "Pattern",
    "Reason",
    "Source",
    "State",
    "Stretch",
    "Symbol",
    "UnknownPatternError",
    "break_counts",
    "cautions",
    "implied",
    "in_working_hours",
    "resolve",
    "state_at",
    "stretches",
    "weekly_hours",
    "working_days_between",
]
