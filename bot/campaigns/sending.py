"""Sends what a campaign has queued, so that a crash at any moment loses nothing and doubles nothing.

A batch is marked as being sent, durably, before the first call; what became of each call is written
afterwards, in one transaction with its evidence. What was marked and never confirmed is uncertain: the
message may have gone out, so it is never sent again unless somebody says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol, TypeAlias, TypeVar

from bot.campaigns.campaign import CampaignState, Unreachable
from bot.campaigns.lane import Lane, LaneLostError
from bot.model import Reply
from bot.problems import Problem

log = logging.getLogger(__name__)

T = TypeVar("T")

PASSING = {"store.locked", "store.no_access", "store.full"}
"""What is wrong with a database today and may be well in a minute."""


LONGEST_IDLE = 2.0
"""Seconds between two looks for work where there was none for a while: people can wait for hours until the
channel takes more."""

LEAST, MOST = 100, 500
"""Deliveries marked at once, where nobody says how many: what the lane sends in a third of a second, within
these bounds."""


# --- what becomes of a message ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    message: str | None = None


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """The channel took nothing and wants a pause, in seconds, of everybody."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Later:
    """The channel took nothing and wants a pause, in seconds, of this person only. `reason`: a word for it,
    where people are to know what is waited for."""

    seconds: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Halted:
    """Nothing more of the campaign may go out until somebody has decided: `reason`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel does not take this message."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotReached:
    """The channel does not reach this person."""

    reason: Unreachable


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The call was made and its end not seen."""


@dataclass(frozen=True, slots=True)
class NotTried:
    """No call was made."""


Outcome: TypeAlias = Sent | RetryAfter | Later | Halted | Refused | NotReached | Uncertain | NotTried


# --- ports -----------------------------------------------------------------------------------


