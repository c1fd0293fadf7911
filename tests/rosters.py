"""Rosters for the tests: invented people, written as files, and the way of a file through the program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from openpyxl import Workbook  # type: ignore[import-untyped]  # has no stubs of its own

from bot.app import mind
from bot.catalogues import load_catalogues
from bot.directory import CorpusDirectory
from bot.people.roster.importing import RegencyFrame, Staged, propose, stage
from bot.people.roster.mapping import RosterMapping
from bot.people.roster.reading import open_roster
from bot.people.roster.rows import Rejection
from bot.policy.files import DIRECTORY
from bot.rendering.texts import Texts

REGENCY = "lumajang"
TODAY = date(2026, 11, 23)
HEADERS = ("NIP", "Nama", "Status Kepegawaian", "Perangkat Daerah", "Unit Kerja", "No. HP")
NIPS = tuple(f"19850{1 + at % 9}0{1 + at % 8}2010011{at:03d}" for at in range(1, 400))
PPPK = "199001012024211001"


def person(
    at: int,
    name: str | None = None,
    status: str = "PNS",
    agency: str = "Dinas Randu",
    unit: str = "Bidang Satu",
    phone: str = "",
) -> list[Any]:
    """A row under HEADERS; `at` tells people apart."""
    return [NIPS[at], name or f"Pegawai {at}", status, agency, unit, phone]


@cache
def frame() -> RegencyFrame:
    corpus = mind(DIRECTORY)[0].corpus
    known = CorpusDirectory(lambda: corpus)
    name, patterns = known.regencies()[REGENCY], known.patterns(REGENCY)
    return RegencyFrame(REGENCY, name, patterns, corpus.vocabulary)


@cache
def texts(language: str = "id") -> Texts:
    return load_catalogues()[language]


def csv_text(rows: Sequence[Sequence[Any]], separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


def write_csv(
    path: Path, rows: Sequence[Sequence[Any]], separator: str = ",", encoding: str = "utf-8"
) -> Path:
    path.write_bytes(csv_text(rows, separator).encode(encoding))
    return path


def write_xlsx(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


@contextmanager
def staged(
    path: Path, mapping: RosterMapping | None = None, sheet: str | None = None, today: date = TODAY
) -> Iterator[Staged]:
    """The file, read into a staging database."""
    source = open_roster(path)
    try:
        layout = propose(source, frame(), mapping, sheet)
        read = stage(source, layout, frame(), today, "digest", lambda done, total: None)
    finally:
        source.close()
    try:
        yield read
    finally:
        read.staging.close()


def accepted(read: Staged) -> list[dict[str, Any]]:
    return list(read.staging.db.query("SELECT * FROM roster ORDER BY row"))


def rejected(read: Staged) -> list[Rejection]:
    return list(read.staging.rejections())


def reasons(read: Staged) -> list[tuple[int, str]]:
    """Row and key of every reason, without the keys' common beginning."""
    return [
        (found.row, reason.key.removeprefix("roster.reject_"))
        for found in rejected(read)
        for reason in found.reasons
    ]
