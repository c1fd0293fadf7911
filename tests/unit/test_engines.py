"""One code path, two engines: opening, sessions."""

from __future__ import annotations

from sqlalchemy import text

from bot.people.profile import Profile
from bot.storage.engine import open_engine
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
