"""The working calendar: edges to the minute, replaced patterns, days off, and a naive reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Grain, Unknown, When
from bot.worktime import (
    BreakRule,
    Calendar,
    Holiday,
    HolidayYear,
    Hours,
    Pattern,
    Reason,
    Source,
    State,
    UnknownPatternError,
    cautions,
    implied,
    in_working_hours,
    resolve,
    state_at,
    stretches,
    weekly_hours,
    working_days_between,
)
from bot.worktime.timeline import MEMO_SIZE

WIB = ZoneInfo("Asia/Jakarta")
OPEN = (date(2026, 1, 1), None)


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def hours(start: str, end: str, *breaks: tuple[str, str]) -> Hours:
    """Times past "24:00" are on the next day."""
    return Hours(clock(start), clock(end), tuple((clock(a), clock(b)) for a, b in breaks))


# 4 days of 7.5 hours and a Friday of 7.5 hours: 37.5 hours a week
LONG = hours("07:30", "16:00", ("12:00", "13:00"))
FRIDAY = hours("07:30", "16:30", ("11:30", "13:00"))
OFFICE = {0: LONG, 1: LONG, 2: LONG, 3: LONG, 4: FRIDAY}
SHORT = hours("08:00", "15:00", ("12:00", "12:30"))
RAMADAN = {0: SHORT, 1: SHORT, 2: SHORT, 3: SHORT, 4: hours("08:00", "15:30", ("11:30", "12:30"))}
NIGHT = {0: hours("22:00", "30:00", ("26:00", "26:30"))}

DAYS_OFF = {
    date(2026, 12, 24): Holiday({"id": "Cuti bersama Natal"}, joint=True),
    date(2026, 12, 25): Holiday({"id": "Natal"}),
    date(2027, 3, 10): Holiday({"id": "Idul Fitri"}, estimated=True),
}


def days_off(year: int) -> HolidayYear:
    return HolidayYear({day: off for day, off in DAYS_OFF.items() if day.year == year}, decreed=year == 2026)


def calendar(*more: Pattern, rule: BreakRule = BreakRule.OUTSIDE) -> Calendar:
    patterns = (
        Pattern("lima_hari", *OPEN, OFFICE, source=Source("SK", verified=True)),
        Pattern("lima_hari_ramadan", date(2026, 2, 19), date(2026, 3, 21), RAMADAN, replaces="lima_hari"),
        Pattern("enam_hari", *OPEN, {day: hours("07:00", "13:30") for day in range(6)}),
        Pattern("shift", *OPEN, None, works_on_holidays=True),
        Pattern("malam", *OPEN, NIGHT, works_on_holidays=True),
        *more,
    )
    ramadan = ((date(2026, 2, 19), date(2026, 3, 21)),)
    return Calendar("uji", WIB, patterns, days_off, rule, ramadan=ramadan)


CALENDAR = calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


# --- edges -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "time", "state"),
    [
        ("lima_hari", "2026-11-23 07:29", State.OFF),  # a Monday
        ("lima_hari", "2026-11-23 07:30", State.WORKING),
        ("lima_hari", "2026-11-23 11:59", State.WORKING),
        ("lima_hari", "2026-11-23 12:00", State.BREAK),
        ("lima_hari", "2026-11-23 12:59", State.BREAK),
        ("lima_hari", "2026-11-23 13:00", State.WORKING),
        ("lima_hari", "2026-11-23 15:59", State.WORKING),
        ("lima_hari", "2026-11-23 16:00", State.OFF),
        ("lima_hari", "2026-11-27 11:30", State.BREAK),  # a Friday
        ("lima_hari", "2026-11-27 16:29", State.WORKING),
        ("lima_hari", "2026-11-27 16:30", State.OFF),
        ("lima_hari", "2026-11-28 10:00", State.OFF),  # a Saturday
        ("enam_hari", "2026-11-28 06:59", State.OFF),
        ("enam_hari", "2026-11-28 07:00", State.WORKING),
        ("enam_hari", "2026-11-29 10:00", State.OFF),
        ("lima_hari", "2026-12-23 10:00", State.WORKING),
        ("lima_hari", "2026-12-24 10:00", State.OFF),  # joint leave
        ("lima_hari", "2026-12-25 10:00", State.OFF),  # holiday
        ("shift", "2026-12-25 10:00", State.UNKNOWN),
        ("malam", "2026-11-23 21:59", State.OFF),
        ("malam", "2026-11-23 22:00", State.WORKING),
        ("malam", "2026-11-24 00:00", State.WORKING),
        ("malam", "2026-11-24 02:00", State.BREAK),
        ("malam", "2026-11-24 05:59", State.WORKING),
        ("malam", "2026-11-24 06:00", State.OFF),
        ("lima_hari", "2025-12-31 10:00", State.UNKNOWN),  # before any version
    ],
)
def test_the_state_changes_exactly_at_the_edges(pattern: str, time: str, state: State) -> None:
    assert state_at(CALENDAR, pattern, at(time)).state is state


def test_the_last_microsecond_before_masuk_is_still_off() -> None:
    last = at("2026-11-23 07:29:59.999999")
    assert state_at(CALENDAR, None, last).state is State.OFF


def test_an_instant_of_another_zone_is_read_in_the_regencys_zone() -> None:
    found = state_at(CALENDAR, None, datetime(2026, 11, 23, 0, 30, tzinfo=UTC))
    assert found.start == at("2026-11-23 07:30")


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        state_at(CALENDAR, None, datetime(2026, 11, 23, 8))  # noqa: DTZ001 - that is the point


def test_an_unknown_pattern_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UnknownPatternError) as caught:
        state_at(CALENDAR, "tujuh_hari", at("2026-11-23 08:00"))
    assert caught.value.known == ("lima_hari", "enam_hari", "shift", "malam")


@pytest.mark.parametrize("name", ["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"])
def test_hours_are_local_in_every_zone_of_the_country(name: str) -> None:
    zone = ZoneInfo(name)
    local = Calendar("uji", zone, CALENDAR.patterns, days_off)
    assert state_at(local, None, datetime(2026, 11, 23, 7, 30, tzinfo=zone)).state is State.WORKING
    assert state_at(local, None, datetime(2026, 11, 23, 7, 29, tzinfo=zone)).state is State.OFF


# --- stretches -------------------------------------------------------------------------------


def test_a_stretch_reaches_over_midnight_and_over_the_weekend() -> None:
    assert state_at(CALENDAR, None, at("2026-11-24 03:00")).start == at("2026-11-23 16:00")
    weekend = state_at(CALENDAR, None, at("2026-11-29 12:00"))
    assert (weekend.start, weekend.end) == (at("2026-11-28 00:00"), at("2026-11-30 00:00"))
    assert weekend.reason is Reason.WEEKEND


def test_a_holiday_is_a_stretch_of_its_own_with_its_name() -> None:
    found = stretches(CALENDAR, None, at("2026-12-24 00:00"), at("2026-12-26 00:00"))
    assert [part.reason for part in found] == [Reason.JOINT_LEAVE, Reason.HOLIDAY]
    assert [part.holiday and part.holiday.names["id"] for part in found] == ["Cuti bersama Natal", "Natal"]


def test_a_span_within_one_stretch_gives_just_that_span() -> None:
    start, end = at("2026-11-23 08:00"), at("2026-11-23 09:00")
    (only,) = stretches(CALENDAR, None, start, end)
    assert (only.start, only.end, only.state) == (start, end, State.WORKING)


def test_a_span_that_begins_and_ends_at_edges_has_only_what_lies_between() -> None:
    (only,) = stretches(CALENDAR, None, at("2026-11-23 12:00"), at("2026-11-23 13:00"))
    assert only.state is State.BREAK


def test_a_row_of_days_off_is_one_stretch_from_every_day_of_it() -> None:
    short_week = Pattern("empat_hari", *OPEN, dict.fromkeys(range(4), LONG))
    found = Calendar("uji", WIB, (short_week,), days_off)
    for day in ("2026-11-27", "2026-11-28", "2026-11-29"):
        here = state_at(found, None, at(f"{day} 10:00"))
        assert (here.start, here.end) == (at("2026-11-27 00:00"), at("2026-11-30 00:00"))


def test_an_empty_span_has_no_stretches() -> None:
    assert stretches(CALENDAR, None, at("2026-11-23 08:00"), at("2026-11-23 08:00")) == ()


def test_unknown_hours_are_one_stretch_however_long() -> None:
    (only,) = stretches(CALENDAR, "shift", at("2026-03-01 00:00"), at("2026-12-31 00:00"))
    assert only.reason is Reason.HOURS_UNKNOWN


def test_plans_are_kept_for_a_bounded_number_of_days() -> None:
    found = calendar()
    for step in range(MEMO_SIZE):
        state_at(found, "shift", at("2026-01-01 10:00") + timedelta(days=40 * step % 100_000))
    assert 0 < len(found.memo) <= MEMO_SIZE


# --- patterns --------------------------------------------------------------------------------


def test_a_replacement_holds_from_its_first_day_to_the_day_before_its_end() -> None:
    assert state_at(CALENDAR, None, at("2026-02-18 07:30")).state is State.WORKING
    assert state_at(CALENDAR, None, at("2026-02-19 07:30")).state is State.OFF
    assert state_at(CALENDAR, None, at("2026-03-20 07:59")).state is State.OFF  # last day of it
    assert state_at(CALENDAR, None, at("2026-03-23 07:30")).state is State.WORKING


def test_a_replacement_leaves_people_of_other_patterns_alone() -> None:
    assert state_at(CALENDAR, "enam_hari", at("2026-02-19 07:30")).state is State.WORKING


def test_a_person_registered_with_a_replacement_follows_what_it_replaces_outside_its_dates() -> None:
    assert state_at(CALENDAR, "lima_hari_ramadan", at("2026-11-23 07:30")).state is State.WORKING


def test_a_special_day_within_ramadan_beats_ramadan() -> None:
    special = Pattern(
        "upacara", date(2026, 2, 26), date(2026, 2, 27), {3: hours("06:00", "09:00")}, "lima_hari"
    )
    found = calendar(special)
    assert state_at(found, None, at("2026-02-26 06:00")).state is State.WORKING
    assert state_at(found, None, at("2026-02-27 06:00")).state is State.OFF


def test_a_new_version_takes_over_at_midnight_and_is_a_change_point() -> None:
    old = Pattern("lima_hari", date(2026, 1, 1), date(2026, 7, 1), OFFICE)
    new = Pattern("lima_hari", date(2026, 7, 1), None, {day: hours("09:00", "17:00") for day in range(5)})
    found = Calendar("uji", WIB, (old, new), days_off)
    assert state_at(found, None, at("2026-06-30 08:00")).state is State.WORKING
    assert state_at(found, None, at("2026-07-01 08:00")).state is State.OFF
    assert state_at(found, None, at("2026-06-30 20:00")).end == at("2026-07-01 00:00")


def test_a_pattern_that_has_ended_leaves_the_hours_unknown() -> None:
    ended = Calendar(
        "uji", WIB, (Pattern("lima_hari", date(2026, 1, 1), date(2026, 7, 1), OFFICE),), days_off
    )
    assert state_at(ended, None, at("2026-07-01 00:00")).reason is Reason.NO_PATTERN


def test_a_night_shift_before_a_holiday_works_into_the_holiday() -> None:
    night = Pattern("malam", *OPEN, {2: hours("22:00", "30:00")})  # Wednesdays
    found = Calendar("uji", WIB, (night,), days_off)
    assert state_at(found, None, at("2026-12-24 05:59")).state is State.WORKING
    assert state_at(found, None, at("2026-12-24 06:00")).reason is Reason.JOINT_LEAVE


# --- what counts, what must be admitted ------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (BreakRule.OUTSIDE, False),
        (BreakRule.INSIDE, True),
        (BreakRule.UNREGULATED, Unknown.BREAK_UNREGULATED),
    ],
)
def test_a_break_counts_as_the_regency_says(rule: BreakRule, expected: bool | Unknown) -> None:
    found = calendar(rule=rule)
    assert in_working_hours(found, state_at(found, None, at("2026-11-23 12:30"))) is expected


def test_unknown_hours_are_neither_within_nor_outside() -> None:
    unknown = state_at(CALENDAR, "shift", at("2026-11-23 12:30"))
    assert in_working_hours(CALENDAR, unknown) is Unknown.HOURS_UNKNOWN


def cautions_at(time: str, pattern: str | None = None, *, of: Calendar = CALENDAR) -> tuple[str, ...]:
    return cautions(of, state_at(of, pattern, at(time)))


def test_verified_hours_need_no_caution_and_unverified_ones_do() -> None:
    assert cautions_at("2026-11-23 08:00") == ()
    assert cautions_at("2026-11-23 08:00", "enam_hari") == ("hours_unverified",)
    assert cautions_at("2026-11-29 08:00", "enam_hari") == ()  # a Sunday needs no hours


def test_an_assumed_break_rule_is_admitted_in_a_break_only() -> None:
    assert cautions_at("2026-11-23 12:30") == ("break",)
    sure = Calendar("uji", WIB, CALENDAR.patterns, days_off, BreakRule.OUTSIDE, Source("SE", verified=True))
    assert cautions_at("2026-11-23 12:30", of=sure) == ()


def test_a_break_without_times_is_admitted_while_working() -> None:
    pattern = Pattern("x", *OPEN, {0: Hours(420, 900, unplaced_break=30)}, source=Source(verified=True))
    found = Calendar("uji", WIB, (pattern,), days_off)
    assert cautions_at("2026-11-23 12:00", of=found) == ("break_times_unknown",)


def test_an_estimated_holiday_and_a_year_without_decree_are_admitted() -> None:
    assert cautions_at("2027-03-10 10:00") == ("holiday_estimated",)
    assert cautions_at("2027-03-08 10:00") == ("holidays_undecreed",)


# --- named times -----------------------------------------------------------------------------

MONDAY_8 = at("2026-11-23 08:00")


def said(symbol: str, *day: str, grain: Grain = Grain.INTERVAL) -> When:
    start, end = (*map(at, day), None, None)[:2]
    return When(start, end, grain, symbol)


def spans(when: When, now: datetime = MONDAY_8, pattern: str | None = None) -> list[tuple[str, str | None]]:
    found = resolve(when, CALENDAR, pattern, now)
    assert all(part.symbol == when.symbol for part in found)
    return [(f"{w.start:%m-%d %H:%M}", f"{w.end:%m-%d %H:%M}" if w.end else None) for w in found]


@pytest.mark.parametrize(
    ("symbol", "now", "start", "end"),
    [
        ("@ISTIRAHAT", "2026-11-23 08:00", "11-23 12:00", "11-23 13:00"),
        ("@ISTIRAHAT", "2026-11-23 12:59", "11-23 12:00", "11-23 13:00"),
        ("@ISTIRAHAT", "2026-11-23 13:00", "11-24 12:00", "11-24 13:00"),
        ("@ISTIRAHAT", "2026-11-27 18:00", "11-30 12:00", "11-30 13:00"),  # Friday evening
        ("@JAM_KERJA", "2026-11-23 08:00", "11-23 07:30", "11-23 16:00"),
        ("@JAM_KERJA", "2026-11-23 16:00", "11-24 07:30", "11-24 16:00"),
        ("@LUAR_JAM_KERJA", "2026-11-23 08:00", "11-23 16:00", "11-24 07:30"),
        ("@LUAR_JAM_KERJA", "2026-11-23 12:30", "11-23 16:00", "11-24 07:30"),  # in the break
        ("@LUAR_JAM_KERJA", "2026-11-23 20:00", "11-23 20:00", "11-24 07:30"),
        ("@LUAR_JAM_KERJA", "2026-11-27 20:00", "11-27 20:00", "11-30 07:30"),  # over the weekend
        (
            "@LUAR_JAM_KERJA",
            "2026-12-23 20:00",
            "12-23 20:00",
            "12-28 07:30",
        ),  # over joint leave and Christmas
        ("@PULANG", "2026-11-23 08:00", "11-23 16:00", "11-24 00:00"),
        ("@PULANG", "2026-11-23 18:00", "11-23 16:00", "11-24 00:00"),
        ("@MASUK", "2026-11-23 07:30", "11-23 07:30", None),
        ("@MASUK", "2026-11-23 07:31", "11-24 07:30", None),
        ("@LIBUR", "2026-11-23 08:00", "11-28 00:00", "11-29 00:00"),
        ("@LIBUR", "2026-11-29 08:00", "11-29 00:00", "11-30 00:00"),
        ("@LIBUR", "2026-12-21 08:00", "12-24 00:00", "12-25 00:00"),
        ("@RAMADAN", "2026-01-05 08:00", "02-19 00:00", "03-21 00:00"),
        ("@RAMADAN", "2026-03-01 08:00", "03-01 00:00", "03-21 00:00"),
    ],
)
def test_a_name_without_a_day_is_the_present_or_next_one(
    symbol: str, now: str, start: str, end: str | None
) -> None:
    assert spans(said(symbol), at(now)) == [(start, end)]


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("@ISTIRAHAT", [("11-24 12:00", "11-24 13:00")]),
        ("@JAM_KERJA", [("11-24 07:30", "11-24 16:00")]),
        ("@LUAR_JAM_KERJA", [("11-24 16:00", "11-25 00:00"), ("11-24 00:00", "11-24 07:30")]),
        ("@PULANG", [("11-24 16:00", "11-25 00:00")]),
        ("@MASUK", [("11-24 07:30", None)]),
    ],
)
def test_a_name_with_a_day_is_that_days(symbol: str, expected: list[tuple[str, str | None]]) -> None:
    assert spans(said(symbol, "2026-11-24 00:00", "2026-11-25 00:00", grain=Grain.DAY)) == expected


def test_leaving_is_an_instant_where_an_instant_was_named() -> None:
    assert spans(said("@PULANG", grain=Grain.INSTANT)) == [("11-23 16:00", None)]
    assert spans(said("@PULANG", grain=Grain.INSTANT), at("2026-11-23 18:00")) == [("11-24 16:00", None)]


def test_a_name_has_no_time_on_a_day_without_working_hours() -> None:
    for symbol in ("@ISTIRAHAT", "@JAM_KERJA", "@PULANG", "@MASUK"):
        assert spans(said(symbol, "2026-11-29 00:00", "2026-11-30 00:00", grain=Grain.DAY)) == []


def test_a_whole_day_off_is_outside_working_hours_as_a_day() -> None:
    sunday = said("@LUAR_JAM_KERJA", "2026-11-29 00:00", "2026-11-30 00:00", grain=Grain.DAY)
    assert resolve(sunday, CALENDAR, None, MONDAY_8) == (sunday,)


def test_several_days_said_give_the_break_of_each_working_day() -> None:
    found = spans(said("@ISTIRAHAT", "2026-11-27 00:00", "2026-12-01 00:00"))
    assert found == [("11-27 11:30", "11-27 13:00"), ("11-30 12:00", "11-30 13:00")]


@pytest.mark.parametrize(
    ("symbol", "start", "end", "expected"),
    [
        ("@JAM_KERJA", "2026-11-24 04:00", "2026-11-24 11:00", ("11-24 07:30", "11-24 11:00")),
        (
            "@ISTIRAHAT",
            "2026-11-24 04:00",
            "2026-11-24 11:00",
            ("11-24 12:00", "11-24 13:00"),
        ),  # nothing left
        (
            "@JAM_KERJA",
            "2026-11-24 04:00",
            "2026-11-24 07:30",
            ("11-24 07:30", "11-24 16:00"),
        ),  # they only touch
        ("@JAM_KERJA", "2026-11-23 22:00", "2026-11-24 10:00", ("11-24 07:30", "11-24 10:00")),
    ],
)
def test_a_part_of_the_day_narrows_the_name_unless_nothing_is_left(
    symbol: str, start: str, end: str, expected: tuple[str, str]
) -> None:
    assert spans(said(symbol, start, end)) == [expected]


def test_a_clock_time_within_the_named_span_stays_that_instant() -> None:
    assert spans(said("@JAM_KERJA", "2026-11-24 10:00", grain=Grain.INSTANT)) == [("11-24 10:00", None)]


def test_a_clock_time_in_ramadan_is_on_its_first_working_day() -> None:
    nine = said("@RAMADAN", "2026-01-06 09:00", grain=Grain.INSTANT)
    assert spans(nine, at("2026-01-05 10:00")) == [("02-19 09:00", None)]
    assert spans(said("@RAMADAN", "2026-03-05 09:00", grain=Grain.INSTANT)) == [("03-05 09:00", None)]


def test_a_ramadan_that_begins_on_a_day_off_has_its_clock_times_on_the_first_day_of_work() -> None:
    saturday = (date(2026, 11, 28), date(2026, 12, 27))
    found = Calendar("uji", WIB, CALENDAR.patterns, days_off, ramadan=(saturday,))
    nine = said("@RAMADAN", "2026-11-24 09:00", grain=Grain.INSTANT)
    assert resolve(nine, found, None, MONDAY_8)[0].start == at("2026-11-30 09:00")


FEAST = {date(2027, 3, day): Holiday({"id": "Idul Fitri"}, id="idul_fitri") for day in (10, 11)}
JOINT = {date(2027, 3, 12): Holiday({"id": "Cuti bersama Idul Fitri"}, joint=True, id="idul_fitri")}


def test_a_feast_is_the_span_of_its_holidays_without_the_joint_leave() -> None:
    found = Calendar(
        "uji", WIB, CALENDAR.patterns, lambda year: HolidayYear(FEAST | JOINT if year == 2027 else {})
    )
    (feast,) = resolve(said("@IDUL_FITRI"), found, None, MONDAY_8)
    assert (feast.start, feast.end, feast.symbol) == (at("2027-03-10"), at("2027-03-12"), "@IDUL_FITRI")
    nine = said("@IDUL_FITRI", "2026-11-24 09:00", grain=Grain.INSTANT)
    assert resolve(nine, found, None, MONDAY_8)[0].start == at("2027-03-10 09:00")
    assert resolve(said("@NYEPI"), found, None, MONDAY_8) == ()


def test_a_clock_time_on_a_day_off_is_on_the_next_day_off() -> None:
    assert spans(said("@LIBUR", "2026-11-24 09:00", grain=Grain.INSTANT)) == [("11-28 09:00", None)]


def test_the_days_off_among_the_days_said_are_meant() -> None:
    week = said("@LIBUR", "2026-12-21 00:00", "2026-12-27 00:00")
    assert [start for start, _ in spans(week)] == ["12-24 00:00", "12-25 00:00", "12-26 00:00"]


@pytest.mark.parametrize(
    "symbol", ["@ISTIRAHAT", "@JAM_KERJA", "@LUAR_JAM_KERJA", "@PULANG", "@MASUK", "@LIBUR"]
)
def test_where_hours_are_not_known_a_name_has_no_time(symbol: str) -> None:
    assert spans(said(symbol), pattern="shift") == []


def test_the_next_break_is_not_sought_beyond_a_day_of_unknown_hours() -> None:
    unknown = Pattern("khusus", date(2026, 11, 24), date(2026, 11, 25), None, replaces="lima_hari")
    found = resolve(said("@ISTIRAHAT"), calendar(unknown), None, at("2026-11-23 14:00"))
    assert found == ()


def test_free_time_is_not_sought_beyond_a_day_of_unknown_hours() -> None:
    unknown = Pattern("khusus", date(2026, 11, 24), date(2026, 11, 25), None, replaces="lima_hari")
    on_that_day, before = at("2026-11-24 10:00"), at("2026-11-23 20:00")
    assert resolve(said("@LUAR_JAM_KERJA"), calendar(unknown), None, on_that_day) == ()
    (evening,) = resolve(said("@LUAR_JAM_KERJA"), calendar(unknown), None, before)
    assert evening.end == at("2026-11-24 00:00")


def test_a_ramadan_that_nobody_confirmed_has_no_time() -> None:
    assert spans(said("@RAMADAN")) == []  # asked in November 2026


def test_a_night_shift_that_is_still_going_on_is_the_present_one() -> None:
    now = at("2026-11-24 01:00")
    assert spans(said("@JAM_KERJA"), now, "malam") == [("11-23 22:00", "11-24 06:00")]
    assert spans(said("@ISTIRAHAT"), now, "malam") == [("11-24 02:00", "11-24 02:30")]


def test_a_time_without_a_name_stays_as_it_is_and_an_unknown_name_has_no_time() -> None:
    plain = When(MONDAY_8, None, Grain.INSTANT)
    assert resolve(plain, CALENDAR, None, MONDAY_8) == (plain,)
    assert spans(said("@TENGAH_MALAM")) == []


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("@JAM_KERJA", True),
        ("@MASUK", True),
        ("@LUAR_JAM_KERJA", False),
        ("@PULANG", False),
        ("@ISTIRAHAT", False),
    ],
)
def test_a_name_tells_shift_staff_whether_it_is_working_time(symbol: str, expected: bool) -> None:
    assert implied(symbol, CALENDAR) is expected


def test_the_name_of_a_break_tells_only_what_the_regency_has_settled() -> None:
    assert implied("@ISTIRAHAT", calendar(rule=BreakRule.UNREGULATED)) is Unknown.BREAK_UNREGULATED
    assert implied("@LIBUR", CALENDAR) is None


# --- counting --------------------------------------------------------------------------------


def test_working_days_leave_out_weekends_holidays_and_the_last_day() -> None:
    monday, next_monday = date(2026, 12, 21), date(2026, 12, 28)
    assert working_days_between(CALENDAR, None, monday, next_monday) == 3  # Mon Tue Wed; Thu, Fri are off
    assert working_days_between(CALENDAR, None, monday, monday) == 0
    assert working_days_between(CALENDAR, None, next_monday, monday) == 0


def test_deadlines_of_shift_staff_run_by_the_default_pattern() -> None:
    start, end = date(2026, 12, 21), date(2026, 12, 28)
    assert working_days_between(CALENDAR, "shift", start, end) == 3


def test_the_week_is_summed_without_breaks() -> None:
    office, ramadan, _, shift, _ = CALENDAR.patterns
    assert weekly_hours(office) == timedelta(hours=37, minutes=30)  # 4 × 7.5 + 7.5
    assert weekly_hours(ramadan) == timedelta(hours=32, minutes=30)  # 4 × 6.5 + 6.5
    assert weekly_hours(shift) is None


# --- against a naive reference ---------------------------------------------------------------

FIRST = date(2026, 2, 2)

quarter = st.integers(0, 95).map(lambda n: n * 15)


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    start = draw(quarter)
    length = draw(st.integers(2, 96)) * 15
    first = start + draw(st.integers(0, length // 15 - 1)) * 15
    last = min(first + draw(st.integers(1, 8)) * 15, start + length)
    return Hours(start, start + length, ((first, last),) if draw(st.booleans()) else ())


weeks = st.dictionaries(st.integers(0, 6), some_hours(), max_size=7) | st.none()
dates = st.integers(0, 20).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def some_calendar(draw: st.DrawFn) -> Calendar:
    """A base pattern in up to two versions, a replacement and a shorter replacement within it."""
    cut, first = draw(dates), draw(dates)
    length = draw(st.integers(2, 10))
    rests = st.booleans()
    patterns = (
        Pattern("dasar", date(2026, 1, 1), cut, draw(weeks), None, draw(rests)),
        Pattern("dasar", cut, draw(dates | st.none()), draw(weeks), None, draw(rests)),
        Pattern("ganti", first, first + timedelta(days=length), draw(weeks), "dasar", draw(rests)),
        Pattern(
            "khusus", first, first + timedelta(days=1), draw(weeks), draw(st.sampled_from(["dasar", "ganti"]))
        ),
    )
    off = {day: Holiday({"id": str(day)}, joint=draw(rests)) for day in draw(st.sets(dates, max_size=4))}
    zone = ZoneInfo(draw(st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])))
    return Calendar("uji", zone, patterns, lambda year: HolidayYear(off))


def naive_pattern(found: Calendar, day: date) -> Pattern | None:
    """Straight from the definition: the version in force, replaced as long as something replaces it."""
    base1, base2, wide, narrow = found.patterns
    chosen = base1 if base1.valid_on(day) else base2 if base2.valid_on(day) else None
    if wide.valid_on(day):
        chosen = wide
    if narrow.valid_on(day) and (narrow.replaces == "dasar" or wide.valid_on(day)):
        chosen = narrow
    return chosen


def naive_state(found: Calendar, moment: datetime) -> State:
    off: Mapping[date, Holiday] = found.holidays(moment.year).days
    minute = moment.hour * 60 + moment.minute
    for day, since in ((moment.date(), minute), (moment.date() - timedelta(days=1), minute + 1440)):
        pattern = naive_pattern(found, day)
        if pattern is None or pattern.days is None or (day in off and not pattern.works_on_holidays):
            continue
        today = pattern.days.get(day.weekday())
        if today is not None and today.start <= since < today.end:
            return State.BREAK if any(a <= since < b for a, b in today.breaks) else State.WORKING
    pattern = naive_pattern(found, moment.date())
    if pattern is None:
        return State.UNKNOWN
    if moment.date() in off and not pattern.works_on_holidays:
        return State.OFF
    return State.UNKNOWN if pattern.days is None else State.OFF


@settings(max_examples=60, deadline=None)
@given(some_calendar(), dates, st.integers(0, 1439), st.integers(1, 3 * 1440))
def test_stretches_agree_minute_by_minute_with_the_definition(
    found: Calendar, day: date, minute: int, length: int
) -> None:
    start = found.at(day, minute)
    for part in stretches(found, None, start, start + timedelta(minutes=length)):
        moment = part.start
        while moment < part.end:
            assert naive_state(found, moment) is part.state, moment
            moment += timedelta(minutes=1)


@settings(max_examples=150, deadline=None)
@given(some_calendar(), dates, st.integers(0, 1439), st.integers(1, 25 * 1440))
def test_stretches_cover_a_span_exactly_and_neighbours_differ(
    found: Calendar, day: date, minute: int, length: int
) -> None:
    start = found.at(day, minute)
    end = start + timedelta(minutes=length)
    parts = stretches(found, None, start, end)
    assert parts[0].start == start
    assert parts[-1].end == end
    assert all(part.start < part.end for part in parts)
    assert all(a.end == b.start and not b.continues(a) for a, b in pairwise(parts))


@settings(max_examples=150, deadline=None)
@given(some_calendar(), dates, st.integers(0, 1439))
def test_the_stretch_at_an_instant_holds_it_and_keeps_its_state_to_the_end(
    found: Calendar, day: date, minute: int
) -> None:
    moment = found.at(day, minute)
    here = state_at(found, None, moment)
    assert here.start <= moment < here.end
    assert here.state is naive_state(found, moment)
    edge = here.end - timedelta(minutes=1)
    assert naive_state(found, edge) is here.state


@settings(max_examples=100, deadline=None)
@given(
    some_calendar(),
    st.sampled_from(["@ISTIRAHAT", "@JAM_KERJA", "@LUAR_JAM_KERJA", "@PULANG", "@MASUK"]),
    dates,
    st.integers(0, 1439),
)
def test_a_resolved_name_is_where_its_name_says(found: Calendar, symbol: str, day: date, minute: int) -> None:
    allowed = {
        "@ISTIRAHAT": {
            State.BREAK,
            State.WORKING,
        },  # the next day's hours may begin within a night shift's break
        "@JAM_KERJA": set(State),
        "@LUAR_JAM_KERJA": {State.OFF},
        "@PULANG": set(State),
        "@MASUK": {State.WORKING, State.BREAK},
    }
    now = found.at(day, minute)
    for when in resolve(When(None, None, Grain.INTERVAL, symbol), found, None, now):
        assert when.start is not None
        assert when.end is None or when.end > max(when.start, now)
        assert state_at(found, None, when.start).state in allowed[symbol]
