"""The evidence bundle: one SQLite file that an auditor opens anywhere, written here and opened for
inspection.

It holds every leaf of the log (commitments), the opened contents of one campaign or of all, the checkpoints
and the public keys. Other tables (a report's) may stand in the same file; the seal, written last, covers them
too.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlite_utils import Database

from bot.campaigns.bundle import CHECKPOINTS, EVENTS, KEYS, OPENINGS, SCHEMA, SEAL, UNSEALED, Seal
from bot.campaigns.evidence import Checkpoint, Event, leaf_hash
from bot.campaigns.signing import KeyRecord, Signer
from bot.problems import Problem
from bot.storage import evidence
from bot.storage.campaign_tables import evidence_checkpoints, evidence_events, evidence_keys

PAGE = 5_000
SQLITE = b"SQLite format 3\x00"

_COLUMNS: Mapping[str, Mapping[str, type]] = {
    EVENTS: {"seq": int, "entry": str, "hash": bytes},
    OPENINGS: {"seq": int, "salt": bytes, "subject": str},
    CHECKPOINTS: {"size": int, "root": str, "at": int, "key_id": str, "signature": str},
    KEYS: {"place": int, "key_id": str, "public_key": str, "at": int, "endorsed_by": str, "endorsement": str},
    SEAL: {"place": int, "content": str, "signature": str},
}
"""The first column is the row's number, so that nothing has a place beside its content."""


@dataclass(frozen=True, slots=True)
class Exported:
    checkpoint: Checkpoint
    opened: int


# --- writing ---------------------------------------------------------------------------------


async def export(
    engine: AsyncEngine,
    signer: Signer,
    path: Path,
    now: int,
    campaign: int | None = None,
    actor: int | None = None,
    noting: Callable[[AsyncConnection], Awaitable[None]] | None = None,
) -> Exported:
    """Adds the evidence to the file `path` and seals it: call it when all other tables are written.
    `campaign`: whose contents are opened, None: all. `actor`: the person who exports, None: nobody of the
    roster. Exporting is itself an event; `noting` writes beside it, in the same transaction. The file holds
    what was committed to: it is made readable by its owner only."""
    async with engine.begin() as connection:
        if noting is not None:
            await noting(connection)
        await evidence.append(connection, [Event("exported", now, campaign, actor, {"form": "sqlite"})])
    signed = await evidence.checkpoint(engine, signer, now)
    assert signed is not None  # there is an event
    file = _created(path)
    try:
        await _copy(engine, file, signed, campaign)
        _seal(file, signer, signed, now, campaign)
        return Exported(signed, file[OPENINGS].count)
    finally:
        file.close()


def _created(path: Path) -> Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)
    file = Database(path)
    if EVENTS in file.table_names():
        raise Problem("evidence.exists", path=path)
    for name, columns in _COLUMNS.items():
        file.create_table(name, dict(columns), pk=next(iter(columns)))
    return file


async def _copy(engine: AsyncEngine, file: Database, signed: Checkpoint, campaign: int | None) -> None:
    async with engine.connect() as connection:
        await _copy_events(connection, file, signed.size, campaign)
        checkpoints = select(evidence_checkpoints).where(evidence_checkpoints.c.size <= signed.size)
        _insert(file, CHECKPOINTS, map(tuple, await connection.execute(checkpoints)))
        keys = select(evidence_keys).order_by(evidence_keys.c.at, evidence_keys.c.key_id)
        rows = enumerate(await connection.execute(keys), 1)
        _insert(file, KEYS, ((place, *row) for place, row in rows))


async def _copy_events(connection: AsyncConnection, file: Database, size: int, campaign: int | None) -> None:
    table = evidence_events.c
    for start in range(0, size, PAGE):
        page = table.seq.between(start + 1, min(size, start + PAGE))
        query = select(table.seq, table.entry, table.salt, table.subject, table.campaign_id)
        rows = (await connection.execute(query.where(page).order_by(table.seq))).all()
        _insert(file, EVENTS, ((row.seq, row.entry, leaf_hash(row.entry)) for row in rows))
        wanted = (row for row in rows if campaign is None or row.campaign_id == campaign)
        _insert(file, OPENINGS, ((row.seq, row.salt, row.subject) for row in wanted))


def _insert(file: Database, table: str, rows: Iterable[Sequence[Any]]) -> None:
    holes = ", ".join("?" for _ in _COLUMNS[table])
    with file.conn:
        file.conn.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)


