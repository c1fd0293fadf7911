"""The days off: tables of the decrees beside the package, years without a decree, additions and removals."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.catalogues import load_catalogues
from bot.policy.data_error import PolicyDataError
from bot.policy.days_off import HolidayYears, package_year
from bot.policy.document import parse
from bot.policy.holiday_years import amended, read_national_holidays
from bot.policy.regency import HolidayRules

POLICIES = Path(__file__).parents[2] / "policies"
FILE = "nasional/libur.yaml"


def national() -> HolidayYears:
    return read_national_holidays(parse((POLICIES / FILE).read_text("utf-8"), FILE).data)


def days(year: int, text: str) -> list[date]:
    """ "1 16, 17" → one list of days a month, months separated by commas."""
    months = enumerate(text.split(","), start=1)
    return [date(year, month, int(day)) for month, numbers in months for day in numbers.split()]


# The joint decree of 2026, a month between commas
HOLIDAYS_2026 = days(2026, "1 16, 17, 19 21 22, 3 5, 1 14 27 31, 1 16, , 17 25, , , , 25")
JOINT_LEAVE_2026 = days(2026, " , 16, 18 20 23 24, , 15 28, , , , , , , 24")


def test_2026_has_exactly_the_holidays_and_joint_leave_of_the_decree() -> None:
    year = national()(2026)
    assert sorted(day for day, off in year.days.items() if not off.joint) == HOLIDAYS_2026
    assert sorted(day for day, off in year.days.items() if off.joint) == JOINT_LEAVE_2026
    assert year.decreed


@pytest.mark.parametrize("year", [2026, 2027])
def test_the_tables_and_the_installed_package_agree(year: int) -> None:
    table, package = national()(year), package_year(year)
    assert table.decreed
    assert package.decreed
    assert {day: (off.joint, off.estimated) for day, off in table.days.items()} == {
        day: (off.joint, off.estimated) for day, off in package.days.items()
    }


def test_the_estimated_days_of_2027_are_idul_fitri_and_idul_adha() -> None:
    estimated = {day: off.names["id"] for day, off in national()(2027).days.items() if off.estimated}
    assert set(estimated.values()) == {"Idul Fitri", "Idul Adha"}
    assert len(estimated) == 3  # two days of Idul Fitri


def test_every_feast_that_people_name_is_a_holiday_of_the_table() -> None:
    words = parse((POLICIES / "kosakata/waktu.yaml").read_text("utf-8"), "").data
    feasts = {entry["simbol"].removeprefix("@").lower() for entry in words["hari_bergerak"]}
    assert feasts <= {off.id for off in national()(2026).days.values()}


def test_joint_leave_names_its_occasion_in_both_languages() -> None:
    assert national()(2026).days[date(2026, 12, 24)].names == {
        "id": "Cuti bersama Hari Raya Natal",
        "en": "Joint leave for Christmas Day",
    }


def test_a_year_without_a_table_comes_from_the_package_with_names_in_both_languages() -> None:
    christmas = national()(2025).days[date(2025, 12, 25)]
    assert christmas.names == {"id": "Hari Raya Natal", "en": "Christmas Day"}
    assert national()(2025).decreed


def test_a_year_whose_decree_is_not_known_says_so_and_marks_estimates() -> None:
    year = national()(2028)
    assert not year.decreed
    assert year.days[date(2028, 2, 27)].estimated
    assert "perkiraan" not in year.days[date(2028, 2, 27)].names["id"]
    assert not year.days[date(2028, 8, 17)].estimated


@pytest.mark.parametrize("year", [1900, 2200])
def test_years_beyond_the_package_have_no_decree_and_do_not_fail(year: int) -> None:
    assert not national()(year).decreed


def test_a_decreed_year_does_not_load_the_package() -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from bot.policy.document import parse\n"
        "from bot.policy.holiday_years import read_national_holidays\n"
        f"text = Path({str(POLICIES / FILE)!r}).read_text('utf-8')\n"
        "assert read_national_holidays(parse(text, '').data)(2026).days\n"
        "sys.exit('holidays' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# --- changes ---------------------------------------------------------------------------------


def rules(**changes: Any) -> HolidayYears:
    read = HolidayRules.model_validate(changes)
    return amended(national(), read.tambahan, read.dihapus, national=read.nasional, joint=read.cuti_bersama)


def test_a_regency_adds_and_removes_days() -> None:
    found = rules(
        tambahan=[{"tanggal": date(2026, 10, 24), "nama": "Hari jadi"}],
        dihapus=[{"tanggal": date(2026, 12, 24), "alasan": "masuk"}],
    )(2026)
    assert found.days[date(2026, 10, 24)].names["id"] == "Hari jadi"
    assert date(2026, 12, 24) not in found.days
    assert date(2026, 12, 25) in found.days


def test_a_regency_can_leave_out_joint_leave_or_national_holidays() -> None:
    assert sorted(rules(cuti_bersama="tidak")(2026).days) == HOLIDAYS_2026
    assert sorted(rules(nasional="tidak")(2026).days) == JOINT_LEAVE_2026


def test_an_added_day_belongs_to_its_own_year_only() -> None:
    found = rules(tambahan=[{"tanggal": "2026-10-24", "nama": "Hari jadi"}])
    assert date(2026, 10, 24) in found(2026).days
    assert date(2026, 10, 24) not in found(2027).days


# --- errors ----------------------------------------------------------------------------------


def small(**changes: Any) -> dict[str, Any]:
    year = {"tahun": 2030, "libur": {"2030-01-01": "baru"}, "cuti_bersama": {"2030-01-02": "baru"}}
    names = {"baru": {"id": "Tahun baru", "en": "New year"}}
    return {"skema": 1, "nama": names, "nama_cuti_bersama": "Cuti bersama {nama}", "tahun": [year | changes]}


@pytest.mark.parametrize(
    ("changes", "place", "key"),
    [
        ({"libur": {"2031-01-01": "baru"}}, "tahun[0].libur.2031-01-01", "other_year"),
        ({"libur": {"2030-01-01": "lama"}}, "tahun[0].libur.2030-01-01", "not_among"),
        ({"libur": {"2030-01-02": "baru"}}, "tahun[0].libur.2030-01-02", "day_twice"),
        ({"libur": {"2030-02-30": "baru"}}, "tahun[0].libur.2030-02-30", "not_a_date"),
        ({"perkiraan": ["2030-01-03"]}, "tahun[0].perkiraan[0]", "day_not_off"),
        ({"tahun": "2030"}, "tahun[0].tahun", "not_a_whole_number"),
    ],
)
def test_a_wrong_table_is_named_by_its_place(changes: dict[str, Any], place: str, key: str) -> None:
    with pytest.raises(PolicyDataError) as caught:
        read_national_holidays(small(**changes))
    assert (caught.value.params["field"], caught.value.key) == (place, f"policy.error.{key}")
    for texts in load_catalogues().values():
        assert place in texts(caught.value.key, **caught.value.params)


def test_a_year_stands_in_the_tables_once() -> None:
    data = small()
    with pytest.raises(PolicyDataError, match="year_twice"):
        read_national_holidays(data | {"tahun": data["tahun"] * 2})


def test_a_day_is_not_added_twice_nor_added_and_removed() -> None:
    added = {"tanggal": date(2026, 10, 24), "nama": "Hari jadi"}
    with pytest.raises(PolicyDataError, match="day_twice"):
        rules(tambahan=[added, added])
    with pytest.raises(PolicyDataError, match="day_added_and_removed"):
        rules(tambahan=[added], dihapus=[{"tanggal": date(2026, 10, 24), "alasan": "x"}])
