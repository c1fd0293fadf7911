"""Retention: what is over goes, what is not stays, and the access log says how much went."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.config import Retention
from bot.people.profile import Profile
from bot.storage import tables
from bot.storage.engine import open_engine
from bot.storage.migrate import migrate
from bot.storage.profiles import SqlProfiles
from bot.storage.retention import DAY, Enforcer
from tests.ledgers import NIP, PHONE, fill, snapshot

NOW = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp())
PERIODS = Retention()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database_url)
    await migrate(opened)
    yield opened
    await opened.dispose()


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


async def _add(engine: AsyncEngine, table: Any, *rows: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(table), list(rows))


async def _left(engine: AsyncEngine, table: str, column: str) -> list[Any]:
    return [row[column] for row in (await snapshot(engine))[table] if row.get("actor") != "job:retention"]


def _ago(days: int, seconds: int = 0) -> int:
    return NOW - days * DAY - seconds


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [
        (tables.handled_updates, "handled_at", {"bot_id": 42, "update_id": 1}),
        (tables.code_tries, "last_at", {"channel": "telegram", "external_id": "7", "failures": 1}),
        (tables.access_log, "at", {"actor": "person:1", "action": "see_person"}),
        (tables.unreachable, "since", {"channel": "telegram", "chat_id": "7", "reason": "blocked"}),
        (tables.profiles, "updated_at", {"channel": "telegram", "external_id": "7", "created_at": 1}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_a_row_stays_until_its_last_second_and_then_goes(
    engine: AsyncEngine, table: Any, column: str, row: dict[str, Any]
) -> None:
    days = getattr(PERIODS, "guests" if table.name in ("profiles", "unreachable") else table.name)
    await _add(engine, table, {**row, column: _ago(days)})
    enforcer = Enforcer(engine, PERIODS, Clock())
    assert (await enforcer.enforce())[table.name] == 0
    assert await _left(engine, table.name, column) == [_ago(days)]
    assert (await enforcer.enforce(NOW + 1))[table.name] == 1
    assert await _left(engine, table.name, column) == []
    assert (await enforcer.enforce(NOW + 1))[table.name] == 0


async def test_a_code_is_forgotten_thirty_days_after_its_end_whatever_ended_it(engine: AsyncEngine) -> None:
    await fill(engine)
    base = {"person_id": 1, "issued_by": "x", "issued_at": 1}
    ends: list[dict[str, int | None]] = [
        {"expires_at": _ago(31), "used_at": None, "revoked_at": None},
        {"expires_at": _ago(1), "used_at": _ago(31), "revoked_at": None},
        {"expires_at": _ago(1), "used_at": None, "revoked_at": _ago(31)},
        {"expires_at": _ago(29), "used_at": None, "revoked_at": None},
        {"expires_at": NOW + DAY, "used_at": None, "revoked_at": None},
    ]
    rows = [base | end | {"digest": f"new{at}"} for at, end in enumerate(ends)]
    await _add(engine, tables.codes, *rows)
    await Enforcer(engine, PERIODS, Clock()).enforce()
    assert sorted(await _left(engine, "codes", "digest")) == ["new3", "new4"]


async def test_counters_go_by_their_day(engine: AsyncEngine) -> None:
    today = date(2026, 11, 23)
    cell = {"regency": "a", "unit_id": 9, "activity": "", "verdict": "v", "circular": "", "count": 5}
    days = [today - timedelta(days=730), today - timedelta(days=731)]
    await _add(engine, tables.counters, *({**cell, "day": day} for day in days))
    await Enforcer(engine, PERIODS, Clock()).enforce()
    assert await _left(engine, "counters", "day") == days[:1]


async def test_a_guest_who_still_asks_keeps_her_profile_and_an_employee_too(engine: AsyncEngine) -> None:
    """Asking changes nothing in a profile: its use is noted once a day."""
    await fill(engine)  # telegram 7 is an employee's account
    old = {"created_at": 1, "updated_at": _ago(400)}
    asking, silent = ({"channel": "telegram", "external_id": name, **old} for name in ("asking", "silent"))
    await _add(engine, tables.profiles, asking, silent)
    async with engine.begin() as connection:
        await connection.execute(update(tables.profiles).values(updated_at=_ago(400)))
    profiles = SqlProfiles(engine, Clock())
    assert await profiles.get("telegram", "asking") == Profile("telegram", "asking")
    await profiles.get("telegram", "nobody")
    await profiles.note_uses()
    await Enforcer(engine, PERIODS, Clock()).enforce()
    assert sorted(await _left(engine, "profiles", "external_id")) == ["7", "asking"]


async def test_a_person_who_left_long_ago_becomes_anonymous_but_evidence_still_finds_her(
    engine: AsyncEngine,
) -> None:
    await fill(engine)
    before = await snapshot(engine)
    removed = await Enforcer(engine, PERIODS, Clock()).enforce()
    assert removed["people"] == 1
    after = await snapshot(engine)
    entry = next(row for row in after["people"] if row["id"] == 2)
    assert (entry["number"], entry["name"], entry["phone"]) == ("anonymous-2", "anonymous", None)
    assert [row["person_id"] for row in after["placements"]] == [
        row["person_id"] for row in before["placements"]
    ]
    for table in ("identities", "codes", "absences"):
        assert 2 not in [row["person_id"] for row in after[table]]
    still = next(row for row in after["people"] if row["id"] == 1)
    assert (still["number"], still["phone"]) == (NIP, PHONE)
    notes = [row for row in after["access_log"] if row["actor"] == "job:retention"]
    assert ("anonymised", 2) in [(row["action"], row["person_id"]) for row in notes]
    assert ("retention.people", 1) in [(row["action"], row["count"]) for row in notes]
    assert after["changes"][1]["number"] > before["changes"][0]["number"], "others drop what they remember"
    assert (await Enforcer(engine, PERIODS, Clock()).enforce())["people"] == 0


async def test_a_person_who_left_within_the_period_keeps_her_name(engine: AsyncEngine) -> None:
    await fill(engine)
    long = Retention(leavers=36_500)
    assert (await Enforcer(engine, long, Clock()).enforce())["people"] == 0


async def test_the_job_runs_once_a_day_also_after_a_restart(engine: AsyncEngine) -> None:
    clock, ran = Clock(), 0

    async def count() -> None:
        nonlocal ran
        ran += 1

    async def run_a_while() -> None:
        task = asyncio.create_task(Enforcer(engine, PERIODS, clock).daily([count], every=0.001))
        await asyncio.sleep(0.2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    await run_a_while()
    assert ran == 1
    await run_a_while()
    assert ran == 1
    clock.now += DAY
    await run_a_while()
    assert ran == 2
    clock.now += 365 * DAY
    await run_a_while()
    clock.now -= 365 * DAY  # the clock is right again: not a year without
    await run_a_while()
    assert ran == 4


async def test_a_database_that_fails_does_not_end_the_job(
    new_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(new_database_url)  # never migrated: every statement fails
    enforcer = Enforcer(engine, PERIODS, Clock())
    task = asyncio.create_task(enforcer.daily(every=0.001))
    while caplog.text.count("next try") < 2:
        await asyncio.sleep(0.01)
        assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await engine.dispose()


async def test_a_run_that_fails_removes_nothing(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(engine)
    before = await snapshot(engine)

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("bot.storage.retention.erase_from", fail)
    with pytest.raises(RuntimeError):
        await Enforcer(engine, PERIODS, Clock()).enforce()
    assert await snapshot(engine) == before
