"""Files as regencies export them, and files that are no roster."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]  # has no stubs of its own

from bot.people.roster.mapping import RosterMapping, from_plain, to_plain
from bot.people.roster.mapping_file import read_mapping, written
from bot.people.roster.reading import open_roster
from bot.people.roster.words import Field
from bot.problems import Problem
from tests.rosters import (
    HEADERS,
    NIPS,
    accepted,
    csv_text,
    person,
    reasons,
    staged,
    texts,
    write_csv,
    write_xlsx,
)

PEOPLE = [person(1, "Sêkar Sari"), person(2, "Budi", agency="Kecamatan Randu", unit="")]
ROWS = [HEADERS, *PEOPLE]
TITLE: list[list[Any]] = [["DAFTAR PEGAWAI"], ["Keadaan November 2026"], [], list(HEADERS)]

Make = Callable[[Path], Path]


def as_csv(rows: Sequence[Sequence[Any]], separator: str = ",", encoding: str = "utf-8") -> Make:
    return lambda folder: write_csv(folder / "r.csv", rows, separator, encoding)


def as_xlsx(*sheets: Sequence[Sequence[Any]]) -> Make:
    return lambda folder: write_xlsx(
        folder / "r.xlsx", {f"Lembar {at}": rows for at, rows in enumerate(sheets)}
    )


def as_bytes(name: str, content: bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


READABLE: dict[str, Make] = {
    "commas": as_csv(ROWS),
    "semicolons": as_csv(ROWS, ";"),
    "tabs": as_csv(ROWS, "\t"),
    "a byte order mark": as_csv(ROWS, ";", "utf-8-sig"),
    "UTF-16": as_csv(ROWS, "\t", "utf-16"),
    "UTF-16 without a mark": as_csv(ROWS, "\t", "utf-16-le"),
    "Windows-1252": as_csv(ROWS, ";", "cp1252"),
    "Excel's line about the separator": as_bytes("r.csv", f"sep=;\n{csv_text(ROWS, ';')}".encode()),
    "a title above": as_csv([*TITLE, *PEOPLE]),
    "blank rows below": as_csv([*ROWS, ["", " "], [""] * 6, []]),
    "no line end at the end": as_bytes("r.csv", csv_text(ROWS).rstrip().encode()),
    "the columns counted": as_csv([HEADERS, [1, 2, 3, 4, 5, 6], *PEOPLE]),
    "the columns counted in brackets": as_csv([HEADERS, [f"({at})" for at in range(1, 7)], *PEOPLE]),
    "headers repeated on every page": as_csv([*ROWS[:2], HEADERS, ROWS[2]]),
    "a sum below": as_xlsx([["No", *HEADERS], ["1", *PEOPLE[0]], ["2", *PEOPLE[1]], ["Jumlah: 2"]]),
    "XLSX": as_xlsx(ROWS),
    "XLSX with a title and blank rows": as_xlsx([*TITLE, [], *PEOPLE, [], ["", None], []]),
    "XLSX with a sheet that is none": as_xlsx([["Rekap"], ["Dinas Randu", 12]], ROWS),
    "XLSX with an incomplete list beside": as_xlsx(
        [["Perangkat Daerah", "No. HP"], ["Dinas Randu", ""]], ROWS
    ),
}


@pytest.mark.parametrize("name", READABLE)
def test_a_file_is_read_with(name: str, tmp_path: Path) -> None:
    with staged(READABLE[name](tmp_path)) as read:
        assert reasons(read) == []
        assert [(row["number"], row["name"]) for row in accepted(read)] == [
            (NIPS[1], "Sêkar Sari"),
            (NIPS[2], "Budi"),
        ]
        assert [unit.name for unit in read.staging.units][1:] == [
            "Dinas Randu",
            "Bidang Satu",
            "Kecamatan Randu",
        ]


def test_numbers_that_a_workbook_keeps_as_numbers_are_refused_one_by_one(tmp_path: Path) -> None:
    rows = [HEADERS, [int(NIPS[1]), *PEOPLE[0][1:]], PEOPLE[1]]
    with staged(as_xlsx(rows)(tmp_path)) as read:
        assert reasons(read) == [(2, "number_lost_end")]
        assert [row["name"] for row in accepted(read)] == ["Budi"]


def workbook_bytes(tmp_path: Path) -> bytes:
    rows = [HEADERS, *(person(at) for at in range(1, 200))]
    return write_xlsx(tmp_path / "whole.xlsx", {"a": rows}).read_bytes()


def half_a_workbook(folder: Path) -> Path:
    whole = workbook_bytes(folder)
    return as_bytes("r.xlsx", whole[: len(whole) // 2])(folder)


def workbook_with_half_a_sheet(folder: Path) -> Path:
    """A sound archive around a sheet that was not written to its end."""
    whole = folder / "whole.xlsx"
    workbook_bytes(folder)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(folder / "r.xlsx", "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content[: len(content) // 2] if "sheet1" in part else content)
    return folder / "r.xlsx"


def archive(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "r.zip", "w") as file:
        file.writestr("roster.csv", csv_text(ROWS))
    return folder / "r.zip"


def bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "r.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", "")
        with file.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            for _ in range(2049):
                part.write(bytes(1 << 20))
    return folder / "r.xlsx"


TWICE = [*HEADERS[:2], "NIP", *HEADERS[2:]]
MISSING: dict[str, tuple[str, Make]] = {
    "nothing": ("no_file", lambda folder: folder / "none.csv"),
    "a folder": ("no_file", lambda folder: folder),
    "an empty file": ("empty_file", as_bytes("r.csv", b"")),
    "a PDF": ("pdf", as_bytes("r.csv", b"%PDF-1.7 ...")),
    "an old Excel file": ("old_excel", as_bytes("r.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 99)),
    "CSV named as Excel": ("not_excel", as_bytes("r.xlsx", csv_text(ROWS).encode())),
    "an archive": ("other_archive", archive),
    "a file that would fill the memory": ("too_big", bomb),
    "half a workbook": ("half_written", half_a_workbook),
    "a workbook with half a sheet": ("half_written", workbook_with_half_a_sheet),
    "a CSV cut within a row": ("half_written", as_bytes("r.csv", csv_text(ROWS).encode()[:-30])),
    "a CSV cut within quotes": ("open_quote", as_bytes("r.csv", (csv_text(ROWS) + '1,"Budi').encode())),
    "a quotation mark never closed": (
        "open_quote",
        as_bytes("r.csv", (csv_text(ROWS) + '1,"' + "x\n" * 9_000).encode()),
    ),
    "a quotation mark within a cell": (
        "bad_line",
        as_bytes("r.csv", (csv_text(ROWS) + '1,"Bu"di\n').encode()),
    ),
    "a picture": ("not_text", as_bytes("r.csv", bytes(range(256)) * 9)),
    "bytes that are no letters": ("not_text", as_bytes("r.csv", csv_text(ROWS).encode() + b"\x81\x8d\n")),
    "half a UTF-16 letter": ("not_text", as_bytes("r.csv", csv_text(ROWS).encode("utf-16")[:-1])),
    "no headers": ("no_header", as_csv([*PEOPLE, *PEOPLE])),
    "only a title": ("no_header", as_xlsx([["DAFTAR PEGAWAI"]])),
    "no column of numbers": ("missing_column", as_csv([row[1:] for row in ROWS])),
    "no column of statuses": ("missing_column", as_csv([[*row[:2], *row[3:]] for row in ROWS])),
    "no column of units": ("missing_column", as_csv([row[:3] for row in ROWS])),
    "the same header twice": ("twice", as_csv([TWICE, ["1", *PEOPLE[0]]])),
    "two sheets that are rosters": ("several_sheets", as_xlsx(ROWS, ROWS)),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_no_roster_is_refused_with_one_line(name: str, tmp_path: Path) -> None:
    key, make = MISSING[name]
    with pytest.raises(Problem) as caught, staged(make(tmp_path)):
        pass
    assert caught.value.key == f"roster.{key}"
    line = caught.value.line(texts())
    assert "\n" not in line
    assert caught.value.line(texts("en")) != line


def line_of(path: Path, mapping: RosterMapping | None = None, sheet: str | None = None) -> str:
    with pytest.raises(Problem) as caught, staged(path, mapping, sheet):
        pass
    return caught.value.line(texts())


def test_a_missing_column_is_named_with_those_that_are_there_and_the_repair(tmp_path: Path) -> None:
    line = line_of(as_csv([row[1:] for row in [*TITLE[:2], *ROWS]])(tmp_path))
    assert line.startswith("Kolom untuk nomor tidak ditemukan di baris judul 3 (yang ada: Nama, Status")
    assert "--map" in line


def test_a_sheet_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "r.xlsx", {"Lama": [HEADERS, person(7)], "Baru": ROWS})
    with staged(path, sheet="lama") as read:
        assert [row["number"] for row in accepted(read)] == [NIPS[7]]
    mapping = from_plain({"lembar": "Baru", "kolom": COLUMNS, "unit": ["Unit Kerja"]})
    with staged(path, mapping) as read:
        assert len(accepted(read)) == 1  # Budi has no lower unit
    assert line_of(path, sheet="x") == "Lembar 'x' tidak ada. Yang ada: Lama, Baru."


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    book = Workbook()
    for row in ROWS:
        book.active.append(row)
    book.create_sheet("Tersembunyi").append(list(HEADERS))
    book["Tersembunyi"].sheet_state = "hidden"
    book.save(tmp_path / "r.xlsx")
    with staged(tmp_path / "r.xlsx") as read:
        assert len(accepted(read)) == 2


def test_a_cell_beyond_the_size_that_the_file_claims_is_read(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "whole.xlsx", {"a": ROWS})
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "r.xlsx", "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content.replace(b'ref="A1:F3"', b'ref="A1"'))
    with staged(tmp_path / "r.xlsx") as read:
        assert len(accepted(read)) == 2


def test_a_file_can_be_read_again(tmp_path: Path) -> None:
    for make in (as_csv(ROWS), as_xlsx(ROWS)):
        source = open_roster(make(tmp_path))
        sheet = source.sheets[0]
        assert list(source.rows(sheet)) == list(source.rows(sheet))
        source.close()


# --- mappings --------------------------------------------------------------------------------

COLUMNS = {"nomor": "NIP", "nama": "Nama", "status": "Status Kepegawaian"}
EXAMPLE = """
lembar: Data
baris_judul: 2
kolom:
  nomor: [NIP, Nomor THL]      # the first that is filled counts
  nama: Nama Lengkap
  telepon: Kontak
