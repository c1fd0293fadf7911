"""Lets those who wait look again whenever something happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Bell:
    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.closed = False

    def close(self) -> None:
        """Nobody waits any more."""
        self.closed = True
        self.ring()

    def ring(self) -> None:
        """Everybody who waits looks once more."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, ready: Callable[[], bool], seconds: float | None = None) -> bool:
        """Waits until `ready` says so, at most `seconds` and not beyond `close`. Whether it did."""
        try:
            async with asyncio.timeout(seconds):
                while not (ready() or self.closed):
                    await self._rung.wait()
        except TimeoutError:
            pass
        return ready()
