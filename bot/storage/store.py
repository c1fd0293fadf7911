"""Opens the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.problems import Problem
from bot.storage.engine import open_engine
from bot.storage.migrate import ensure_current
from bot.storage.profiles import SqlProfiles
from bot.storage.unreachable import SqlUnreachable
from bot.storage.updates import SqlHandledUpdates


class Store:
    """An open database of the program's own version. `clock` gives seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self.profiles = SqlProfiles(engine, clock)

    async def updates_of(self, bot_id: int) -> SqlHandledUpdates:
        updates = SqlHandledUpdates(self._engine, bot_id, self._clock)
        await updates.load()
        return updates

    async def unreachable_on(self, channel: str) -> SqlUnreachable:
        chats = SqlUnreachable(self._engine, channel, self._clock)
        await chats.load()
        return chats

    async def well(self) -> bool:
        """Whether the database answers."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    async def close(self) -> None:
        await self._engine.dispose()


async def open_store(address: str, clock: Callable[[], float] = time.time) -> Store:
    """Opens the database, setting it up if it is empty. Raises `Problem` if it cannot be opened, or is
    older or newer than the program."""
    engine = open_engine(address)
    try:
        await ensure_current(engine)
    except DBAPIError as error:
        await engine.dispose()
        raise Problem("store.no_access", setting="EDARAN_DATABASE__URL", reason=str(error.orig)) from error
    except Problem:
        await engine.dispose()
        raise
    return Store(engine, clock)