def _seal(file: Database, signer: Signer, signed: Checkpoint, now: int, campaign: int | None) -> None:
    digests = OpenedBundle(file.conn).digests()
    seal = Seal(now, campaign, signer.key_id, signed.root, signed.size, digests)
    content = seal.content()
    _insert(file, SEAL, [(1, content.decode(), signer.sign(content))])


# --- reading ---------------------------------------------------------------------------------


class OpenedBundle:
    """Implements `bot.campaigns.bundle.Bundle` over an open file, however it was damaged."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def seals(self) -> Sequence[tuple[Any, Any]]:
        query = f"SELECT CASE place WHEN 1 THEN content END, signature FROM {SEAL} LIMIT 9"
        return self._rows(query, SEAL).fetchall()

    def keys(self) -> Sequence[KeyRecord]:
        query = f"SELECT key_id, public_key, at, endorsed_by, endorsement FROM {KEYS} ORDER BY place"
        return [KeyRecord(*row) for row in self._rows(query, KEYS)]

    def checkpoints(self) -> Iterable[Checkpoint]:
        query = f"SELECT size, root, at, key_id, signature FROM {CHECKPOINTS} ORDER BY size"
        return [Checkpoint(*row) for row in _numbered(self._rows(query, CHECKPOINTS))]

    def events(self) -> Iterator[tuple[int, Any, Any]]:
        return _numbered(self._rows(f"SELECT seq, entry, hash FROM {EVENTS} ORDER BY seq", EVENTS))

    def openings(self) -> Iterator[tuple[int, Any, Any]]:
        return _numbered(self._rows(f"SELECT seq, salt, subject FROM {OPENINGS} ORDER BY seq", OPENINGS))

    def digests(self) -> Mapping[str, str]:
        names = [name for name in self._tables() if name not in UNSEALED]
        return {SCHEMA: self._schema()} | {name: self._digest(_quoted(name)) for name in names}

    def whole(self) -> bool:
        """Whether SQLite finds its own structure sound, indexes included."""
        found: tuple[Any, ...] = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        return found == ("ok",)

    def _rows(self, query: str, table: str) -> sqlite3.Cursor:
        """Nothing where the table is gone or has other columns: the schema's digest tells."""
        columns = [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]
        if columns != list(_COLUMNS[table]):
            return self._connection.execute("SELECT 1 WHERE 0")
        return self._connection.execute(query)

    def _tables(self) -> Sequence[str]:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [name for (name,) in self._connection.execute(query)]
        if not all(isinstance(name, str) for name in names):
            raise sqlite3.DatabaseError("name")
        return names

    def _schema(self) -> str:
        settings = ("application_id", "user_version", "encoding")
        found = [self._connection.execute(f"PRAGMA {name}").fetchone() for name in settings]
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        return _digest([*found, *self._connection.execute(query)])

    def _digest(self, name: str) -> str:
        return _digest(self._connection.execute(f"SELECT * FROM {name} NOT INDEXED"))


def _numbered(rows: Iterable[Any]) -> Iterator[Any]:
    """The rows, whose first cell is a number unless somebody has redefined the table."""
    for row in rows:
        if type(row[0]) is not int:
            raise sqlite3.DatabaseError("number")
        yield row


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _digest(rows: Iterable[Sequence[Any]]) -> str:
    """Of the rows in their order; different rows never look alike, for each cell says its type and length."""
    total = sha256()
    for row in rows:
        total.update(b"r%d;" % len(row))
        for cell in row:
            total.update(_cell(cell))
    return total.hexdigest()


def _cell(value: Any) -> bytes:
    if value is None:
        return b"n;"
    if isinstance(value, bytes):
        return b"b%d;" % len(value) + value
    kind = {int: b"i", float: b"f"}.get(type(value), b"t")
    written = str(value).encode(errors="surrogateescape")
    return kind + b"%d;" % len(written) + written


@contextmanager
def opened(path: Path) -> Iterator[OpenedBundle]:
    """A bundle to inspect; nothing is written. Raises Problem where the file is no bundle at all. What is
    damaged within it comes as `sqlite3.DatabaseError` from reading."""
    if not is_sqlite(path):
        raise Problem("evidence.no_bundle", path=path)
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
        connection.execute("PRAGMA trusted_schema = OFF")
        yield OpenedBundle(connection)
    except (
        ValueError
    ) as error:  # a name that is no text: the driver cannot even say what the columns are called
        raise sqlite3.DatabaseError(type(error).__name__) from error
    finally:
        connection.close()


def is_sqlite(path: Path) -> bool:
    """Raises Problem where the file cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise Problem("cli.no_file", path=path, reason=error) from error
