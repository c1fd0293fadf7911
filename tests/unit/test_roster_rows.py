"""A row → a person, or why not; units, duplicates, days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.numbers import MASK
from bot.people.roster.changes import LedgerUnit
from bot.people.roster.dates import day_of
from bot.people.roster.mapping import from_plain
from bot.people.roster.naming import UnitClasses
from bot.people.roster.tree import UnitTree
from bot.people.roster.units import plan_units
from bot.people.roster.words import folded, words_of
from bot.problems import Problem
from bot.vocabulary import Vocabulary
from tests.rosters import (
    HEADERS,
    NIPS,
    PPPK,
    accepted,
    frame,
    person,
    reasons,
    rejected,
    staged,
    texts,
    write_csv,
    write_xlsx,
)

moment = datetime  # a spreadsheet's moments have no zone
MORE = (*HEADERS, "Pola Kerja", "Kode Unit", "Jenis Unit", "TMT Pensiun")


def read_one(folder: Path, row: Sequence[Any], headers: Sequence[str] = MORE) -> dict[str, Any]:
    with staged(write_xlsx(folder / "r.xlsx", {"a": [headers, row]})) as read:
        assert reasons(read) == []
        return accepted(read)[0]


def why(folder: Path, row: Sequence[Any], headers: Sequence[str] = MORE) -> list[str]:
    """The reasons for which a row is rejected."""
    with staged(write_csv(folder / "r.csv", [headers, row])) as read:
        assert accepted(read) == []
        return [reason for _, reason in reasons(read)]


def test_a_whole_row_is_read(tmp_path: Path) -> None:
    row = person(1, "Sekar  Sari,\u00a0S.Pd", "PNS", phone="'0800 0000 001")
    found = read_one(tmp_path, [*row, "5 hari kerja", "U-1", "Puskesmas", ""])
    assert found["name"] == "Sekar Sari, S.Pd"
    assert (found["status"], found["pattern"], found["phone"]) == ("pns", "lima_hari", "+628000000001")


@pytest.mark.parametrize(
    ("said", "status", "number"),
    [
        ("PNS", "pns", NIPS[1]),
        ("pns ", "pns", NIPS[1]),
        ("CPNS", "pns", NIPS[1]),
        ("P3K", "pppk", PPPK),
        ("PPPK Paruh-Waktu", "pppk_paruh_waktu", PPPK),
        ("Non ASN", "non_asn", "THL45"),
        ("THL", "non_asn", "thl-45"),
        ("Perangkat Desa", "perangkat_desa", "12"),
    ],
)
def test_a_status_is_known_by_what_people_call_it(
    said: str, status: str, number: str, tmp_path: Path
) -> None:
    row = [number, *person(1)[1:]]
    row[2] = said
    assert read_one(tmp_path, row)["status"] == status


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: ""}, "number_empty"),
        ({0: PPPK}, "number_month"),
        ({0: "1,98501E+17"}, "number_lost_end"),
        ({1: ""}, "no_name"),
        ({1: "12"}, "no_name"),
        ({1: "x" * 201}, "long_name"),
        ({2: ""}, "no_status"),
        ({2: "Astronot"}, "status"),
        ({3: "", 4: "-"}, "no_unit"),
        ({3: "#N/A", 4: "#REF!"}, "no_unit"),
        ({3: "x" * 201}, "long_unit"),
        ({6: "sembilan hari"}, "pattern"),
        ({8: "warung"}, "unit_kind"),
        ({9: "kapan-kapan"}, "end"),
        ({9: "31-02-2027"}, "end"),
        ({10: "S.Pd"}, "too_wide"),
    ],
)
def test_a_row_is_rejected_with_the_reason(change: dict[int, str], reason: str, tmp_path: Path) -> None:
    row = [*person(1), "", "", "", "", ""]
    for at, cell in change.items():
        row[at] = cell
    assert why(tmp_path, row) == [reason]


def test_every_reason_is_told_at_once(tmp_path: Path) -> None:
    row = person(1, status="PNS", agency="", unit="")
    row[0] = "12"
    assert why(tmp_path, row, HEADERS) == ["number_length", "no_unit"]


def test_a_reason_repeats_no_number_of_a_person(tmp_path: Path) -> None:
    row = person(1)
    row[2] = NIPS[2]
    with staged(write_csv(tmp_path / "r.csv", [HEADERS, row])) as read:
        [found] = rejected(read)
        told = texts()(found.reasons[0].key, **found.reasons[0].values)
    assert MASK * 18 in told
    assert NIPS[2] not in told


def test_an_unusable_phone_is_a_remark_and_leaves_the_person(tmp_path: Path) -> None:
    with staged(write_csv(tmp_path / "r.csv", [HEADERS, person(1, phone="8,12E+10")])) as read:
        assert [(row["phone"], row["phone_known"]) for row in accepted(read)] == [(None, 0)]
        assert [reason.key for _, _, reason in read.staging.remarks()] == ["roster.remark_phone"]


def test_a_shared_phone_is_a_remark(tmp_path: Path) -> None:
    rows = [HEADERS, *(person(at, phone="0800 0000 001") for at in (1, 2, 3))]
    with staged(write_csv(tmp_path / "r.csv", rows)) as read:
        assert [(row, reason.values) for row, _, reason in read.staging.remarks()] == [
            (at, {"rows": "2, 3, 4"}) for at in (2, 3, 4)
        ]


def test_the_first_number_that_is_filled_counts(tmp_path: Path) -> None:
    headers = ["NIP", "Nomor THL", "Nama", "Jenis", "Kantor"]
    rows = [headers, [NIPS[1], "", "Sekar", "PNS", "Dinas"], ["", "45", "Budi", "Honorer", "Dinas"]]
    columns = {"nomor": ["NIP", "Nomor THL"], "nama": "Nama", "status": "Jenis"}
    with staged(
        write_csv(tmp_path / "r.csv", rows), from_plain({"kolom": columns, "unit": "Kantor"})
    ) as read:
        assert [row["number"] for row in accepted(read)] == [NIPS[1], "45"]


@pytest.mark.parametrize("end", ["22-11-2026", moment(2026, 11, 22), "22 November 2026", 46348])
def test_somebody_whose_employment_is_over_is_nobody_of_the_staff(end: Any, tmp_path: Path) -> None:
    rows = [MORE, [*person(1), "", "", "", end], [*person(2), "", "", "", "23-11-2026"]]
    with staged(write_xlsx(tmp_path / "r.xlsx", {"a": rows})) as read:
        assert [row["number"] for row in accepted(read)] == [NIPS[2]]
        assert rejected(read) == []
        assert [(row, reason.values) for row, _, reason in read.staging.remarks()] == [
            (2, {"day": "2026-11-22"})
        ]


# --- people twice ----------------------------------------------------------------------------


def test_rows_that_say_the_same_of_a_person_are_one(tmp_path: Path) -> None:
    spaced = [NIPS[1][:8] + " " + NIPS[1][8:], *person(1)[1:]]
    rows = [HEADERS, person(1), person(2), spaced, [*spaced[:1], "PEGAWAI 1", *spaced[2:]]]
    with staged(write_csv(tmp_path / "r.csv", rows)) as read:
        assert [row["row"] for row in accepted(read)] == [2, 3]
        assert [(row, reason.values) for row, _, reason in read.staging.remarks()] == [
            (2, {"rows": "2, 4, 5"})
        ]


def test_rows_that_contradict_each_other_are_all_rejected(tmp_path: Path) -> None:
    rows = [HEADERS, person(1), person(2), person(1, agency="Dinas Lain")]
    with staged(write_csv(tmp_path / "r.csv", rows)) as read:
        assert [row["row"] for row in accepted(read)] == [3]
        assert reasons(read) == [(2, "contradiction"), (4, "contradiction")]
        assert {found.number for found in rejected(read)} == {NIPS[1]}


def test_one_number_on_very_many_rows_needs_little_memory(tmp_path: Path) -> None:
    rows = [HEADERS, *(person(1, agency=f"Dinas {at}", phone="0800 0000 001") for at in range(3_000))]
    with staged(write_csv(tmp_path / "r.csv", rows)) as read:
        assert max(len(str(found.reasons)) for found in rejected(read)) < 300


# --- units -----------------------------------------------------------------------------------


def unit_names(folder: Path, *places: tuple[str, str]) -> list[tuple[str, str | None]]:
    """The units of a file, each with the one above."""
    rows = [HEADERS, *(person(at, agency=up, unit=low) for at, (up, low) in enumerate(places))]
    with staged(write_csv(folder / "r.csv", rows)) as read:
        units = list(read.staging.units)
        return [(unit.name, units[unit.parent].name if unit.parent is not None else None) for unit in units]


ROOT = "Kabupaten Lumajang"


def test_units_are_a_tree_under_the_regency(tmp_path: Path) -> None:
    assert unit_names(tmp_path, ("Dinas A", "UPT 1"), ("DINAS  A", "upt-1"), ("Dinas B", "UPT 1")) == [
        (ROOT, None),
        ("Dinas A", ROOT),
        ("UPT 1", "Dinas A"),
        ("Dinas B", ROOT),
        ("UPT 1", "Dinas B"),
    ]


def test_a_level_that_repeats_the_one_above_is_the_same_unit(tmp_path: Path) -> None:
    assert unit_names(tmp_path, ("Dinas A", "DINAS A"), ("", "Dinas A")) == [(ROOT, None), ("Dinas A", ROOT)]


@pytest.mark.parametrize("name", ["Kabupaten Lumajang", "PEMERINTAH KABUPATEN LUMAJANG", "Pemkab Lumajang"])
def test_the_regencys_own_name_is_no_unit(name: str, tmp_path: Path) -> None:
    assert unit_names(tmp_path, (name, "Dinas A"), (name, "")) == [(ROOT, None), ("Dinas A", ROOT)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("RSUD dr. Contoh", "rsud"),
        ("UPT Puskesmas Randu", "puskesmas"),
        ("UPTD SDN 1 Randu", "sekolah"),
        ("SMP Negeri 2", "sekolah"),
        ("Kecamatan Randu", "kecamatan"),
        ("Kantor Kecamatan Randu", "kecamatan"),
        ("Kelurahan Randu", "kelurahan"),
        ("Dinas Kelautan", "dinas"),
        ("Badan Keuangan", "badan"),
        ("Satuan Polisi Pamong Praja", "satpol_pp"),
        ("Sekretariat Daerah", "setda"),
        ("UPT Pasar", "upt"),
        ("Bagian Umum", None),
        ("Bidang Guru dan Tenaga Kependidikan", None),
        ("Seksi Kelurahan", None),
        ("-", None),
    ],
)
def test_the_class_of_a_unit_is_told_by_how_its_name_begins(name: str, kind: str | None) -> None:
    classes = UnitClasses(frame().vocabulary, words_of(frame().vocabulary), {})
    assert classes.of(name) == kind


@given(st.text())
def test_any_name_has_a_class_or_none(name: str) -> None:
    kind = UnitClasses(frame().vocabulary, words_of(frame().vocabulary), {}).of(name)
    assert kind is None or kind in frame().vocabulary.units


KNOWN = [
    LedgerUnit(10, None, ROOT),
    LedgerUnit(11, 10, "Dinas A", "A", "dinas"),
    LedgerUnit(12, 11, "UPT Satu", "A1", None),
    LedgerUnit(13, 10, "Dinas Tutup", None, "dinas", closed=True),
]


def plan(*units: tuple[tuple[str, ...], str | None]) -> dict[str, tuple[int | None, bool]]:
    """By name: the id in the ledger, and whether something is to be written."""
    tree = UnitTree(ROOT)
    for path, code in units:
        tree.add(path, code, None)
    classes = UnitClasses(frame().vocabulary, words_of(frame().vocabulary), {})
    planned = plan_units(tree, KNOWN, classes)
    return {unit.name: (unit.known.id if unit.known else None, unit.changed) for unit in planned[1:]}


def test_a_unit_is_known_by_its_name_and_place() -> None:
    assert plan((("DINAS a",), None)) == {"Dinas A": (11, False)}
    assert plan((("UPT Satu",), None)) == {"UPT Satu": (None, False)}


def test_a_unit_is_known_by_its_code_when_it_got_another_name_or_place() -> None:
    assert plan((("Dinas Alfa",), "A")) == {"Dinas Alfa": (11, True)}
    assert plan((("Dinas B",), None), (("Dinas B", "UPT Satu"), "A1")) == {
        "Dinas B": (None, False),
        "UPT Satu": (12, True),
    }


def test_a_code_that_two_units_share_tells_nothing() -> None:
    assert plan((("Dinas X",), "A"), (("Dinas Y",), "A")) == {
        "Dinas X": (None, False),
        "Dinas Y": (None, False),
    }


def test_a_unit_with_two_codes_has_none() -> None:
    tree = UnitTree(ROOT)
    for code in ("1", "2", "1"):
        tree.add(("Dinas A",), code, None)
    assert [unit.code for unit in tree] == [None, None]


def test_a_class_that_is_missing_is_filled_in_and_a_closed_unit_opened() -> None:
    assert plan((("Dinas A", "UPT Satu"), None))["UPT Satu"] == (12, True)
    assert plan((("Dinas Tutup",), None)) == {"Dinas Tutup": (13, True)}


# --- words and days --------------------------------------------------------------------------


def test_words_that_are_missing_or_broken_are_named() -> None:
    for data, key in ((None, "no_words"), ({"kolom": 1}, "bad_words"), ([], "bad_words")):
        language: dict[str, Any] = {} if data is None else {"daftar_pegawai": data}
        with pytest.raises(Problem, match=rf"roster\.{key}"):
            words_of(Vocabulary({}, {}, {}, {}, language))


def test_every_word_of_the_file_leads_to_something_that_exists() -> None:
    words, known = words_of(frame().vocabulary), frame().vocabulary
    assert set(words.statuses) | set(words.numbers) <= set(known.statuses)
    assert set(words.numbers) == set(known.statuses)
    assert set(words.unit_starts) <= set(known.units)
    assert set(words.patterns) <= set(frame().patterns)


def test_no_header_means_two_things() -> None:
    words = words_of(frame().vocabulary)
    listed = [word for known in (*words.headers.values(), *words.unit_headers) for word in known]
    assert sorted(listed) == sorted(set(listed))
    assert all(folded(word) == word for word in listed)


@pytest.mark.parametrize(
    "cell",
    [
        date(2026, 8, 1),
        moment(2026, 8, 1, 9),
        46235,
        46235.5,
        "46235",
        "1-8-2026",
        "01/08/2026",
        "01.08.2026",
        "2026-08-01",
        "2026-08-01 00:00:00",
        "1 Agustus 2026",
        "1 Agu 2026",
        "'1 August 2026",
    ],
)
def test_a_day_is_read_as_people_and_spreadsheets_write_it(cell: object) -> None:
    assert day_of(cell) == date(2026, 8, 1)


@pytest.mark.parametrize("cell", ["", "besok", "8/13/2026", "0", 5, "2026", "1 Foo 2026", "00-00-0000", None])
def test_what_is_no_day_is_none(cell: object) -> None:
    assert day_of(cell) is None


@given(st.text() | st.floats() | st.integers())
def test_any_cell_gives_a_day_or_none(cell: object) -> None:
    found = day_of(cell)
    assert found is None or isinstance(found, date)
