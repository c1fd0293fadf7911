"""The shapes of working hours in policies/: a day, a week, a source, a validity; and the Hours they give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from bot.policy.clock import DAY_MINUTES, minutes_of, written
from bot.policy.data_error import Day, PolicyDataError, Strict
from bot.policy.problems import Path
from bot.policy.schema import YesNo
from bot.worktime import Hours, Source

UNKNOWN: Final = "belum_diketahui"
"""Written in the place of hours or a date that nobody has registered."""

WEEKDAYS: Final = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")


def _minutes(value: object) -> int:
    found = minutes_of(value)
    if found is None:
        raise PydanticCustomError("policy.error.time", "not a time")
    return found


def _unless_unknown(value: object) -> object:
    """Hours that are not known: said so, left empty, or without a single day."""
    return None if value == UNKNOWN or value == {} else value


def _verified(value: object) -> object:
    if isinstance(value, date):
        return True
    return False if value in ("belum", None) else value


Time = Annotated[int, BeforeValidator(_minutes)]
"""A time of day as "07:30" or "07.30", in minutes since midnight; "24:00" is the end of the day."""


class SourceData(Strict):
    """`terverifikasi`: ya, tidak, belum, or the date of the confirmation."""

    dokumen: str | None = None
    terverifikasi: Annotated[YesNo, BeforeValidator(_verified)] = False
    catatan: str | None = None

    def source(self) -> Source:
        return Source(self.dokumen, self.terverifikasi, self.catatan)


class Validity(Strict):
    """First day and first day after. `sejak` null: since before any question."""

    sejak: Day | None
    sampai: Day | None = None

    def since(self) -> date:
        return self.sejak or date.min

    def check(self, path: Path) -> None:
        if self.sampai is not None and self.sampai <= self.since():
            raise PolicyDataError((*path, "sampai"), "policy.error.validity", value=self.sampai)


class DayHours(Strict):
    """`lewat_tengah_malam`: pulang is on the next day. `lama_istirahat`: minutes of a break whose times are
    not known, in place of `istirahat`."""

    masuk: Time
    pulang: Time
    istirahat: Annotated[tuple[tuple[Time, Time], ...], BeforeValidator(lambda value: value or ())] = ()
    lewat_tengah_malam: YesNo = False
    lama_istirahat: Annotated[int, Field(strict=True, ge=0)] = 0

    def hours(self, path: Path) -> Hours:
        """Raises PolicyDataError if the times do not fit together."""
        end = self.pulang + DAY_MINUTES * self.lewat_tengah_malam
        if not self.masuk < end <= self.masuk + DAY_MINUTES:
            key = "policy.error.day_too_long" if self.lewat_tengah_malam else "policy.error.day_ends_early"
            raise PolicyDataError((*path, "pulang"), key, **_clock(value=self.pulang, start=self.masuk))
        breaks = self._breaks(end, (*path, "istirahat"))
        if self.lama_istirahat and (breaks or self.lama_istirahat >= end - self.masuk):
            place = (*path, "lama_istirahat")
            raise PolicyDataError(place, "policy.error.unplaced_break", value=self.lama_istirahat)
        return Hours(self.masuk, end, breaks, self.lama_istirahat)

    def _breaks(self, end: int, path: Path) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        for index, pair in enumerate(self.istirahat):
            first, last = (self._since_masuk(minute) for minute in pair)
            shown = _clock(start=first, value=last)
            if first >= last:
                raise PolicyDataError((*path, index), "policy.error.break_order", **shown)
            if first < self.masuk or last > end:
                raise PolicyDataError((*path, index), "policy.error.break_outside", **shown)
            if any(first < b and a < last for a, b in found):
                raise PolicyDataError((*path, index), "policy.error.break_overlap", **shown)
            found.append((first, last))
        return tuple(sorted(found))

    def _since_masuk(self, minute: int) -> int:
        """A time of a night shift before masuk is one of the next day."""
        return minute + DAY_MINUTES * (self.lewat_tengah_malam and minute < self.masuk)


def _clock(**minutes: int) -> dict[str, str]:
    """Minutes as people write them."""
    return {name: written(value) for name, value in minutes.items()}


class Week(Strict):
    """A day left out (or null) is not a working day."""

    senin: DayHours | None = None
    selasa: DayHours | None = None
    rabu: DayHours | None = None
    kamis: DayHours | None = None
    jumat: DayHours | None = None
    sabtu: DayHours | None = None
    minggu: DayHours | None = None

    def days(self, path: Path) -> Mapping[int, Hours]:
        """By weekday, Monday 0. Raises PolicyDataError."""
        read: list[DayHours | None] = [getattr(self, name) for name in WEEKDAYS]
        return {
            number: day.hours((*path, WEEKDAYS[number])) for number, day in enumerate(read) if day is not None
        }


WeekOrUnknown = Annotated[Week | None, BeforeValidator(_unless_unknown)]

Schema = Literal[1]
