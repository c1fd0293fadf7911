"""Workbooks as Excel and others write them, a part at a time by hand: openpyxl writes only its own kind."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from bot.people.roster.cells import Cell
from bot.people.roster.xlsx_file import XlsxFile
from bot.problems import Problem

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."

PARTS = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types">
        <Override PartName="/xl/workbook.xml" ContentType="{TYPE}sheet.main+xml"/>
        <Override PartName="/xl/styles.xml" ContentType="{TYPE}styles+xml"/>
        <Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}sharedStrings+xml"/></Types>""",
    "xl/workbook.xml": f"""<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>
        <sheet name="Satu" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
        <Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
    "xl/styles.xml": f"""<styleSheet xmlns="{MAIN}">
        <fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders>
        <cellStyleXfs><xf/></cellStyleXfs>
        <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="2"/></cellXfs></styleSheet>""",
    "xl/sharedStrings.xml": f"""<sst xmlns="{MAIN}"><si><t>satu</t></si>
        <si><r><t>du</t></r><r><rPr><b/></rPr><t xml:space="preserve">a &amp; b</t></r></si>
        <si><t>tiga</t><rPh sb="0" eb="1"><t>bantuan</t></rPh></si><si/></sst>""",
}


def workbook(folder: Path, sheet: str, **parts: str) -> Path:
    """A workbook around the elements of one sheet. `parts` are in place of others, by the first word."""
    whole = {**PARTS, "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}">{sheet}</worksheet>'}
    whole |= {name: parts[key] for name in whole for key in parts if key in name}
    with zipfile.ZipFile(folder / "r.xlsx", "w") as file:
        for name, content in whole.items():
            file.writestr(name, content)
    return folder / "r.xlsx"


def rows(path: Path) -> list[tuple[int, tuple[Cell, ...]]]:
    file = XlsxFile(path)
    try:
        return list(file.rows(file.sheets[0]))
    finally:
        file.close()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1" t="s"><v>0</v></c>', "satu"),
        ('<c r="A1" t="s"><v>1</v></c>', "dua & b"),
        ('<c r="A1" t="s"><v>2</v></c>', "tiga"),
        ('<c r="A1" t="inlineStr"><is><t>em</t></is></c>', "em"),
        ('<c r="A1" t="inlineStr"><is><r><t>em</t></r><r><t>pat</t></r></is></c>', "empat"),
        ('<c r="A1" t="str"><f>UPPER("a")</f><v>A</v></c>', "A"),
        ('<c r="A1"><f>1+1</f><v>2</v></c>', 2),
        ('<c r="A1"><v>12.5</v></c>', 12.5),
        ('<c r="A1"><v>1.98501012010011E+17</v></c>', 1.98501012010011e17),
        ('<c r="A1"><v>198501012010011001</v></c>', 198501012010011001),
        ('<c r="A1" s="1"><v>46235</v></c>', datetime.fromisoformat("2026-08-01")),
        ('<c r="A1" s="2"><v>46235</v></c>', 46235),
        ('<c r="A1" s="1"><v>1e99</v></c>', 1e99),
        ('<c r="A1" t="d"><v>2026-08-01</v></c>', "2026-08-01"),
        ('<c r="A1" t="b"><v>1</v></c>', "1"),
    ],
)
def test_a_cell_has_its_value(cell: str, value: Cell, tmp_path: Path) -> None:
    found = rows(workbook(tmp_path, f'<sheetData><row r="1">{cell}</row></sheetData>'))
    assert found == [(1, (value,))]
    assert type(found[0][1][0]) is type(value)


def test_cells_and_rows_that_are_left_out_keep_their_place(tmp_path: Path) -> None:
    sheet = """<sheetData><row r="3"><c r="B3"><v>1</v></c><c r="D3"><v>2</v></c></row>
        <row r="4"/><row r="5"><c r="A5" t="e"><v>#N/A</v></c></row>
        <row><c><v>3</v></c><c/><c><v>4</v></c></row></sheetData>"""
    assert rows(workbook(tmp_path, sheet)) == [(3, (None, 1, None, 2)), (6, (3, None, 4))]


def test_what_lies_far_to_the_right_is_not_read(tmp_path: Path) -> None:
    sheet = '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row></sheetData>'
    assert rows(workbook(tmp_path, sheet)) == [(1, (1,))]


def test_elements_can_have_a_prefix(tmp_path: Path) -> None:
    sheet = f"""<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c>
        </x:row></x:sheetData></x:worksheet>"""
    assert rows(workbook(tmp_path, "", sheet1=sheet)) == [(1, ("satu",))]


def test_a_workbook_without_shared_texts_is_read(tmp_path: Path) -> None:
    types = PARTS["[Content_Types].xml"].replace("sharedStrings", "other")
    path = workbook(tmp_path, "<sheetData><row><c><v>1</v></c></row></sheetData>", Content=types)
    assert rows(path) == [(1, (1,))]


@pytest.mark.parametrize("styles", ["<nonsense", "<styleSheet><fills><fill/></fills></styleSheet>", ""])
def test_a_workbook_whose_styles_are_none_has_numbers_for_days(styles: str, tmp_path: Path) -> None:
    sheet = '<sheetData><row r="1"><c r="A1" s="1"><v>46235</v></c></row></sheetData>'
    assert rows(workbook(tmp_path, sheet, styles=styles)) == [(1, (46235,))]


def test_the_size_is_what_the_sheet_claims(tmp_path: Path) -> None:
    for claim, size in (('<dimension ref="A1:G10003"/>', 10003), ('<dimension ref="A1"/>', None), ("", None)):
        file = XlsxFile(workbook(tmp_path, f"{claim}<sheetData/>"))
        assert file.size("Satu") == size
        file.close()


BILLION = '<!DOCTYPE worksheet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    "parts",
    [
        {"sheet1": BILLION},
        {"sharedStrings": BILLION},
        {"sheet1": "<worksheet><sheetData><row>"},
        {"sheet1": ""},
        {"sheet1": '<worksheet><row><c r="ZZZZ1"><v>1</v></c></row></worksheet>'},
        {"sheet1": '<worksheet><row><c r="A1"><v>satu</v></c></row></worksheet>'},
        {"sheet1": '<worksheet><row><c r="A1" t="s"><v>99</v></c></row></worksheet>'},
        {"workbook.xml": "<workbook"},
        {"rels": "<Relationships/>"},
        {"Content": "<Types/>"},
    ],
)
def test_a_part_that_is_broken_is_said_to_be(parts: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"roster\.half_written"):
        rows(workbook(tmp_path, "<sheetData/>", **parts))
