"""The platform with its time and its webhooks: what `graph` and `control` work on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.simulating.bell import Bell
from bot.simulating.carrying import Carrier
from bot.simulating.clock import Clock
from bot.simulating.cloud import Cloud
from bot.simulating.delivery import Delivery
from bot.simulating.rules import Account, Rules


class Simulation:
    """`base` is where its own server is reached, without a slash at the end."""

    def __init__(
        self,
        carrier: Carrier,
        *,
        account: Account | None = None,
        rules: Rules | None = None,
        clock: Clock | None = None,
        base: str = "http://simulator",
        webhook: str | None = None,
    ) -> None:
        self.cloud = Cloud(account or Account(), rules or Rules(), salt=secrets.token_hex(4))
        self.clock = clock or Clock()
        self.bell = Bell()
        self.base = base
        self.delivery = Delivery(self.cloud, self.clock, self.bell, carrier)
        self.delivery.url = webhook

    @property
    def now(self) -> float:
        return self.clock.now()

    def file_url(self, number: str) -> str:
        return f"{self.base}/files/{number}"

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Webhooks leave as long as this lasts."""
        task = asyncio.ensure_future(self.delivery.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
