"""One code path, two engines: opening, sessions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Date, LargeBinary, MetaData, Table, Text, select, text

from bot.people.profile import Profile
from bot.storage.engine import add_rows, among, open_engine, set_rows
from bot.storage.store import open_store


async def test_a_new_database_is_set_up_and_keeps_a_profile(new_database_url: str) -> None:
    store = await open_store(new_database_url)
    await store.profiles.put(Profile("telegram", "7"))
    await store.close()
    store = await open_store(new_database_url)
    assert await store.profiles.get("telegram", "7") == Profile("telegram", "7")
    await store.close()


async def test_commits_are_durable_on_postgresql(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url)
    async with engine.connect() as connection:
        for name, value in {"synchronous_commit": "on", "timezone": "UTC", "lock_timeout": "10s"}.items():
            assert (await connection.execute(text(f"SHOW {name}"))).scalar_one() == value
    await engine.dispose()


MANY = Table(
    "many",
    MetaData(),
    Column("one", BigInteger, primary_key=True),
    Column("two", Text, primary_key=True),
    Column("said", Text),
    Column("done", Boolean),
    Column("at", BigInteger),
    Column("on", Date),
    Column("bytes", LargeBinary),
)

TEXTS = ["", " ", "NULL", "{a,b}", '"', "\\", "it's", ",", "a\nb", "ꦧꦺ 😀", "x" * 10_000, None]


def many() -> list[dict[str, Any]]:
    """Everything that JSON could spell wrong."""
    return [
        {"one": 1 << 62, "two": f"{at} {said or ''}", "said": said, "done": (None, True, False)[at % 3]}
        | {"at": None if at % 2 else -at, "on": date(1, 1, 1 + at), "bytes": b"\x00\\" * at}
        for at, said in enumerate(TEXTS)
    ]


async def test_many_rows_are_added_and_set_as_they_are(new_database_url: str) -> None:
    engine = open_engine(new_database_url)
    rows = many()
    async with engine.begin() as connection:
        await connection.run_sync(MANY.metadata.create_all)
        await add_rows(connection, MANY, rows)
        await add_rows(connection, MANY, [])  # not one row of defaults

    async def kept() -> list[dict[str, Any]]:
        async with engine.connect() as connection:
            found = await connection.execute(select(MANY))
            return sorted(map(dict, found.mappings()), key=lambda row: row["on"])

    assert await kept() == rows
    turned = [
        row | {"said": other["said"], "at": at}
        for at, (row, other) in enumerate(zip(rows, rows[::-1], strict=True))
    ]
    some = [{name: row[name] for name in ("two", "said", "at", "one")} for row in turned[2:]]
    nobody = some[0] | {"two": "nobody has this key"}
    async with engine.begin() as connection:
        await set_rows(connection, MANY, [*some, nobody])
        await set_rows(connection, MANY, [])
    assert await kept() == rows[:2] + turned[2:]
    await engine.dispose()


async def test_many_rows_are_added_to_those_that_are_there(new_database_url: str) -> None:
    engine = open_engine(new_database_url)
    rows = [row | {"at": at} for at, row in enumerate(many())]
    more = [row | {"at": 10, "said": "not set"} for row in rows[::-1]]
    async with engine.begin() as connection:
        await connection.run_sync(MANY.metadata.create_all)
        await add_rows(connection, MANY, rows[1:], add=("at",))
        await add_rows(connection, MANY, more, add=("at",))
    async with engine.connect() as connection:
        kept = (await connection.execute(select(MANY.c.at, MANY.c.said).order_by(MANY.c.on))).all()
    assert kept == [(10, "not set"), *((row["at"] + 10, row["said"]) for row in rows[1:])]
    await engine.dispose()


async def test_among_finds_those_that_are_named(new_database_url: str) -> None:
    engine = open_engine(new_database_url)
    rows = [row | {"one": at} for at, row in enumerate(many())]
    async with engine.begin() as connection:
        await connection.run_sync(MANY.metadata.create_all)
        await add_rows(connection, MANY, rows)
        for wanted in ([], [3], {2: "a key", 5: "another", 1 << 62: "nobody"}, set(range(12))):
            found = await connection.scalars(select(MANY.c.one).where(among(connection, MANY.c.one, wanted)))
            assert set(found) == {row["one"] for row in rows} & set(wanted)
    await engine.dispose()


async def test_what_no_row_of_many_can_hold_is_refused(new_postgresql_url: str) -> None:
    engine = open_engine(new_postgresql_url)
    async with engine.connect() as connection:
        with pytest.raises(TypeError, match="Decimal"):
            await add_rows(connection, MANY, [{"one": Decimal(1)}])
    await engine.dispose()


async def test_rows_that_do_not_name_the_same_columns_are_refused(new_database_url: str) -> None:
    engine = open_engine(new_database_url)
    row = many()[0]
    keys = {name: row[name] for name in ("one", "two")}
    less = {name: value for name, value in row.items() if name != "at"}
    async with engine.begin() as connection:
        await connection.run_sync(MANY.metadata.create_all)
        for uneven in ([row, less], [less, row]):
            for write in (add_rows, set_rows):
                with pytest.raises(ValueError, match="different columns"):
                    await write(connection, MANY, uneven)
        for short in (keys, {"one": 1, "said": "x"}):
            with pytest.raises(ValueError, match="keys and something to set"):
                await set_rows(connection, MANY, [short])
    await engine.dispose()
