"""Reports as files: what is in them, who may read them, and what a spreadsheet makes of hostile names."""

from __future__ import annotations

import csv
import io
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook  # type: ignore[import-untyped]
from sqlalchemy import insert, select, update

from bot.campaigns import inspection
from bot.campaigns.campaign import DeliveryState
from bot.campaigns.exporting import (
    LONGEST_SHEET,
    PERSON_COLUMNS,
    Form,
    SheetNames,
    Wording,
    harmless,
)
from bot.campaigns.reporting import Reporting
from bot.catalogues import load_catalogues
from bot.people.rights import Action, Actor
from bot.people.staff import Role
from bot.problems import Problem
from bot.storage import bundle, report_files
from bot.storage.campaign_tables import (
    campaigns,
    deliveries,
    delivery_counts,
    evidence_events,
    quiz_counts,
    whatsapp_sent,
)
from bot.storage.report_files import Task, export
from bot.storage.reports import SqlReports
from bot.storage.tables import absences, access_log
from tests.campaign_rows import DAY, campaign, deliver, version
from tests.policy_worlds import calendar
from tests.staff_world import NOW, OPERATOR, TODAY, World
from tests.unit.evidence_world import signer

TEXTS = load_catalogues()["id"]
WORDING = Wording(TEXTS, ZoneInfo("Asia/Jakarta"))
FORMULA = '=HYPERLINK("http://x","klik")'
HOSTILE = (FORMULA, "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1")


def reporting(world: World) -> Reporting:
    ledger = SqlReports(world.engine, lambda: float(NOW))
    return Reporting(ledger, lambda _: TODAY, lambda _: ZoneInfo("Asia/Jakarta"), lambda _: calendar())


@dataclass
class Made:
    world: World
    number: int
    folder: Path

    async def task(self, actor: Actor = OPERATOR, **more: Any) -> Task:
        view = await reporting(self.world).view(actor, self.number, Action.EXPORT_CAMPAIGN)
        return Task(view, actor, WORDING, NOW + 100, **more)

    async def write(self, form: Form, actor: Actor = OPERATOR) -> Path:
        path = self.folder / f"laporan.{form.value}"
        key = signer() if form is Form.SQLITE else None
        await export(self.world.engine, await self.task(actor), form, path, key)
        return path


@pytest.fixture
async def made(database_url: str, tmp_path: Path) -> AsyncIterator[Made]:
    world = await World(database_url).build()
    number = await campaign(world, of := await version(world))
    rows: dict[str, dict[str, Any]] = {
        "satu/guru": {"unit": "satu/sekolah", "said": NOW + 60},
        f"satu/{FORMULA}": {"unit": "satu/upt"},
        "satu/badu": {"unit": "satu/badan", "state": DeliveryState.UNREACHABLE, "reason": "blocked"},
        "satu/lain": {"unit": "satu/badan", "state": DeliveryState.FAILED, "reason": "Bad Request"},
        "satu/pergi": {"unit": "satu/badan", "state": DeliveryState.WITHDRAWN},
        "satu/camat": {"unit": "satu"},
    }
    for name in rows:
        await world.hire(name, str(rows[name]["unit"]), status="pns")
    await world.hire("satu/kepala", "satu/dinas")
    await world.give("satu/kepala", Role.UNIT_HEAD, "satu/dinas")
    await deliver(world, number, rows, of)
    yield Made(world, number, tmp_path)
    await world.engine.dispose()


# --- cells and names, purely ---


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_begins_like_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@given(st.text())
def test_no_text_begins_like_a_formula_and_none_is_lost(text: str) -> None:
    found = harmless(text)
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert found.endswith(text)


@given(st.lists(st.text(max_size=60), max_size=40))
def test_names_of_sheets_are_valid_short_and_each_once(names: list[str]) -> None:
    sheets = SheetNames()
    found = [sheets.of(name) for name in names]
    assert len({name.casefold() for name in found}) == len(found)
    for name in found:
        assert 0 < len(name.encode("utf-16-le", "surrogatepass")) // 2 <= LONGEST_SHEET
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'")
        assert not name.endswith("'")
        assert name.casefold() != "history"


def test_long_names_that_begin_alike_stay_apart() -> None:
    sheets = SheetNames()
    long = "Dinas Pendidikan dan Kebudayaan Kabupaten"
    assert [sheets.of(long + end) for end in ("A", "B")] == [
        "Dinas Pendidikan dan Kebudayaan",
        "Dinas Pendidikan dan Kebuda (2)",
    ]


# --- CSV ---


