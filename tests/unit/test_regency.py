"""wilayah.yaml: the shipped files, the shape others write, and one clear error for everything wrong."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.catalogues import load_catalogues
from bot.policy.corpus import Regency
from bot.policy.data_error import PolicyDataError
from bot.policy.document import parse
from bot.policy.holiday_years import read_national_holidays
from bot.policy.national import read_national_hours, weekly_warnings
from bot.policy.regency import read_regency
from bot.worktime import BreakRule, Calendar, State, cautions, state_at

POLICIES = Path(__file__).parents[2] / "policies"
REGENCIES = {"pamekasan": "35.28", "lumajang": "35.08", "kepulauan-anambas": "21.05", "natuna": "21.03"}


def plain(name: str) -> Any:
    return parse((POLICIES / name).read_text("utf-8"), name).data


HOURS = read_national_hours(plain("nasional/jam_kerja.yaml"))
HOLIDAYS = read_national_holidays(plain("nasional/libur.yaml"))


def read(data: Any) -> Regency:
    return read_regency(data, HOURS, HOLIDAYS)


def shipped(name: str) -> Calendar:
    return read(plain(f"{name}/wilayah.yaml")).calendar


def state(calendar: Calendar, time: str, pattern: str | None = None) -> State:
    return state_at(calendar, pattern, datetime.fromisoformat(time).replace(tzinfo=calendar.zone)).state


# --- the shipped files -----------------------------------------------------------------------


@pytest.mark.parametrize("name", REGENCIES)
def test_a_shipped_regency_has_its_code_and_every_kind_of_pattern(name: str) -> None:
    regency = read(plain(f"{name}/wilayah.yaml"))
    assert (regency.id, regency.code) == (name, REGENCIES[name])
    assert regency.calendar.pattern_ids == ("lima_hari", "enam_hari", "shift", "paruh_waktu")
    assert all(pattern.names.keys() == {"id", "en"} for pattern in regency.calendar.patterns)


@pytest.mark.parametrize("name", REGENCIES)
def test_shipped_hours_sum_to_the_nations_week_and_are_not_verified(name: str) -> None:
    calendar = shipped(name)
    assert weekly_warnings(calendar, HOURS) == ()
    assert not any(pattern.source.verified for pattern in calendar.patterns)
    assert calendar.break_rule is BreakRule.OUTSIDE
    assert not calendar.break_source.verified


@pytest.mark.parametrize("name", REGENCIES)
def test_shipped_hours_that_name_the_national_rule_are_the_national_hours(name: str) -> None:
    known = {"lima_hari": HOURS.week, "lima_hari_ramadan": HOURS.ramadan_week}
    for pattern in shipped(name).patterns:
        if pattern.source.document == "Perpres 21/2023":
            assert pattern.days == known[pattern.id]


@pytest.mark.parametrize(
    ("name", "time", "expected"),
    [
        ("pamekasan", "2026-11-23 06:59", State.OFF),
        ("pamekasan", "2026-11-23 07:00", State.WORKING),
        ("pamekasan", "2026-11-23 12:15", State.WORKING),  # a break somewhere, nobody knows when
        ("pamekasan", "2026-11-23 14:59", State.WORKING),
        ("pamekasan", "2026-11-23 15:00", State.OFF),
        ("pamekasan", "2026-03-02 07:59", State.OFF),  # Ramadan
        ("pamekasan", "2026-03-02 12:00", State.BREAK),
        ("pamekasan", "2026-03-02 12:30", State.WORKING),
        ("pamekasan", "2026-03-06 15:29", State.WORKING),  # a Friday of Ramadan
        ("pamekasan", "2026-03-20 10:00", State.OFF),  # joint leave, the last day of Ramadan
        ("pamekasan", "2026-03-25 07:00", State.WORKING),  # the first day of work after Idul Fitri
        ("lumajang", "2026-11-23 07:29", State.OFF),
        ("lumajang", "2026-11-23 07:30", State.WORKING),
        ("lumajang", "2026-11-27 16:29", State.WORKING),
        ("lumajang", "2026-03-02 10:00", State.UNKNOWN),  # Ramadan: as reported, the hours do not add up
        ("lumajang", "2026-03-07 10:00", State.UNKNOWN),
        ("lumajang", "2026-12-25 10:00", State.OFF),
        ("natuna", "2026-03-02 14:59", State.WORKING),
        ("kepulauan-anambas", "2025-11-24 07:30", State.WORKING),
    ],
)
def test_shipped_hours_hold_to_the_minute(name: str, time: str, expected: State) -> None:
    assert state(shipped(name), time) is expected


def test_an_answer_from_unplaced_breaks_admits_it() -> None:
    calendar = shipped("pamekasan")
    noon = state_at(calendar, None, datetime(2026, 11, 23, 12, 15, tzinfo=calendar.zone))
    assert cautions(calendar, noon) == ("break_times_unknown", "hours_unverified")


def test_the_nations_weeks_sum_to_what_the_nation_prescribes() -> None:
    assert HOURS.week_sum == timedelta(hours=37, minutes=30)
    assert HOURS.ramadan_sum == timedelta(hours=32, minutes=30)
    for week, expected in ((HOURS.week, HOURS.week_sum), (HOURS.ramadan_week, HOURS.ramadan_sum)):
        assert sum(day.working_minutes for day in week.values()) == expected // timedelta(minutes=1)


# --- the shape that others write -------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "rule", "verified"),
    [
        ({}, BreakRule.UNREGULATED, False),
        ({"cuti": "di_luar_jam_kerja"}, BreakRule.OUTSIDE, False),
        ({"cuti": "jam_kerja", "sumber_cuti": {"terverifikasi": date(2026, 1, 5)}}, BreakRule.INSIDE, True),
    ],
)
def test_a_regency_may_say_whether_leave_counts_as_working_hours(
    given: dict[str, Any], rule: BreakRule, verified: bool
) -> None:
    calendar = read(regency(**given)).calendar
    assert (calendar.leave_rule, calendar.leave_source.verified) == (rule, verified)


MONDAY = {"masuk": "07:30", "pulang": "16:00", "istirahat": [["12:00", "13:00"]]}


def pattern(name: str = "lima_hari", *, days: Any = None, **more: Any) -> dict[str, Any]:
    validity = {"sejak": date(2026, 1, 1), "sampai": None}
    return {"pola": name, "berlaku": validity, "hari": days or {"senin": MONDAY}} | more


def regency(*patterns: dict[str, Any], **more: Any) -> dict[str, Any]:
    names = {"wilayah": "uji", "nama": "Kabupaten Uji", "kode": "99.01", "zona": "Asia/Makassar"}
    return names | {"jam_kerja": list(patterns) or [pattern()]} | more


def ramadan(**more: Any) -> dict[str, Any]:
    validity = {"sejak": date(2026, 2, 19), "sampai": date(2026, 3, 20)}
    days = {"senin": {"masuk": "08:00", "pulang": "15:00"}, "kamis": {"masuk": "08:00", "pulang": "15:30"}}
    return pattern("lima_hari_ramadan", days=days, berlaku=validity, menggantikan="lima_hari") | more


def test_the_shape_of_the_documentation_is_read_whole() -> None:
    source = {"dokumen": "SK", "terverifikasi": "belum", "catatan": "x"}
    extra = [{"tanggal": date(2026, 10, 26), "nama": "Hari jadi"}]
    found = read(
        regency(
            pattern(sumber=source),
            ramadan(),
            istirahat="jam_kerja",
            libur={"nasional": "ya", "cuti_bersama": True, "tambahan": extra},
        )
    )
    assert (found.name, found.calendar.zone.key) == ("Kabupaten Uji", "Asia/Makassar")
    assert found.calendar.break_rule is BreakRule.INSIDE
    assert found.calendar.patterns[0].source.note == "x"
    assert state(found.calendar, "2026-02-23 07:30") is State.OFF  # Ramadan
    assert state(found.calendar, "2026-10-26 08:00") is State.OFF  # the added day


@pytest.mark.parametrize(("day", "before_eight"), [("2026-03-19", State.OFF), ("2026-03-20", State.WORKING)])
def test_the_end_of_a_replacement_is_its_first_day_without_it(day: str, before_eight: State) -> None:
    week = {"kamis": MONDAY, "jumat": MONDAY}
    data = regency(pattern(days=week), ramadan(), libur={"nasional": "tidak", "cuti_bersama": "tidak"})
    assert state(read(data).calendar, f"{day} 07:30") is before_eight


@pytest.mark.parametrize("days", ["belum_diketahui", {}, None])
def test_hours_left_open_are_unknown_on_holidays_too(days: Any) -> None:
    calendar = read(regency(pattern(), pattern("shift") | {"hari": days})).calendar
    assert state(calendar, "2026-11-23 10:00", "shift") is State.UNKNOWN
    assert state(calendar, "2026-12-25 10:00", "shift") is State.UNKNOWN


def test_unknown_hours_that_replace_known_ones_keep_their_holidays() -> None:
    data = regency(pattern(), ramadan() | {"hari": "belum_diketahui"})
    assert state(read(data).calendar, "2026-03-02 10:00") is State.UNKNOWN
    assert state(read(data).calendar, "2026-03-19 10:00") is State.OFF  # a holiday


def test_shift_staff_with_hours_work_on_holidays_if_the_file_says_so() -> None:
    data = regency(pattern(days={"jumat": MONDAY}, masuk_hari_libur="ya"))
    assert state(read(data).calendar, "2026-12-25 10:00") is State.WORKING


def test_a_break_rule_left_out_is_not_settled() -> None:
    assert read(regency()).calendar.break_rule is BreakRule.UNREGULATED


@pytest.mark.parametrize(
    ("said", "verified"),
    [
        ("belum", False),
        ("tidak", False),
        (False, False),
        ("ya", True),
        (True, True),
        (date(2026, 5, 4), True),
    ],
)
def test_verification_is_yes_no_or_the_date_of_it(said: Any, verified: bool) -> None:
    found = read(regency(pattern(sumber={"dokumen": "SK", "terverifikasi": said})))
    assert found.calendar.patterns[0].source.verified is verified


def test_a_night_shift_is_marked_and_its_breaks_may_follow_midnight() -> None:
    night = {
        "masuk": "22.00",
        "pulang": "06.00",
        "lewat_tengah_malam": "ya",
        "istirahat": [["23:45", "00:15"]],
    }
    calendar = read(regency(pattern(days={"senin": night}))).calendar
    assert state(calendar, "2026-11-24 00:14") is State.BREAK
    assert state(calendar, "2026-11-24 05:59") is State.WORKING


def test_a_week_that_sums_to_something_else_is_warned_of() -> None:
    calendar = read(regency(pattern(), ramadan(), pattern("paruh_waktu"))).calendar
    normal, fasting = weekly_warnings(calendar, HOURS)  # part time has a sum of its own
    assert (normal.params["value"], normal.params["expected"]) == ("7:30", "37:30")
    assert (fasting.params["value"], fasting.params["expected"]) == ("14:30", "32:30")
    assert fasting.path == ("jam_kerja", 1, "hari")
    for texts in load_catalogues().values():
        assert "14:30" in texts(fasting.key, **fasting.params)


def test_a_single_special_day_is_not_measured_by_the_week() -> None:
    day = {"sejak": date(2026, 11, 23), "sampai": date(2026, 11, 24)}
    special = pattern("upacara", berlaku=day, menggantikan="lima_hari")
    assert len(weekly_warnings(read(regency(pattern(), special)).calendar, HOURS)) == 1


# --- errors ----------------------------------------------------------------------------------


def monday(**changes: Any) -> dict[str, Any]:
    return regency(pattern(days={"senin": MONDAY | changes}))


SENIN = "jam_kerja[0].hari.senin"
AUGUST = {"sejak": date(2026, 8, 1), "sampai": None}
MARCH = {"sejak": date(2026, 3, 1), "sampai": date(2026, 4, 1)}


@pytest.mark.parametrize(
    ("data", "place", "key"),
    [
        (monday(masuk="25:00"), f"{SENIN}.masuk", "time"),
        (monday(masuk=7.3), f"{SENIN}.masuk", "time"),
        (monday(masuk="07:60"), f"{SENIN}.masuk", "time"),
        (monday(pulang="07:30", istirahat=[]), f"{SENIN}.pulang", "day_ends_early"),
        (monday(pulang="06:00", istirahat=[]), f"{SENIN}.pulang", "day_ends_early"),
        (monday(lewat_tengah_malam="ya"), f"{SENIN}.pulang", "day_too_long"),
        (monday(lewat_tengah_malam="mungkin"), f"{SENIN}.lewat_tengah_malam", "not_yes_no"),
        (monday(istirahat=[["13:00", "12:00"]]), f"{SENIN}.istirahat[0]", "break_order"),
        (monday(istirahat=[["06:00", "08:00"]]), f"{SENIN}.istirahat[0]", "break_outside"),
        (monday(istirahat=[["15:30", "16:30"]]), f"{SENIN}.istirahat[0]", "break_outside"),
        (
            monday(istirahat=[["12:00", "13:00"], ["12:30", "13:30"]]),
            f"{SENIN}.istirahat[1]",
            "break_overlap",
        ),
        (monday(istirahat=["12:00", "13:00"]), f"{SENIN}.istirahat[0]", "not_a_list"),
        (monday(istirahat=[["12:00"]]), f"{SENIN}.istirahat[0][1]", "missing"),
        (monday(lama_istirahat=30), f"{SENIN}.lama_istirahat", "unplaced_break"),
        (monday(istirahat=[], lama_istirahat=-5), f"{SENIN}.lama_istirahat", "not_a_whole_number"),
        (regency(pattern(days={"senen": MONDAY})), "jam_kerja[0].hari.senen", "unknown_field"),
        (regency(pattern(days={"senin": {"masuk": "07:30"}})), f"{SENIN}.pulang", "missing"),
        (regency(pattern(days={"senin": "07:30"})), SENIN, "not_a_mapping"),
        (regency(zona="Asia/Jakrata"), "zona", "not_one_of"),
        (regency(zona="Europe/London"), "zona", "not_among"),
        (regency(istirahat="diluar"), "istirahat", "not_among"),
        (regency(kode=35.08), "kode", "not_a_text"),
        (regency(nama=""), "nama", "empty"),
        (regency(jam_kerja=[]), "jam_kerja", "empty"),
        (regency(jamkerja=[]), "jamkerja", "unknown_field"),
        (regency(libur={"nasional": "kadang"}), "libur.nasional", "not_yes_no"),
        (regency(libur={"tambahan": [{"nama": "x"}]}), "libur.tambahan[0].tanggal", "missing"),
        (
            regency(libur={"tambahan": [{"tanggal": 20261024, "nama": "x"}]}),
            "libur.tambahan[0].tanggal",
            "not_a_date",
        ),
        (regency(pattern(berlaku={"sejak": "2026-02-30"})), "jam_kerja[0].berlaku.sejak", "not_a_date"),
        (
            regency(pattern(berlaku=AUGUST | {"sampai": date(2026, 8, 1)})),
            "jam_kerja[0].berlaku.sampai",
            "validity",
        ),
        (regency(pattern(), pattern(berlaku=AUGUST)), "jam_kerja[1].berlaku", "versions_overlap"),
        (regency(pattern(), ramadan(menggantikan="lima_hri")), "jam_kerja[1].menggantikan", "not_one_of"),
        (
            regency(pattern(), ramadan(menggantikan="lima_hari_ramadan")),
            "jam_kerja[1].menggantikan",
            "not_one_of",
        ),
        (
            regency(pattern(), ramadan(), pattern("lain", berlaku=MARCH, menggantikan="lima_hari")),
            "jam_kerja[2].berlaku",
            "replacements_overlap",
        ),
        (
            regency(pattern("a", menggantikan="b"), pattern("b", menggantikan="a")),
            "jam_kerja[0].menggantikan",
            "replaces_circle",
        ),
        (
            regency(pattern(), ramadan(), pattern("lima_hari_ramadan", berlaku=AUGUST)),
            "jam_kerja[2].menggantikan",
            "replaces_differently",
        ),
        ([], "", "not_a_mapping"),
        (None, "", "not_a_mapping"),
    ],
)
def test_what_is_wrong_is_named_by_place_value_and_repair(data: Any, place: str, key: str) -> None:
    with pytest.raises(PolicyDataError) as caught:
        read(data)
    assert (caught.value.params["field"], caught.value.key) == (place, f"policy.error.{key}")
    for texts in load_catalogues().values():
        assert place in texts(caught.value.key, **caught.value.params)


def test_a_misspelt_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(PolicyDataError) as caught:
        read(regency(pattern(days={"senen": MONDAY})))
    assert caught.value.params["suggestion"] == "senin"


def test_a_bad_week_of_the_nation_is_named_in_its_own_file() -> None:
    data = plain("nasional/jam_kerja.yaml")
    data["ramadan"]["jumlah"] = 32.5
    with pytest.raises(PolicyDataError) as caught:
        read_national_hours(data)
    assert (caught.value.path, caught.value.key) == (("ramadan", "jumlah"), "policy.error.duration")


def test_a_ramadan_that_ends_before_it_begins_is_refused() -> None:
    data = plain("nasional/jam_kerja.yaml")
    data["masa_ramadan"][0]["sampai"] = date(2026, 2, 1)
    with pytest.raises(PolicyDataError, match=r"masa_ramadan\[0\]\.sampai: policy\.error\.validity"):
        read_national_hours(data)
