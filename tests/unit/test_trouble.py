"""A database that is locked, full, read-only or gone: one line, and nothing half done. And no log and no
exception holds the numbers of people."""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.campaign import Unreachable
from bot.catalogues import load_catalogues
from bot.people.identity import Account
from bot.people.profile import Profile
from bot.problems import Problem
from bot.storage import tables
from bot.storage.changes import staff_changed
from bot.storage.engine import open_engine
from bot.storage.migrate import migrate
from bot.storage.profiles import SqlProfiles
from bot.storage.store import Store, open_store
from bot.storage.trouble import plainly, problem_of
from bot.storage.unreachable import note_unreached
from tests.fakes import Office
from tests.ledgers import NIP, PHONE, fill, locked, snapshot

CELL = {"day": date(2026, 1, 1), "regency": "a", "unit_id": 1, "activity": "", "verdict": "v", "circular": ""}


async def _ready(url: str, wait: float = 10.0) -> AsyncEngine:
    engine = open_engine(url, wait)
    await migrate(engine)
    return engine


def _line(problem: Problem) -> str:
    return problem.line(load_catalogues()["id"])


async def test_a_locked_database_is_one_clear_line_and_nothing_is_written(database_url: str) -> None:
    engine = await _ready(database_url, wait=0.05)
    profiles = SqlProfiles(engine, lambda: 0.0)
    async with locked(database_url, "profiles"):
        with pytest.raises(Problem) as caught, plainly():
            await profiles.put(Profile("telegram", "7"))
    assert caught.value.key == "store.locked"
    assert "\n" not in _line(caught.value)
    assert await profiles.get("telegram", "7") is None
    await engine.dispose()


async def test_a_writer_waits_for_another_one_for_a_while(database_url: str) -> None:
    engine = await _ready(database_url)
    profiles = SqlProfiles(engine, lambda: 0.0)
    async with locked(database_url, "profiles"):
        writing = asyncio.create_task(profiles.put(Profile("telegram", "7")))
        await asyncio.sleep(0.1)
        assert not writing.done()
    await writing
    await engine.dispose()


async def test_reading_first_and_writing_then_never_fails_because_another_wrote_in_between(
    database_url: str,
) -> None:
    """Each adds one to what it has read: all are counted, none is refused."""
    engine = await _ready(database_url)
    async with engine.begin() as connection:
        await connection.execute(insert(tables.changes), {"what": "test", "number": 0})
    row = tables.changes.c.what == "test"

    async def raise_by_one() -> None:
        async with engine.begin() as connection:
            seen = await connection.execute(select(tables.changes.c.number).where(row).with_for_update())
            number = seen.scalar_one()
            await asyncio.sleep(0.001)
            await connection.execute(tables.changes.update().where(row).values(number=number + 1))

    await asyncio.gather(*(raise_by_one() for _ in range(10)))
    assert [r["number"] for r in (await snapshot(engine))["changes"] if r["what"] == "test"] == [10]
    await engine.dispose()


async def test_a_full_sqlite_database_is_one_clear_line_and_nothing_is_half_done(sqlite_url: str) -> None:
    engine = await _ready(sqlite_url)

    async def write() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("PRAGMA max_page_count = 1"))  # SQLite takes the present size
            for n in range(2_000):
                row = {"channel": "x" * 500, "external_id": str(n), "created_at": 1, "updated_at": 1}
                await connection.execute(insert(tables.profiles), row)

    with pytest.raises(Problem) as caught, plainly():
        await write()
    assert caught.value.key == "store.full"
    assert "EDARAN_DATABASE__URL" in _line(caught.value)
    assert (await snapshot(engine))["profiles"] == []
    await engine.dispose()


@pytest.mark.parametrize(
    ("state", "key"),
    [
        ("53100", "store.full"),
        ("40P01", "store.locked"),
        ("25006", "store.read_only"),
        ("XX001", "store.broken"),
        ("P0001", "store.failed"),
        ("57P01", "store.no_access"),
        ("53300", "store.no_access"),
    ],
)
async def test_what_postgresql_reports_is_one_clear_line(postgresql_url: str, state: str, key: str) -> None:
    engine = open_engine(postgresql_url)
    fail = f"DO $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '{state}'; END $$"
    async with engine.connect() as connection:
        with pytest.raises(Problem) as caught, plainly():
            await connection.execute(text(fail))
    assert caught.value.key == key
    await engine.dispose()


async def test_a_database_that_can_only_be_read_is_named(sqlite_url: str) -> None:
    engine = await _ready(sqlite_url)
    row = {"channel": "x", "external_id": "1", "created_at": 1, "updated_at": 1}
    async with engine.connect() as connection:
        await connection.execute(text("PRAGMA query_only = ON"))
        with pytest.raises(Problem) as caught, plainly():
            await connection.execute(insert(tables.profiles), row)
    assert caught.value.key == "store.read_only"
    await engine.dispose()


async def test_an_unreachable_server_is_named_without_its_password() -> None:
    with pytest.raises(Problem) as caught:
        await open_store("postgresql://someone:hush@127.0.0.1:9/nothing")
    assert caught.value.key == "store.no_access"
    assert "hush" not in _line(caught.value)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem) as caught:
        open_engine(f"sqlite:///{tmp_path}/file/edaran.db")
    assert caught.value.key == "store.no_access"