Wording: TypeAlias = tuple[str | None, int | None]
"""A language and a deadline: people for whom both are the same get the same words."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """`language`: of the person's account; None: not said. `tag`: of the message, where the channel gives it
    back. `due`: by when she is to acknowledge, by the ledger: seconds since 1970."""

    person: int
    external_id: str
    language: str | None = None
    tag: str | None = None
    due: int | None = None

    @property
    def wording(self) -> Wording:
        return self.language, self.due


@dataclass(frozen=True, slots=True)
class Claim:
    """What was marked as being sent. `state`: of the campaign; nothing is claimed unless it runs."""

    state: CampaignState
    parcels: tuple[Parcel, ...] = ()


Result: TypeAlias = tuple[Parcel, Outcome]


class Deliveries(Protocol):
    """The ledger. Each method is one transaction, durable when it returns; a Problem says that it was not.
    `tenure`: of the lane under which one sends."""

    async def claim(
        self, campaign: int, channel: str, tenure: str, mark: int, most: int, *, again: bool = False
    ) -> Claim:
        """Marks queued deliveries as being sent. `mark` is new for every claim of a tenure. `again`: it may
        have been written already under this mark, and then is what is given."""

    async def record(self, campaign: int, channel: str, tenure: str, results: Sequence[Result]) -> None:
        """What became of them; what is recorded already stays."""

    async def lapse(self, campaign: int, channel: str, tenure: str) -> int:
        """What earlier tenures of this lane left as being sent is uncertain; how many."""

    async def halt(self, campaign: int) -> None:
        """Paused, if it runs. Why stands at its deliveries."""

    async def settle(self, campaign: int) -> int:
        """Queued deliveries of people whom nothing reaches become unreachable, unreachable ones of people
        whom something reaches are queued, and so are those that failed where another channel reaches the
        person; how many were queued."""

    async def finish(self, campaign: int) -> CampaignState:
        """Done, if nothing is queued or being sent. The state afterwards."""


class Sender(Protocol):
    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        """One try. Never raises for what the network or the other side does."""


class Messages(Protocol):
    async def message(self, campaign: int, language: str | None, due: int | None) -> Reply: ...


# --- the worker ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """`batch`: deliveries marked at once; twice as many can be uncertain after a crash. None: what the lane
    sends in a third of a second, `LEAST` to `MOST`. `timeout`: seconds for one call, then its end is not
    waited for. `patience`: seconds for which a database that does not answer is asked again. `idle`: seconds
    between two looks while others have to act first; it grows."""

    batch: int | None = None
    timeout: float = 120.0
    patience: float = 600.0
    idle: float = 0.5
    pauses: tuple[float, float] = (0.1, 5.0)


class Sending:
    """Sends through one lane. `channel`: the lane's."""

    def __init__(
        self,
        channel: str,
        lane: Lane,
        deliveries: Deliveries,
        sender: Sender,
        messages: Messages,
        plan: Plan | None = None,
    ) -> None:
        self._channel = channel
        self._lane = lane
        self._deliveries = deliveries
        self._sender = sender
        self._messages = messages
        self._plan = plan or Plan()
        self._flights: dict[int, list[asyncio.Task[None]]] = defaultdict(list)
        self._lapsed: set[tuple[int, str]] = set()
        self._batch = self._plan.batch or int(min(max(LEAST, (lane.rate or MOST * 3) / 3), MOST))
        self._idle: dict[int, float] = {}
        self._marks = 0
        self._ending = False

    async def batch(self, campaign: int) -> CampaignState:
        """Sends the next deliveries of the campaign. Returns when the last of them has got its turn; those of
        the batch before have landed by then. RUNNING: there is, or there may be, more to send; of a long
        pause only the beginning is waited for. Raises LaneLostError at the end of the process, Problem for a
        database that does not come back."""
        await self._landed(campaign, but=1)
        if await self._halted():
            return CampaignState.RUNNING
        async with AsyncExitStack() as stack:
            tenure = await stack.enter_async_context(self._lane.use())
            await self._lapse(campaign, tenure)
            claim = await self._claim(campaign, tenure)
            calls: list[asyncio.Task[Result]] = []
            try:
                messages = await self._composed(campaign, claim.parcels)
                await self._dispatch(claim.parcels, messages, calls)
            finally:  # whatever happened, what was claimed and not called is queued again
                left = claim.parcels[len(calls) :]
                flight = self._fly(campaign, tenure, calls, left, stack.pop_all())
                self._flights[campaign].append(asyncio.create_task(flight))
        if claim.parcels:
            self._idle.pop(campaign, None)
        if claim.parcels or claim.state is not CampaignState.RUNNING:
            return claim.state
        return await self._over(campaign)

    async def run(self, campaign: int) -> CampaignState:
        """Until nothing is left to send, or it no longer runs, or the end is near; the state then."""
        state = CampaignState.RUNNING
        while state is CampaignState.RUNNING and not self._ending:
            state = await self.batch(campaign)
        await self.landed(campaign)
        return state

    async def landed(self, campaign: int) -> None:
        """Returns when what became of everything that was sent is recorded."""
        await self._landed(campaign, but=0)

    async def end(self) -> None:
        """Sends nothing more, and lets go of the lane once everything has landed."""
        self._ending = True
        for campaign in list(self._flights):
            await self.landed(campaign)
        await self._lane.close()

    async def _landed(self, campaign: int, but: int) -> None:
        """`but`: so many of the latest batches may still be on their way."""
        flights = self._flights[campaign]
        while len(flights) > but:
            await flights.pop(0)

    async def _halted(self) -> bool:
        """Whether the channel's pause goes on. Not waited for to its end: other channels want to go on."""
        left = self._lane.halted
        if left <= 0 or self._ending:
            return False
        await asyncio.sleep(min(left, LONGEST_IDLE))
        return self._lane.halted > 0

    async def _lapse(self, campaign: int, tenure: str) -> None:
        if (campaign, tenure) in self._lapsed:
            return
        lapsed = await self._patiently(lambda: self._deliveries.lapse(campaign, self._channel, tenure))
        if lapsed:
            log.warning("campaign %d: %d deliveries are uncertain since a crash", campaign, lapsed)
        self._lapsed.add((campaign, tenure))

    async def _claim(self, campaign: int, tenure: str) -> Claim:
        self._marks += 1
        mark, tries = self._marks, count()

        def claim() -> Awaitable[Claim]:
            again = next(tries) > 0
            return self._deliveries.claim(campaign, self._channel, tenure, mark, self._batch, again=again)

        try:
            return await self._patiently(claim)
        except Exception:
            self._lane.forfeit()  # it may have been written all the same: the next tenure sees to it
            raise

    async def _composed(self, campaign: int, parcels: Sequence[Parcel]) -> Mapping[Wording, Reply]:
        wordings = {parcel.wording for parcel in parcels}
        return {wording: await self._messages.message(campaign, *wording) for wording in wordings}

    async def _dispatch(
        self,
        parcels: Sequence[Parcel],
        messages: Mapping[Wording, Reply],
        calls: list[asyncio.Task[Result]],
    ) -> None:
        """Adds the calls to `calls`, each begun in its turn; ends early where no more may be made."""
        for parcel in parcels:
            try:
                may = await self._lane.try_turn()
            except LaneLostError:
                may = False
            if not may or self._ending:
                return
            calls.append(asyncio.create_task(self._send(parcel, messages[parcel.wording])))

    async def _send(self, parcel: Parcel, message: Reply) -> Result:
        if parcel.tag is not None:
            message = replace(message, tag=parcel.tag)
        try:
            async with asyncio.timeout(self._plan.timeout):
                outcome = await self._sender.send(self._channel, parcel.external_id, message)
        except TimeoutError:
            outcome = Uncertain()
        except Exception as error:  # noqa: BLE001  # an outermost loop: one message must not stop the others
            log.error("a message was not sent, or was: %s", type(error).__name__)
            outcome = Uncertain()
        if isinstance(outcome, RetryAfter):
            self._lane.hold(outcome.seconds)
        return parcel, outcome

    async def _fly(
        self,
        campaign: int,
        tenure: str,
        calls: Sequence[asyncio.Task[Result]],
        left: Sequence[Parcel],
        lane: AsyncExitStack,
    ) -> None:
        """Waits for the calls and records what became of them; the lane is in use until then."""
        async with lane:
            results = list(await asyncio.gather(*calls))
            results += [(parcel, NotTried()) for parcel in left]
            if not results:
                return
            try:
                await self._patiently(
                    lambda: self._deliveries.record(campaign, self._channel, tenure, results)
                )
                if any(isinstance(outcome, Halted) for _, outcome in results):
                    await self._patiently(lambda: self._deliveries.halt(campaign))
            except Exception:
                self._lane.forfeit()
                raise

    async def _over(self, campaign: int) -> CampaignState:
        """Nothing was there to claim: is it the end?"""
        await self.landed(campaign)
        if await self._patiently(lambda: self._deliveries.settle(campaign)):
            return CampaignState.RUNNING
        state = await self._patiently(lambda: self._deliveries.finish(campaign))
        if state is CampaignState.RUNNING:  # another channel, or a pause, is waited for
            self._idle[campaign] = min(2 * self._idle.get(campaign, self._plan.idle / 2), LONGEST_IDLE)
            await asyncio.sleep(self._idle[campaign])
        return state

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Asks a database again that did not answer. What was sent is known only here until it is written."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._plan.patience
        pause, longest = self._plan.pauses
        while True:
            try:
                return await work()
            except Problem as error:
                if error.key not in PASSING or clock() + pause > deadline:
                    raise
                log.warning("the database does not answer (%s), trying again", error.key)
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)
