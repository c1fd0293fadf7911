"""Backup and restore: everything comes back, on either engine, while others write; or nothing is changed."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.problems import Problem
from bot.storage import tables
from bot.storage.backup import back_up, restore
from bot.storage.changes import staff_version
from bot.storage.engine import open_engine
from bot.storage.migrate import migrate
from bot.storage.restoring import Restored
from tests.ledgers import Snapshot, fill, snapshot

Open = Callable[[str], Any]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Opens a migrated database by its address; all are closed afterwards."""
    engines: list[AsyncEngine] = []

    async def open_(url: str) -> AsyncEngine:
        engines.append(open_engine(url))
        await migrate(engines[-1])
        return engines[-1]

    yield open_
    for engine in engines:
        await engine.dispose()


async def _saved(engine: AsyncEngine, path: Path) -> int:
    return await back_up(engine, path, actor="operator:test", now=1_000)


async def _brought_back(engine: AsyncEngine, path: Path, replace: bool = False) -> Restored:
    return await restore(engine, path, replace=replace, actor="operator:test", now=2_000)


def _without_notes(seen: Snapshot) -> Snapshot:
    """What a restore itself changes: a line in the access log, a new number of changes, nobody's lanes."""
    log = [row for row in seen["access_log"] if row["action"] not in ("backup", "restore")]
    return {**seen, "access_log": log, "changes": [], "lanes": []}