async def test_the_csv_has_a_line_a_person_with_masked_numbers_in_words(made: Made) -> None:
    raw = (await made.write(Form.CSV)).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
    assert len(head) == len(PERSON_COLUMNS)
    found = {line[1]: line for line in lines}
    assert set(found) == {"satu/guru", f"satu/{FORMULA}", "satu/badu", "satu/lain", "satu/camat"}
    assert found["satu/guru"][0] == "dinas / upt / sekolah"
    assert found["satu/guru"][4:] == [
        TEXTS("report.group_acknowledged"),
        "",
        "2026-11-23 09:13",
        "2026-11-30 09:13",
        "2026-11-23 09:14",
        TEXTS("report.yes"),
        TEXTS("report.proof_button"),
        "",
    ]
    assert found["satu/badu"][4:7] == [TEXTS("report.group_unreachable"), TEXTS("report.why_blocked"), ""]
    assert found["satu/lain"][5] == "Bad Request"
    numbers = {row["number"] for row in await made.world.rows(people_table())}
    assert not numbers & {line[2] for line in lines}


def people_table() -> Any:
    from bot.storage.tables import people

    return people


async def test_a_name_like_a_formula_is_text_in_every_form(made: Made) -> None:
    from sqlalchemy import update

    table = people_table()
    async with made.world.engine.begin() as connection:
        await connection.execute(update(table).where(table.c.name == "satu/camat").values(name=FORMULA))
    raw = (await made.write(Form.CSV)).read_text(encoding="utf-8-sig")
    assert f"'{FORMULA}" in {line[1] for line in csv.reader(io.StringIO(raw))}
    book = load_workbook(await made.write(Form.XLSX))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == FORMULA]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)]


async def test_a_name_with_control_characters_does_not_break_a_file(made: Made) -> None:
    from sqlalchemy import update

    table = people_table()
    async with made.world.engine.begin() as connection:
        await connection.execute(update(table).where(table.c.name == "satu/camat").values(name="A\x07\x1bB"))
    book = load_workbook(await made.write(Form.XLSX))
    assert "AB" in {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}


async def _leave(world: World, name: str, since: date, until: date | None) -> None:
    row = {"person_id": world.person[name], "kind": "cuti", "since": since, "until": until}
    async with world.engine.begin() as connection:
        await connection.execute(insert(absences), row)


async def test_every_form_has_her_own_deadline_with_leave_counted(made: Made) -> None:
    world = made.world
    for name, until in (("satu/telat", date(2026, 11, 27)), ("satu/sakit", None)):
        await world.hire(name, "satu/badan")
        await _leave(world, name, date(2026, 11, 25), until)
    late = {"unit": "satu/badan", "said": NOW + 8 * DAY}
    await deliver(world, made.number, {"satu/telat": late, "satu/sakit": late})
    raw = (await made.write(Form.CSV)).read_text(encoding="utf-8-sig")
    found = {line[1]: line for line in csv.reader(io.StringIO(raw))}
    yes = TEXTS("report.yes")
    assert (found["satu/telat"][7], found["satu/telat"][9]) == ("2026-12-02 09:13", yes)
    assert (found["satu/sakit"][7], found["satu/sakit"][9]) == (TEXTS("report.no_due"), yes)
    with closing(sqlite3.connect(await made.write(Form.SQLITE))) as file:
        query = "SELECT name, (own_due_at - due_at) / 86400 FROM report_people WHERE name IN (?, ?)"
        assert dict(file.execute(query, ("satu/telat", "satu/sakit"))) == {
            "satu/telat": 2,
            "satu/sakit": None,
        }
        facts = dict(file.execute("SELECT name, value FROM report_campaign"))
        assert (facts["in_time"], facts["late"]) == ("3", "0")


async def test_what_whatsapp_says_is_shown_as_no_acknowledgment_and_counts_as_none(made: Made) -> None:
    world = made.world
    ladder = {"satu/dibuka": "read", "satu/sampai": "delivered"}
    for name in ladder:
        await world.hire(name, "satu/badan")
    await deliver(world, made.number, {name: {"unit": "satu/badan"} for name in ladder})
    for name, state in ladder.items():
        async with world.engine.begin() as connection:
            mine = update(deliveries).where(deliveries.c.person_id == world.person[name])
            await connection.execute(mine.values(channel="whatsapp", message_id=f"wamid.{state}"))
            told = {"message_id": f"wamid.{state}", "price": 0, "state": state, "at": NOW, "changed_at": NOW}
            await connection.execute(insert(whatsapp_sent), told)
    read = TEXTS("report.told_read")
    raw = (await made.write(Form.CSV)).read_text(encoding="utf-8-sig")
    head, *lines = csv.reader(io.StringIO(raw))
    assert head[11] == TEXTS("report.column_told")
    found = {line[1]: line for line in lines}
    assert (found["satu/dibuka"][4], found["satu/dibuka"][11]) == (TEXTS("report.group_missing"), read)
    assert found["satu/sampai"][11] == TEXTS("report.told_delivered")
    assert found["satu/guru"][11] == ""
    book = load_workbook(await made.write(Form.XLSX))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert [TEXTS("report.fact_told"), TEXTS("report.told_counts", arrived=2, read=1)] in [
        r[:2] for r in rows
    ]
    assert ["Kabupaten Satu", 7, 1] in [row[:3] for row in rows]
    assert read in {row[11].value for row in book["badan"].iter_rows()}
    with closing(sqlite3.connect(await made.write(Form.SQLITE))) as file:
        facts = dict(file.execute("SELECT name, value FROM report_campaign"))
        assert (facts["whatsapp_says_read"], facts["acknowledged"]) == ("1", "1")
        assert facts["whatsapp_note"] == TEXTS("report.fact_told")
        query = "SELECT \"group\", whatsapp_says FROM report_people WHERE name = 'satu/dibuka'"
        assert file.execute(query).fetchone() == ("missing", "read")


