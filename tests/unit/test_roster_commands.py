"""`edaran roster`: what it prints, where, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.commands.roster import roster_app
from bot.people.rights import RefusedError
from bot.problems import Problem
from tests.rosters import HEADERS, NIPS, PPPK, REGENCY, person, texts, write_csv, write_xlsx

PHONE = "0800 0000 001"
PEOPLE = [person(1, "Sekar", phone=PHONE), person(2, "Budi", agency="Kecamatan Randu", unit="")]
BAD = [["12", *person(3)[1:]], person(4, phone="tidak ada")]
MASKED = "••••••••••••••" + NIPS[1][-4:]


@pytest.fixture(autouse=True)
def _ledger(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_DATABASE__URL", sqlite_url)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "pegawai.csv", [HEADERS, *PEOPLE, *BAD])


def invoke(*arguments: object, regency: str = REGENCY) -> Result:
    return CliRunner().invoke(roster_app, [*map(str, arguments), "--regency", regency])


def ran(*arguments: object) -> str:
    """What was printed on standard output by a command that ended with 0."""
    result = invoke(*arguments)
    assert result.exit_code == 0, repr(result.exception) + result.output
    return result.stdout


def document(*arguments: object) -> Any:
    return json.loads(ran(*arguments, "--json"))


def problem(*arguments: object, regency: str = REGENCY) -> Problem:
    result = invoke(*arguments, regency=regency)
    assert isinstance(result.exception, Problem)
    assert result.stdout == ""
    return result.exception


def names(*arguments: object) -> list[str]:
    return [entry["name"] for entry in document("list", *arguments)]


def test_an_import_tells_what_it_did(file: Path) -> None:
    lines = ran("import", file).splitlines()
    assert lines[0] == "pegawai.csv: diimpor."
    assert lines[1].endswith("telepon ← No. HP; unit ← Perangkat Daerah > Unit Kerja")
    assert lines[2:8] == [
        "Masuk: 3",
        "Keluar: 0",
        "Pindah unit: 0",
        "Berubah data: 0",
        "Tetap: 0",
        "Baris ditolak: 1",
    ]
    assert f"  baris 2  {MASKED}  Sekar; Dinas Randu / Bidang Satu" in lines
    rejection = next(line for line in lines if line.startswith("  baris 4"))
    assert rejection.startswith("  baris 4  Pegawai 3: panjang nomor pegawai salah")
    assert lines[-1].startswith("  baris 5  Pegawai 4: telepon tidak bisa dipakai")


def test_no_whole_number_is_printed(file: Path) -> None:
    shown = invoke("import", file, "--dry-run").output + invoke("import", file, "--json").output
    shown += ran("list") + ran("list", "--json")
    assert MASKED in shown
    assert not any(number in shown for number in (NIPS[1], NIPS[2], "8000000001"))


def test_a_dry_run_changes_nothing(file: Path) -> None:
    assert "hanya diperiksa, tidak ada yang berubah" in ran("import", file, "--dry-run")
    assert problem("list").key == "staff.no_regency"


def test_json_is_one_document_and_the_progress_goes_elsewhere(file: Path) -> None:
    result = invoke("import", file, "--json")
    told = json.loads(result.stdout)
    assert told["counts"] == {
        "joined": 3,
        "left": 0,
        "moved": 0,
        "changed": 0,
        "unchanged": 0,
        "rejected": 1,
        "remarks": 1,
    }
    assert told["applied"] is True
    assert told["units_new"][1] == "Dinas Randu"
    assert told["joined"][0]["number"] == MASKED
    assert told["rejected"][0]["row"] == 4
    assert told["rejected"][0]["reasons"][0]["key"] == "roster.reject_number_length"
    assert "Membaca berkas" in result.stderr


def test_the_difference_names_old_and_new(file: Path, tmp_path: Path) -> None:
    ran("import", file)
    rows = [
        HEADERS,
        person(1, "Sekar Sari", agency="Dinas Baru", phone="0800 0000 002"),
        person(2, "Budi S", agency="Kecamatan Randu", unit=""),
    ]
    shown = ran("import", write_csv(tmp_path / "b.csv", rows), "--dry-run")
    phones = "telepon: +62•••••••001 → +62•••••••002"
    places = "Dinas Randu / Bidang Satu → Dinas Baru / Bidang Satu"
    moved = f"Sekar Sari; {places}; nama: Sekar → Sekar Sari; {phones}"
    assert moved in shown
    assert "Budi S; nama: Budi → Budi S" in shown
    assert "Pegawai 4; Dinas Randu / Bidang Satu" in shown
    assert "Daftar ini mengeluarkan 1 dari 3 pegawai" in shown
    told = document("import", tmp_path / "b.csv", "--dry-run")
    assert told["too_many_leave"] is True
    assert told["applied"] is False
    assert told["changed"][0]["changes"] == {"name": ["Budi", "Budi S"]}
    assert told["moved"][0]["old_unit"] == "Dinas Randu / Bidang Satu"
    assert told["left"][0]["old_unit"] == "Dinas Randu / Bidang Satu"


def test_a_dry_run_names_who_may_only_have_another_number(tmp_path: Path) -> None:
    rest = [person(at) for at in range(1, 12)]
    before = ["HL-7", "Sekar", "Honorer", "Dinas Randu", "", "0800 0000 007"]
    ran("import", write_csv(tmp_path / "a.csv", [HEADERS, *rest, before]))
    after = [PPPK, "Sekar, S.E.", "PPPK", "Dinas Randu", "", "0800 0000 007"]
    path = write_csv(tmp_path / "b.csv", [HEADERS, *rest, after])
    lines = ran("import", path, "--dry-run").splitlines()
    pair = lines.index("Mungkin orang yang sama (1):")
    assert lines[pair + 1].startswith("  baris 13  ••7  Sekar → ")
    assert lines[pair + 1].endswith("Sekar, S.E.; teleponnya sama")
    assert "edaran person renumber" in lines[-1]
    told = document("import", path, "--dry-run")["possibly_same"]
    assert [(pair["row"], pair["old_name"], pair["by"]) for pair in told] == [(13, "Sekar", "phone")]
    assert PPPK not in json.dumps(told)


def test_only_twenty_of_a_kind_are_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", [HEADERS, *(person(at) for at in range(25))])
    shown = ran("import", path)
    assert shown.count("Pegawai ") == 20
    assert "… dan 5 lagi; semuanya dengan --json" in shown


def test_too_many_leavers_are_refused_and_can_be_accepted(file: Path, tmp_path: Path) -> None:
    ran("import", file)
    fewer = write_csv(tmp_path / "b.csv", [HEADERS, *PEOPLE])
    assert problem("import", fewer).key == "roster.many_leavers"
    assert len(names()) == 3
    assert "Keluar: 1" in ran("import", fewer, "--accept-leavers")
    assert names() == ["Budi", "Sekar"]


def test_a_file_without_one_usable_row_ends_with_1(tmp_path: Path) -> None:
    result = invoke("import", write_csv(tmp_path / "r.csv", [HEADERS, BAD[0]]))
    assert result.exit_code == 1
    assert "Baris ditolak: 1" in result.stdout


def test_the_list_is_that_of_a_unit_and_what_is_below_it(file: Path) -> None:
    ran("import", file)
    assert names() == ["Budi", "Pegawai 4", "Sekar"]
    assert names("--unit", "dinas randu") == ["Pegawai 4", "Sekar"]
    assert names("--unit", "Kecamatan Randu") == ["Budi"]
    assert document("list", "--unit", "Bidang Satu")[1] == {
        "id": 1,
        "name": "Sekar",
        "number": MASKED,
        "status": "pns",
        "phone": "+62•••••••001",
        "pattern": None,
        "unit_id": 4,
        "unit": "Dinas Randu / Bidang Satu",
        "seconded": False,
    }
    assert ran("list", "--unit", "Kecamatan Randu").endswith("  Budi; pns; Kecamatan Randu\n")


def test_a_list_of_nobody_is_an_empty_document(tmp_path: Path) -> None:
    ran("import", write_csv(tmp_path / "a.csv", [HEADERS, PEOPLE[0]]))
    ran("import", write_csv(tmp_path / "b.csv", [HEADERS, PEOPLE[1]]), "--accept-leavers")
    assert document("list", "--unit", "Dinas Randu") == []


@pytest.mark.parametrize("arguments", [["list"], ["import", "x.csv"]])
def test_an_unknown_regency_is_answered_with_those_that_are_known(arguments: Sequence[str]) -> None:
    told = problem(*arguments, regency="antah").line(texts())
    assert "'antah' tidak dikenal" in told
    assert "lumajang, natuna, pamekasan" in told


def test_an_unknown_unit_is_named(file: Path) -> None:
    ran("import", file)
    assert problem("list", "--unit", "Dinas X").key == "staff.no_unit"


def test_an_employee_may_neither_import_nor_list(file: Path) -> None:
    ran("import", file)
    for arguments in (["import", file], ["import", file, "--dry-run"], ["list"]):
        assert isinstance(problem(*arguments, "--as", NIPS[1]), RefusedError)


# --- mappings --------------------------------------------------------------------------------

OTHER = ["Nomor", "Nama", "Golongan Pegawai", "Kantor"]
OTHER_ROWS = [OTHER, [NIPS[1], "Sekar", "PNS", "Dinas Randu"]]
MAP = "kolom: {nomor: Nomor, nama: Nama, status: Golongan Pegawai}\nunit: Kantor\n"


def test_a_mapping_is_used_and_kept_for_the_next_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", OTHER_ROWS)
    (tmp_path / "map.yaml").write_text(MAP)
    assert problem("import", path).key == "roster.no_header"
    assert "Masuk: 1" in ran("import", path, "--map", tmp_path / "map.yaml", "--no-save-map")
    assert problem("import", path).key == "roster.no_header"
    assert "Tetap: 1" in ran("import", path, "--map", tmp_path / "map.yaml")
    assert "Tetap: 1" in ran("import", path)


def test_a_kept_mapping_that_does_not_fit_can_be_proposed_anew(tmp_path: Path, file: Path) -> None:
    path = write_csv(tmp_path / "r.csv", [*OTHER_ROWS, *(["", "", "", ""] for _ in range(3))])
    (tmp_path / "map.yaml").write_text(MAP)
    ran("import", path, "--map", tmp_path / "map.yaml")
    told = problem("import", file)
    assert told.key == "roster.mapped_no_header"
    assert "--propose" in told.line(texts())
    assert "Tetap: 0" in ran("import", file, "--propose", "--accept-leavers")


def test_the_mapping_that_is_shown_can_be_given_back(tmp_path: Path, file: Path) -> None:
    shown = ran("import", file, "--show-map")
    assert "nomor: NIP" in shown
    (tmp_path / "map.yaml").write_text(shown)
    assert "Masuk: 3" in ran("import", file, "--map", tmp_path / "map.yaml")


def test_a_sheet_is_chosen(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "r.xlsx", {"Satu": [HEADERS, PEOPLE[0]], "Dua": [HEADERS, PEOPLE[1]]})
    assert problem("import", path).key == "roster.several_sheets"
    ran("import", path, "--sheet", "Dua")
    assert names() == ["Budi"]