async def test_a_chat_that_meets_a_locked_database_stays_as_it_was(database_url: str) -> None:
    """The error reaches the channel's outermost loop, which apologises; afterwards all goes on."""
    engine = await _ready(database_url, wait=0.05)
    office = Office(profiles=SqlProfiles(engine, lambda: 0.0))
    async with locked(database_url, "profiles"):
        with pytest.raises(SQLAlchemyError):
            await office.say("/mulai")
    assert (await snapshot(engine))["profiles"] == []
    assert (await office.say("/mulai")).text
    assert office.desk.apology().text == load_catalogues()["id"]("error.sorry")
    await engine.dispose()


# --- other processes ---


async def test_what_another_process_changes_is_seen_here(database_url: str) -> None:
    store, other = await open_store(database_url), await open_store(database_url)
    told = asyncio.Event()
    async with store.watching(told.set, every=0.01):
        await asyncio.wait_for(told.wait(), 10)  # whatever was read before the watch began may be stale
        told.clear()
        await store.profiles.put(Profile("telegram", "7", "a"))
        async with other._engine.begin() as connection:  # as `edaran person erase` does
            await connection.execute(tables.profiles.delete())
            await staff_changed(connection)
        await asyncio.wait_for(told.wait(), 10)
        assert await store.profiles.get("telegram", "7") is None
    told.clear()
    await store.close()
    await other.close()


async def test_whom_a_campaign_could_not_reach_is_known_to_the_channel_when_she_comes_back(
    database_url: str,
) -> None:
    store, other = await open_store(database_url), await open_store(database_url)
    chats = await store.unreachable_on("telegram")
    async with store.watching(lambda: None, every=0.01):
        await note_unreached(other.engine, Account("telegram", "7"), Unreachable.BLOCKED, 60)
        async with asyncio.timeout(10):
            while "7" not in chats:
                await asyncio.sleep(0.01)
        await chats.discard("7")
        await chats.load()
        assert "7" not in chats
    await store.close()
    await other.close()


async def test_watching_outlives_a_database_that_fails(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = await open_store(database_url)
    told = asyncio.Event()
    async with store.watching(told.set, every=0.01):
        await asyncio.wait_for(told.wait(), 10)
        told.clear()
        async with store._engine.begin() as connection:
            await connection.execute(text("ALTER TABLE changes RENAME TO hidden"))
        while "cannot be seen" not in caplog.text:
            await asyncio.sleep(0.01)
        async with store._engine.begin() as connection:
            await connection.execute(text("ALTER TABLE hidden RENAME TO changes"))
            await connection.execute(insert(tables.changes), {"what": "staff", "number": 1})
        await asyncio.wait_for(told.wait(), 10)
    await store.close()


async def test_what_was_read_before_a_change_is_not_remembered_after_it(database_url: str) -> None:
    engine = await _ready(database_url)
    await SqlProfiles(engine, lambda: 0.0).put(Profile("telegram", "7"))
    profiles = SqlProfiles(engine, lambda: 0.0)
    reading = asyncio.create_task(profiles.get("telegram", "7"))
    await asyncio.sleep(0)  # it has begun
    profiles.clear()
    await reading
    assert profiles._cache == {}
    await engine.dispose()


# --- silence about people ---


LOGGERS = ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "alembic", "psycopg", "asyncio", "aiosqlite")


async def _refused(engine: AsyncEngine, wrong: dict[str, object]) -> str:
    """All that can be printed of the error after a row that the database refuses; it is logged too."""
    row = {"id": 99, "regency": "a", "number": NIP, "name": "Ani", "phone": PHONE, "updated_at": 1}
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError) as caught:
            await connection.execute(insert(tables.people), row | {"joined_on": date(2026, 1, 1)} | wrong)
    logging.getLogger("test").error("as a channel logs it", exc_info=caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    return shown + str(problem_of(caught.value)) + repr(engine)


async def test_no_log_and_no_exception_holds_the_numbers_of_people(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With everything logged that can be, and with statements that fail on a row of a person."""
    caplog.set_level(logging.DEBUG)
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, name)
    engine = await _ready(database_url)
    await fill(engine)
    wrong: list[dict[str, object]] = [{}, {"regency": None}, {"joined_on": None}]
    raised = [await _refused(engine, row) for row in wrong]
    store = Store(engine, lambda: 5_000.0)
    assert await store.personal.about(1, "operator:test", "export_person") is not None
    await store.back_up(tmp_path / "saved", "operator:test")
    await store.restore(tmp_path / "saved", "operator:test", replace=True)
    await store.personal.erase(1, "operator:test", date(2026, 1, 1), 10)
    await store.close()
    everything = caplog.text + "".join(raised)
    assert "INSERT INTO people" in everything, "statements were logged"
    for secret in (NIP, PHONE, PHONE[3:]):
        assert secret not in everything


def test_the_engines_say_nothing_by_themselves() -> None:
    engine = open_engine("sqlite://")
    assert not engine.echo
    assert engine.sync_engine.hide_parameters
