"""What campaigns cost over WhatsApp: set aside before each call, given back where nothing was taken.

So no crash and no second process makes a campaign dearer than its ceiling; what is counted may be a little
more than what WhatsApp bills, never less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.costs import Told, Waits
from bot.campaigns.ladder import Rung, Standing
from bot.storage.campaign_tables import deliveries, whatsapp_costs, whatsapp_sent
from bot.storage.engine import insert_or
from bot.storage.faults import spoken
from bot.storage.tables import identities, profiles, unreachable, whatsapp_accounts

CHANNEL = "whatsapp"

AT_ONCE = 500
"""People in one statement."""

C, D, M = whatsapp_costs.c, deliveries.c, whatsapp_sent.c


class SqlCosts:
    """Keeps `bot.campaigns.costs.Costs`. `clock`: seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    # --- while it is sent ---

    async def set_aside(self, campaign: int, price: int, ceiling: int | None) -> bool:
        """False: that would be more than the ceiling."""
        fresh = {"campaign_id": campaign, "messages": 0, "rupiah": 0}
        more = update(whatsapp_costs).where(C.campaign_id == campaign)
        if ceiling is not None:
            more = more.where(C.rupiah + price <= ceiling)
        with spoken():
            async with self._engine.begin() as connection:
                await connection.execute(insert_or(self._engine, whatsapp_costs), fresh)
                done = await connection.execute(more.values(rupiah=C.rupiah + price, messages=C.messages + 1))
                return bool(done.rowcount)

    async def give_back(self, campaign: int, price: int) -> None:
        with spoken():
            async with self._engine.begin() as connection:
                await change_costs(connection, Counter({(campaign, price): -1}))

    async def accepted(self, message: str, campaign: int | None, template: str, price: int) -> None:
        """WhatsApp has taken a template; its news may have come before this."""
        now = int(self._clock())
        values = {
            "message_id": message,
            "campaign_id": campaign,
            "template": template,
            "price": price,
            "state": Rung.ACCEPTED.value,
            "at": now,
            "changed_at": now,
        }
        put = insert_or(self._engine, whatsapp_sent, replace=("campaign_id", "template", "price"))
        with spoken():
            async with self._engine.begin() as connection:
                row = (await connection.execute(put.returning(M.state, M.billable), values)).one()
                known = Standing(Rung(row.state), now, None, row.billable)
                if campaign is not None and not known.charged:
                    await change_costs(connection, Counter({(campaign, price): -1}))

    # --- reading ---

    async def told(self, campaign: int) -> Told:
        """What WhatsApp says of a campaign, and what it costs so far."""
        mine = D.campaign_id == campaign
        states = (
            select(M.state, func.count())
            .select_from(deliveries.join(whatsapp_sent, M.message_id == D.message_id))
            .where(mine, D.channel == CHANNEL)
            .group_by(M.state)
        )
        waits = (
            select(D.reason, func.count(), func.min(D.wait_until))
            .where(mine, D.state == DeliveryState.QUEUED, D.reason.is_not(None))
            .group_by(D.reason)
            .order_by(D.reason)
        )
        async with self._engine.connect() as connection:
            rungs = {Rung(state): int(count) for state, count in await connection.execute(states)}
            held = tuple(Waits(*row) for row in await connection.execute(waits))
            cost = (
                await connection.execute(select(C.messages, C.rupiah).where(C.campaign_id == campaign))
            ).first()
        messages, rupiah = (int(cost.messages), int(cost.rupiah)) if cost else (0, 0)
        return Told(rungs, held, messages, rupiah)

    async def closed(self, people: Sequence[int], before: Sequence[str], since: int) -> int:
        """How many of these people would be written to over WhatsApp with a paid template: none of the
        channels `before` it reaches them, and they have not written since the moment `since`."""
        async with self._engine.connect() as connection:
            return await closed(connection, people, before, since)


async def closed(
    connection: AsyncConnection, people: Sequence[int], before: Collection[str], since: int
) -> int:
    mine = identities.alias("mine")
    silent = ~exists().where(
        whatsapp_accounts.c.external_id == mine.c.external_id, whatsapp_accounts.c.heard_at > since
    ).correlate(mine)
    other = identities.alias("other")
    elsewhere = (
        exists()
        .where(other.c.person_id == mine.c.person_id, other.c.channel.in_(before), _usable(other))
        .correlate(mine)
    )
    counting = select(func.count(mine.c.person_id.distinct())).where(
        mine.c.channel == CHANNEL, _usable(mine), silent, ~elsewhere
    )
    total = 0
    for start in range(0, len(people), AT_ONCE):
        some = counting.where(mine.c.person_id.in_(people[start : start + AT_ONCE]))
        total += int((await connection.execute(some)).scalar_one())
    return total


def _usable(account: Any) -> ColumnElement[bool]:
    lost = and_(unreachable.c.channel == account.c.channel, unreachable.c.chat_id == account.c.external_id)
    stopped = and_(
        profiles.c.channel == account.c.channel,
        profiles.c.external_id == account.c.external_id,
        profiles.c.stopped_at.is_not(None),
    )
    return ~or_(exists().where(lost).correlate(account), exists().where(stopped).correlate(account))


async def change_costs(connection: AsyncConnection, change: Mapping[tuple[int, int], int]) -> None:
    """(campaign, price) → how many messages more, or fewer."""
    for (campaign, price), count in sorted(change.items()):
        if count:
            await connection.execute(
                update(whatsapp_costs)
                .where(C.campaign_id == campaign)
                .values(messages=C.messages + count, rupiah=C.rupiah + count * price)
            )
