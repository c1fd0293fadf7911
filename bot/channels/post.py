"""Messages that nobody has just asked for: each goes to the channel that it names."""

from __future__ import annotations

import asyncio
import logging

from bot.channels.port import Channel, Delivery, where
from bot.model import Reply

log = logging.getLogger(__name__)


class Post:
    """Keeps `bot.people.ports.Post`. The channels are named once they are there: they are made after the desk
    that writes through them. A message for another channel is lost."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._work: set[asyncio.Task[Delivery]] = set()

    def serve(self, channel: Channel) -> None:
        self._channels[channel.name] = channel

    def send(self, channel: str, external_id: str, reply: Reply) -> None:
        found = self._channels.get(channel)
        if found is None:
            return
        task = asyncio.ensure_future(found.send(external_id, reply))  # a private chat has its person's id
        self._work.add(task)
        task.add_done_callback(self._done)

    async def settle(self) -> None:
        """Waits until everything is sent, or given up."""
        while self._work:
            await asyncio.wait(self._work)

    def _done(self, task: asyncio.Task[Delivery]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a message was not sent: %s", where(error))
