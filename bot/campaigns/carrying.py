"""Hands a message to the sending lane, for as long as its person may be written to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.campaigns.campaign import DeliveryState, Unreachable
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
from bot.problems import Problem

NOT_SENT = "not_sent"
"""In the ledger: no call was made, and none will be."""

SHORT = 60.0
"""Seconds that a message waits for its person, or for the end of a channel's pause; one that would wait
longer is not sent, so that it holds no other."""


Lost = Callable[[Account, Unreachable], Awaitable[object]]
"""Notes that nothing reaches an account any more, and why."""


class Carrier(Protocol):
    @property
    def channels(self) -> Collection[str]:
        """Those that are served."""

    async def send(self, account: Account, reply: Reply, until: datetime) -> Outcome:
        """Waits for its turn; makes no call once `until` has come. NotTried: its turn would come too late;
        RetryAfter: the channel's pause is long, but over before. Never raises for what the network or the
        other side does."""


@dataclass(frozen=True, slots=True)
class Carrying:
    """`lanes`: by channel. `timeout`: seconds for one call. `lost` is awaited before a call that did not
    reach is answered: from then on she counts as one whom this account does not reach."""

    lanes: Mapping[str, Lane]
    sender: Sender
    clock: Callable[[], datetime]
    lost: Lost
    timeout: float = 120.0

    @property
    def channels(self) -> Collection[str]:
        return self.lanes.keys()

    async def send(self, account: Account, reply: Reply, until: datetime) -> Outcome:
        lane = self.lanes[account.channel]
        while self.clock() < until:
            if (pause := max(0.0, lane.halted)) > SHORT or self._over(pause, until):
                return NotTried() if self._over(pause, until) else RetryAfter(pause)
            await asyncio.sleep(pause)
            outcome = await self._in_turn(lane, account, reply, until)
            if isinstance(outcome, Later) and outcome.seconds <= SHORT:
                if self._over(outcome.seconds, until):
                    break
                await asyncio.sleep(outcome.seconds)  # the lane goes on with others
            elif isinstance(outcome, RetryAfter):
                lane.hold(outcome.seconds)
            elif outcome is not None:
                return outcome
        return NotTried()

    def _over(self, seconds: float, until: datetime) -> bool:
        return self.clock() + timedelta(seconds=seconds) >= until

    async def _in_turn(self, lane: Lane, account: Account, reply: Reply, until: datetime) -> Outcome | None:
        """None: it has not had its turn."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(lane.use())
            except (LaneLostError, Problem):  # the process ends, or the database does not answer
                return NotTried()
            try:
                if not await lane.try_turn():
                    return None
            except LaneLostError:
                return None
            return await self._call(account, reply) if self.clock() < until else NotTried()

    async def _call(self, account: Account, reply: Reply) -> Outcome:
        try:
            async with asyncio.timeout(self.timeout):
                outcome = await self.sender.send(account.channel, account.external_id, reply)
        except TimeoutError:
            return Uncertain()
        if isinstance(outcome, NotReached) and outcome.reason is not Unreachable.STOPPED:
            await self.lost(account, outcome.reason)
        return outcome


WENT_OUT = frozenset({DeliveryState.SENT.value, DeliveryState.UNCERTAIN.value})
"""Words of a message that has gone out, as far as anybody knows: there is evidence of such only."""


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
