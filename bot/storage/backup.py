"""Backups: one SQLite file with every table as it was at one moment, whichever engine the ledger runs on.

The file is made beside its final place under another name, and renamed once it is whole: a file with the
right name is a whole one. It is itself a ledger of the program's version, with one table more that says so.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import (
    URL,
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.problems import Problem
from bot.storage import campaign_tables  # noqa: F401  # a backup has all tables
from bot.storage.access import note
from bot.storage.changes import staff_changed
from bot.storage.engine import count_on, lock_tables, one_snapshot, open_engine, sqlite_file
from bot.storage.migrate import VERSION_TABLE, migrate, newest
from bot.storage.restoring import Restored, free_lanes, hold, lanes_of
from bot.storage.tables import changes, metadata, people
from bot.storage.trouble import plainly, problem_of

BATCH = 5_000
"""Rows in memory at a time."""

seal = Table(
    "edaran_backup",
    MetaData(),
    Column("version", Text, nullable=False),
    Column("made_at", Integer, nullable=False),
    Column("rows", Text, nullable=False),  # JSON: table → number of rows
)
"""One row, written last."""

Explain = Callable[[SQLAlchemyError], Problem]


async def back_up(engine: AsyncEngine, path: Path, *, actor: str, now: int) -> int:
    """Writes everything to `path`, readable by its owner only, while others go on reading and writing; gives
    the number of rows. Replaces an older backup, but no other file. Raises Problem, then writes nothing."""
    _check_place(engine, path)
    with _made_beside(path) as temporary:
        counts = await _write(engine, temporary, path, now)
        _settle(temporary)
    with plainly():
        async with engine.begin() as connection:
            await note(connection, now, actor, "backup", count=counts[people.name])
    return sum(counts.values())


async def restore(engine: AsyncEngine, path: Path, *, replace: bool, actor: str, now: int) -> Restored:
    """Brings everything back from `path` in one transaction; what may have gone out since the backup waits
    for people (restoring.py). Raises Problem, and changes nothing, for a file that is no whole backup of this
    version, and for a database that is not empty (unless `replace`)."""
    promised = _promised(path)
    file = _reading(path)
    try:
        with plainly():
            async with file.connect() as source, engine.begin() as target:
                tables = await _tables(target)
                await lock_tables(target, tables)
                held = await lanes_of(target)
                await _empty(target, tables, replace)
                counts = await _copy_all(
                    source, target, tables, lambda _: Problem("backup.broken", path=path)
                )
                if counts != promised:
                    raise Problem("backup.broken", path=path)
                await free_lanes(target, held)
                await staff_changed(target)
                await note(target, now, actor, "restore", count=counts[people.name])
                done = await hold(target, sum(counts.values()), now)
    finally:
        await file.dispose()
    return done


# --- the file --------------------------------------------------------------------------------


def _check_place(engine: AsyncEngine, path: Path) -> None:
    own = sqlite_file(engine)
    if own is not None and path.exists() and own.exists() and path.samefile(own):
        raise Problem("backup.own_file", path=path)
    if path.exists():
        try:
            _sealed(path)
        except Problem as problem:
            raise Problem("backup.exists", path=path) from problem


@contextmanager
def _made_beside(path: Path) -> Iterator[Path]:
    """A new file in the same folder, which takes the place of `path` at the end, or goes after an error."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
    except OSError as error:
        raise Problem("backup.no_place", path=path, reason=error) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise Problem("backup.no_place", path=path, reason=error) from error
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(name + ending).unlink(missing_ok=True)


async def _write(engine: AsyncEngine, temporary: Path, path: Path, now: int) -> dict[str, int]:
    file = open_engine(URL.create("sqlite", database=str(temporary)))
    try:
        await migrate(file)
        async with engine.connect() as source, file.begin() as target:
            await _snapshot(source)
            counts = await _copy_all(source, target, await _tables(target), problem_of)
            await target.run_sync(seal.metadata.create_all)
            values = {"version": newest(), "made_at": now, "rows": json.dumps(counts)}
            await target.execute(insert(seal), values)
    except SQLAlchemyError as error:  # those of the ledger have become a Problem by now
        raise Problem("backup.no_place", path=path, reason=type(error).__name__) from error
    finally:
        await file.dispose()
    return counts


