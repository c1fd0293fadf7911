"""How many deliveries of each unit are in which state: changed in the transactions that change the rows."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.campaign_tables import deliveries, delivery_counts
from bot.storage.engine import add_rows


class Cell(NamedTuple):
    unit: int
    state: str
    acknowledged: bool


async def move(connection: AsyncConnection, campaign: int, change: Counter[Cell]) -> None:
    """Adds what changed; negative where rows left a state. In the order of the keys, so that two transactions
    never wait for each other in a circle: call it after the deliveries are locked, before the evidence."""
    rows = [
        {"campaign_id": campaign, "unit_id": unit, "state": state, "acknowledged": done, "count": count}
        for (unit, state, done), count in sorted(change.items())
        if count
    ]
    await add_rows(connection, delivery_counts, rows, add=("count",))


async def counted(connection: AsyncConnection, campaign: int) -> Counter[Cell]:
    """As they are kept."""
    kept = delivery_counts.c
    rows = await connection.execute(
        select(kept.unit_id, kept.state, kept.acknowledged, kept.count).where(
            kept.campaign_id == campaign, kept.count != 0
        )
    )
    return Counter({Cell(row.unit_id, row.state, bool(row.acknowledged)): row.count for row in rows})


async def recounted(connection: AsyncConnection, campaign: int) -> Counter[Cell]:
    """As the deliveries themselves say."""
    done = deliveries.c.acknowledged_at.is_not(None).label("done")
    rows = await connection.execute(
        select(deliveries.c.unit_id, deliveries.c.state, done, func.count().label("number"))
        .where(deliveries.c.campaign_id == campaign)
        .group_by(deliveries.c.unit_id, deliveries.c.state, done)
    )
    return Counter({Cell(row.unit_id, row.state, bool(row.done)): row.number for row in rows})
