"""Opens the ledger."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.problems import Problem
from bot.storage.changes import STAFF, UNREACHABLE, versions
from bot.storage.counters import SqlCounters
from bot.storage.engine import open_engine
from bot.storage.identities import SqlIdentities
from bot.storage.migrate import ensure_current
from bot.storage.personal import SqlPersonalData
from bot.storage.profiles import SqlProfiles
from bot.storage.roster import SqlRoster
from bot.storage.staff import SqlStaff
from bot.storage.trouble import problem_of
from bot.storage.unreachable import SqlUnreachable
from bot.storage.updates import SqlHandledUpdates
from bot.storage.webhooks import SqlWebhooks

if TYPE_CHECKING:
    from bot.config import Retention
    from bot.storage.restoring import Restored
    from bot.storage.retention import Enforcer

log = logging.getLogger(__name__)

WATCH_EVERY = 1.0
"""Seconds between looks for changes by other processes."""


class Store:
    """An open database of the program's own version. `clock` gives seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self.profiles = SqlProfiles(engine, clock)
        self.identities = SqlIdentities(engine)
        self.staff = SqlStaff(engine, clock)
        self.roster = SqlRoster(engine, clock)
        self.personal = SqlPersonalData(engine, clock)
        self.counters = SqlCounters(engine)
        self.webhooks = SqlWebhooks(engine, clock)
        self.whatsapp_accounts = self.webhooks.accounts
        self._unreachable: list[SqlUnreachable] = []

    @property
    def engine(self) -> AsyncEngine:
        """For what spans several of the parts in one transaction."""
        return self._engine

    async def updates_of(self, bot_id: int) -> SqlHandledUpdates:
        updates = SqlHandledUpdates(self._engine, bot_id, self._clock)
        await updates.load()
        return updates

    async def unreachable_on(self, channel: str) -> SqlUnreachable:
        chats = SqlUnreachable(self._engine, channel, self._clock)
        await chats.load()
        self._unreachable.append(chats)
        return chats

    def enforcer(self, periods: Retention) -> Enforcer:
        from bot.storage.retention import Enforcer  # with this and the two below few commands have to do

        return Enforcer(self._engine, periods, self._clock)

    async def back_up(self, path: Path, by: str) -> int:
        from bot.storage.backup import back_up

        return await back_up(self._engine, path, actor=by, now=int(self._clock()))

    async def restore(self, path: Path, by: str, *, replace: bool) -> Restored:
        from bot.storage.backup import restore

        return await restore(self._engine, path, replace=replace, actor=by, now=int(self._clock()))

    @asynccontextmanager
    async def watching(self, changed: Callable[[], None], every: float = WATCH_EVERY) -> AsyncIterator[None]:
        """While this is open, what this process remembers of the staff is dropped when another one has
        changed it (an import, a restore); `changed` drops what is not the store's. And whom a campaign or a
        reminder could not reach is known to the channel, so that it notices when she comes back."""
        task = asyncio.create_task(self._watch(changed, every))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self, changed: Callable[[], None], every: float) -> None:
        seen: Mapping[str, int | None] = {}
        while True:
            try:
                async with self._engine.connect() as connection:
                    found = await versions(connection)
                new = {what for what in (STAFF, UNREACHABLE) if found.get(what) != seen.get(what, -1)}
                if UNREACHABLE in new:
                    for chats in self._unreachable:
                        await chats.load()
            except SQLAlchemyError as error:
                log.error("changes by other processes cannot be seen: %s", type(error).__name__)
            else:
                if STAFF in new:
                    self.profiles.clear()
                    changed()
                seen = {what: found.get(what) for what in (STAFF, UNREACHABLE)}
            await asyncio.sleep(every)

    async def well(self) -> bool:
        """Whether the database answers."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    async def close(self) -> None:
        self.webhooks.close()
        await self._engine.dispose()


async def open_store(address: str, clock: Callable[[], float] = time.time) -> Store:
    """Opens the database, setting it up if it is empty. Raises `Problem` if it cannot be opened, or is
    older or newer than the program."""
    engine = open_engine(address)
    try:
        await ensure_current(engine)
    except SQLAlchemyError as error:
        await engine.dispose()
        raise problem_of(error) from error
    except Problem:
        await engine.dispose()
        raise
    return Store(engine, clock)
