"""Which updates were taken in, so that a repeated one is not answered again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.engine import insert_or
from bot.storage.tables import handled_updates

log = logging.getLogger(__name__)

KEPT = 3 * 86_400
"""Seconds for which an update is remembered; Telegram repeats it for a day at most."""

MOST = 200_000
"""Ids kept in memory (about 15 MiB): older ones are looked for no more."""

PRUNE_EVERY = 5_000


class SqlHandledUpdates:
    """Keeps `bot.channels.port.HandledUpdates`. Claims that come at the same time share one commit, because a
    commit's flush costs more than everything else. `clock` gives seconds since 1970."""

    def __init__(self, engine: AsyncEngine, bot_id: int, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._bot_id = bot_id
        self._clock = clock
        self._seen: dict[int, None] = {}
        self._pending: list[int] = []
        self._flushed: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()
        self._unpruned = 0
        self._insert = insert_or(engine, handled_updates)

    async def load(self) -> None:
        """Forgets what is too old, and takes the rest into memory. Once, before the first claim."""
        await self._prune()
        newest = (
            select(handled_updates.c.update_id)
            .where(handled_updates.c.bot_id == self._bot_id)
            .order_by(handled_updates.c.handled_at.desc())
            .limit(MOST)
        )
        async with self._engine.connect() as connection:
            found = (await connection.execute(newest)).scalars().all()
        self._seen = dict.fromkeys(reversed(found))

    async def claim(self, update_ids: Sequence[int]) -> Sequence[int]:
        """The new ids among these. If the database cannot be written, they are remembered in memory alone: a
        full disk must not silence the bot."""
        new = [key for key in dict.fromkeys(update_ids) if key not in self._seen]
        if not new:
            return new
        for key in new:
            self._seen[key] = None
        while len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]
        self._pending += new
        if self._flushed is None:
            self._flushed = asyncio.ensure_future(self._flush())
        await asyncio.shield(self._flushed)
        return new

    async def _flush(self) -> None:
        """Writes all that has gathered when its turn comes; what comes meanwhile waits for the next."""
        async with self._writing:
            rows, self._pending, self._flushed = self._pending, [], None
            try:
                await self._write(rows)
            except SQLAlchemyError as error:
                log.error("handled updates could not be written: %s", type(error).__name__)

    async def _write(self, update_ids: Sequence[int]) -> None:
        now = int(self._clock())
        values = [{"bot_id": self._bot_id, "update_id": key, "handled_at": now} for key in update_ids]
        async with self._engine.begin() as connection:
            await connection.execute(self._insert, values)
        self._unpruned += len(update_ids)
        if self._unpruned >= PRUNE_EVERY:
            await self._prune()

    async def _prune(self) -> None:
        self._unpruned = 0
        old = delete(handled_updates).where(handled_updates.c.handled_at < int(self._clock()) - KEPT)
        async with self._engine.begin() as connection:
            await connection.execute(old)
