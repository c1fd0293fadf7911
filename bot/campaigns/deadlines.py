"""By when somebody was to acknowledge: the deadline of the ledger, moved on by her leave. Reports ask here
what is late; reminders and digests go by the same rule (`reminding.deadline`).

Pure. Moments are seconds since 1970 (UTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from bot.campaigns.reminding import deadline, own_of
from bot.model import Absence
from bot.worktime import Calendar

REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody's leave, and the working pattern in which its days count (None: the regency's first)."""

    pattern: str | None
    absences: tuple[Absence, ...]

    def on(self, day: date) -> bool:
        return any(one.start <= day and (one.end is None or day < one.end) for one in self.absences)


class Deadlines:
    """Of one regency, as its calendar and the staff are `today`. `calendar` None: it is not in the corpus,
    and nobody's leave can be counted."""

    def __init__(self, regency: str, today: date, calendar: Calendar | None) -> None:
        self.regency = regency
        self.today = today
        self.calendar = calendar
        self._moved = lru_cache(REMEMBERED)(self._move)

    def of(self, due: int, begun: int, away: Away | None) -> int | None:
        """Hers, for what reached her at `begun`. None: she is away, and nobody knows when she is back."""
        if away is None or self.calendar is None:
            return due
        zone = self.calendar.zone
        first = datetime.fromtimestamp(begun, zone).date()
        last = datetime.fromtimestamp(due, zone).date()
        if not any(one.start <= last and (one.end is None or first < one.end) for one in away.absences):
            return due
        return self._moved(self.calendar, away, first, due)

    @staticmethod
    def _move(calendar: Calendar, away: Away, first: date, due: int) -> int | None:
        own = own_of(calendar, away.pattern, away.absences)
        moved = deadline(own, calendar.at(first), datetime.fromtimestamp(due, UTC))
        return None if moved is None else int(moved.timestamp())


def late(said: int, due: int | None) -> bool:
    """Whether an acknowledgment came after the deadline, which itself still counts."""
    return due is not None and said > due
