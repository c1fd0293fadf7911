"""A circular that was changed asks again, and then its older versions ask nobody any more whom the new one
asks: their campaigns send no more to them, and do not wait for them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Exists, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.acknowledging import OPEN
from bot.campaigns.campaign import DeliveryState
from bot.campaigns.evidence import Event
from bot.storage.campaign_tables import campaigns, circular_versions, deliveries
from bot.storage.delivery_changes import change, locked
from bot.storage.evidence import append

D, S = deliveries.c, DeliveryState

_begun, _again = campaigns.alias("begun"), deliveries.alias("again")
_older, _newer = circular_versions.alias("older"), circular_versions.alias("newer")

_REPLACES = and_(
    _newer.c.regency == _older.c.regency,
    _newer.c.circular == _older.c.circular,
    _newer.c.id > _older.c.id,
)
"""Whether in substance is not asked: a change of words has no campaign, unless somebody wants all to read
them."""


def superseded() -> Exists:
    """Of a delivery beside its campaign."""
    return asked_anew(campaigns.c.version_id, D.person_id).correlate(campaigns, deliveries)


def asked_anew(version: ColumnElement[int], person: ColumnElement[int]) -> Exists:
    """A campaign that has begun brings the person a version that replaces this one."""
    return exists().where(
        _older.c.id == version,
        _REPLACES,
        _begun.c.version_id == _newer.c.id,
        _begun.c.state.in_(OPEN),
        _again.c.campaign_id == _begun.c.id,
        _again.c.person_id == person,
        _again.c.state != S.WITHDRAWN,
    )


async def withdraw_superseded(connection: AsyncConnection, campaign: int, now: int) -> int:
    """One transaction's worth of what has not gone out; how many."""
    unsent = (D.state.in_((S.QUEUED, S.UNREACHABLE, S.FAILED)), D.acknowledged_at.is_(None))
    rows = await locked(connection, campaign, *unsent, campaigns.c.id == D.campaign_id, superseded())
    await change(connection, campaign, rows, {"state": S.WITHDRAWN, "reason": None})
    await append(connection, [Event("withdrawn", now, campaign, row.person_id) for row in rows])
    return len(rows)


async def older_campaigns(engine: AsyncEngine, campaign: int) -> Sequence[int]:
    """Those that have begun with a version that this campaign's one replaces."""
    query = (
        select(_begun.c.id)
        .join(_older, _older.c.id == _begun.c.version_id)
        .join(_newer, _REPLACES)
        .join(campaigns, campaigns.c.version_id == _newer.c.id)
        .where(campaigns.c.id == campaign, _begun.c.state.in_(OPEN))
        .order_by(_begun.c.id)
    )
    async with engine.connect() as connection:
        return list(await connection.scalars(query))
