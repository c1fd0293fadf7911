"""The peer of our WhatsApp figures: a bare pywa echo bot, fed signed webhooks, sending through the same httpx
client into a Graph API that answers at once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from pywa_async.client import WhatsApp

from bench.echo import PEOPLE, QUESTIONS
from bot.channels.whatsapp_signing import signature

PHONE_ID = "900000000000003"
SECRET = "secret-of-the-bench"

_ids = count(1)


class Graph:
    """Takes every call for done; counts the messages."""

    def __init__(self) -> None:
        self.sent = 0
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        contact = {"input": "628000", "wa_id": "628000", "user_id": "ID.1"}
        taken = {"messaging_product": "whatsapp", "contacts": [contact]}
        return httpx.Response(200, json=taken | {"messages": [{"id": f"wamid.{self.sent}"}]})


def body(number: int, fresh: bool = False) -> bytes:
    """A webhook with one message of one of `PEOPLE` people; `fresh`: in words that nobody used before."""
    who = f"62800{number % PEOPLE:06d}"
    question = QUESTIONS[(number + number // PEOPLE) % len(QUESTIONS)]
    addressed = "".join(chr(97 + int(digit)) for digit in str(number))
    text = f"kak {addressed}, {question}" if fresh else question
    contact = {"profile": {"name": "Pegawai"}, "wa_id": who, "user_id": f"ID.{who}"}
    message = {"from": who, "from_user_id": f"ID.{who}", "id": f"wamid.in{number}", "timestamp": "1795400000"}
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "628000", "phone_number_id": PHONE_ID},
        "contacts": [contact],
        "messages": [message | {"type": "text", "text": {"body": text}}],
    }
    change = {"field": "messages", "value": value}
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "9", "changes": [change]}]}
    ).encode()


def header(content: bytes) -> str:
    return "sha256=" + signature(SECRET.encode(), content)


@dataclass(frozen=True)
class Side:
    """One bot: `feed` takes a signed webhook in, `settle` returns when all is answered."""

    graph: Graph
    feed: Callable[[bytes, str], Awaitable[None]]
    settle: Callable[[], Awaitable[None]]


def echo() -> Side:
    graph = Graph()
    session = httpx.AsyncClient(transport=graph.transport)
    wa = WhatsApp(phone_id=PHONE_ID, token="ECHO", session=session, server=None, app_secret=SECRET)

    @wa.on_message()  # type: ignore[misc]  # pywa annotates it for two ways of use
    async def repeat(_: Any, message: Any) -> None:
        await message.reply(message.text or "")

    async def feed(content: bytes, signed: str) -> None:
        assert await wa.webhook_update_validator(content, signed) is None
        await wa.webhook_update_handler(content)

    async def settle() -> None:
        return None

    return Side(graph, feed, settle)


async def rate(side: Side, batch: int, number: int, fresh: bool = False) -> float:
    """Webhooks a second, `batch` of them at the same time; every one must have been answered."""
    bodies = [body(next(_ids), fresh) for _ in range(number)]
    signed, before = [(content, header(content)) for content in bodies], side.graph.sent
    start = time.perf_counter()
    for at in range(0, number, batch):
        await asyncio.gather(*(side.feed(*one) for one in signed[at : at + batch]))
    await side.settle()
    took = time.perf_counter() - start
    assert side.graph.sent - before >= number
    return number / took
