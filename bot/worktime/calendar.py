"""The working calendar of one regency: patterns of hours, days off, and which of them holds on a date.

All dates are local to the regency. Validity is half open: `since` is the first day, `until` the first
day after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

DAY_MINUTES: Final = 24 * 60


class BreakRule(StrEnum):
    """Whether a break, or a day of leave, counts as working hours; the values are the ids of policies/."""

    OUTSIDE = "di_luar_jam_kerja"
    INSIDE = "jam_kerja"
    UNREGULATED = "belum_diatur"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number comes from. `document` None: no source was named. `verified`: someone of the
    regency confirmed it. `note`: what is uncertain about it."""

    document: str | None = None
    verified: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of one working day, in minutes since 00:00 of the day they begin on.

    `end` beyond 1440 means the next day (a night shift). `breaks` lie within, in order, without overlap.
    `unplaced_break`: minutes of a break whose times nobody has registered; it is somewhere within, and
    no stretch shows it.
    """

    start: int
    end: int
    breaks: tuple[tuple[int, int], ...] = ()
    unplaced_break: int = 0

    @property
    def working_minutes(self) -> int:
        """Minutes of work, breaks not counted."""
        return self.end - self.start - sum(b - a for a, b in self.breaks) - self.unplaced_break


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One version of a pattern of working hours ("lima_hari"); compared by identity.

    `days` maps weekdays (Monday 0) to hours, a weekday left out is not a working day; None: the hours
    are not known (shift work). `until` None: open. `replaces`: the id of the pattern whose people follow
    this one while it is valid (Ramadan, one special day). `names`: by language, empty if it has none.
    """

    id: str
    since: date
    until: date | None
    days: Mapping[int, Hours] | None
    replaces: str | None = None
    works_on_holidays: bool = False
    source: Source = Source()
    names: Mapping[str, str] = field(default_factory=dict)

    def valid_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    @property
    def length(self) -> timedelta:
        """How long it is valid; `timedelta.max` if open."""
        return timedelta.max if self.until is None else self.until - self.since


@dataclass(frozen=True, slots=True, eq=False)
class Holiday:
    """A day off. `joint`: joint leave (cuti bersama), not a public holiday. `estimated`: the date is an
    estimate. `names`: by language, "id" is always there. `id`: what feast it is of ("idul_fitri"), None
    where the source gives no id."""

    names: Mapping[str, str]
    joint: bool = False
    estimated: bool = False
    id: str | None = None


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """The days off of one year. `decreed`: the joint decree of that year is known; without one, days can
    still move and joint leave is missing."""

    days: Mapping[date, Holiday] = field(default_factory=dict)
    decreed: bool = True


class UnknownPatternError(LookupError):
    """A pattern that the regency does not have. `known`: the ids it has, the default first."""

    def __init__(self, pattern: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no pattern '{pattern}'; known: {', '.join(known)}")
        self.pattern = pattern
        self.known = known


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The calendar of one regency.

    `patterns` holds every version; the first one is the default. `holidays` gives the days off of a year
    and is asked for each year as it is needed. `break_source`: on what `break_rule` rests; `leave_rule`
    and `leave_source`: the same of the hours of people who are on leave. `ramadan`: the confirmed
    Ramadans, (first day, first day after), in order. `memo` belongs to the timeline: plans of days already
    computed, which never change what is answered.
    """

    regency: str
    zone: ZoneInfo
    patterns: tuple[Pattern, ...]
    holidays: Callable[[int], HolidayYear]
    break_rule: BreakRule = BreakRule.UNREGULATED
    break_source: Source = Source()
    leave_rule: BreakRule = BreakRule.UNREGULATED
    leave_source: Source = Source()
    ramadan: tuple[tuple[date, date], ...] = ()
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def pattern_ids(self) -> tuple[str, ...]:
        """The patterns a person can have (replacements are not among them), the default first."""
        return tuple(dict.fromkeys(self._bases().values()))

    def base_of(self, pattern: str | None) -> str:
        """The pattern a person has: the default for None, the one replaced for a replacement.

        Raises UnknownPatternError."""
        found = self._bases().get(self.patterns[0].id if pattern is None else pattern)
        if found is None:
            raise UnknownPatternError(str(pattern), self.pattern_ids)
        return found

    def _bases(self) -> dict[str, str]:
        """Every pattern with the one it finally replaces; worked out once."""
        found: dict[str, str] | None = self.memo.get("bases")
        if found is None:
            replaced = {p.id: p.replaces for p in self.patterns}
            found = self.memo["bases"] = {name: _root(name, replaced) for name in replaced}
        return found

    def pattern_on(self, pattern: str | None, day: date) -> Pattern | None:
        """The version a person with `pattern` follows on `day`; None if none is registered for it.

        Of two replacements that are both valid the shorter one holds (a special day within Ramadan).
        """
        current = self.base_of(pattern)
        found = next(
            (p for p in self.patterns if p.id == current and not p.replaces and p.valid_on(day)), None
        )
        while replacements := [p for p in self.patterns if p.replaces == current and p.valid_on(day)]:
            found = min(replacements, key=lambda p: p.length)
            current = found.id
        return found

    def holiday_on(self, day: date) -> Holiday | None:
        return self.holidays(day.year).days.get(day)

    def work_on(self, pattern: str | None, day: date) -> Hours | None:
        """The hours that begin on `day`; None on a day off and where the hours are not known."""
        found = self.pattern_on(pattern, day)
        if found is None or found.days is None or self.rests_on(found, day):
            return None
        return found.days.get(day.weekday())

    def rests_on(self, pattern: Pattern, day: date) -> bool:
        """Whether `day` is a holiday for the people of `pattern`."""
        return not pattern.works_on_holidays and self.holiday_on(day) is not None

    def at(self, day: date, minute: int = 0) -> datetime:
        """The local time `minute` minutes after 00:00 of `day`."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(minutes=minute)

    def local(self, instant: datetime) -> datetime:
        """`instant` in the regency's zone. Raises ValueError if it has no zone of its own."""
        if instant.tzinfo is self.zone:
            return instant
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no time zone")
        return instant.astimezone(self.zone)


def _root(name: str, replaced: Mapping[str, str | None]) -> str:
    while (wider := replaced[name]) is not None:
        name = wider
    return name
