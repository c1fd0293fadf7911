"""policies/<wilayah>/wilayah.yaml: its shape, the checks that need the whole of it, and the Calendar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.policy.corpus import Regency
from bot.policy.data_error import PolicyDataError, Strict, checked, not_one_of
from bot.policy.days_off import HolidayYears
from bot.policy.holiday_years import AddedDay, RemovedDay, amended
from bot.policy.hours_data import Schema, SourceData, Validity, WeekOrUnknown
from bot.policy.national import NationalHours
from bot.policy.problems import Path
from bot.policy.schema import Wording, YesNo
from bot.worktime import BreakRule, Calendar, Pattern

_PATTERNS: Final = "jam_kerja"

Id = Annotated[str, Field(min_length=1)]


class PatternData(Strict):
    """One version of a pattern. `hari` left out, empty or `belum_diketahui`: the hours are not known.
    `masuk_hari_libur`: works on holidays; if left out, as the pattern it replaces does, else only where the
    hours are not known (then a holiday may be a working day as well)."""

    pola: Id
    nama: Wording | None = None
    menggantikan: str | None = None
    berlaku: Validity
    sumber: SourceData = SourceData()
    hari: WeekOrUnknown = None
    masuk_hari_libur: YesNo | None = None


class HolidayRules(Strict):
    nasional: YesNo = True
    cuti_bersama: YesNo = True
    tambahan: tuple[AddedDay, ...] = ()
    dihapus: tuple[RemovedDay, ...] = ()


class RegencyData(Strict):
    """`cuti`: whether the hours of a day of leave count as working hours. `sumber_istirahat`, `sumber_cuti`:
    on what `istirahat` and `cuti` rest; left out, they are assumptions."""

    skema: Schema = 1
    wilayah: Id
    nama: Id
    kode: Id
    zona: str
    istirahat: BreakRule = BreakRule.UNREGULATED
    sumber_istirahat: SourceData = SourceData()
    cuti: BreakRule = BreakRule.UNREGULATED
    sumber_cuti: SourceData = SourceData()
    jam_kerja: Annotated[list[PatternData], Field(min_length=1)]
    libur: HolidayRules = HolidayRules()


def read_regency(data: object, hours: NationalHours, holidays: HolidayYears) -> Regency:
    """The regency that `data` (the plain values of its wilayah.yaml) describes. Raises PolicyDataError."""
    read = checked(RegencyData, data)
    if read.zona not in hours.zones:
        raise not_one_of(("zona",), read.zona, hours.zones)
    calendar = Calendar(
        regency=read.wilayah,
        zone=ZoneInfo(read.zona),
        patterns=_patterns(read.jam_kerja, hours),
        holidays=amended(
            holidays,
            read.libur.tambahan,
            read.libur.dihapus,
            national=read.libur.nasional,
            joint=read.libur.cuti_bersama,
            path=("libur",),
        ),
        break_rule=read.istirahat,
        break_source=read.sumber_istirahat.source(),
        leave_rule=read.cuti,
        leave_source=read.sumber_cuti.source(),
        ramadan=hours.ramadans,
    )
    return Regency(read.wilayah, read.nama, read.kode, calendar)


def _patterns(entries: Sequence[PatternData], hours: NationalHours) -> tuple[Pattern, ...]:
    _check_replaced(entries)
    found = tuple(_pattern(index, entries, hours) for index in range(len(entries)))
    _check_validity(found)
    return found


def _pattern(index: int, entries: Sequence[PatternData], hours: NationalHours) -> Pattern:
    entry, path = entries[index], (_PATTERNS, index)
    entry.berlaku.check((*path, "berlaku"))
    return Pattern(
        id=entry.pola,
        since=entry.berlaku.since(),
        until=entry.berlaku.sampai,
        days=None if entry.hari is None else entry.hari.days((*path, "hari")),
        replaces=entry.menggantikan,
        works_on_holidays=_works_on_holidays(entry, entries),
        source=entry.sumber.source(),
        names=entry.nama.plain() if entry.nama else hours.names.get(entry.pola, {}),
    )


def _works_on_holidays(entry: PatternData, entries: Sequence[PatternData]) -> bool:
    if entry.masuk_hari_libur is not None:
        return entry.masuk_hari_libur
    if entry.menggantikan is not None:
        return _works_on_holidays(next(e for e in entries if e.pola == entry.menggantikan), entries)
    return entry.hari is None


def _check_replaced(entries: Sequence[PatternData]) -> None:
    """What is replaced exists, is one pattern for all versions of an id, and no circle."""
    replaced: dict[str, str | None] = {}
    for index, entry in enumerate(entries):
        path: Path = (_PATTERNS, index, "menggantikan")
        if replaced.setdefault(entry.pola, entry.menggantikan) != entry.menggantikan:
            raise PolicyDataError(path, "policy.error.replaces_differently", pattern=entry.pola)
        known = [e.pola for e in entries if e.pola != entry.pola]
        if entry.menggantikan is not None and entry.menggantikan not in known:
            raise not_one_of(path, entry.menggantikan, dict.fromkeys(known))
    for index, entry in enumerate(entries):
        seen, current = {entry.pola}, replaced[entry.pola]
        while current is not None:
            if current in seen:
                path = (_PATTERNS, index, "menggantikan")
                raise PolicyDataError(path, "policy.error.replaces_circle", pattern=entry.pola)
            seen.add(current)
            current = replaced[current]


def _check_validity(patterns: Sequence[Pattern]) -> None:
    """Versions of one pattern do not overlap; replacements of one pattern only if one lies in the other."""
    for index, later in enumerate(patterns):
        for earlier in patterns[:index]:
            if not _overlap(earlier, later):
                continue
            names = {"pattern": later.id, "other": earlier.id}
            path: Path = (_PATTERNS, index, "berlaku")
            if earlier.id == later.id:
                raise PolicyDataError(path, "policy.error.versions_overlap", **names)
            rivals = later.replaces is not None and earlier.replaces == later.replaces
            if rivals and not (_within(earlier, later) or _within(later, earlier)):
                raise PolicyDataError(path, "policy.error.replacements_overlap", **names)


def _overlap(a: Pattern, b: Pattern) -> bool:
    return (a.until is None or b.since < a.until) and (b.until is None or a.since < b.until)


def _within(inner: Pattern, outer: Pattern) -> bool:
    """Whether `inner` is valid for a part of the time that `outer` is, and shorter."""
    ends_within = outer.until is None or (inner.until is not None and inner.until <= outer.until)
    return outer.since <= inner.since and ends_within and inner.length < outer.length
