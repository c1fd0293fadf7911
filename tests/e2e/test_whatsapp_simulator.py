"""The simulator as a process, with pywa on both sides of it over real sockets: client and webhook."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from pywa import errors
from pywa.handlers import CallbackButtonHandler, MessageHandler, MessageStatusHandler
from pywa_async.types.callback import Button
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.simulating.client import Simulator
from bot.simulating.rules import Account, Rules
from tests.whatsapp import FREE, simulator
from tests.whatsapp_oracle import VERSION, pywa


class Bot:
    """A chatbot that repeats what is said, with a button; it notes the statuses."""

    def __init__(self) -> None:
        self.wa = pywa(Account(), "http://later.invalid")
        self.statuses: list[str] = []
        self.wa.add_handlers(
            MessageHandler(self._answer), CallbackButtonHandler(self._thank), MessageStatusHandler(self._note)
        )

    async def _answer(self, _: Any, message: Any) -> None:
        await message.reply_text(f"Anda: {message.text}", buttons=[Button("Ya", "ya")])

    async def _thank(self, _: Any, button: Any) -> None:
        await button.reply_text(f"Ditekan: {button.data}")

    async def _note(self, _: Any, status: Any) -> None:
        self.statuses.append(status.status.value)

    async def hook(self, request: Request) -> Response:
        if request.method == "GET":
            text, status = await self.wa.webhook_challenge_handler(
                request.query_params.get("hub.verify_token"), request.query_params.get("hub.challenge")
            )
            return PlainTextResponse(text, status)
        body = await request.body()
        refused = await self.wa.webhook_update_validator(body, request.headers.get("X-Hub-Signature-256"))
        if refused:
            return PlainTextResponse(*refused)
        return PlainTextResponse(*await self.wa.webhook_update_handler(body))


@asynccontextmanager
async def running(rules: Rules = FREE) -> AsyncIterator[tuple[Simulator, Bot]]:
    """The bot on a port of this process, the simulator as another one, each knowing the other's address."""
    bot, bound = Bot(), socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/hook", bot.hook, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    try:
        async with simulator(rules=rules) as sim:
            bot.wa.api._session.base_url = httpx.URL(f"{sim.base}/{VERSION}")
            await bot.wa.override_waba_callback_url(
                f"http://127.0.0.1:{bound.getsockname()[1]}/hook", sim.account.verify_token
            )
            yield sim, bot
    finally:
        server.should_exit = True
        await serving
        await bot.wa.api._session.aclose()


async def test_a_person_and_pywa_hold_a_conversation_over_sockets() -> None:
    async with running() as (sim, bot):
        sari, hidden = await sim.person("Sari"), await sim.person("Tanpa Nomor", hidden=True)
        await asyncio.gather(sari.says("satu"), hidden.says("dua"))
        first, second = await sari.next_reply(), await hidden.next_reply()
        assert (first.text, second.text) == ("Anda: satu", "Anda: dua")
        await sari.presses("Ya")
        assert (await sari.next_reply()).text == "Ditekan: ya"
        await sim.settled()
        assert sorted(bot.statuses) == ["delivered"] * 3 + ["read"] + ["sent"] * 3
        assert all(notice["answers"] == [200] for notice in await sim.notices())


async def test_a_forged_or_unsigned_webhook_is_refused() -> None:
    async with running() as (sim, _):
        assert (await sim.post("{}", secret="lain"))[0] == 403
        assert (await sim.post("{}", signed=""))[0] == 401


async def test_the_window_closes_when_the_clock_is_moved() -> None:
    async with running(FREE.model_copy(update={"told_later": frozenset()})) as (sim, bot):
        person = await sim.person("Sari")
        await person.says("halo")
        await person.next_reply()
        await sim.advance(86_400)
        with pytest.raises(errors.ReEngagementMessage):
            await bot.wa.send_message(person.phone, "masih di sana?")


async def test_many_messages_at_once_arrive_once_each() -> None:
    async with running(FREE.model_copy(update={"connections": 8})) as (sim, _):
        people = [await sim.person(f"Orang {number}") for number in range(10)]
        await asyncio.gather(*(one.says(str(turn)) for one in people for turn in range(10)))
        await sim.settled(60)
        for one in people:
            texts = [reply.text for reply in await one.new_replies()]
            assert sorted(texts) == sorted(f"Anda: {turn}" for turn in range(10))
