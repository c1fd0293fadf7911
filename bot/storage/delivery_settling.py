"""Deliveries that change though nothing is sent: left behind by a crash, sent again because somebody decides
so, and moved as people become reachable or stop being so.

Each function is one transaction's worth, `AT_ONCE` at most, and gives how many it changed; 0: all are done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, case, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import CampaignState, DeliveryState, Step
from bot.campaigns.evidence import Event
from bot.storage.campaign_row import due_of, put_step, state_of
from bot.storage.campaign_tables import campaigns, deliveries
from bot.storage.delivery_changes import change, event, locked
from bot.storage.delivery_keeping import KEPT
from bot.storage.evidence import append
from bot.storage.reachable import reached_on, why_unreachable
from bot.storage.superseding import superseded

STALE = 3_600
"""Seconds after which a delivery that a lane marked is uncertain though that lane never came back."""

D, S = deliveries.c, DeliveryState

AFRESH: Mapping[str, Any] = {"reason": None, "message_id": None}
"""Nothing of the earlier try stays."""


async def lapse(connection: AsyncConnection, campaign: int, tenure: str, now: int) -> int:
    """Who marked them may still be alive and record later what became of them: `claimed_by` stays."""
    lane, _, _ = tenure.rpartition("#")
    own = D.claimed_by.startswith(f"{lane}#", autoescape=True)
    current = D.claimed_by.startswith(f"{tenure}.", autoescape=True)
    left = or_(and_(own, ~current), and_(~own, D.claimed_at < now - STALE))
    rows = await locked(connection, campaign, D.state == S.SENDING, left)
    await change(connection, campaign, rows, {"state": S.UNCERTAIN})
    await append(connection, [event("uncertain", now, campaign, row.person_id) for row in rows])
    return len(rows)


async def requeue(connection: AsyncConnection, campaign: int, now: int) -> int:
    state = await state_of(connection, campaign, lock=True)
    if state is CampaignState.CANCELLED:
        return 0
    waits = (D.state == S.UNCERTAIN, D.acknowledged_at.is_(None))
    rows = await locked(connection, campaign, *waits, campaigns.c.id == D.campaign_id, ~superseded())
    events = [event("requeued", now, campaign, row.person_id) for row in rows]
    return await _queue(connection, campaign, state, rows, {}, events, now)


async def unreach(connection: AsyncConnection, campaign: int, channels: Sequence[str], now: int) -> int:
    """Who is queued and cannot be reached any more."""
    why, lost = why_unreachable(channels).label("why"), ~reached_on(channels)
    rows = await locked(connection, campaign, D.state == S.QUEUED, lost, more=[why])
    reasons = {row.person_id: row.why for row in rows}
    values = {"state": S.UNREACHABLE, "reason": case(reasons, value=D.person_id)} if rows else {}
    await change(connection, campaign, rows, values)
    events = [event("unreachable", now, campaign, row.person_id, reason=row.why) for row in rows]
    await append(connection, events)
    return len(rows)


async def reach(connection: AsyncConnection, campaign: int, channels: Sequence[str], now: int) -> int:
    """Who can be reached by now is queued. If it has begun without her she gets as much time as the others
    had, unless a deadline of her own is still ahead: an account that comes and goes does not move it."""
    state = await state_of(connection, campaign, lock=True)
    if state is CampaignState.CANCELLED:
        return 0
    waits = (D.state == S.UNREACHABLE, D.acknowledged_at.is_(None))
    rows = await locked(connection, campaign, *waits, reached_on(channels))
    due = await due_of(connection, campaign, now) if state in KEPT else None
    values = {**AFRESH, "due_at": case((D.due_at > now, D.due_at), else_=due)}
    events = [event("reachable", now, campaign, row.person_id) for row in rows]
    return await _queue(connection, campaign, state, rows, values, events, now)


async def elsewhere(connection: AsyncConnection, campaign: int, channels: Sequence[str], now: int) -> int:
    """What one channel did not take goes by another one, once."""
    state = await state_of(connection, campaign, lock=True)
    if state is CampaignState.CANCELLED or len(channels) == 1:
        return 0
    failed = (D.state == S.FAILED, D.failed_on.is_(None), D.acknowledged_at.is_(None))
    other = reached_on(channels, but=D.channel)
    rows = await locked(connection, campaign, *failed, other, more=[D.channel])
    events = [event("elsewhere", now, campaign, row.person_id, channel=row.channel) for row in rows]
    values = {**AFRESH, "failed_on": D.channel}
    return await _queue(connection, campaign, state, rows, values, events, now)


async def _queue(
    connection: AsyncConnection,
    campaign: int,
    state: CampaignState,
    rows: Sequence[Row[Any]],
    values: Mapping[str, Any],
    events: Sequence[Event],
    now: int,
) -> int:
    """The end of a transaction that queues people of a campaign, which is locked in `state`."""
    await change(connection, campaign, rows, {"state": S.QUEUED, "claimed_by": None, **values})
    if rows and state is CampaignState.DONE:
        await put_step(connection, campaign, state, Step.REOPEN, now)
    await append(connection, events)
    return len(rows)
