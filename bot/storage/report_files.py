"""Reports as files: CSV, XLSX, and the self-contained SQLite file with its evidence.

A file is written beside its place under another name, readable by its owner only, and takes its place when it
is whole. Memory stays the same however many people a campaign has.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.evidence import Event
from bot.campaigns.exporting import (
    MOST_ROWS,
    PERSON_COLUMNS,
    UNIT_COLUMNS,
    Form,
    SheetNames,
    Wording,
    harmless,
    numbers,
    printable,
)
from bot.campaigns.ladder import ARRIVED, Rung
from bot.campaigns.misreadings import Misread, lines
from bot.campaigns.reporting import View
from bot.campaigns.reports import Group, Status, group_of, tree
from bot.campaigns.signing import Signer
from bot.people.numbers import mask_number
from bot.people.rights import Action, Actor
from bot.people.unit_names import path_of
from bot.problems import Problem
from bot.storage import bundle
from bot.storage.access import note
from bot.storage.deadlines import Moved, Own
from bot.storage.engine import one_snapshot
from bot.storage.evidence import append
from bot.storage.report_pace import days, pace
from bot.storage.report_people import everybody
from bot.storage.report_sums import misreadings, rungs, tallies

_LETTERS = "ABCDEFGHIJKL"
EVERY = 1_000
"""Rows between two signs of progress, and rows written at a time."""

Told = Callable[[int, int], None]
"""(rows written, rows there are)."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is written for whom. `view`: what the actor may export; of it the first of its tops for SQLite."""

    view: View
    actor: Actor
    wording: Wording
    now: int
    told: Told = lambda done, total: None

    @property
    def campaign(self) -> int:
        return self.view.known.campaign.id


async def export(
    engine: AsyncEngine, task: Task, form: Form, path: Path, signer: Signer | None = None
) -> int:
    """Writes the file; how many people it has. `signer`: of the SQLite file, which is evidence. Raises
    Problem where the file cannot be written."""
    with _whole(path) as beside:
        if form is Form.SQLITE:
            assert signer is not None
            return await _evidence(engine, task, beside, signer)
        async with _reading(engine) as connection:
            write = _csv if form is Form.CSV else _xlsx
            count = await write(connection, task, beside)
        async with engine.begin() as connection:
            await _noted(connection, task, count)
            person = task.actor.person
            await append(
                connection, [Event("exported", task.now, task.campaign, person, {"form": form.value})]
            )
        return count


async def _noted(connection: AsyncConnection, task: Task, count: int) -> None:
    place = task.view.tops[0]
    await note(
        connection,
        task.now,
        task.actor.name,
        Action.EXPORT_CAMPAIGN,
        regency=task.view.regency,
        unit=place,
        count=count,
    )


@asynccontextmanager
async def _reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Sums and lists of one moment."""
    async with engine.connect() as connection:
        await one_snapshot(connection)
        yield connection


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A name beside `path`, which takes its place at the end; gone if anything goes wrong."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.is_dir():
            raise Problem("report.is_folder", path=path)
        try:
            beside.unlink(missing_ok=True)
            os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield beside
            beside.chmod(0o600)
            beside.replace(path)
        except OSError as error:
            raise Problem("report.not_written", path=path, reason=error) from error
    finally:
        for name in (beside, *(beside.with_name(beside.name + end) for end in ("-journal", "-wal", "-shm"))):
            with suppress(OSError):
                name.unlink(missing_ok=True)


# --- what is written -------------------------------------------------------------------------


async def _status(connection: AsyncConnection, view: View) -> Status:
    own = await tallies(connection, view.known.campaign.id)
    return Status(view.known, tuple(tree(view.units, own, top) for top in view.tops))


async def _told(connection: AsyncConnection, view: View) -> Counter[Rung]:
    """What WhatsApp says of the messages, over all that the actor exports; empty: none went there."""
    found: Counter[Rung] = Counter()
    for top in view.tops:
        found += Counter(await rungs(connection, view.known.campaign.id, None if view.whole(top) else top))
    return found


async def _misread(connection: AsyncConnection, view: View) -> Sequence[Misread]:
    return await misreadings(connection, view.known.version.id) if view.misread else ()


class _Paths:
    """The path of each unit, put together once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[int, str] = {}

    def __getitem__(self, unit: int) -> str:
        if unit not in self._known:
            self._known[unit] = path_of(unit, self._view.units)
        return self._known[unit]