async def test_everything_comes_back_on_the_other_engine_and_again_on_the_first(
    opened: Open, sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    first, second = await opened(sqlite_url), await opened(postgresql_url)
    await fill(first)
    before = await snapshot(first)
    async with first.connect() as connection:
        found = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    assert found - {"alembic_version"} == {name for name, rows in before.items() if rows}
    await _saved(first, tmp_path / "one")
    await _brought_back(second, tmp_path / "one")
    assert _without_notes(await snapshot(second)) == _without_notes(before)
    await _saved(second, tmp_path / "two")
    third = await opened(f"sqlite:///{tmp_path}/third.db")
    await _brought_back(third, tmp_path / "two")
    assert _without_notes(await snapshot(third)) == _without_notes(before)


async def test_new_rows_get_new_ids_after_a_restore(
    opened: Open, sqlite_url: str, database_url: str, tmp_path: Path
) -> None:
    source = await opened(f"sqlite:///{tmp_path}/source.db")
    await fill(source)
    await _saved(source, tmp_path / "saved")
    engine = await opened(database_url)
    await _brought_back(engine, tmp_path / "saved")
    async with engine.begin() as connection:
        known = set((await connection.execute(select(tables.people.c.id))).scalars())
        values = {
            "regency": "b",
            "number": "new",
            "name": "N",
            "joined_on": date(2026, 1, 1),
            "updated_at": 1,
        }
        added = await connection.execute(insert(tables.people).returning(tables.people.c.id), values)
        assert added.scalar_one() not in known


async def test_a_backup_taken_while_a_writer_writes_is_the_state_of_one_moment(
    opened: Open, database_url: str, tmp_path: Path
) -> None:
    """The writer adds a person and her placement in one transaction: never one without the other."""
    engine = await opened(database_url)
    await fill(engine)
    async with engine.begin() as connection:
        rows = [
            {"channel": "x", "external_id": str(n), "created_at": 1, "updated_at": 1} for n in range(20_000)
        ]
        await connection.execute(insert(tables.profiles), rows)  # so that copying takes a while
    written, stop = 0, asyncio.Event()

    async def write() -> None:
        nonlocal written
        while not stop.is_set():
            async with engine.begin() as connection:
                values = {"regency": "a", "number": f"w{written}", "name": "W", "joined_on": date(2026, 1, 1)}
                made = await connection.execute(
                    insert(tables.people).returning(tables.people.c.id), values | {"updated_at": 1}
                )
                placed = {
                    "person_id": made.scalar_one(),
                    "unit_id": 1,
                    "kind": "primary",
                    "since": date(2026, 1, 1),
                }
                await connection.execute(insert(tables.placements), placed)
            written += 1

    writer = asyncio.create_task(write())
    for turn in range(3):
        before = written
        await _saved(engine, tmp_path / f"saved{turn}")
        assert written > before, "the writer went on meanwhile"
    stop.set()
    await writer
    for turn in range(3):
        with sqlite3.connect(tmp_path / f"saved{turn}") as file:
            [(people,)] = file.execute("SELECT count(*) FROM people WHERE number LIKE 'w%'")
            [(placed,)] = file.execute(
                "SELECT count(*) FROM placements JOIN people ON people.id = person_id WHERE number LIKE 'w%'"
            )
        assert people == placed


async def test_a_restore_replaces_what_is_there_only_when_told_to(
    opened: Open, database_url: str, tmp_path: Path
) -> None:
    engine = await opened(database_url)
    await fill(engine)
    before = await snapshot(engine)
    await _saved(engine, tmp_path / "saved")
    async with engine.begin() as connection:
        await connection.execute(tables.codes.delete())
    changed = await snapshot(engine)
    with pytest.raises(Problem) as caught:
        await _brought_back(engine, tmp_path / "saved")
    assert caught.value.key == "backup.not_empty"
    assert await snapshot(engine) == changed
    await _brought_back(engine, tmp_path / "saved", replace=True)
    assert _without_notes(await snapshot(engine)) == _without_notes(before)


async def test_other_processes_learn_of_a_restore_and_the_log_of_both(
    opened: Open, database_url: str, tmp_path: Path
) -> None:
    engine = await opened(database_url)
    await fill(engine)
    await _saved(engine, tmp_path / "saved")
    async with engine.connect() as connection:
        version = await staff_version(connection)
    await _brought_back(engine, tmp_path / "saved", replace=True)
    async with engine.connect() as connection:
        assert await staff_version(connection) > version
    log = (await snapshot(engine))["access_log"]
    assert [(row["actor"], row["count"]) for row in log if row["action"] == "restore"] == [
        ("operator:test", 3)
    ]


async def test_a_backup_is_readable_by_its_owner_alone_and_leaves_no_other_file(
    opened: Open, database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    engine = await opened(database_url)
    for _ in range(2):  # the second replaces the first
        await _saved(engine, folder / "saved")
        assert [file.name for file in folder.iterdir()] == ["saved"]
        assert stat.S_IMODE((folder / "saved").stat().st_mode) == 0o600


async def test_a_file_that_is_no_backup_is_never_overwritten(
    opened: Open, sqlite_url: str, tmp_path: Path
) -> None:
    engine = await opened(sqlite_url)
    (tmp_path / "letter.txt").write_text("keep me")
    for name, key in (("letter.txt", "backup.exists"), ("edaran.db", "backup.own_file")):
        with pytest.raises(Problem) as caught:
            await _saved(engine, tmp_path / name)
        assert caught.value.key == key
    assert (tmp_path / "letter.txt").read_text() == "keep me"


async def test_a_place_that_cannot_be_written_to_is_named(
    opened: Open, sqlite_url: str, tmp_path: Path
) -> None:
    engine = await opened(sqlite_url)
    with pytest.raises(Problem) as caught:
        await _saved(engine, tmp_path / "no such folder" / "saved")
    assert caught.value.key == "backup.no_place"


async def test_a_backup_that_fails_halfway_leaves_the_older_one(
    opened: Open, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await opened(database_url)
    await _saved(engine, tmp_path / "saved")
    before = (tmp_path / "saved").read_bytes()
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE counters")
        await connection.exec_driver_sql("CREATE TABLE counters (day INTEGER)")
    with pytest.raises(Problem):
        await _saved(engine, tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if "saved" in file.name] == ["saved"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")

    async def make() -> None:
        engine = open_engine(f"sqlite:///{folder}/edaran.db")
        await migrate(engine)
        await fill(engine)
        await _saved(engine, folder / "saved")
        await engine.dispose()

    asyncio.run(make())
    return (folder / "saved").read_bytes()


def _sealed_as(whole: bytes, path: Path, **seal: object) -> None:
    path.write_bytes(whole)
    with sqlite3.connect(path) as file:
        for name, value in seal.items():
            file.execute(f"UPDATE edaran_backup SET {name} = ?", (value,))


async def test_a_file_that_is_not_a_whole_backup_of_this_version_changes_nothing(
    opened: Open, database_url: str, tmp_path: Path, whole: bytes
) -> None:
    engine = await opened(database_url)
    await fill(engine)
    before = await snapshot(engine)
    path = tmp_path / "file"

    async def refused(key: str) -> None:
        with pytest.raises(Problem) as caught:
            await _brought_back(engine, path, replace=True)
        assert caught.value.key == key
        assert await snapshot(engine) == before

    await refused("backup.no_file")
    path.write_text("nama;nip\n" * 500)
    await refused("backup.foreign")
    path.write_bytes(b"")
    await refused("backup.foreign")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE a (b)")
    path.write_bytes((tmp_path / "other.db").read_bytes())
    await refused("backup.foreign")
    _sealed_as(whole, path, version="0001")
    await refused("backup.version")
    _sealed_as(whole, path, version="9999")
    await refused("backup.version")
    _sealed_as(whole, path, rows="{")
    await refused("backup.broken")
    _sealed_as(whole, path, rows=json.dumps({"people": 3}))
    await refused("backup.broken")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
async def test_a_half_written_backup_changes_nothing(
    opened: Open, sqlite_url: str, tmp_path: Path, whole: bytes, part: float
) -> None:
    engine = await opened(sqlite_url)
    before = await snapshot(engine)
    (tmp_path / "half").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(Problem) as caught:
        await _brought_back(engine, tmp_path / "half")
    assert caught.value.key == "backup.broken"
    assert await snapshot(engine) == before


async def test_a_backup_with_damaged_pages_is_restored_whole_or_not_at_all(
    opened: Open, sqlite_url: str, tmp_path: Path, whole: bytes
) -> None:
    engine = await opened(sqlite_url)
    before = await snapshot(engine)
    chosen = random.Random(5)
    refused = 0
    for _ in range(12):
        page = chosen.randrange(1, len(whole) // 4096)
        (tmp_path / "hurt").write_bytes(whole[: page * 4096] + b"\xff" * 4096 + whole[(page + 1) * 4096 :])
        try:
            await _brought_back(engine, tmp_path / "hurt", replace=True)
        except Problem:
            refused += 1
            assert await snapshot(engine) == before
    assert refused == 12


async def test_an_exception_in_the_middle_of_a_restore_leaves_what_was_there(
    opened: Open, database_url: str, tmp_path: Path, whole: bytes
) -> None:
    """A number of a person that is there twice: no backup of ours has that, an edited one may."""
    engine = await opened(database_url)
    await fill(engine)
    before = await snapshot(engine)
    path = tmp_path / "edited"
    path.write_bytes(whole)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE codes SET person_id = 777")
    with pytest.raises(Problem) as caught:
        await _brought_back(engine, path, replace=True)
    assert caught.value.key == "store.failed"
    assert await snapshot(engine) == before