unit: [Kantor, Bagian]
tetap: {status: pns, pola: lima_hari}
sebutan: {unit: {Loka: upt}}
"""


def test_a_mapping_file_names_columns_that_no_word_tells(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(EXAMPLE)
    mapping = read_mapping(tmp_path / "map.yaml")
    rows = [
        ["NIP", "Nama Lengkap", "Nama Lengkap"],
        ["NIP", "Nomor THL", "Nama Lengkap", "Kontak", "Kantor", "Bagian"],
        [NIPS[1], "x", "Sekar", "0812 0000 0001", "Loka Randu", "Tata Usaha"],
        ["", NIPS[2], "Budi", "", "Loka Randu", ""],
    ]
    with staged(write_xlsx(tmp_path / "r.xlsx", {"Data": rows}), mapping) as read:
        assert [(row["number"], row["status"], row["pattern"]) for row in accepted(read)] == [
            (NIPS[1], "pns", "lima_hari"),
            (NIPS[2], "pns", "lima_hari"),
        ]
        assert read.classes.of("Loka Randu") == "upt"


def test_a_mapping_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(EXAMPLE)
    mapping = read_mapping(tmp_path / "map.yaml")
    assert from_plain(to_plain(mapping)) == mapping
    (tmp_path / "again.yaml").write_text(written(mapping))
    assert read_mapping(tmp_path / "again.yaml") == mapping


def test_what_was_proposed_is_a_mapping(tmp_path: Path) -> None:
    with staged(as_csv(ROWS)(tmp_path)) as read:
        mapping = from_plain(to_plain(read.layout.mapping))
        assert mapping.columns[Field.NUMBER] == ("NIP",)
        assert mapping.units == ("Perangkat Daerah", "Unit Kerja")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("kolom: [", "map_yaml"),
        ("a: 1\n\ta: 2", "map_yaml"),
        ("- 1", "map_value"),
        ("kolom: NIP", "map_value"),
        ("kolom: {nomor: {}}", "map_value"),
        ("kolom: {nomor: ''}", "map_value"),
        ("baris_judul: nol", "map_value"),
        ("baris_judul: 0", "map_value"),
        ("sebutan: {status: {Honda: 1.5}}", "map_value"),
        ("kolm: {}", "map_unknown"),
        ("kolom: {nip: NIP}", "map_unknown"),
        ("tetap: {nama: x}", "map_unknown"),
        ("sebutan: {nama: {}}", "map_unknown"),
        ("tetap: {status: asn}", "map_unknown"),
        ("sebutan: {pola: {6HK: enam}}", "map_unknown"),
        ("kolom: {nomor: X}\nunit: Y", "mapped_no_header"),
        ("tetap: {status: pns}", "mapped_no_header"),
        ("kolom: {nomor: NIP, nama: X}\nunit: Unit Kerja", "mapped_missing"),
        ("kolom: {nomor: NIP, nama: Nama}\nunit: Unit Kerja", "missing_column"),
        ("kolom: {nomor: NIP, nama: Nama}\ntetap: {status: pns}", "missing_column"),
        ("baris_judul: 2\nkolom: {nomor: NIP}", "mapped_missing"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(text: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(text)
    with (
        pytest.raises(Problem) as caught,
        staged(as_csv(ROWS)(tmp_path), read_mapping(tmp_path / "map.yaml")),
    ):
        pass
    assert caught.value.key == f"roster.{key}"
    assert "\n" not in caught.value.line(texts())


def test_a_mapping_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"roster\.no_file"):
        read_mapping(tmp_path / "map.yaml")
