"""One lane a bot: however many processes and campaigns there are, one of them sends at a time, never faster
than the channel allows, and gives way to answers.

Who holds the lane is a row of the ledger, which the holder renews. No wall clock is asked: a holder stops
when it could not renew for a while by its own steady clock, and who waits takes over when the row has not
moved for longer than that by hers. So clocks may differ and jump; and the database's clock is not asked
either, for it is one that jumps too.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from aiolimiter import AsyncLimiter

from bot.problems import Problem

log = logging.getLogger(__name__)


HASTE = 1.1
MARGIN = 0.005
"""Seconds that a second is longer here: a turn is not yet the call."""


def steady() -> float:
    """Seconds that only go forward, also while the machine sleeps, where the system counts that."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds. `silence`: a row that has not moved for so long has no holder any more. `every`: between two
    renewals. `poll`: between two looks of who waits. `quantum`: how long one may hold it while others wait.
    `answers`: how long a message to many waits for answers to people, at most."""

    silence: float = 15.0
    every: float = 3.0
    poll: float = 0.25
    quantum: float = 20.0
    answers: float = 5.0

    @property
    def patience(self) -> float:
        """How long the holder goes on without a renewal: it stops before anybody else may begin."""
        return self.silence * 0.7


@dataclass(frozen=True, slots=True)
class Seen:
    """The row of a lane. `holder` None: free. `beat` moves with every renewal, `wanted` with every look of
    somebody who waits."""

    holder: str | None
    tenure: int
    beat: int
    wanted: int


class Leases(Protocol):
    """The rows. Each method is one transaction; a Problem says that the database did not answer."""

    async def look(self, name: str, *, wanting: bool) -> Seen: ...

    async def take(self, name: str, seen: Seen, holder: str) -> int | None:
        """The new tenure, if the row is still as it was seen. None: somebody was quicker."""

    async def renew(self, name: str, holder: str, tenure: int) -> int | None:
        """`wanted`. None: the lane is somebody else's."""

    async def release(self, name: str, holder: str, tenure: int) -> None: ...


class LaneLostError(Exception):
    """The lane is not held any more: nothing may be sent until it is held again."""


class Lane:
    """`name`: a channel and a bot ("telegram:123456"). `rate`: messages a second, None: without limit."""

    def __init__(
        self,
        name: str,
        leases: Leases,
        rate: float | None,
        plan: Plan | None = None,
        clock: Callable[[], float] = steady,
    ) -> None:
        self.name = name
        self.rate = rate
        self._leases = leases
        self._plan = plan or Plan()
        self._clock = clock
        self._pace = Pace(rate, self._plan.answers)
        self._holder = secrets.token_hex(8)
        self._tenure: int | None = None
        self._good_until = 0.0
        self._since = 0.0
        self._asked: tuple[int, bool] = (0, False)  # `wanted` at the last renewal; whether it had moved
        self._users = 0
        self._closing = False
        self._taking = asyncio.Lock()
        self._enough = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None

    # --- holding ---

    @property
    def held(self) -> bool:
        return self._tenure is not None and self._clock() < self._good_until

    @property
    def crowded(self) -> bool:
        """Others wait and its time is over: whoever uses the lane should let go."""
        return self._asked[1] and self._clock() - self._since > self._plan.quantum

    @asynccontextmanager
    async def use(self) -> AsyncIterator[str]:
        """Waits for the lane; gives the tenure, which marks what is sent under it. Several may use it at once
        in one process; when the time is over and others wait, nobody enters until it was let go."""
        tenure = await self._entered()
        try:
            yield tenure
        finally:
            self._users -= 1

    async def _entered(self) -> str:
        async with self._taking:
            if self.crowded or not self.held:
                while self._users:  # until what is on its way has landed
                    await asyncio.sleep(self._plan.poll / 10)
                await self.let_go()
                await self._take()
            self._users += 1
            return f"{self.name}#{self._tenure}"

    async def _take(self) -> None:
        """Returns when the lane is ours."""
        seen, since = None, self._clock()
        while not self._closing:
            found = await self._leases.look(self.name, wanting=seen is not None)
            now = self._clock()
            if seen is None or (found.holder, found.tenure, found.beat) != seen:
                seen, since = (found.holder, found.tenure, found.beat), now
            if found.holder is None or now - since >= self._plan.silence:
                tenure = await self._leases.take(self.name, found, self._holder)
                if tenure is not None:
                    return await self._begin(tenure, now, found.wanted)
            await asyncio.sleep(self._plan.poll)
        raise LaneLostError(self.name)

    async def _begin(self, tenure: int, now: float, wanted: int) -> None:
        self._tenure, self._since, self._asked = tenure, now, (wanted, False)
        self._good_until = now + self._plan.patience
        self._enough.clear()
        self._renewing = asyncio.create_task(self._renew(tenure))
        self._pace.rest()  # the holder before may have sent something just now

    async def _renew(self, tenure: int) -> None:
        while not await self._enough_within(self._plan.every):
            began = self._clock()
            try:
                wanted = await self._leases.renew(self.name, self._holder, tenure)
            except Problem as error:
                log.warning("lane %s: not renewed: %s", self.name, error.key)
                continue
            if wanted is None:
                log.warning("lane %s: taken over by another process", self.name)
                self._good_until = 0.0
                return
            self._asked = (wanted, wanted != self._asked[0])
            if self._good_until:  # else it is forfeited, and the row kept only until all has landed
                self._good_until = began + self._plan.patience
            if self._asked[1] and not self._users and not self._taking.locked():
                await self._release(tenure)  # nothing is to be sent here, and others wait
                return

    async def _enough_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), seconds)
        return self._enough.is_set()

    def forfeit(self) -> None:
        """What was sent under this tenure cannot be recorded any more: the next one begins."""
        self._good_until = 0.0

    async def close(self) -> None:
        """Lets go for good; who waits for the lane in this process gets LaneLostError."""
        self._closing = True
        await self.let_go()

    async def let_go(self) -> None:
        """Frees the lane for others. Call it when nothing is being sent."""
        tenure, crowded = self._tenure, self._asked[1]
        if self._renewing is not None:
            # Not cancelled: in the middle of a transaction that would leave the database locked.
            self._enough.set()
            await self._renewing
            self._renewing = None
        if tenure is not None and tenure == self._tenure:
            await self._release(tenure)
            if crowded:
                await asyncio.sleep(self._plan.poll * 2)  # who waits is to be quicker than we are

    async def _release(self, tenure: int) -> None:
        self._tenure, self._asked = None, (0, False)
        with suppress(Problem):  # then the others find out by its silence
            await self._leases.release(self.name, self._holder, tenure)

    # --- sending ---

    @property
    def halted(self) -> float:
        """Seconds left of a pause that the channel asks for; not above 0: there is none."""
        return self._pace.halted

    async def turn(self) -> None:
        """Returns when one message may be sent. Raises LaneLostError when the lane is no longer ours."""
        while not await self.try_turn():
            await asyncio.sleep(self.halted)

    async def try_turn(self) -> bool:
        """As `turn`, but False at once where the channel asks for a pause, which can be long."""
        may = await self._pace.turn()
        if not self.held:
            raise LaneLostError(self.name)
        return may

    def hold(self, seconds: float) -> None:
        """The channel asks for a pause: nobody on the lane sends anything for so long."""
        self._pace.hold(seconds)

    def answering(self) -> Answering:
        """`with lane.answering():` around an answer to a person: messages to many wait meanwhile, and later
        leave out as many turns as there were answers."""
        return Answering(self._pace)


