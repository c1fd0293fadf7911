"""What counts in the reports of a campaign, and the sums of it.

Sums by unit come from `delivery_counts`, which is kept in step with the deliveries: a million of them are
never counted to show a status.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Select, and_, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.ladder import Rung
from bot.campaigns.misreadings import Misread, misread
from bot.campaigns.reports import CELLS, Tally
from bot.storage.campaign_tables import (
    circular_versions,
    deliveries,
    delivery_counts,
    quiz_counts,
    whatsapp_sent,
)
from bot.storage.staff_queries import SUBTREE
from bot.storage.whatsapp_tags import CHANNEL

CAMPAIGN: BindParameter[int] = bindparam("campaign", type_=BigInteger())

COUNTING = and_(deliveries.c.campaign_id == CAMPAIGN, deliveries.c.state != DeliveryState.WITHDRAWN.value)
"""The deliveries that count, of one campaign."""

TOLD = and_(deliveries.c.channel == CHANNEL, whatsapp_sent.c.message_id == deliveries.c.message_id)
"""What WhatsApp tells of the message of a delivery."""


def counting(unit: int | None) -> ColumnElement[bool]:
    """Those of the unit and all below it; None: of the whole campaign. Holes: campaign, unit."""
    return COUNTING if unit is None else and_(COUNTING, deliveries.c.unit_id.in_(SUBTREE))


async def tallies(connection: AsyncConnection, campaign: int) -> dict[int, Tally]:
    """Of the units that have deliveries."""
    rows = (await connection.execute(_tallies(), {"campaign": campaign})).all()
    return {row[0]: Tally(tuple(row[1:])) for row in rows}


@cache
def _tallies() -> Select[Any]:
    """A row a unit, a column a cell: the database puts the cells of a unit side by side."""
    kept = delivery_counts.c
    columns = (
        func.sum(case((and_(kept.state == state.value, kept.acknowledged.is_(done)), kept.count), else_=0))
        for state, done in CELLS
    )
    wanted = (kept.campaign_id == CAMPAIGN) & (kept.count != 0)
    return select(kept.unit_id, *columns).where(wanted).group_by(kept.unit_id)


async def misreadings(connection: AsyncConnection, version: int) -> tuple[Misread, ...]:
    """Of a version, in all its campaigns."""
    kept = quiz_counts.c
    wording = select(circular_versions.c.wording).where(circular_versions.c.id == version)
    counts = select(kept.rule, kept.right, kept.wrong).where(kept.version_id == version)
    rows = [(row.rule, row.right, row.wrong) for row in await connection.execute(counts)]
    return misread(rows, (await connection.execute(wording)).scalar_one())


async def rungs(connection: AsyncConnection, campaign: int, unit: int | None) -> dict[Rung, int]:
    """Where the messages to people stand according to WhatsApp; empty: none went there."""
    query = (
        select(whatsapp_sent.c.state, func.count())
        .select_from(deliveries.join(whatsapp_sent, TOLD))
        .where(counting(unit))
        .group_by(whatsapp_sent.c.state)
    )
    found = await connection.execute(query, {"campaign": campaign, "unit": unit})
    return {Rung(state): int(count) for state, count in found}
