"""The ledger: its file, its versions, what survives a restart, what it costs."""

from __future__ import annotations

import asyncio
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic import op
from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.catalogues import load_catalogues
from bot.people.profile import Profile, Step
from bot.problems import Problem
from bot.storage import profiles as profiles_module
from bot.storage import tables
from bot.storage import updates as updates_module
from bot.storage.engine import insert_or, open_engine
from bot.storage.migrate import SCRIPTS, ensure_current, migrate, newest
from bot.storage.profiles import SqlProfiles
from bot.storage.store import Store, open_store
from bot.storage.tables import metadata
from bot.storage.updates import SqlHandledUpdates

DAY = 86_400


@pytest.fixture
def url(new_database_url: str) -> str:
    return new_database_url


async def _with_store(url: str, clock: Callable[[], float] = lambda: 0.0) -> Store:
    return await open_store(url, clock)


async def _rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What another connection sees, or does."""
    engine = open_engine(url)
    async with engine.begin() as connection:
        found = await connection.execute(text(statement))
        rows = [tuple(row) for row in found] if found.returns_rows else []
    await engine.dispose()
    return rows


def _counted(engine: AsyncEngine) -> list[str]:
    """The statements that reach the database from now on, but for the beginnings of transactions."""
    seen: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    return seen


# --- the file ---


async def test_the_file_and_its_folder_belong_to_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "edaran.db"
    store = await _with_store(f"sqlite:///{path}")
    await store.profiles.put(Profile("telegram", "7"))
    rights = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(rights.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await store.close()


async def test_a_sqlite_database_is_crash_safe_and_keeps_foreign_keys(new_sqlite_url: str) -> None:
    engine = open_engine(new_sqlite_url)
    async with engine.connect() as connection:
        pragmas = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    await engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize("url", ["nonsense", "oracle+unknown://x/y", "mysql+nothing://secret@x/y"])
def test_an_address_without_a_driver_is_named_without_its_secrets(url: str) -> None:
    with pytest.raises(Problem) as caught:
        open_engine(url)
    line = caught.value.line(load_catalogues()["id"])
    assert "EDARAN_DATABASE__URL" in line
    assert "secret" not in line


async def test_a_path_that_cannot_be_opened_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem) as caught:
        await open_store(f"sqlite:///{tmp_path}/file/edaran.db")
    assert caught.value.key == "store.no_access"


async def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "edaran.db").write_bytes(b"this is not a database at all" * 40)
    with pytest.raises(Problem) as caught:
        await open_store(f"sqlite:///{tmp_path}/edaran.db")
    assert caught.value.key == "store.broken"
    assert "\n" not in caught.value.line(load_catalogues()["id"])


# --- versions ---


async def test_an_empty_database_is_set_up_at_first_opening(url: str) -> None:
    store = await _with_store(url)
    assert await store.well()
    await store.close()
    assert await _rows(url, "SELECT version_num FROM alembic_version") == [(newest(),)]


def test_the_newest_version_is_that_at_the_end_of_the_migrations() -> None:
    from alembic.script import ScriptDirectory

    assert newest() == ScriptDirectory(str(SCRIPTS)).get_current_head()


async def test_a_database_of_the_right_version_is_opened_without_alembic(url: str) -> None:
    await (await _with_store(url)).close()
    opening = (
        "import asyncio, sys; from bot.storage.store import open_store;"
        "asyncio.run(open_store(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", opening, url)
    assert await process.wait() == 0


async def test_the_migrations_make_exactly_the_tables_of_the_program(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engine = open_engine(url)
    await migrate(engine)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c), metadata)
        )
    await engine.dispose()
    assert differences == []


async def test_every_migration_goes_down_and_up_again(url: str) -> None:
    engine = open_engine(url)
    versions = sorted(path.stem[:4] for path in (SCRIPTS / "versions").glob("0*.py"))
    shapes = {}
    for version in versions:
        await migrate(engine, version)
        shapes[version] = await _shape(engine)
    for version in reversed(versions):
        await migrate(engine, version)
        assert await _shape(engine) == shapes[version]
    await migrate(engine, "base")
    assert set(await _shape(engine)) <= {"alembic_version"}
    await migrate(engine)
    await ensure_current(engine)
    await migrate(engine)  # nothing to do is no error
    await engine.dispose()


async def _shape(engine: AsyncEngine) -> dict[str, set[str]]:
    """Table → names of its columns and indexes."""

    def look(connection: Connection) -> dict[str, set[str]]:
        found = inspect(connection)
        return {
            table: {column["name"] for column in found.get_columns(table)}
            | {str(index["name"]) for index in found.get_indexes(table)}
            for table in found.get_table_names()
        }

    async with engine.connect() as connection:
        return await connection.run_sync(look)


async def test_a_migration_that_fails_leaves_the_version_before_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(url)
    await migrate(engine, "0001")
    before = await _shape(engine)

    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(op, "add_column", fail)  # the last step of 0002
        with pytest.raises(RuntimeError, match="power cut"):
            await migrate(engine)
    assert await _shape(engine) == before
    await migrate(engine)
    await engine.dispose()


async def test_programs_that_start_together_set_the_database_up_once(url: str) -> None:
    stores = await asyncio.gather(*(_with_store(url) for _ in range(4)))
    for store in stores:
        await store.profiles.put(Profile("telegram", "7"))
        await store.close()
    assert await _rows(url, "SELECT count(*) FROM profiles") == [(1,)]


async def test_processes_that_start_together_set_the_database_up_once(url: str) -> None:
    start = (
        "import asyncio, sys; from bot.storage.store import open_store; asyncio.run(open_store(sys.argv[1]))"
    )
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", start, url) for _ in range(3)]
    assert [await process.wait() for process in started] == [0, 0, 0]


async def test_an_unknown_version_is_named_with_those_that_exist(url: str) -> None:
    engine = open_engine(url)
    with pytest.raises(Problem) as caught:
        await migrate(engine, "0077")
    await engine.dispose()
    assert caught.value.values == {"revision": "0077", "known": newest()}


async def test_a_database_newer_than_the_program_is_refused_and_left_alone(url: str) -> None:
    await (await _with_store(url)).close()
    await _rows(url, "UPDATE alembic_version SET version_num = '9999'")
    engine = open_engine(url)
    for work in (open_store(url), migrate(engine)):
        with pytest.raises(Problem) as caught:
            await work
        assert caught.value.key == "store.newer"
        assert "9999" in caught.value.line(load_catalogues()["id"])
    await engine.dispose()
    assert await _rows(url, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.parametrize("made", ["CREATE TABLE profiles (a INTEGER)", "version 0001"])
async def test_an_older_database_and_a_foreign_one_are_refused(url: str, made: str) -> None:
    engine = open_engine(url)
    if made.startswith("CREATE"):
        await _rows(url, made)
    else:
        await migrate(engine, "0001")
    await engine.dispose()
    with pytest.raises(Problem) as caught:
        await open_store(url)
    assert caught.value.key == "store.older"
    assert "edaran migrate" in caught.value.line(load_catalogues()["id"])


# --- what survives ---


async def test_a_half_finished_registration_survives_a_restart(url: str) -> None:
    half = Profile("telegram", "7", "lumajang", status="pns", step=Step.UNIT)
    store = await _with_store(url)
    await store.profiles.put(half)
    await store.close()
    store = await _with_store(url)
    assert await store.profiles.get("telegram", "7") == half
    await store.close()


async def test_handled_updates_and_unreachable_chats_survive_a_restart(url: str) -> None:
    store = await _with_store(url)
    await (await store.updates_of(42)).claim([1, 2, 3])
    await (await store.unreachable_on("telegram")).add("7", "blocked")
    await store.close()
    store = await _with_store(url)
    assert list(await (await store.updates_of(42)).claim([2, 4])) == [4]
    assert "7" in await store.unreachable_on("telegram")
    assert "7" not in await store.unreachable_on("whatsapp")
    await store.close()


async def test_a_claim_is_on_disk_when_it_returns(url: str) -> None:
    store = await _with_store(url)
    await (await store.updates_of(42)).claim([1, 2])
    assert await _rows(url, "SELECT update_id FROM handled_updates ORDER BY 1") == [(1,), (2,)]
    await store.close()


async def test_another_bots_updates_are_others(url: str) -> None:
    store = await _with_store(url)
    await (await store.updates_of(42)).claim([1])
    assert list(await (await store.updates_of(43)).claim([1])) == [1]
    await store.close()


async def test_old_handled_updates_are_forgotten_and_recent_ones_kept(url: str) -> None:
    now = 1_000_000.0
    store = await _with_store(url, lambda: now)
    await (await store.updates_of(42)).claim([1])
    await store.close()
    now += 2 * DAY
    store = await _with_store(url, lambda: now)
    updates = await store.updates_of(42)
    assert list(await updates.claim([1, 2])) == [2]
    await store.close()
    now += 2 * DAY
    store = await _with_store(url, lambda: now)
    await store.updates_of(42)
    await store.close()
    assert await _rows(url, "SELECT update_id FROM handled_updates") == [(2,)]


async def test_long_running_bots_prune_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates_module, "PRUNE_EVERY", 2)
    now = 0.0
    store = await _with_store(url, lambda: now)
    updates = await store.updates_of(42)
    await updates.claim([1])
    now = 10.0 * DAY
    await updates.claim([2])
    await store.close()
    assert await _rows(url, "SELECT update_id FROM handled_updates") == [(2,)]


# --- what it costs ---


async def test_a_warm_profile_is_not_read_from_the_database(url: str) -> None:
    engine = open_engine(url)
    await migrate(engine)
    await SqlProfiles(engine, lambda: 0.0).put(Profile("telegram", "7"))
    profiles = SqlProfiles(engine, lambda: 0.0)
    seen = _counted(engine)
    for _ in range(3):
        await profiles.get("telegram", "7")
        await profiles.get("telegram", "nobody")
    assert len(seen) == 2
    await engine.dispose()


async def test_the_memory_of_profiles_is_bounded(url: str) -> None:
    engine = open_engine(url)
    await migrate(engine)
    profiles = SqlProfiles(engine, lambda: 0.0, cached=3)
    for n in range(10):
        await profiles.put(Profile("telegram", str(n)))
    assert len(profiles._cache) == 3
    assert await profiles.get("telegram", "0") == Profile("telegram", "0")
    await engine.dispose()


async def test_a_profile_deleted_while_it_was_being_read_stays_deleted(url: str) -> None:
    engine = open_engine(url)
    await migrate(engine)
    await SqlProfiles(engine, lambda: 0.0).put(Profile("telegram", "7"))
    profiles = SqlProfiles(engine, lambda: 0.0)
    await asyncio.gather(profiles.get("telegram", "7"), profiles.delete("telegram", "7"))
    assert await profiles.get("telegram", "7") is None
    await engine.dispose()


async def test_claims_that_come_together_share_commits(url: str) -> None:
    engine = open_engine(url)
    await migrate(engine)
    updates = SqlHandledUpdates(engine, 42, lambda: 0.0)
    await updates.load()
    seen = _counted(engine)
    claimed = await asyncio.gather(*(updates.claim([n]) for n in range(200)))
    assert [list(one) for one in claimed] == [[n] for n in range(200)]
    assert len(seen) <= 4
    await engine.dispose()


async def test_a_repeated_update_that_comes_while_the_first_is_being_written_is_refused(url: str) -> None:
    store = await _with_store(url)
    updates = await store.updates_of(42)
    first, second = await asyncio.gather(updates.claim([1]), updates.claim([1]))
    assert sorted([*first, *second]) == [1]
    await store.close()


async def test_a_database_that_cannot_be_written_does_not_silence_the_bot(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = await _with_store(url)
    updates = await store.updates_of(42)
    await _rows(url, "DROP TABLE handled_updates")
    assert list(await updates.claim([1])) == [1]
    assert list(await updates.claim([1])) == []
    assert "could not be written" in caplog.text
    await store.close()


def test_the_tables_have_no_place_for_what_people_ask() -> None:
    """No column of any table holds a sentence that somebody typed, an act or a verdict beside a person."""
    for table in metadata.tables.values():
        columns = set(table.columns.keys())
        assert not columns & {"text", "question", "message", "body", "asked", "answer", "conversation"}
        if columns & {"activity", "verdict"}:
            assert not columns & {
                "person_id",
                "actor",
                "channel",
                "external_id",
                "chat_id",
                "number",
                "phone",
            }
            assert not any(key.column.table.name == "people" for key in table.foreign_keys)
    assert set(profiles_module.ENTRIES) <= set(tables.profiles.columns.keys())


def test_the_counters_hold_a_day_a_place_and_a_number_and_nothing_else() -> None:
    assert set(tables.counters.columns.keys()) == {
        "day",
        "regency",
        "unit_id",
        "activity",
        "verdict",
        "circular",
        "count",
    }


def test_the_same_inserts_are_understood_by_postgresql() -> None:
    engine: Any = SimpleNamespace(dialect=PGDialect())  # type: ignore[no-untyped-call]
    replacing = insert_or(engine, tables.unreachable, replace=("reason",)).compile(dialect=engine.dialect)
    ignoring = insert_or(engine, tables.handled_updates).compile(dialect=engine.dialect)
    assert "ON CONFLICT (channel, chat_id) DO UPDATE SET reason = excluded.reason" in str(replacing)
    assert "ON CONFLICT (bot_id, update_id) DO NOTHING" in str(ignoring)
