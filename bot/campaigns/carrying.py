"""Hands a message to the sending lane, for as long as its person may be written to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.lane import Lane, LaneLostError
from bot.campaigns.sending import (
    Halted,
    Later,
    NotReached,
    NotTried,
    Outcome,
    Refused,
    RetryAfter,
    Sender,
    Sent,
    Uncertain,
)
from bot.model import Reply
from bot.people.identity import Account

NOT_SENT = "not_sent"
"""In the ledger: no call was made, and none will be."""

SHORT = 60.0
"""Seconds that a message waits for its person; one that would wait longer is not sent."""


class Carrier(Protocol):
    @property
    def channels(self) -> Collection[str]:
        """Those that are served."""

    async def send(self, account: Account, reply: Reply, until: datetime) -> Outcome:
        """Waits for its turn; makes no call once `until` has come. Never raises for what the network or the
        other side does."""


@dataclass(frozen=True, slots=True)
class Carrying:
    """`lanes`: by channel. `timeout`: seconds for one call."""

    lanes: Mapping[str, Lane]
    sender: Sender
    clock: Callable[[], datetime]
    timeout: float = 120.0

    @property
    def channels(self) -> Collection[str]:
        return self.lanes.keys()

    async def send(self, account: Account, reply: Reply, until: datetime) -> Outcome:
        lane = self.lanes[account.channel]
        while self.clock() < until:
            async with lane.use():
                try:
                    await lane.turn()
                except LaneLostError:
                    continue
                if self.clock() >= until:
                    break
                outcome = await self._call(account, reply)
            if isinstance(outcome, Later) and outcome.seconds <= SHORT:
                await asyncio.sleep(outcome.seconds)  # the lane goes on with others
            elif isinstance(outcome, RetryAfter):
                lane.hold(outcome.seconds)
            else:
                return outcome
        return NotTried()

    async def _call(self, account: Account, reply: Reply) -> Outcome:
        try:
            async with asyncio.timeout(self.timeout):
                return await self.sender.send(account.channel, account.external_id, reply)
        except TimeoutError:
            return Uncertain()


def in_a_word(outcome: Outcome) -> str:
    """As the ledger has it."""
    match outcome:
        case Sent():
            return DeliveryState.SENT.value
        case NotReached():
            return DeliveryState.UNREACHABLE.value
        case Refused():
            return DeliveryState.FAILED.value
        case NotTried() | RetryAfter() | Later() | Halted():
            return NOT_SENT
        case Uncertain():
            return DeliveryState.UNCERTAIN.value
