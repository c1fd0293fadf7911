"""The peer of our figures: a bare aiogram echo bot, fed raw updates, sending into a session that answers
at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.methods import TelegramMethod
from aiogram.types import Message

PEOPLE = 500

QUESTIONS = (
    "boleh live sekarang?",
    "boleh live tiktok besok jam 8 pagi?",
    "klo nanti malam jam 7 live pake seragam boleh ga?",
    "kapan boleh live?",
    "kalau pakai akun dinas?",
    "min, boleh upload video habis acara?",
    "live pas istirahat boleh?",
    "aturannya yang mana?",
    "sanksinya apa kalo live jam kerja?",
    "senin depan jam 10 live ig buat promosi usaha istri, boleh?",
)

Raw = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """One bot: `feed` takes a batch of raw updates in, `settle` returns when all is answered."""

    sink: Sink
    feed: Callable[[list[Raw]], Awaitable[None]]
    settle: Callable[[], Awaitable[None]]


class Sink(BaseSession):
    """Takes every call for done; counts the messages."""

    sent = 0

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        self.sent += 1
        return True

    async def stream_content(self, *_: object, **__: object) -> AsyncGenerator[bytes, None]:
        yield b""

    async def close(self) -> None:
        return None


_ids = count(1)


def raw(number: int, fresh: bool) -> Raw:
    """A private message of one of `PEOPLE` people; `fresh`: in words that nobody used before."""
    who = 10_000 + number % PEOPLE
    question = QUESTIONS[(number + number // PEOPLE) % len(QUESTIONS)]
    addressed = "".join(chr(97 + int(digit)) for digit in str(number))
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": 1_795_400_000,
            "chat": {"id": who, "type": "private", "first_name": "Pegawai"},
            "from": {"id": who, "is_bot": False, "first_name": "Pegawai", "language_code": "id"},
            "text": f"kak {addressed}, {question}" if fresh else question,
        },
    }


def echo() -> Side:
    sink, dispatcher = Sink(), Dispatcher(disable_fsm=True)
    bot = Bot("42:ECHO", session=sink)

    @dispatcher.message()
    async def repeat(message: Message) -> None:
        await message.answer(message.text or "")

    async def feed(batch: list[Raw]) -> None:
        await asyncio.gather(*(dispatcher.feed_raw_update(bot, update) for update in batch))

    async def settle() -> None:
        return None

    return Side(sink, feed, settle)


async def rate(side: Side, batch: int, number: int, fresh: bool = False) -> float:
    """Updates a second; every one must have been answered. As in polling, the next batch is taken in while
    the last one is still being answered; with `batch` 1, each update waits for the answer before it."""
    updates, before = [raw(next(_ids), fresh) for _ in range(number)], side.sink.sent
    start = time.perf_counter()
    for at in range(0, number, batch):
        await side.feed(updates[at : at + batch])
        if batch == 1:
            await side.settle()
    await side.settle()
    took = time.perf_counter() - start
    assert side.sink.sent - before >= number
    return number / took
