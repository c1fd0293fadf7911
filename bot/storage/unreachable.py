"""Chats to which nothing can be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import Unreachable
from bot.people.identity import Account
from bot.storage.changes import unreachable_changed
from bot.storage.engine import insert_or
from bot.storage.tables import unreachable

NOT_FOUND = "not_found"

WHY = {
    "blocked": Unreachable.BLOCKED,
    "deactivated": Unreachable.DEACTIVATED,
    NOT_FOUND: Unreachable.NEVER_STARTED,
}
"""What the table's words mean for whom a campaign cannot reach."""

_WORDS = {why: word for word, why in WHY.items()}


def word_of(why: Unreachable) -> str:
    """As the table has it."""
    return _WORDS.get(why, NOT_FOUND)


class SqlUnreachable:
    """Keeps `bot.channels.port.Unreachable` for one channel. All ids are in memory: few people block a bot.
    `Store.watching` keeps them in step with what others write. `clock` gives seconds since 1970."""

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
        async with self._engine.begin() as connection:
            await note_lost(connection, self._channel, {chat_id: reason}, int(self._clock()))

    async def discard(self, chat_id: str) -> None:
        self._chats.discard(chat_id)
        statement = delete(unreachable).where(
            unreachable.c.channel == self._channel, unreachable.c.chat_id == chat_id
        )
        async with self._engine.begin() as connection:
            await connection.execute(statement)


async def note_unreached(engine: AsyncEngine, account: Account, why: Unreachable, now: int) -> None:
    """A message of no campaign's own, a reminder say, did not reach the account."""
    async with engine.begin() as connection:
        await note_lost(connection, account.channel, {account.external_id: word_of(why)}, now)


async def note_lost(connection: AsyncConnection, channel: str, lost: Mapping[str, str], now: int) -> None:
    """Chat → why: nothing else may try it until the person comes back by herself."""
    rows = [
        {"channel": channel, "chat_id": chat, "reason": why, "since": now}
        for chat, why in sorted(lost.items())
    ]
    if rows:
        put = insert_or(connection.engine, unreachable, replace=("reason", "since"))
        await connection.execute(put, rows)
        await unreachable_changed(connection)
