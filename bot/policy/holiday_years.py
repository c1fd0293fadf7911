"""policies/nasional/libur.yaml and the `libur` of a regency: their shape, and the days off they give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import Field

from bot.policy.data_error import Day, PolicyDataError, Strict, checked, not_one_of
from bot.policy.days_off import AmendedYears, DecreedYears, HolidayYears
from bot.policy.hours_data import Schema, SourceData
from bot.policy.problems import Path
from bot.policy.schema import Wording
from bot.worktime import Holiday, HolidayYear


class AddedDay(Strict):
    """A day off besides those of the decree."""

    tanggal: Day
    nama: Wording
    sumber: SourceData = SourceData()


class RemovedDay(Strict):
    """A day that the others would make a day off, and that is worked."""

    tanggal: Day
    alasan: str
    sumber: SourceData = SourceData()


class DecreedYear(Strict):
    """The joint decree of one year: dates by the name's id. `perkiraan`: dates among them that still
    depend on a sighting."""

    tahun: Annotated[int, Field(strict=True, ge=1)]
    sumber: SourceData = SourceData()
    libur: dict[Day, str]
    cuti_bersama: dict[Day, str]
    perkiraan: tuple[Day, ...] = ()


class NationalHolidayData(Strict):
    """policies/nasional/libur.yaml. `nama_cuti_bersama`: how joint leave is called, with a hole for the
    name of its occasion."""

    skema: Schema
    nama: dict[str, Wording]
    nama_cuti_bersama: Wording
    tahun: tuple[DecreedYear, ...] = ()
    tambahan: tuple[AddedDay, ...] = ()
    dihapus: tuple[RemovedDay, ...] = ()


def read_national_holidays(data: object) -> HolidayYears:
    """The days off of the nation. Raises PolicyDataError."""
    read = checked(NationalHolidayData, data)
    tables: dict[int, HolidayYear] = {}
    for index, year in enumerate(read.tahun):
        if year.tahun in tables:
            raise PolicyDataError(("tahun", index, "tahun"), "policy.error.year_twice", value=year.tahun)
        tables[year.tahun] = _table(read, year, ("tahun", index))

    return amended(DecreedYears(tables), read.tambahan, read.dihapus)


def amended(
    years: HolidayYears,
    added: Iterable[AddedDay],
    removed: Iterable[RemovedDay],
    *,
    national: bool = True,
    joint: bool = True,
    path: Path = (),
) -> HolidayYears:
    """`years` without the kinds that are not kept and the removed days, but with the added ones.

    Raises PolicyDataError for a date that is added twice, or added and removed; `path` is where the two
    lists stand in their file."""
    more = _added(added, path)
    fewer = frozenset(entry.tanggal for entry in removed)
    if both := sorted(fewer & more.keys()):
        raise PolicyDataError((*path, "dihapus"), "policy.error.day_added_and_removed", value=both[0])
    return AmendedYears(years, more, fewer, national, joint)


def _added(entries: Iterable[AddedDay], path: Path) -> dict[date, Holiday]:
    found: dict[date, Holiday] = {}
    for index, entry in enumerate(entries):
        if entry.tanggal in found:
            place = (*path, "tambahan", index, "tanggal")
            raise PolicyDataError(place, "policy.error.day_twice", value=entry.tanggal)
        found[entry.tanggal] = Holiday(entry.nama.plain())
    return found


# --- from the decree -------------------------------------------------------------------------


def _table(data: NationalHolidayData, year: DecreedYear, path: Path) -> HolidayYear:
    days: dict[date, Holiday] = {}
    for part in ("cuti_bersama", "libur"):
        for day, name in getattr(year, part).items():
            place = (*path, part, day.isoformat())
            if day.year != year.tahun:
                raise PolicyDataError(place, "policy.error.other_year", value=day, year=year.tahun)
            if name not in data.nama:
                raise not_one_of(place, name, data.nama)
            if day in days:
                raise PolicyDataError(place, "policy.error.day_twice", value=day)
            days[day] = _decreed(data, name, part == "cuti_bersama", day in year.perkiraan)
    for index, day in enumerate(year.perkiraan):
        if day not in days:
            raise PolicyDataError((*path, "perkiraan", index), "policy.error.day_not_off", value=day)
    return HolidayYear(days)


def _decreed(data: NationalHolidayData, name: str, joint: bool, estimated: bool) -> Holiday:
    names = data.nama[name].plain()
    if joint:
        forms = data.nama_cuti_bersama.plain()
        names = {
            language: forms.get(language, forms["id"]).format(nama=own) for language, own in names.items()
        }
    return Holiday(names, joint, estimated, name)
