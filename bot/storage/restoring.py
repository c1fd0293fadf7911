"""What a restore leaves to people: after the backup was taken a running campaign went on, and nobody knows
any more what has gone out since. Nothing goes out again unless somebody says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import CampaignState, DeliveryState, Step
from bot.storage.campaign_row import put_step
from bot.storage.campaign_tables import campaigns, deliveries, lanes
from bot.storage.delivery_changes import change, event, locked
from bot.storage.evidence import append
from bot.storage.reachable import reached_on
from bot.storage.subscriptions import mark_changed
from bot.storage.tables import identities

C, D, S = campaigns.c, deliveries.c, DeliveryState


@dataclass(frozen=True, slots=True)
class Restored:
    """`rows` that were brought back; the ids of the campaigns that were `paused`; of each campaign how many
    deliveries became `uncertain`. `campaigns`: there are some at all."""

    rows: int
    paused: Sequence[int] = ()
    uncertain: Mapping[int, int] = field(default_factory=dict)
    campaigns: bool = False


async def hold(connection: AsyncConnection, rows: int, now: int) -> Restored:
    """In the transaction of the restore: what ran is paused, and whoever may have got it since is
    uncertain."""
    for campaign in await _ids(connection, C.state == CampaignState.APPROVED, C.starts_at <= now):
        # Its hour has come: it may have started since.
        await put_step(connection, campaign, CampaignState.APPROVED, Step.START, now)
        await mark_changed(connection, campaign)
    paused = await _ids(connection, C.state == CampaignState.RUNNING)
    for campaign in paused:
        await put_step(connection, campaign, CampaignState.RUNNING, Step.PAUSE, now)
    perhaps = _perhaps_sent(sorted(await connection.scalars(select(identities.c.channel).distinct())))
    # One that is done went on with whoever could be reached.
    went_on = (CampaignState.PAUSED, CampaignState.DONE)
    doubts = dict.fromkeys(await _ids(connection, C.state.in_(went_on)), perhaps)
    for campaign in await connection.scalars(select(D.campaign_id).where(D.state == S.SENDING).distinct()):
        doubts.setdefault(campaign, D.state == S.SENDING)
    counts = {one: await _doubt(connection, one, doubts[one], now) for one in sorted(doubts)}
    uncertain = {campaign: count for campaign, count in counts.items() if count}
    return Restored(rows, paused, uncertain, bool(await _ids(connection)))


async def _ids(connection: AsyncConnection, *which: ColumnElement[bool]) -> list[int]:
    return list(await connection.scalars(select(C.id).where(*which).order_by(C.id)))


def _perhaps_sent(known: Sequence[str]) -> ColumnElement[bool]:
    """What was being sent, or would have gone out by itself."""
    waits = and_(D.state == S.UNREACHABLE, D.acknowledged_at.is_(None), reached_on(known))
    other = and_(D.failed_on.is_(None), D.acknowledged_at.is_(None), reached_on(known, but=D.channel))
    return or_(D.state.in_((S.QUEUED, S.SENDING)), waits, and_(D.state == S.FAILED, other))


async def _doubt(connection: AsyncConnection, campaign: int, which: ColumnElement[bool], now: int) -> int:
    """`claimed_by` stays: who is sending just now may still record what became of it."""
    count = 0
    while rows := await locked(connection, campaign, which):
        await change(connection, campaign, rows, {"state": S.UNCERTAIN, "reason": None, "wait_until": None})
        await append(connection, [event("uncertain", now, campaign, row.person_id) for row in rows])
        count += len(rows)
    return count


# --- lanes -----------------------------------------------------------------------------------


async def lanes_of(connection: AsyncConnection) -> Sequence[Mapping[str, Any]]:
    return [dict(row) for row in (await connection.execute(select(lanes))).mappings()]


async def free_lanes(connection: AsyncConnection, before: Sequence[Mapping[str, Any]]) -> None:
    """Nobody holds a lane any more. A tenure never comes twice: who held one `before` the restore, or in the
    backup, must ask again."""
    merged: dict[str, dict[str, Any]] = {}
    for row in (*before, *await lanes_of(connection)):
        kept = merged.setdefault(row["name"], {"name": row["name"], "holder": None})
        for column in ("tenure", "beat", "wanted"):
            kept[column] = max(kept.get(column, 0), row[column])
    await connection.execute(delete(lanes))
    if merged:
        await connection.execute(insert(lanes), list(merged.values()))
