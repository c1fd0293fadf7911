"""One campaign's row: as a noun, its state under lock, the steps that it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.addressing import own_due
from bot.campaigns.campaign import Campaign, CampaignState, Step, after
from bot.campaigns.evidence import Event
from bot.problems import Problem
from bot.storage.campaign_tables import campaigns
from bot.storage.evidence import append

C = campaigns.c


def campaign_of(row: Any) -> Campaign:
    return Campaign(
        id=row.id,
        regency=row.regency,
        version=row.version_id,
        audience=row.audience,
        due=_moment(row.due_at),
        state=CampaignState(row.state),
        author=row.author,
        approver=row.approver,
        starts_at=_moment(row.starts_at) if row.starts_at is not None else None,
        quiz=bool(row.quiz),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def state_of(connection: AsyncConnection, campaign: int, *, lock: bool = False) -> CampaignState:
    """Raises Problem if there is no such campaign. `lock`: nobody else changes it until the end; rows that
    refer to it can be added, or an acknowledgment, which has its delivery, would wait here for who waits
    for that delivery."""
    query = select(C.state).where(C.id == campaign)
    query = query.with_for_update(key_share=True) if lock else query
    found = (await connection.execute(query)).scalar_one_or_none()
    if found is None:
        raise Problem("campaign.unknown", campaign=campaign)
    return CampaignState(found)


async def put_step(
    connection: AsyncConnection, campaign: int, state: CampaignState, step: Step, now: int, **values: object
) -> CampaignState:
    """The step from `state`, which is locked; its evidence with it. Raises Problem if it is not open."""
    reached = after(state, step)
    changed = update(campaigns).where(C.id == campaign)
    await connection.execute(changed.values(state=reached, updated_at=now, **values))
    await append(connection, [Event(step.value, now, campaign, details={"state": reached.value})])
    return reached


async def due_of(connection: AsyncConnection, campaign: int, now: int) -> int | None:
    """The deadline of somebody who is added now; None: the campaign's."""
    start = func.coalesce(C.starts_at, C.created_at).label("start")
    row = (await connection.execute(select(start, C.due_at).where(C.id == campaign))).one()
    return own_due(row.start, row.due_at, now)
