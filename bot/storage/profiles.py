"""Profiles in the database, with the last ones used in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.people.profile import Profile, Step
from bot.storage.engine import insert_or
from bot.storage.gathering import Gathering
from bot.storage.tables import profiles

CACHED = 20_000
"""Profiles kept in memory, about 10 MiB: more than the staff of a regency."""

ENTRIES = ("regency", "status", "unit", "pattern", "language", "step", "stopped_at")


class SqlProfiles:
    """Keeps `bot.people.ports.Profiles`. Another process's changes are seen after `clear`. `clock` gives
    seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], cached: int = CACHED) -> None:
        self._engine = engine
        self._clock = clock
        self._most = cached
        self._cache: dict[tuple[str, str], Profile | None] = {}
        self._cleared = 0
        self._used: set[tuple[str, str]] = set()
        self._gathered = Gathering(self._read)

    async def get(self, channel: str, external_id: str) -> Profile | None:
        key = (channel, external_id)
        self._used.add(key)
        if key in self._cache:
            return self._cache[key]
        cleared = self._cleared
        found = await self._gathered.get(key)
        if key in self._cache:  # changed while this was being read: that is newer
            return self._cache[key]
        if cleared != self._cleared:  # what was read may be older than the change that cleared the rest
            return found
        return self._remember(key, found)

    async def _read(self, asked: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Profile]:
        found = {}
        async with self._engine.connect() as connection:
            for channel in {channel for channel, _ in asked}:
                those = [external_id for on, external_id in asked if on == channel]
                mine = (profiles.c.channel == channel, profiles.c.external_id.in_(those))
                for row in await connection.execute(select(profiles).where(*mine)):
                    found[channel, row.external_id] = _profile(row)
        return found

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

    def clear(self) -> None:
        """Forgets what is in memory: another process may have changed it."""
        self._cleared += 1
        self._cache.clear()

    async def note_uses(self) -> None:
        """Marks the profiles used since the last call as used now, so that they are not taken for forgotten
        ones. Once a day is enough."""
        used, self._used = self._used, set()
        mark = update(profiles).where(
            profiles.c.channel == bindparam("of"), profiles.c.external_id == bindparam("who")
        )
        if used:
            rows = [{"of": channel, "who": external_id} for channel, external_id in used]
            async with self._engine.begin() as connection:
                await connection.execute(mark.values(updated_at=int(self._clock())), rows)

    def _remember(self, key: tuple[str, str], profile: Profile | None) -> Profile | None:
        self._cache.pop(key, None)
        while len(self._cache) >= self._most:
            del self._cache[next(iter(self._cache))]
        self._cache[key] = profile
        return profile


def _profile(row: Row[tuple[Any, ...]]) -> Profile:
    values = {name: row._mapping[name] for name in ("channel", "external_id", *ENTRIES)}
    step = values.pop("step")
    return Profile(**values, step=Step(step) if step else None)
