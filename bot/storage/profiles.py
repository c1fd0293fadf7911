"""Profiles in the database, with the last ones used in memory."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.people.profile import Profile, Step
from bot.storage.engine import insert_or
from bot.storage.tables import profiles

CACHED = 20_000
"""Profiles kept in memory, about 10 MiB: more than the staff of a regency."""

ENTRIES = ("regency", "status", "unit", "pattern", "language", "step")


class SqlProfiles:
    """Keeps `bot.people.ports.Profiles`. One process a database: another one's changes are not seen while a
    profile is in memory. `clock` gives seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], cached: int = CACHED) -> None:
        self._engine = engine
        self._clock = clock
        self._most = cached
        self._cache: dict[tuple[str, str], Profile | None] = {}

    async def get(self, channel: str, external_id: str) -> Profile | None:
        key = (channel, external_id)
        if key in self._cache:
            return self._cache[key]
        query = select(profiles).where(profiles.c.channel == channel, profiles.c.external_id == external_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if key in self._cache:  # changed while this was being read: that is newer
            return self._cache[key]
        return self._remember(key, _profile(row) if row else None)

    async def put(self, profile: Profile) -> None:
        now = int(self._clock())
        values = {name: getattr(profile, name) for name in ("channel", "external_id", *ENTRIES)}
        statement = insert_or(self._engine, profiles, replace=(*ENTRIES, "updated_at"))
        async with self._engine.begin() as connection:
            await connection.execute(statement, values | {"created_at": now, "updated_at": now})
        self._remember((profile.channel, profile.external_id), profile)

    async def delete(self, channel: str, external_id: str) -> None:
        statement = delete(profiles).where(
            profiles.c.channel == channel, profiles.c.external_id == external_id
        )
        async with self._engine.begin() as connection:
            await connection.execute(statement)
        self._remember((channel, external_id), None)

    def _remember(self, key: tuple[str, str], profile: Profile | None) -> Profile | None:
        self._cache.pop(key, None)
        while len(self._cache) >= self._most:
            del self._cache[next(iter(self._cache))]
        self._cache[key] = profile
        return profile


def _profile(row: Row[tuple[str | None, ...]]) -> Profile:
    values = row._mapping
    step = values["step"]
    return Profile(
        **{name: values[name] for name in ("channel", "external_id", *ENTRIES[:-1])},
        step=Step(step) if step else None,
    )
