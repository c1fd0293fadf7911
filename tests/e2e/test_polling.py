"""Long polling against a server that goes away, refuses, and repeats itself; and the process around it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.catalogues import load_catalogues
from bot.channels import serve
from bot.channels.telegram import TelegramChannel, build_bot
from bot.channels.telegram_polling import poll
from bot.channels.telegram_sending import Sending
from bot.problems import Problem
from tests.fakes import TOKEN, MemoryHandledUpdates, MemoryUnreachable, Office
from tests.telegram_world import QUICK_RETRIES, FakeTelegram, fake_telegram, refuse, text_update


@pytest.fixture
async def server() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as running:
        yield running


@pytest.fixture
async def office() -> Office:
    made = Office()
    await made.register()
    return made


def polling(
    server: FakeTelegram, office: Office, handled: MemoryHandledUpdates | None = None
) -> TelegramChannel:
    bot = build_bot(TOKEN, server.address)
    chats = MemoryUnreachable()
    sending = Sending(bot, chats, 5.0, QUICK_RETRIES)

    async def receive(channel: TelegramChannel) -> None:
        await poll(channel, wait=0, backoff=QUICK_RETRIES)

    return TelegramChannel(bot, office.desk, handled or MemoryHandledUpdates(), chats, sending, receive)


@asynccontextmanager
async def running(channel: TelegramChannel) -> AsyncIterator[None]:
    task = asyncio.ensure_future(channel.run())
    try:
        yield
    finally:
        await channel.close()
        await task


async def until(true: Callable[[], object]) -> None:
    """Waits for something to become true; fails the test after a while."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


async def test_updates_are_fetched_confirmed_and_answered_once(server: FakeTelegram, office: Office) -> None:
    server.updates += [text_update("a"), text_update("b")]
    last = server.updates[-1]["update_id"]
    async with running(polling(server, office)):
        await until(lambda: last + 1 in server.offsets and len(server.texts()) == 2)
        server.updates.append(text_update("c"))
        await until(lambda: len(server.texts()) == 3)
    assert [text[:10] for text in server.texts()] == ["Jawaban: a", "Jawaban: b", "Jawaban: c"]


async def test_an_old_webhook_is_removed_and_the_commands_are_set_in_both_languages(
    server: FakeTelegram, office: Office
) -> None:
    async with running(polling(server, office)):
        await until(lambda: [m for m, _ in server.sent].count("setMyCommands") == 2)
    menus = {
        fields.get("language_code"): fields["commands"]
        for method, fields in server.sent
        if "commands" in fields
    }
    assert set(menus) == {None, "en"}
    assert '"mulai"' in menus[None]
    assert load_catalogues()["id"]("command.bantuan") in menus[None].encode().decode("unicode_escape")
    assert load_catalogues()["en"]("command.bantuan") in menus["en"]
    assert "deleteWebhook" in [method for method, _ in server.sent]


async def test_a_network_that_is_dead_from_the_start_is_waited_for(
    server: FakeTelegram, office: Office
) -> None:
    await server.stop()
    async with running(polling(server, office)):
        await asyncio.sleep(0.1)
        server.updates.append(text_update("a"))
        await server.start()
        await until(lambda: server.texts())
    assert len(server.texts()) == 1


async def test_a_network_that_dies_in_between_is_waited_for_and_nothing_is_answered_twice(
    server: FakeTelegram, office: Office
) -> None:
    async with running(polling(server, office)):
        server.updates.append(text_update("a"))
        await until(lambda: server.texts())
        await server.stop()
        await asyncio.sleep(0.1)
        server.updates.append(text_update("b"))
        await server.start()
        await until(lambda: len(server.texts()) == 2)
        await asyncio.sleep(0.1)
    assert [text[:10] for text in server.texts()] == ["Jawaban: a", "Jawaban: b"]


async def test_updates_repeated_after_a_restart_are_not_answered_again(
    server: FakeTelegram, office: Office
) -> None:
    handled = MemoryHandledUpdates()
    update = text_update("a")
    for _ in range(2):
        server.updates = [update]  # Telegram never learned that the first process got it
        async with running(polling(server, office, handled)):
            await until(lambda: update["update_id"] + 1 in server.offsets)
            server.offsets.clear()
    assert len(server.texts()) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        refuse(409, "Conflict: terminated by other getUpdates request"),
        refuse(500, "Internal Server Error"),
        refuse(429, "Too Many Requests", retry_after=1),
        lambda _: web.Response(status=502, text="<html>"),
        lambda _: web.json_response({"ok": True, "result": [{"update_id": "nonsense"}]}),
    ],
)
async def test_trouble_with_fetching_is_waited_out(
    server: FakeTelegram, office: Office, trouble: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.trouble_fetching = trouble
    server.updates.append(text_update("rahasia"))
    async with running(polling(server, office)):
        await until(lambda: server.texts())
    assert len(server.texts()) == 1
    assert "rahasia" not in caplog.text


async def test_a_wrong_token_ends_the_process_with_one_clear_line(
    server: FakeTelegram, office: Office
) -> None:
    server.refuse_token = True
    with pytest.raises(Problem) as caught:
        await serve.run_channels([polling(server, office)])
    assert "EDARAN_TELEGRAM__TOKEN" in caught.value.line(load_catalogues()["id"])


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_process_after_the_answer_under_way(
    server: FakeTelegram, office: Office, sign: signal.Signals
) -> None:
    server.next_call(refuse(500, "slow"), refuse(500, "slow"))
    server.updates.append(text_update("a"))
    task = asyncio.ensure_future(serve.run_channels([polling(server, office)]))
    await until(lambda: "sendMessage" in server.tried)
    os.kill(os.getpid(), sign)
    await task
    assert len(server.texts()) == 1