def _rows(connection: AsyncConnection, task: Task, top: int) -> AsyncIterator[tuple[Any, Own]]:
    """Each person with her own deadline."""
    return everybody(connection, task.campaign, top, Moved(task.view.deadlines))


def _facts(task: Task, status: Status) -> list[tuple[str, Any]]:
    """The head of a report: what was sent, by whom, until when, as of when."""
    known, wording = status.known, task.wording
    texts, campaign, version = wording.texts, known.campaign, known.version
    facts = {
        "campaign": campaign.id,
        "circular": f"{version.number or version.circular}",
        "subject": version.subject,
        "issuer": version.issuer,
        "digest": version.digest,
        "audience": campaign.audience,
        "due": wording.local(int(campaign.due.timestamp())),
        "state": texts(f"campaign.state_{campaign.state.value}"),
        "as_of": wording.local(task.now),
    }
    if status.uncertain:
        facts["uncertain"] = status.uncertain
    return [(texts(f"report.fact_{name}"), value) for name, value in facts.items()]


# --- CSV -------------------------------------------------------------------------------------


async def _csv(connection: AsyncConnection, task: Task, path: Path) -> int:
    """A line a person. With the mark at its start by which spreadsheets know UTF-8."""
    total = (await _status(connection, task.view)).total.addressed
    paths, count = _Paths(task.view), 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(harmless, task.wording.heads(PERSON_COLUMNS)))
        for top in task.view.tops:
            async for row, own in _rows(connection, task, top):
                cells = task.wording.person(row, own.due, paths[row.unit_id]).cells()
                writer.writerow([harmless(printable(cell)) for cell in cells])
                count += 1
                _tell(task, count, total)
        file.flush()
        os.fsync(file.fileno())
    task.told(count, total)
    return count


def _tell(task: Task, count: int, total: int) -> None:
    if count % EVERY == 0:
        task.told(count, total)


# --- XLSX ------------------------------------------------------------------------------------


async def _xlsx(connection: AsyncConnection, task: Task, path: Path, most: int = MOST_ROWS) -> int:
    """An overview, and a sheet for each unit right below what the actor sees."""
    from openpyxl import Workbook  # type: ignore[import-untyped]  # the package has no types

    book = Workbook(write_only=True)
    names, paths, count = SheetNames(), _Paths(task.view), 0
    status = await _status(connection, task.view)
    total = status.total.addressed
    _overview(book, names, task, status, await _told(connection, task.view))
    _understanding(book, names, task, await _misread(connection, task.view))
    for top in task.view.tops:
        sheet: Any = None
        at: int | None = None
        filled = 0
        async for row, own in _rows(connection, task, top):
            if row.section != at or filled >= most:
                _close(sheet, filled)
                at, filled = row.section, 0
                sheet = _sheet(book, names.of(task.view.units[row.section].name))
                sheet.append(_cells(sheet, task.wording.heads(PERSON_COLUMNS), head=True))
            written = task.wording.person(row, own.due, paths[row.unit_id])
            sheet.append(_cells(sheet, written.typed(task.wording.moments(row, own.due))))
            filled, count = filled + 1, count + 1
            _tell(task, count, total)
        _close(sheet, filled)
    task.told(count, total)
    # Saved beside first: the library makes its file with the rights of the process's mask.
    with path.open("wb") as file:
        book.save(file)
        file.flush()
        os.fsync(file.fileno())
    return count


def _close(sheet: Any, people: int = 0) -> None:
    """A finished sheet keeps no file open, however many there are. `people`: rows below its head, which a
    spreadsheet can then filter."""
    if sheet is not None:
        if people:
            sheet.auto_filter.ref = f"A1:{_LETTERS[len(PERSON_COLUMNS) - 1]}{people + 1}"
        sheet.close()


