"""By when people were to acknowledge: the deadlines of deliveries, moved on by leave.

Few people have leave at all: only for these it is looked up, with the working patterns in which it counts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.deadlines import Away, Deadlines
from bot.storage.campaign_tables import deliveries
from bot.storage.recipients import AT_ONCE, Trees, absences_of, begun_at, due_at, places_of
from bot.storage.tables import absences, people

MOST = 1_000
"""Rows in memory at a time."""

DUE = due_at()

LEAVE = exists().where(absences.c.person_id == deliveries.c.person_id).correlate(deliveries)
"""Whether she has leave registered, whenever that is."""

OWING = (deliveries.c.person_id, DUE.label("due"), begun_at().label("begun"), LEAVE.label("leave"))
"""What `Moved` reads of a delivery beside its campaign."""


class Own(NamedTuple):
    """`due`: somebody's own deadline; None: nobody knows when she is back. `away`: on leave today."""

    due: int | None
    away: bool


class Moved:
    """What leave makes of the deadlines of deliveries."""

    def __init__(self, deadlines: Deadlines, trees: Trees | None = None) -> None:
        self.deadlines = deadlines
        self._trees = trees or Trees()

    async def of(self, connection: AsyncConnection, rows: Sequence[Any]) -> list[Own]:
        """In the order of the rows, which have `OWING` and are a few thousand at most."""
        of, today = self.deadlines, self.deadlines.today
        among = [row.person_id for row in rows if row.leave]
        leaves = await _away(connection, self._trees, of.regency, among, today)
        found = ((row, leaves.get(row.person_id)) for row in rows)
        return [
            Own(of.of(row.due, row.begun, leave), leave is not None and leave.on(today))
            for row, leave in found
        ]

    async def each(
        self, connection: AsyncConnection, query: Select[Any], holes: Mapping[str, Any]
    ) -> AsyncIterator[tuple[Any, Own]]:
        """The rows, read as they are used: memory stays the same however many there are."""
        async with connection.stream(query, holes) as rows:
            async for some in rows.partitions(MOST):
                for pair in zip(some, await self.of(connection, some), strict=True):
                    yield pair


async def _away(
    connection: AsyncConnection, trees: Trees, regency: str, among: Sequence[int], day: date
) -> dict[int, Away]:
    """Those of the people who have leave registered, whenever that is; also of people who have left."""
    found: dict[int, Away] = {}
    for start in range(0, len(among), AT_ONCE):
        leaves = await absences_of(connection, among[start : start + AT_ONCE])
        if not leaves:
            continue
        tree = await trees.of(connection, regency)
        places = await places_of(connection, list(leaves), day)
        patterns = select(people.c.id, people.c.pattern).where(people.c.id.in_(leaves))
        for row in await connection.execute(patterns):
            above = tree.pattern(tree.lineage(places.get(row.id, tree.root)))
            found[row.id] = Away(row.pattern or above, tuple(leaves[row.id]))
    return found
