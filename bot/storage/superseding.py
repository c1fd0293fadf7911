"""A circular that was changed in substance asks again, and then its older version asks nobody any more whom
the new one asks: its campaign sends no more to them, and does not wait for them."""

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

_later, _newer, _again = campaigns.alias("later"), circular_versions.alias("newer"), deliveries.alias("again")


def superseded() -> Exists:
    """Of a delivery beside its campaign."""
    return asked_anew(campaigns.c.version_id, deliveries.c.person_id).correlate(campaigns, deliveries)


def asked_anew(version: ColumnElement[int], person: ColumnElement[int]) -> Exists:
    """A campaign that has begun brings the person a version that replaces this one in substance."""
    return exists().where(
        _again.c.person_id == person,
        _again.c.state != S.WITHDRAWN,
        _later.c.id == _again.c.campaign_id,
        _later.c.state.in_(OPEN),
        _newer.c.id == _later.c.version_id,
        _newer.c.replaces_id == version,
        _newer.c.material,
    )


async def withdraw_superseded(connection: AsyncConnection, campaign: int, now: int) -> int:
    """One transaction's worth of what has not gone out; how many."""
    unsent = (D.state.in_((S.QUEUED, S.UNREACHABLE, S.FAILED)), D.acknowledged_at.is_(None))
    rows = await locked(connection, campaign, *unsent, campaigns.c.id == D.campaign_id, superseded())
    await change(connection, campaign, rows, {"state": S.WITHDRAWN, "reason": None})
    await append(connection, [Event("withdrawn", now, campaign, row.person_id) for row in rows])
    return len(rows)


async def older_campaigns(engine: AsyncEngine, campaign: int) -> Sequence[int]:
    """Those that have begun with the version that this campaign's one replaces in substance."""
    mine = select(circular_versions.c.replaces_id).where(
        circular_versions.c.id == campaigns.c.version_id,
        circular_versions.c.material,
        campaigns.c.id == campaign,
    )
    begun = and_(_later.c.version_id.in_(mine), _later.c.state.in_(OPEN))
    async with engine.connect() as connection:
        return list(await connection.scalars(select(_later.c.id).where(begun).order_by(_later.c.id)))
