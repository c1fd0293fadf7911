"""The counters in the database. What may get there is decided by `bot.people.counting`."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.people.counting import LEAST, Cell, Figure, Tally, shown
from bot.storage.engine import insert_or
from bot.storage.tables import counters

log = logging.getLogger(__name__)

SALT_BYTES = 32


class SqlCounters:
    """The counting of this process: who asked is in RAM only, and lost when it ends."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._tally = Tally(lambda: secrets.token_bytes(SALT_BYTES))
        self._insert = insert_or(engine, counters, add=("count",))

    async def count(self, cell: Cell, who: str) -> None:
        """Counts the person once a day and cell. An answer never fails because of this: what cannot be
        written is lost."""
        await self._add(self._tally.add(cell, who))

    async def close(self, before: date | None = None) -> None:
        """Ends the days before `before`; None: all, at the end of the process."""
        await self._add(self._tally.close(before))

    async def read(self, regency: str, since: date, until: date) -> tuple[Figure, ...]:
        """The figures of the days from `since` up to `until` (which is not among them), the biggest first.
        The caller has asked for the right to see them."""
        cells = (counters.c.unit_id, counters.c.activity, counters.c.verdict, counters.c.circular)
        query = (
            select(*cells, func.sum(counters.c.count))
            .where(counters.c.regency == regency, counters.c.day >= since, counters.c.day < until)
            .where(counters.c.count >= LEAST)
            .group_by(*cells)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return shown([Figure(*row[:4], int(row[4])) for row in rows])

    async def _add(self, groups: Mapping[Cell, int]) -> None:
        if not groups:
            return
        rows = [
            {
                "day": cell.day,
                "regency": cell.regency,
                "unit_id": cell.unit,
                "activity": cell.activity,
                "verdict": cell.verdict,
                "circular": cell.circular,
                "count": number,
            }
            for cell, number in groups.items()
        ]
        try:
            async with self._engine.begin() as connection:
                await connection.execute(self._insert, rows)
        except SQLAlchemyError as error:
            log.error("counters could not be written: %s", type(error).__name__)