# --- XLSX ---


async def test_the_workbook_has_an_overview_and_a_sheet_for_each_office(made: Made) -> None:
    book = load_workbook(await made.write(Form.XLSX))
    assert book.sheetnames == [TEXTS("report.overview"), "Kabupaten Satu", "badan", "dinas"]
    names = {name: [row[1].value for row in book[name].iter_rows(min_row=2)] for name in book.sheetnames[1:]}
    assert names == {
        "Kabupaten Satu": ["satu/camat"],
        "badan": ["satu/badu", "satu/lain"],
        "dinas": ["satu/guru", f"satu/{FORMULA}"],
    }
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert ["Kabupaten Satu", 5, 1, 2, 0, 2, 0.2] in [row[:7] for row in rows]
    assert ["        upt", 2, 1, 1, 0, 0, 0.5] in [row[:7] for row in rows]


async def test_what_may_not_have_arrived_has_a_standing_of_its_own(made: Made) -> None:
    async with made.world.engine.begin() as connection:
        its = (deliveries.c.campaign_id == made.number) & (deliveries.c.state == DeliveryState.SENT)
        its &= deliveries.c.acknowledged_at.is_(None)
        await connection.execute(update(deliveries).where(its).values(state=DeliveryState.UNCERTAIN))
        counted = (delivery_counts.c.campaign_id == made.number) & (delivery_counts.c.state == "sent")
        counted &= delivery_counts.c.acknowledged.is_(False)
        await connection.execute(update(delivery_counts).where(counted).values(state="uncertain"))
    book = load_workbook(await made.write(Form.XLSX))
    at = PERSON_COLUMNS.index("group")
    assert book["Kabupaten Satu"].cell(2, at + 1).value == TEXTS("report.group_uncertain")
    assert book["dinas"].cell(2, at + 1).value == TEXTS("report.group_acknowledged")
    facts = {row[0].value: row[1].value for row in book.worksheets[0].iter_rows(max_row=11)}
    assert facts[TEXTS("report.fact_uncertain")] == 2
    rows = list(csv.reader(io.StringIO((await made.write(Form.CSV)).read_text("utf-8-sig"))))
    assert [row[at] for row in rows].count(TEXTS("report.group_uncertain")) == 2


async def test_a_workbook_can_be_counted_sorted_and_filtered(made: Made) -> None:
    task = await made.task()
    words = Wording(TEXTS, ZoneInfo("Asia/Jakarta"), {"pns": "PNS"})
    path = made.folder / "kata.xlsx"
    await export(made.world.engine, replace(task, wording=words), Form.XLSX, path)
    book = load_workbook(path)
    facts = {row[0].value: row[1].value for row in book.worksheets[0].iter_rows(max_row=9)}
    assert facts[TEXTS("report.fact_campaign")] == made.number
    assert facts[TEXTS("report.fact_as_of")] == words.local(NOW + 100)
    sheet = book["dinas"]
    row = dict(zip(PERSON_COLUMNS, (cell.value for cell in sheet[2]), strict=True))
    assert (row["status"], row["said"]) == ("PNS", words.local(NOW + 60))
    assert sheet.cell(2, PERSON_COLUMNS.index("said") + 1).is_date
    assert sheet.auto_filter.ref == "A1:L3"


async def test_an_office_with_more_people_than_a_sheet_holds_goes_on_on_another(made: Made) -> None:
    path = made.folder / "banyak.xlsx"
    async with made.world.engine.connect() as connection:
        await report_files._xlsx(connection, await made.task(), path, most=1)
    assert load_workbook(path).sheetnames[1:] == [
        "Kabupaten Satu",
        "badan",
        "badan (2)",
        "dinas",
        "dinas (2)",
    ]


