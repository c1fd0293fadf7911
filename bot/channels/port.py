"""The Protocol of a channel, and what a channel needs from outside."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from traceback import extract_tb
from typing import Protocol

from bot.model import Incoming, Reply

log = logging.getLogger(__name__)


class Counter(Protocol):
    """The desk, seen from a channel."""

    async def handle(self, incoming: Incoming) -> Sequence[Reply]: ...

    def apology(self) -> Reply: ...

    def commands(self, language: str) -> Sequence[tuple[str, str]]: ...

    def knows(self, command: str) -> bool: ...


class Delivery(StrEnum):
    """What became of a message that was to be sent."""

    SENT = "sent"
    UNREACHABLE = "unreachable"  # the person blocked the bot, or the chat is gone
    UNCERTAIN = "uncertain"  # the connection broke after the call was made: sent or not, nobody knows
    FAILED = "failed"


class Channel(Protocol):
    """One outside world. `name` is that of `Sender.channel`."""

    @property
    def name(self) -> str: ...

    async def send(self, chat_id: str, reply: Reply) -> Delivery:
        """Sends a message that nobody asked for just now. Retries as the channel allows; never raises for
        what the network or the other side does."""

    async def run(self) -> None:
        """Receives and answers until the channel ends or `close` is called."""

    async def close(self) -> None:
        """Ends `run`, after what is being answered is answered (or a short while)."""


class HandledUpdates(Protocol):
    """Which updates were taken in, so that a repeated one is not answered again, nor after a restart."""

    async def claim(self, update_ids: Sequence[int]) -> Sequence[int]:
        """The ids that are new, in order; they are remembered, durably, when this returns."""


class Unreachable(Protocol):
    """Chats to which nothing can be sent."""

    def __contains__(self, chat_id: str) -> bool: ...

    async def add(self, chat_id: str, reason: str) -> None: ...

    async def discard(self, chat_id: str) -> None: ...


async def ask_politely(desk: Counter, incoming: Incoming) -> Sequence[Reply]:
    """The outermost loop's step: whatever goes wrong inside, the person gets a polite sentence."""
    try:
        return await desk.handle(incoming)
    except Exception as error:  # noqa: BLE001  # the outermost loop of a channel
        log.error("a message was not answered: %s", where(error))
        return [desk.apology()]


def where(error: BaseException) -> str:
    """The kind of an error and the way to it, without its message: that could hold what a person wrote."""
    frames = extract_tb(error.__traceback__)[-6:]
    way = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {way}"
