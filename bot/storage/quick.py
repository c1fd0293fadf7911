"""Transactions in one go, for what people wait for.

With SQLite every statement of an asynchronous connection is a journey to another thread and back, and each of
them waits for the interpreter's lock; a whole transaction in one journey is several times as quick. With
PostgreSQL nothing waits for a thread, and the same functions run on its asynchronous connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.engine import WRITES, open_twin, sqlite_file

T = TypeVar("T")


class Quick:
    """`Work` gets a connection inside a transaction, and must not keep it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._twin: Engine | None = None
        self._threads: Mapping[bool, ThreadPoolExecutor] = {}

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What the work gives, once it is durable."""
        if sqlite_file(self._engine) is None:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        return await self._in_thread(work, writes=True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        if sqlite_file(self._engine) is None:
            async with self._engine.connect() as connection:
                return await connection.run_sync(work)
        return await self._in_thread(work, writes=False)

    async def _in_thread(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        """One thread writes and one reads: SQLite has one writer at a time, and none waits behind readers."""
        if self._twin is None:
            self._twin = open_twin(self._engine)
            self._threads = {kind: ThreadPoolExecutor(1, "ledger") for kind in (True, False)}
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads[writes], _transaction, self._twin, work, writes)

    def close(self) -> None:
        for thread in self._threads.values():
            thread.shutdown()
        if self._twin is not None:
            self._twin.dispose()
        self._twin, self._threads = None, {}


def _transaction(engine: Engine, work: Callable[[Connection], T], writes: bool) -> T:
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITES: writes})
        with connection.begin():
            return work(connection)