def _sheet(book: Any, name: str) -> Any:
    sheet = book.create_sheet(name)
    for at, width in enumerate((40, 32, 22, 14, 24, 28, 18, 18, 18, 12, 18, 40)):
        sheet.column_dimensions[_LETTERS[at]].width = width
    sheet.freeze_panes = "A2"
    return sheet


def _overview(book: Any, names: SheetNames, task: Task, status: Status, told: Counter[Rung]) -> None:
    texts = task.wording.texts
    sheet = book.create_sheet(names.of(texts("report.overview")))
    sheet.column_dimensions["A"].width = 52
    sheet.column_dimensions["B"].width = 18
    for fact in _facts(task, status):
        sheet.append(_cells(sheet, fact))
    if told:
        arrived, read = sum(told[rung] for rung in ARRIVED), told[Rung.READ]
        counts = texts("report.told_counts", arrived=arrived, read=read)
        sheet.append(_cells(sheet, (texts("report.fact_told"), counts)))
    sheet.append([])
    sheet.append(_cells(sheet, task.wording.heads(UNIT_COLUMNS), head=True))
    for part in status.parts:
        for row in part:
            sheet.append(_cells(sheet, task.wording.unit(row)))
    _close(sheet)


def _understanding(book: Any, names: SheetNames, task: Task, found: Sequence[Misread]) -> None:
    """Which clauses are misread; no sheet where nothing can be said."""
    if not found:
        return
    texts = task.wording.texts
    sheet = book.create_sheet(names.of(texts("report.misread_sheet")))
    sheet.column_dimensions["A"].width = 110
    for told in lines(found, texts):
        sheet.append(_cells(sheet, (told,)))
    _close(sheet)


def _cells(sheet: Any, values: Any, *, head: bool = False) -> list[Any]:
    """Text is written as text whatever it begins with; numbers as numbers, moments as moments."""
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
    from openpyxl.styles import Alignment, Font  # type: ignore[import-untyped]

    cells = []
    for value in values:
        if not isinstance(value, str):
            cell = WriteOnlyCell(sheet, value)
            if isinstance(value, float):
                cell.number_format = "0.0%"
            if isinstance(value, datetime):
                cell.number_format = "yyyy-mm-dd hh:mm"
                cell.alignment = Alignment(horizontal="left")
        else:
            cell = WriteOnlyCell(sheet, printable(value))
            cell.data_type = "s"
            cell.quotePrefix = harmless(value) != value
        if head:
            cell.font = Font(bold=True)
        cells.append(cell)
    return cells


# --- the SQLite file -------------------------------------------------------------------------

_SCHEMA = """
CREATE TABLE report_campaign (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE report_units (unit INTEGER PRIMARY KEY, parent INTEGER, name TEXT, path TEXT, depth INTEGER,
    addressed INTEGER, acknowledged INTEGER, missing INTEGER, waiting INTEGER, unreachable INTEGER,
    share REAL);
CREATE TABLE report_people (person INTEGER PRIMARY KEY, name TEXT, number TEXT, status TEXT, unit INTEGER,
    "group" TEXT, state TEXT, reason TEXT, channel TEXT, sent_at INTEGER, due_at INTEGER,
    own_due_at INTEGER, acknowledged_at INTEGER, proof TEXT, whatsapp_says TEXT);
CREATE TABLE report_days (day TEXT PRIMARY KEY, sent INTEGER, acknowledged INTEGER);
CREATE TABLE report_quiz (rule TEXT PRIMARY KEY, clause TEXT, quote TEXT, answers_at_least INTEGER,
    wrong_percent INTEGER);
"""
"""Moments are seconds since 1970 (UTC), days those of the regency. `due_at`: by the ledger; `own_due_at`:
moved on by her leave, null: nobody knows when she is back. `whatsapp_says`: how far the message came by
WhatsApp's own account (accepted, sent, delivered, read, failed), which is no acknowledgment."""