async def _snapshot(source: AsyncConnection) -> None:
    with plainly():
        await one_snapshot(source)


def _settle(temporary: Path) -> None:
    """Everything in the one file, and the file on the disk."""
    with closing(sqlite3.connect(temporary)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    handle = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _promised(path: Path) -> dict[str, int]:
    """How many rows each table of the backup has, once it is known to be one, whole and of this version."""
    version, counts = _sealed(path)
    if version != newest():
        raise Problem("backup.version", path=path, version=version, known=newest())
    return counts


def _sealed(path: Path) -> tuple[str, dict[str, int]]:
    """(version, rows of each table) as the seal has it. Raises Problem for a file that is no backup, or that
    is damaged."""
    if not path.is_file():
        raise Problem("backup.no_file", path=path)
    try:
        with closing(sqlite3.connect(_address(path), uri=True)) as connection:
            sealed = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
            if connection.execute(sealed, (seal.name,)).fetchone() is None:
                raise Problem("backup.foreign", path=path)
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise Problem("backup.broken", path=path)
            [(version, rows)] = connection.execute(f"SELECT version, rows FROM {seal.name}").fetchall()
            return str(version), {str(name): int(count) for name, count in json.loads(rows).items()}
    except sqlite3.DatabaseError as error:
        key = "backup.foreign" if "not a database" in str(error) else "backup.broken"
        raise Problem(key, path=path) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise Problem("backup.broken", path=path) from error


def _address(path: Path) -> str:
    """`immutable`: nothing is written beside the file, and it needs no rights but to be read."""
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"


def _reading(path: Path) -> AsyncEngine:
    def connect() -> aiosqlite.Connection:
        return aiosqlite.connect(_address(path), uri=True)

    return create_async_engine("sqlite+aiosqlite://", async_creator=connect, hide_parameters=True)


# --- the rows --------------------------------------------------------------------------------


async def _tables(connection: AsyncConnection) -> Sequence[Table]:
    """All tables of the ledger, those first that others refer to. `changes` stays out: it counts what
    happened to this very database."""
    found = set(await connection.run_sync(lambda c: inspect(c).get_table_names()))
    unknown = found - set(metadata.tables) - {VERSION_TABLE}
    if unknown:  # a table that the program does not declare would be lost silently
        raise RuntimeError(f"tables without a declaration: {sorted(unknown)}")
    return [table for table in metadata.sorted_tables if table.name in found and table is not changes]


async def _empty(target: AsyncConnection, tables: Sequence[Table], replace: bool) -> None:
    for table in reversed(tables):
        if not replace and (await target.execute(select(table).limit(1))).first() is not None:
            raise Problem("backup.not_empty", option="--replace")
        await target.execute(delete(table))


async def _copy_all(
    source: AsyncConnection, target: AsyncConnection, tables: Sequence[Table], explain: Explain
) -> dict[str, int]:
    return {table.name: await _copy(source, target, table, explain) for table in tables}


async def _copy(source: AsyncConnection, target: AsyncConnection, table: Table, explain: Explain) -> int:
    """Rows that refer to rows of their own table (units) get these references once all are there."""
    inner = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    unlinked, later, copied = dict.fromkeys(inner), [], 0
    async for rows in _batches(source, table, explain):
        await target.execute(insert(table), [row | unlinked for row in rows])
        later += [_link(row, inner) for row in rows if any(row[name] is not None for name in inner)]
        copied += len(rows)
    if later:
        link = update(table).where(table.c.id == bindparam("of"))
        await target.execute(link.values({name: bindparam(f"to_{name}") for name in inner}), later)
    await count_on(target, table)
    return copied


def _link(row: dict[str, Any], inner: Sequence[str]) -> dict[str, Any]:
    return {"of": row["id"], **{f"to_{name}": row[name] for name in inner}}


async def _batches(
    source: AsyncConnection, table: Table, explain: Explain
) -> AsyncIterator[list[dict[str, Any]]]:
    query = select(table).order_by(*table.primary_key.columns)
    try:
        async with source.stream(query, execution_options={"yield_per": BATCH}) as found:
            async for rows in found.mappings().partitions():
                yield [dict(row) for row in rows]
    except SQLAlchemyError as error:
        raise explain(error) from error
