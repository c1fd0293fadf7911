"""What campaigns cost over WhatsApp: set aside before each call, given back where nothing was taken.

So no crash and no second process makes a campaign dearer than its ceiling; what is counted may be a little
more than what WhatsApp bills, never less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.costs import Told, Waits
from bot.campaigns.ladder import Rung, Standing
from bot.storage.campaign_tables import deliveries, whatsapp_costs, whatsapp_sent
from bot.storage.engine import insert_or
from bot.storage.faults import spoken
from bot.storage.reachable import usable
from bot.storage.tables import identities, whatsapp_accounts
from bot.storage.whatsapp_tags import CHANNEL

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
        """WhatsApp has taken a template; its news may have come before this, and may have said already what
        this says."""
        now = int(self._clock())
        told = {"campaign_id": campaign, "template": template, "price": price}
        fresh = {"message_id": message, "state": Rung.ACCEPTED.value, "at": now, "changed_at": now} | told
        put = insert_or(self._engine, whatsapp_sent).returning(M.message_id)
        mine = M.message_id == message
        with spoken():
            async with self._engine.begin() as connection:
                if (await connection.execute(put, fresh)).first() is not None:
                    return
                row = (await connection.execute(select(whatsapp_sent).where(mine).with_for_update())).one()
                if row.template is not None:
                    return
                await connection.execute(update(whatsapp_sent).where(mine).values(told))
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
        async with self._engine.connect() as connection:
            rungs = {Rung(state): int(count) for state, count in await connection.execute(states)}
            held = await _waits(connection, campaign)
            cost = (
                await connection.execute(select(C.messages, C.rupiah).where(C.campaign_id == campaign))
            ).first()
        messages, rupiah = (int(cost.messages), int(cost.rupiah)) if cost else (0, 0)
        return Told(rungs, held, messages, rupiah)

    async def waits(self, campaign: int) -> tuple[Waits, ...]:
        """What of a campaign waits, and why."""
        with spoken():
            async with self._engine.connect() as connection:
                return await _waits(connection, campaign)

    async def closed_in(self, campaign: int, before: Sequence[str], since: int) -> int:
        """As `closed`, of those to whom the campaign is to go."""
        query, mine = _closed(before, since)
        queued = deliveries.join(mine, mine.c.person_id == D.person_id)
        which = (D.campaign_id == campaign, D.state == DeliveryState.QUEUED, D.acknowledged_at.is_(None))
        with spoken():
            async with self._engine.connect() as connection:
                found = await connection.execute(query.select_from(queued).where(*which))
                return int(found.scalar_one())

    async def closed(self, people: Sequence[int], before: Sequence[str], since: int) -> int:
        """How many of these people would be written to over WhatsApp with a paid template: none of the
        channels `before` it reaches them, and they have not written since the moment `since`."""
        async with self._engine.connect() as connection:
            return await closed(connection, people, before, since)


async def _waits(connection: AsyncConnection, campaign: int) -> tuple[Waits, ...]:
    waits = (
        select(D.reason, func.count(), func.min(D.wait_until))
        .where(D.campaign_id == campaign, D.state == DeliveryState.QUEUED, D.reason.is_not(None))
        .group_by(D.reason)
        .order_by(D.reason)
    )
    return tuple(Waits(*row) for row in await connection.execute(waits))


async def closed(
    connection: AsyncConnection, people: Sequence[int], before: Collection[str], since: int
) -> int:
    query, mine = _closed(before, since)
    total = 0
    for start in range(0, len(people), AT_ONCE):
        some = query.where(mine.c.person_id.in_(people[start : start + AT_ONCE]))
        total += int((await connection.execute(some)).scalar_one())
    return total


def _closed(before: Collection[str], since: int) -> tuple[Any, Any]:
    """Counts people by their accounts here, of which the second one is the table."""
    mine = identities.alias("mine")
    silent = ~exists().where(
        whatsapp_accounts.c.external_id == mine.c.external_id, whatsapp_accounts.c.heard_at > since
    ).correlate(mine)
    other = identities.alias("other")
    elsewhere = (
        exists()
        .where(other.c.person_id == mine.c.person_id, other.c.channel.in_(before), usable(other))
        .correlate(mine)
    )
    counting = select(func.count(mine.c.person_id.distinct())).where(
        mine.c.channel == CHANNEL, usable(mine), silent, ~elsewhere
    )
    return counting, mine


async def change_costs(connection: AsyncConnection, change: Mapping[tuple[int, int], int]) -> None:
    """(campaign, price) → how many messages more, or fewer."""
    for (campaign, price), count in sorted(change.items()):
        if count:
            await connection.execute(
                update(whatsapp_costs)
                .where(C.campaign_id == campaign)
                .values(messages=C.messages + count, rupiah=C.rupiah + count * price)
            )
