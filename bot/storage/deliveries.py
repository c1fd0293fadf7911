"""The ledger of deliveries, as the worker moves it: claimed, recorded, lapsed, settled, halted, finished.

Here the transactions begin and end; what they do to deliveries stands in delivery_claims.py,
delivery_outcomes.py, delivery_keeping.py and delivery_settling.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import CampaignState, DeliveryState, Step
from bot.campaigns.sending import Claim, Result
from bot.storage import delivery_settling as settling
from bot.storage.campaign_row import put_step, state_of
from bot.storage.campaign_tables import deliveries
from bot.storage.delivery_claims import TO_SEND, claim, claimed
from bot.storage.delivery_outcomes import record
from bot.storage.faults import spoken
from bot.storage.superseding import withdraw_superseded

D, S = deliveries.c, DeliveryState


class SqlDeliveries:
    """Keeps `bot.campaigns.sending.Deliveries`. `channels`: those that are served, the preferred first.
    `clock`: seconds since 1970."""

    def __init__(
        self, engine: AsyncEngine, clock: Callable[[], float], channels: Sequence[str] = ("telegram",)
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._channels = tuple(channels)

    def _now(self) -> int:
        return int(self._clock())

    async def claim(
        self, campaign: int, channel: str, tenure: str, mark: int, most: int, *, again: bool = False
    ) -> Claim:
        token, preferred = f"{tenure}.{mark}", self._channels[: self._channels.index(channel)]
        with spoken():
            async with self._engine.begin() as connection:
                parcels = await claimed(connection, campaign, channel, token) if again else ()
                if not parcels:
                    parcels = await claim(connection, campaign, channel, preferred, token, most, self._now())
                if not parcels:
                    return Claim(await state_of(connection, campaign))
                return Claim(CampaignState.RUNNING, parcels)

    async def record(self, campaign: int, channel: str, tenure: str, results: Sequence[Result]) -> None:
        with spoken():
            async with self._engine.begin() as connection:
                await record(connection, campaign, channel, tenure, results, self._now())

    async def lapse(self, campaign: int, channel: str, tenure: str) -> int:
        now = self._now()
        return await self._all(lambda connection: settling.lapse(connection, campaign, tenure, now))

    async def requeue(self, campaign: int) -> int:
        """Sends again what is uncertain: somebody has decided that twice is better than never. How many."""
        now = self._now()
        return await self._all(lambda connection: settling.requeue(connection, campaign, now))

    async def settle(self, campaign: int) -> int:
        channels = self._channels
        await self._all(lambda c: withdraw_superseded(c, campaign, self._now()))
        await self._all(lambda c: settling.unreach(c, campaign, channels, self._now()))
        found = await self._all(lambda c: settling.reach(c, campaign, channels, self._now()))
        found += await self._all(lambda c: settling.elsewhere(c, campaign, channels, self._now()))
        await self._reopen(campaign)
        return found

    async def _all(self, some: Callable[[AsyncConnection], Awaitable[int]]) -> int:
        """As many transactions as it takes: locks are held shortly, and always taken in the same order."""
        total = 0
        with spoken():
            while True:
                async with self._engine.begin() as connection:
                    done = await some(connection)
                if not done:
                    return total
                total += done

    async def _reopen(self, campaign: int) -> None:
        """Where somebody took back an acknowledgment that had spared her the message."""
        with spoken():
            async with self._engine.begin() as connection:
                state = await state_of(connection, campaign, lock=True)
                if state is CampaignState.DONE and await _any(connection, campaign, and_(*TO_SEND)):
                    await put_step(connection, campaign, state, Step.REOPEN, self._now())

    async def halt(self, campaign: int) -> None:
        with spoken():
            async with self._engine.begin() as connection:
                state = await state_of(connection, campaign, lock=True)
                if state is CampaignState.RUNNING:
                    await put_step(connection, campaign, state, Step.PAUSE, self._now())

    async def finish(self, campaign: int) -> CampaignState:
        with spoken():
            async with self._engine.begin() as connection:
                state = await state_of(connection, campaign, lock=True)
                if state is not CampaignState.RUNNING:
                    return state
                if await _any(connection, campaign, or_(and_(*TO_SEND), D.state == S.SENDING)):
                    return state
                return await put_step(connection, campaign, state, Step.FINISH, self._now())


async def _any(connection: AsyncConnection, campaign: int, which: ColumnElement[bool]) -> bool:
    found = select(exists().where(D.campaign_id == campaign, which))
    return bool((await connection.execute(found)).scalar_one())
