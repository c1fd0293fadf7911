"""Carries webhooks to the program under test: signed, in time, repeated until it takes them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence

from bot.simulating.bell import Bell
from bot.simulating.carrying import NO_ANSWER, Carrier
from bot.simulating.clock import Clock
from bot.simulating.cloud import Cloud
from bot.simulating.errors import GraphError
from bot.simulating.mail import Notice
from bot.simulating.webhooks import SIGNATURE, encoded, signature


class Delivery:
    """`url` None: nobody listens, webhooks wait. `paused`: they wait as well."""

    def __init__(self, cloud: Cloud, clock: Clock, bell: Bell, carrier: Carrier) -> None:
        self._cloud, self._clock, self._bell, self._carrier = cloud, clock, bell, carrier
        self._under_way: set[asyncio.Task[None]] = set()
        self._waiting: list[list[Notice]] = []
        self.url: str | None = None
        self.paused = False

    @property
    def quiet(self) -> bool:
        """Whether nothing is due that could be delivered."""
        if self._under_way or self._waiting:
            return False
        at = self._cloud.mail.next_at()
        return self._stopped or at is None or at > self._clock.now()

    async def run(self) -> None:
        """Until cancelled, or until the bell is closed."""
        try:
            while not self._bell.closed:
                self._start_due()
                await self._bell.until(self._something_due, self._seconds_to_next())
        finally:
            for task in self._under_way:
                task.cancel()

    async def verify(self, url: str, token: str) -> None:
        """The handshake: whoever knows the token answers with our challenge. Raises GraphError 2200."""
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        if await self._carrier.get(url, query, self._cloud.rules.answer_within) != (200, challenge):
            raise GraphError(2200, "the callback did not answer with the challenge")

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """One call of the webhook: its HTTP status and text; NO_ANSWER if there is none."""
        if self.url is None:
            return NO_ANSWER, ""
        return await self._carrier.post(self.url, body, headers, self._cloud.rules.answer_within)

    # --- one after another, or several at once ---------------------------------------------------

    @property
    def _stopped(self) -> bool:
        return self.paused or self.url is None

    @property
    def _room(self) -> int:
        return self._cloud.rules.connections - len(self._under_way)

    def _start_due(self) -> None:
        if self._stopped:
            return
        due = self._cloud.mail.due(self._clock.now())
        self._waiting += [due] if due and self._cloud.faults.batched else [[one] for one in due]
        started, self._waiting = self._waiting[: self._room], self._waiting[self._room :]
        for batch in started:
            task = asyncio.ensure_future(self._deliver(batch))
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._bell.ring()

    def _something_due(self) -> bool:
        if self._stopped or self._room <= 0:
            return False
        at = self._cloud.mail.next_at()
        return bool(self._waiting) or (at is not None and at <= self._clock.now())

    def _seconds_to_next(self) -> float | None:
        at = self._cloud.mail.next_at()
        if at is None or self._stopped or self._room <= 0 or not self._clock.running:
            return None
        return max(0.0, at - self._clock.now())

    async def _deliver(self, batch: Sequence[Notice]) -> None:
        body = encoded([notice.entry for notice in batch])
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            SIGNATURE: signature(self._cloud.account.app_secret, body),
        }
        began = time.perf_counter()
        status, _ = await self.post(body, headers)
        took = time.perf_counter() - began
        for notice in batch:
            notice.answers.append(status)
            notice.took.append(took)
            if status != 200:
                self._repeat(notice)

    def _repeat(self, notice: Notice) -> None:
        rules, now = self._cloud.rules, self._clock.now()
        again = now + rules.redelivery * 2 ** (len(notice.answers) - 1)
        if notice.first is not None and again - notice.first > rules.redelivery_limit:
            notice.given_up = True
            return
        self._cloud.mail.again(notice, again)
