"""What WhatsApp brought to the webhook: raw bodies, kept until they are worked off, and the messages handled.

A body is kept before anything reads it, and answered for with 200 only then. Once it is worked off nothing of
its text stays, only the mark by which a repeated one is known. One process works on a ledger's bodies: a
second one would take up at its start what the first is still doing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.engine import insert_or
from bot.storage.gathering import Gathering
from bot.storage.grouping import Grouping
from bot.storage.quick import Quick
from bot.storage.tables import whatsapp_bodies, whatsapp_messages
from bot.storage.whatsapp_accounts import Seen, SqlWhatsappAccounts

log = logging.getLogger(__name__)

PAUSES = (0.1, 0.5, 2.0, 0.0)
"""Seconds before a write that failed is tried again."""


@dataclass(slots=True)
class _Body:
    mark: str
    sealed: bytes
    sequence: int
    new: bool = False


@dataclass(frozen=True, slots=True)
class _Done:
    messages: Sequence[str]
    mark: str | None


class SqlWebhooks:
    """Keeps `bot.channels.whatsapp_ports.Webhooks`. `clock` gives seconds since 1970.

    All that is written, of the accounts too, takes one way, so that no transaction waits for another's lock:
    SQLite looks whether it is free only after pauses that grow.
    """

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._quick = Quick(engine)
        self.accounts = SqlWhatsappAccounts(self._quick, self._put)
        self._writing = Grouping[_Body | _Done | Seen](self._write)
        self._known = Gathering(self._read_known)
        self._last = 0
        this = whatsapp_bodies.c.mark == bindparam("key")
        self._empty = update(whatsapp_bodies).where(this).values(done_at=bindparam("at"), sealed=None)

    async def keep(self, mark: str, sealed: bytes) -> bool:
        """Keeps a sealed body, durably. False: one with this mark was kept before. Raises OSError if it
        cannot be kept."""
        self._last = max(self._last + 1, time.time_ns())
        item = _Body(mark, sealed, self._last)
        try:
            await self._writing.put(item)
        except SQLAlchemyError as error:
            log.error("a webhook's body could not be kept: %s", type(error).__name__)
            raise OSError("the ledger does not take it") from error
        return item.new

    async def waiting(self) -> Sequence[tuple[str, bytes]]:
        """(mark, sealed body) of all that is not worked off, in the order in which it came."""
        table = whatsapp_bodies
        waits = select(table.c.mark, table.c.sealed).where(table.c.sealed.is_not(None))
        query = waits.order_by(table.c.sequence)
        return await self._quick.read(lambda c: [(row.mark, row.sealed) for row in c.execute(query)])

    def close(self) -> None:
        self._quick.close()

    async def handled(self, message_id: str) -> bool:
        return await self._known.get(message_id) is not None

    async def finish(self, messages: Sequence[str], mark: str | None = None) -> None:
        """These messages are handled; with `mark`, that body is worked off, and its text goes. A ledger that
        stays away is waited for a little; then they may be handled once more after a restart."""
        for pause in PAUSES:
            try:
                await self._writing.put(_Done(messages, mark))
            except SQLAlchemyError as error:
                log.error("what was handled could not be noted: %s", type(error).__name__)
            else:
                return
            await asyncio.sleep(pause)

    async def unread(self, mark: str, reader: str) -> None:
        """Something of the body could not be read, by this version of the reader: it stays."""
        statement = update(whatsapp_bodies).where(whatsapp_bodies.c.mark == mark).values(reader=reader)
        await self._quick.write(lambda connection: connection.execute(statement))

    # --- a group at a time ---

    async def _put(self, seen: Seen) -> None:
        await self._writing.put(seen)

    async def _write(self, items: Sequence[_Body | _Done | Seen]) -> None:
        bodies = [item for item in items if isinstance(item, _Body)]
        done = [item for item in items if isinstance(item, _Done)]
        seen = [item for item in items if isinstance(item, Seen)]

        def all_of_it(connection: Connection) -> set[str]:
            added = self._keep(connection, bodies) if bodies else set()
            if done:
                self._finish(connection, done)
            if seen:
                self.accounts.settle(connection, seen)
            return added

        added = await self._quick.write(all_of_it)
        for item in bodies:  # of equal marks the first is new
            item.new = item.mark in added
            added.discard(item.mark)
        if seen:
            self.accounts.remember()

    def _keep(self, connection: Connection, items: Sequence[_Body]) -> set[str]:
        """The marks that are new."""
        now = int(self._clock())
        rows = {
            item.mark: {
                "mark": item.mark,
                "sealed": item.sealed,
                "sequence": item.sequence,
                "received_at": now,
            }
            for item in reversed(items)
        }
        insert = insert_or(self._engine, whatsapp_bodies).returning(whatsapp_bodies.c.mark)
        return set(connection.execute(insert, list(rows.values())).scalars())

    def _finish(self, connection: Connection, items: Sequence[_Done]) -> None:
        now = int(self._clock())
        messages = [{"message_id": m, "handled_at": now} for item in items for m in item.messages]
        marks: list[dict[str, Any]] = [{"key": i.mark, "at": now} for i in items if i.mark is not None]
        if messages:
            connection.execute(insert_or(self._engine, whatsapp_messages), messages)
        if marks:
            connection.execute(self._empty, marks)

    async def _read_known(self, asked: Sequence[str]) -> Mapping[str, bool]:
        query = select(whatsapp_messages.c.message_id).where(whatsapp_messages.c.message_id.in_(asked))
        return await self._quick.read(lambda c: dict.fromkeys(c.execute(query).scalars(), True))