async def _evidence(engine: AsyncEngine, task: Task, path: Path, signer: Signer) -> int:
    """The report's tables first, then the evidence, whose seal covers them. That the file was made is itself
    an event in it."""
    path.unlink()  # the bundle makes its own file
    _new(path)
    async with _reading(engine) as connection:
        with closing(sqlite3.connect(path)) as file, file:
            file.executescript(_SCHEMA)
            count = await _tables(connection, task, file)

    async def noting(connection: AsyncConnection) -> None:
        await _noted(connection, task, count)

    await bundle.export(engine, signer, path, task.now, task.campaign, task.actor.person, noting)
    return count


def _new(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


async def _tables(connection: AsyncConnection, task: Task, file: sqlite3.Connection) -> int:
    view, top = task.view, task.view.tops[0]
    status = await _status(connection, view)
    paths = _Paths(view)
    timing = await pace(connection, task.campaign, None, Moved(view.deadlines))
    facts = _plain_facts(status) | {
        "measured": timing.measured,
        "median_seconds": timing.median,
        "ninety_seconds": timing.ninety,
        "in_time": timing.in_time,
        "late": timing.late,
        "as_of": task.now,
    }
    told = await _told(connection, view)
    if told:
        facts |= {f"whatsapp_says_{rung.value}": told[rung] for rung in Rung}
        facts["whatsapp_note"] = task.wording.texts("report.fact_told")
    file.executemany("INSERT INTO report_campaign VALUES (?, ?)", facts.items())
    for row in status.parts[0]:
        unit = row.unit
        shown = [unit.id, unit.parent, unit.name, paths[unit.id], row.depth, *numbers(row.total)]
        file.execute(f"INSERT INTO report_units VALUES ({', '.join('?' * len(shown))})", shown)
    for day in await days(connection, task.campaign, None, task.wording.zone):
        one = (day.day.isoformat(), day.sent, day.acknowledged)
        file.execute("INSERT INTO report_days VALUES (?, ?, ?)", one)
    for clause in await _misread(connection, view):
        figures = (clause.rule, clause.clause, clause.quote, clause.answers, clause.wrong)
        file.execute("INSERT INTO report_quiz VALUES (?, ?, ?, ?, ?)", figures)
    return await _people(connection, task, file, top, status.total.addressed)


async def _people(
    connection: AsyncConnection, task: Task, file: sqlite3.Connection, top: int, total: int
) -> int:
    insert = f"INSERT INTO report_people VALUES ({', '.join('?' * 15)})"
    page: list[tuple[Any, ...]] = []
    count = 0
    async for row, own in _rows(connection, task, top):
        page.append(_stored(row, own.due))
        count += 1
        if len(page) == EVERY:
            file.executemany(insert, page)
            page.clear()
            task.told(count, total)
    file.executemany(insert, page)
    task.told(count, total)
    return count


def _stored(row: Any, due: int | None) -> tuple[Any, ...]:
    group = group_of(DeliveryState(row.state), row.acknowledged_at is not None)
    return (
        row.person_id,
        row.name,
        mask_number(row.number),
        row.status,
        row.unit_id,
        group.value if group else None,
        row.state,
        row.reason,
        row.channel,
        row.sent_at,
        row.due,
        due,
        row.acknowledged_at,
        row.proof,
        row.told,
    )


def _plain_facts(status: Status) -> dict[str, Any]:
    campaign, version, total = status.known.campaign, status.known.version, status.total
    counts: Mapping[str, int] = {group.value: total.of(group) for group in Group}
    return {
        "campaign": campaign.id,
        "regency": campaign.regency,
        "circular": version.circular,
        "number": version.number,
        "dated": version.dated.isoformat(),
        "subject": version.subject,
        "issuer": version.issuer,
        "digest": version.digest,
        "audience": campaign.audience,
        "due_at": int(campaign.due.timestamp()),
        "state": campaign.state.value,
        "author": campaign.author,
        "approver": campaign.approver,
        "addressed": total.addressed,
        **counts,
    }
