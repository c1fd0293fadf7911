"""Who holds a lane: one row each, changed only by whoever saw it as it is."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.lane import Seen
from bot.storage.campaign_tables import lanes
from bot.storage.engine import insert_or
from bot.storage.faults import spoken

_ROW = (lanes.c.holder, lanes.c.tenure, lanes.c.beat, lanes.c.wanted)


class SqlLeases:
    """Keeps `bot.campaigns.lane.Leases`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def look(self, name: str, *, wanting: bool) -> Seen:
        with spoken():
            if not wanting:
                async with self._engine.connect() as connection:
                    found = await _row(connection, name)
                    if found is not None:
                        return found
            async with self._engine.begin() as connection:
                fresh = {"name": name, "holder": None, "tenure": 0, "beat": 0, "wanted": 0}
                await connection.execute(insert_or(self._engine, lanes), fresh)
                more = update(lanes).where(lanes.c.name == name).values(wanted=lanes.c.wanted + 1)
                row = (await connection.execute(more.returning(*_ROW))).one()
                return Seen(*row)

    async def take(self, name: str, seen: Seen, holder: str) -> int | None:
        same = (lanes.c.name == name, lanes.c.tenure == seen.tenure, lanes.c.beat == seen.beat)
        free = lanes.c.holder.is_(None) if seen.holder is None else lanes.c.holder == seen.holder
        values = {"holder": holder, "tenure": seen.tenure + 1, "beat": seen.beat + 1}
        with spoken():
            async with self._engine.begin() as connection:
                done = await connection.execute(update(lanes).where(*same, free).values(values))
                return seen.tenure + 1 if done.rowcount else None

    async def renew(self, name: str, holder: str, tenure: int) -> int | None:
        beat = update(lanes).where(*_mine(name, holder, tenure)).values(beat=lanes.c.beat + 1)
        with spoken():
            async with self._engine.begin() as connection:
                wanted: int | None = await connection.scalar(beat.returning(lanes.c.wanted))
                return wanted

    async def release(self, name: str, holder: str, tenure: int) -> None:
        free = update(lanes).where(*_mine(name, holder, tenure)).values(holder=None)
        with spoken():
            async with self._engine.begin() as connection:
                await connection.execute(free)


async def _row(connection: AsyncConnection, name: str) -> Seen | None:
    row = (await connection.execute(select(*_ROW).where(lanes.c.name == name))).one_or_none()
    return Seen(*row) if row is not None else None


def _mine(name: str, holder: str, tenure: int) -> tuple[ColumnElement[bool], ...]:
    return lanes.c.name == name, lanes.c.holder == holder, lanes.c.tenure == tenure
