"""Chats to which nothing can be sent."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.engine import insert_or
from bot.storage.tables import unreachable


class SqlUnreachable:
    """Keeps `bot.channels.port.Unreachable` for one channel. All ids are in memory: few people block a bot.
    `clock` gives seconds since 1970."""

    def __init__(self, engine: AsyncEngine, channel: str, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._channel = channel
        self._clock = clock
        self._chats: set[str] = set()

    async def load(self) -> None:
        query = select(unreachable.c.chat_id).where(unreachable.c.channel == self._channel)
        async with self._engine.connect() as connection:
            self._chats = set((await connection.execute(query)).scalars())

    def __contains__(self, chat_id: str) -> bool:
        return chat_id in self._chats

    async def add(self, chat_id: str, reason: str) -> None:
        """Remembers why (blocked, deactivated, not_found) and since when; a later reason replaces it."""
        self._chats.add(chat_id)
        values = {
            "channel": self._channel,
            "chat_id": chat_id,
            "reason": reason,
            "since": int(self._clock()),
        }
        async with self._engine.begin() as connection:
            await connection.execute(
                insert_or(self._engine, unreachable, replace=("reason", "since")), values
            )

    async def discard(self, chat_id: str) -> None:
        self._chats.discard(chat_id)
        statement = delete(unreachable).where(
            unreachable.c.channel == self._channel, unreachable.c.chat_id == chat_id
        )
        async with self._engine.begin() as connection:
            await connection.execute(statement)
