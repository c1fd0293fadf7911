"""The nation's working hours: what a week must sum to, how patterns are called, when Ramadan was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from bot.policy.data_error import Day, PolicyDataError, Strict, checked
from bot.policy.hours_data import Schema, SourceData, Validity, Week
from bot.policy.schema import Wording, YesNo
from bot.worktime import Calendar, Hours, Pattern, weekly_hours

_DURATION: Final = re.compile(r"(\d{1,3})[.:]([0-5]\d)")
_WEEK: Final = timedelta(days=7)


def _duration(value: object) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("policy.error.duration", "not a duration")
    return timedelta(hours=int(found[1]), minutes=int(found[2]))


class WeekData(Strict):
    """`jumlah`: hours and minutes a week, breaks not counted."""

    jumlah: Annotated[timedelta, BeforeValidator(_duration)]
    hari: Week


class PatternName(Strict):
    """`jumlah_sendiri`: the weekly sum of the nation does not bind this pattern."""

    nama: Wording
    jumlah_sendiri: YesNo = False


class RamadanData(Strict):
    """`sejak`: its first day; `sampai`: the day after its last."""

    tahun_hijriah: int
    sejak: Day
    sampai: Day
    sumber: SourceData


class NationalHoursData(Strict):
    """policies/nasional/jam_kerja.yaml."""

    skema: Schema
    sumber: SourceData
    zona: dict[str, list[str]]
    biasa: WeekData
    ramadan: WeekData
    pola: dict[str, PatternName]
    masa_ramadan: tuple[RamadanData, ...] = ()


@dataclass(frozen=True, slots=True)
class NationalHours:
    """`zones`: the time zones a regency can be in. `week`, `ramadan_week`: the nation's hours by weekday
    (Monday 0), with the sums they must reach. `names`: of patterns, by id and language. `own_sums`:
    patterns that need not reach the sum. `ramadans`: the confirmed ones, half open, in order."""

    zones: tuple[str, ...]
    week: Mapping[int, Hours]
    week_sum: timedelta
    ramadan_week: Mapping[int, Hours]
    ramadan_sum: timedelta
    names: Mapping[str, Mapping[str, str]]
    own_sums: frozenset[str]
    ramadans: tuple[tuple[date, date], ...]

    def sum_for(self, pattern: Pattern) -> timedelta | None:
        """What the week of `pattern` should sum to; None if nothing is prescribed for it."""
        if pattern.id in self.own_sums or pattern.replaces in self.own_sums or pattern.length < _WEEK:
            return None
        fasting = pattern.until and any(a <= pattern.since and pattern.until <= b for a, b in self.ramadans)
        return self.ramadan_sum if fasting else self.week_sum


def read_national_hours(data: object) -> NationalHours:
    """Raises PolicyDataError."""
    read = checked(NationalHoursData, data)
    return NationalHours(
        zones=tuple(zone for zones in read.zona.values() for zone in zones),
        week=read.biasa.hari.days(("biasa", "hari")),
        week_sum=read.biasa.jumlah,
        ramadan_week=read.ramadan.hari.days(("ramadan", "hari")),
        ramadan_sum=read.ramadan.jumlah,
        names={name: pattern.nama.plain() for name, pattern in read.pola.items()},
        own_sums=frozenset(name for name, pattern in read.pola.items() if pattern.jumlah_sendiri),
        ramadans=_ramadans(read.masa_ramadan),
    )


def _ramadans(read: tuple[RamadanData, ...]) -> tuple[tuple[date, date], ...]:
    for index, entry in enumerate(read):
        Validity(sejak=entry.sejak, sampai=entry.sampai).check(("masa_ramadan", index))
    return tuple(sorted((entry.sejak, entry.sampai) for entry in read))


def weekly_warnings(calendar: Calendar, national: NationalHours) -> tuple[PolicyDataError, ...]:
    """A warning (not raised) for every pattern of a regency whose week differs from the nation's sum."""
    found: list[PolicyDataError] = []
    for index, pattern in enumerate(calendar.patterns):
        actual, expected = weekly_hours(pattern), national.sum_for(pattern)
        if actual is not None and expected is not None and actual != expected:
            params = {"pattern": pattern.id, "value": _shown(actual), "expected": _shown(expected)}
            found.append(
                PolicyDataError(("jam_kerja", index, "hari"), "policy.warning.weekly_hours", **params)
            )
    return tuple(found)


def _shown(duration: timedelta) -> str:
    minutes = duration // timedelta(minutes=1)
    return f"{minutes // 60}:{minutes % 60:02}"
