"""Which deliveries are sent next: the first that wait for a channel, marked as being sent by a lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Integer, Row, Select, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import CampaignState, DeliveryState
from bot.campaigns.sending import Parcel
from bot.storage.campaign_tables import campaigns, deliveries
from bot.storage.delivery_changes import COUNTED, change
from bot.storage.reachable import reached_on, usable
from bot.storage.recipients import due_at
from bot.storage.superseding import superseded
from bot.storage.tables import identities, profiles
from bot.storage.whatsapp_tags import CHANNEL as WHATSAPP
from bot.storage.whatsapp_tags import tags

D, S = deliveries.c, DeliveryState

TO_SEND = (D.state == S.QUEUED, D.acknowledged_at.is_(None))
"""Who has acknowledged already, at an assembly or to another campaign, is spared the message."""

CLOCKS_APART = 60
"""Seconds by which the clocks of two processes may differ. Who was last tried further ahead than that was
tried while a clock was wrong, and so is until when she is to wait."""


async def claimed(connection: AsyncConnection, campaign: int, channel: str, token: str) -> tuple[Parcel, ...]:
    """What the same claim has marked before, though nobody heard of it."""
    mine = (D.campaign_id == campaign, D.state == S.SENDING, D.claimed_by == token)
    rows = (await connection.execute(_accounts(channel).where(*mine))).all()
    attempts = {row.person_id: row.attempts for row in rows}
    return await _parcels(connection, campaign, channel, rows, attempts)


async def claim(
    connection: AsyncConnection,
    campaign: int,
    channel: str,
    preferred: tuple[str, ...],
    token: str,
    most: int,
    now: int,
) -> tuple[Parcel, ...]:
    """Nothing, unless the campaign runs. `preferred`: channels that come first, where they reach a person."""
    holes = {"campaign": campaign, "most": most, "now": now}
    rows = (await connection.execute(_queued(channel, preferred), holes)).all()
    values = {
        "state": S.SENDING,
        "channel": channel,
        "claimed_at": now,
        "claimed_by": token,
        "attempts": D.attempts + 1,
        "wait_until": None,
        "reason": None,
    }
    await change(connection, campaign, rows, values)
    attempts = {row.person_id: row.attempts + 1 for row in rows}  # they were read before
    return await _parcels(connection, campaign, channel, rows, attempts)


async def _parcels(
    connection: AsyncConnection,
    campaign: int,
    channel: str,
    rows: Sequence[Row[Any]],
    attempts: Mapping[int, int],
) -> tuple[Parcel, ...]:
    told = await tags(connection, campaign, attempts) if rows and channel == WHATSAPP else {}
    return tuple(
        Parcel(row.person_id, row.external_id, row.language, told.get(row.person_id), row.due) for row in rows
    )


def _accounts(channel: str) -> Select[Any]:
    """Deliveries beside their campaign and the person's account on the channel."""
    account = and_(identities.c.person_id == D.person_id, identities.c.channel == channel)
    own = and_(profiles.c.channel == channel, profiles.c.external_id == identities.c.external_id)
    theirs = (identities.c.external_id, profiles.c.language, due_at().label("due"))
    sources = deliveries.join(campaigns, campaigns.c.id == D.campaign_id).join(identities, account)
    return select(*COUNTED, D.attempts, *theirs).select_from(sources.outerjoin(profiles, own))


@cache
def _queued(channel: str, preferred: tuple[str, ...]) -> Select[Any]:
    """The first `most` of `campaign` for the channel, locked. Built once: that takes longer than asking."""
    campaign: BindParameter[int] = bindparam("campaign", type_=BigInteger())
    now: BindParameter[int] = bindparam("now", type_=BigInteger())
    runs = campaigns.c.state == CampaignState.RUNNING
    query = (
        _accounts(channel)
        .where(D.campaign_id == campaign, *TO_SEND, usable(), runs, ~superseded())
        .where(or_(D.wait_until.is_(None), D.wait_until <= now, D.claimed_at > now + CLOCKS_APART))
        .where(D.failed_on.is_distinct_from(channel))
        .order_by(D.person_id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(of=deliveries, skip_locked=True)
    )
    return query.where(~reached_on(preferred)) if preferred else query
