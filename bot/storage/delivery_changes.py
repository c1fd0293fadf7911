"""What every change of deliveries is made of: they are locked, changed, counted, and it is an event.

Transactions lock in one order: the campaign, its deliveries, the counts, the evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.evidence import Event
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_tables import deliveries
from bot.storage.engine import among

AT_ONCE = 500
"""Rows changed by one statement."""

D = deliveries.c

COUNTED = (D.person_id, D.unit_id, D.state, D.acknowledged_at)
"""What the counts of a delivery depend on, as it is before a change."""


async def locked(
    connection: AsyncConnection,
    campaign: int,
    *which: ColumnElement[bool],
    more: Sequence[ColumnElement[Any]] = (),
    most: int | None = AT_ONCE,
) -> Sequence[Row[Any]]:
    """The first of these deliveries of the campaign, by person. `more`: columns beside `COUNTED`."""
    query = select(*COUNTED, *more).where(D.campaign_id == campaign, *which).order_by(D.person_id)
    return (await connection.execute(query.limit(most).with_for_update(of=deliveries))).all()


async def change(
    connection: AsyncConnection, campaign: int, rows: Sequence[Row[Any]], values: Mapping[str, Any]
) -> None:
    """The same change of several locked rows, and of their counts. `values`: the new state among them."""
    if not rows:
        return
    which = (D.campaign_id == campaign, among(connection, D.person_id, [row.person_id for row in rows]))
    await connection.execute(update(deliveries).where(*which).values(values))
    counts = Counter[Cell]()
    for row in rows:
        recount(counts, row, values["state"])
    await move(connection, campaign, counts)


def recount(counts: Counter[Cell], row: Any, state: str) -> None:
    """The delivery goes over into `state`."""
    done = row.acknowledged_at is not None
    counts[Cell(row.unit_id, row.state, done)] -= 1
    counts[Cell(row.unit_id, str(state), done)] += 1


def event(kind: str, now: int, campaign: int, person: int, **details: str | None) -> Event:
    """Details that are None are left out."""
    known = {name: value for name, value in details.items() if value is not None}
    return Event(kind, now, campaign, person, known)
