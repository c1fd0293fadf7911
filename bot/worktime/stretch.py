"""A stretch of time in one state: what a timeline is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.worktime.calendar import Holiday, Pattern


class State(StrEnum):
    WORKING = "working"
    BREAK = "break"
    OFF = "off"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a stretch has its state."""

    HOURS = "hours"  # working hours
    BREAK = "break"
    OUTSIDE_HOURS = "outside_hours"  # off, on a working day
    WEEKEND = "weekend"  # a weekday on which the pattern does not work
    HOLIDAY = "holiday"
    JOINT_LEAVE = "joint_leave"  # cuti bersama
    HOURS_UNKNOWN = "hours_unknown"  # a pattern without registered hours
    NO_PATTERN = "no_pattern"  # no version of the pattern is valid


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span [start, end) of local time in one state. `pattern`: the version followed (None where none
    is valid), `holiday` the day off of a HOLIDAY or JOINT_LEAVE. `absence`: the kind of absence ("cuti") that
    keeps the person from work all through it; None for time off, in which nobody works anyway."""

    start: datetime
    end: datetime
    state: State
    reason: Reason
    pattern: Pattern | None = None
    holiday: Holiday | None = None
    absence: str | None = None

    def continues(self, earlier: Stretch) -> bool:
        """Whether this is the same as the adjoining `earlier` one in all but time."""
        return (
            self.state is earlier.state
            and self.reason is earlier.reason
            and self.pattern is earlier.pattern
            and self.holiday is earlier.holiday
            and self.absence == earlier.absence
        )