class Answering:
    """An answer to a person that is on its way. To be entered once."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def __enter__(self) -> None:
        self._pace.answers.add(self)
        self._pace.quiet.clear()

    def __exit__(self, *_: object) -> None:
        self._pace.answered(self)


class Pace:
    """One message at a time, evenly: never more than `rate` in any second. Those who ask get their turns in
    the order in which they ask, so that campaigns share the lane evenly.

    Two things keep the rate. A leaky bucket of one spaces the messages, slightly faster than they may be, so
    that what a late timer loses is made up for. And no message goes before a whole second is over since the
    one `rate` messages before it. AsyncLimiter(rate, 1) alone lets nearly twice the rate through.
    """

    def __init__(self, rate: float | None, patience: float) -> None:
        self._limiter = AsyncLimiter(1, 1 / (rate * HASTE)) if rate else None
        self._latest: deque[float] = deque(maxlen=max(1, int(rate or 0)))
        self._span = (self._latest.maxlen or 1) / rate + MARGIN if rate else 0.0
        self._patience = patience
        self._most_owed = int(rate or 0)
        self._owed = 0
        self._line = asyncio.Lock()  # asyncio's locks are fair
        self._halted_until = 0.0
        self.answers: set[Answering] = set()
        self.quiet = asyncio.Event()
        self.quiet.set()

    @property
    def halted(self) -> float:
        """Seconds; not above 0: nothing holds it."""
        return self._halted_until - asyncio.get_running_loop().time()

    def hold(self, seconds: float) -> None:
        self._halted_until = max(self._halted_until, asyncio.get_running_loop().time() + seconds)

    def answered(self, answer: Answering) -> None:
        """The answer took a place that a message to many has to leave out."""
        self.answers.discard(answer)
        self._owed = min(self._owed + 1, self._most_owed)
        if not self.answers:
            self.quiet.set()

    def rest(self) -> None:
        """As if all that a second allows had just been sent."""
        now = asyncio.get_running_loop().time()
        self._latest.extend([now] * (self._latest.maxlen or 1))

    async def turn(self) -> bool:
        """False: the channel asks for a pause."""
        async with self._line:
            await self._place()
            while (self.answers or self._owed) and self.halted <= 0:
                await self._give_way()
                await self._place()
            return self.halted <= 0

    async def _place(self) -> None:
        if self._limiter is None:
            return
        clock = asyncio.get_running_loop().time
        if len(self._latest) == self._latest.maxlen:
            while (left := self._latest[0] + self._span - clock()) > 0:
                await asyncio.sleep(left)
        await self._limiter.acquire()
        self._latest.append(clock())

    async def _give_way(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            await self._until_quiet()

    async def _until_quiet(self) -> None:
        try:
            await asyncio.wait_for(self.quiet.wait(), self._patience)
        except TimeoutError:  # an answer that hangs must not stop everything
            log.warning("messages to many go on although %d answers are not over", len(self.answers))
            self.answers.clear()
            self.quiet.set()