async def test_a_campaign_without_anybody_makes_files_without_anybody(made: Made) -> None:
    made.number = await campaign(made.world, await version(made.world, digest="empty"))
    assert len((await made.write(Form.CSV)).read_text().splitlines()) == 1
    assert load_workbook(await made.write(Form.XLSX)).sheetnames == [TEXTS("report.overview")]
    with closing(sqlite3.connect(await made.write(Form.SQLITE))) as file:
        assert file.execute("SELECT count(*) FROM report_people").fetchone() == (0,)


# --- SQLite ---


async def test_the_sqlite_file_proves_itself_and_any_change_of_the_report_shows(made: Made) -> None:
    async with made.world.engine.begin() as connection:
        of = (await reporting(made.world).view(OPERATOR, made.number)).known.version.id
        await connection.execute(insert(quiz_counts), {"version_id": of, "rule": "a", "right": 4, "wrong": 8})
        await connection.execute(insert(quiz_counts), {"version_id": of, "rule": "b", "right": 0, "wrong": 1})
        await connection.execute(update(campaigns).values(quiz=True))
    path = await made.write(Form.SQLITE)
    with bundle.opened(path) as file:
        assert [finding.kind for finding in inspection.inspect(file, [], []).findings] == []
        assert file.whole()
    with closing(sqlite3.connect(path)) as file:
        found = dict(file.execute("SELECT name, value FROM report_campaign"))
        assert (found["addressed"], found["acknowledged"], found["median_seconds"]) == ("5", "1", "60")
        assert file.execute("SELECT count(*) FROM report_people").fetchone() == (5,)
        assert file.execute("SELECT * FROM report_quiz").fetchall() == [("a", None, "a", 10, 70)]
        units = dict(file.execute("SELECT path, addressed FROM report_units"))
        assert units["dinas / upt"] == 2
        file.execute("UPDATE report_people SET acknowledged_at = 1 WHERE acknowledged_at IS NULL")
        file.commit()
    with bundle.opened(path) as file:
        assert inspection.inspect(file, [], []).findings


# --- all of them ---


@pytest.mark.parametrize("form", Form)
async def test_a_file_is_readable_by_its_owner_only_and_nothing_is_left_beside(
    made: Made, form: Form
) -> None:
    path = made.folder / f"laporan.{form.value}"
    path.write_bytes(b"an older one, open to all")
    path.chmod(0o666)
    before = set(made.folder.iterdir())
    await made.write(form)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(made.folder.iterdir()) - before == set()


@pytest.mark.parametrize("form", Form)
async def test_exporting_is_an_event_and_noted_with_how_many_people(made: Made, form: Form) -> None:
    await made.write(form)
    async with made.world.engine.connect() as connection:
        [event] = await connection.execute(
            select(evidence_events).where(evidence_events.c.kind == "exported")
        )
        [row] = await connection.execute(
            select(access_log).where(access_log.c.action == Action.EXPORT_CAMPAIGN.value)
        )
    assert event.campaign_id == made.number
    assert form.value in event.subject
    seen: tuple[Any, ...] = (row.actor, row.regency, row.count)
    assert seen == (OPERATOR.name, "satu", 5)


@pytest.mark.parametrize("form", Form)
async def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_event(made: Made, form: Form) -> None:
    task = await made.task()
    for path, key in ((made.folder, "report.is_folder"), (made.folder / "no" / "x", "report.not_written")):
        with pytest.raises(Problem) as caught:
            await export(made.world.engine, task, form, path, signer())
        assert caught.value.key == key
        assert caught.value.line(TEXTS)
    assert [row for row in await made.world.rows(evidence_events) if row["kind"] == "exported"] == []


async def test_what_goes_wrong_on_the_way_leaves_the_old_file(made: Made) -> None:
    def broken(done: int, total: int) -> None:
        raise RuntimeError

    path = made.folder / "laporan.csv"
    path.write_text("old")
    before = set(made.folder.iterdir())
    with pytest.raises(RuntimeError):
        await export(made.world.engine, await made.task(told=broken), Form.CSV, path)
    assert path.read_text() == "old"
    assert set(made.folder.iterdir()) == before


async def test_a_head_exports_his_subtree_and_nothing_else(made: Made) -> None:
    head = await made.world.actor("satu/kepala")
    raw = (await made.write(Form.CSV, head)).read_text(encoding="utf-8-sig")
    assert [line[1] for line in csv.reader(io.StringIO(raw))][1:] == ["satu/guru", f"satu/{FORMULA}"]
    book = load_workbook(await made.write(Form.XLSX, head))
    assert book.sheetnames == [TEXTS("report.overview"), "upt"]
