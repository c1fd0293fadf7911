"""A network and a Telegram that misbehave: retried where that is safe, nothing answered twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
from aiohttp import web

from bot.channels.port import Delivery
from bot.model import Button, Reply
from tests.fakes import MemoryHandledUpdates, Office
from tests.telegram_world import (
    FakeTelegram,
    carry_out_then,
    channel_to,
    fake_telegram,
    feed,
    garbage,
    press_update,
    refuse,
    text_update,
)


@pytest.fixture
async def server() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as running:
        yield running


@pytest.fixture
async def office() -> Office:
    made = Office()
    await made.register()
    return made


def broken(server: FakeTelegram) -> Callable[[str], web.Response | None]:
    """Closes the connection instead of answering."""

    def close(_: str) -> web.Response | None:
        raise ConnectionResetError

    return close


async def test_a_429_is_obeyed_and_the_answer_comes_once(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office)
    slept: list[float] = []
    real = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.channels.telegram_sending.asyncio.sleep", note)
        server.next_call(refuse(429, "Too Many Requests: retry after 3", retry_after=3))
        await feed(channel, text_update("a"))
    assert slept == [3.0]
    assert len(server.texts()) == 1
    await channel.close()


async def test_a_429_longer_than_patience_gives_up(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office, patience=1.0)
    server.next_call(refuse(429, "Too Many Requests", retry_after=3600))
    assert await channel.send("7", Reply("a")) is Delivery.FAILED
    await channel.close()


@pytest.mark.parametrize("code", [500, 502, 504])
async def test_telegrams_own_failures_are_retried(server: FakeTelegram, office: Office, code: int) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(refuse(code, "Internal Server Error"), refuse(code, "restart"))
    await feed(channel, text_update("a"))
    assert len(server.texts()) == 1
    await channel.close()


async def test_a_dead_network_is_retried_until_it_comes_back(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office, patience=30.0)
    await server.stop()
    answering = asyncio.ensure_future(feed(channel, text_update("a")))
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(answering), 0.2)
    assert not answering.done()
    await server.start()
    await answering
    assert len(server.texts()) == 1
    assert len(office.answerer.asked) == 1
    await channel.close()


async def test_a_new_message_whose_fate_is_unknown_is_not_sent_again(
    server: FakeTelegram, office: Office
) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(carry_out_then(server, broken(server)))
    assert await channel.send("7", Reply("a")) is Delivery.UNCERTAIN
    server.next_call(carry_out_then(server, garbage))
    assert await channel.send("7", Reply("a")) is Delivery.UNCERTAIN
    assert len(server.sent) == 2
    await channel.close()


async def test_an_edit_whose_fate_is_unknown_is_done_again(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(
        lambda _: None, garbage, broken(server)
    )  # the press is answered, then the edit fails twice
    await feed(channel, press_update("q:x"))
    assert [method for method, _ in server.sent] == ["answerCallbackQuery", "editMessageText"]
    await channel.close()


@pytest.mark.parametrize(
    ("code", "description", "reason"),
    [
        (403, "Forbidden: bot was blocked by the user", "blocked"),
        (403, "Forbidden: user is deactivated", "deactivated"),
        (400, "Bad Request: chat not found", "not_found"),
    ],
)
async def test_a_chat_that_cannot_be_reached_is_noted_and_not_tried_again(
    server: FakeTelegram, office: Office, code: int, description: str, reason: str
) -> None:
    channel, unreachable = channel_to(server, office)
    server.next_call(refuse(code, description))
    assert await channel.send("7", Reply("a")) is Delivery.UNREACHABLE
    assert unreachable.reasons == {"7": reason}
    assert server.tried == ["sendMessage"]
    await feed(channel, text_update("a"))
    assert unreachable.reasons == {}
    await channel.close()


async def test_other_refusals_are_not_repeated(server: FakeTelegram, office: Office) -> None:
    channel, unreachable = channel_to(server, office)
    server.next_call(refuse(400, "Bad Request: something else"))
    assert await channel.send("7", Reply("a")) is Delivery.FAILED
    assert (server.tried, unreachable.reasons) == (["sendMessage"], {})
    await channel.close()


async def test_a_group_that_became_a_supergroup_is_followed(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(refuse(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009))
    assert await channel.send("-5", Reply("a")) is Delivery.SENT
    assert server.sent[-1][1]["chat_id"] == "-1009"
    await channel.close()


@pytest.mark.parametrize("description", ["message to edit not found", "message can't be edited"])
async def test_what_cannot_be_edited_is_sent_as_a_new_message(
    server: FakeTelegram, office: Office, description: str
) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(lambda _: None, refuse(400, f"Bad Request: {description}"))
    await feed(channel, press_update("q:x"))
    assert server.texts() == ["Tombol: q:x"]
    await channel.close()


async def test_an_edit_that_changes_nothing_is_done(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(lambda _: None, refuse(400, "Bad Request: message is not modified: same content"))
    await feed(channel, press_update("q:x"))
    assert server.texts() == []
    await channel.close()


async def test_a_press_too_old_to_be_answered_still_does_its_work(
    server: FakeTelegram, office: Office
) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(refuse(400, "Bad Request: query is too old and response timeout expired"))
    await feed(channel, press_update("q:x"))
    assert server.texts("editMessageText") == ["Tombol: q:x"]
    await channel.close()


async def test_a_repeated_update_is_answered_once(server: FakeTelegram, office: Office) -> None:
    handled = MemoryHandledUpdates()
    channel, _ = channel_to(server, office, handled)
    update = text_update("a")
    await feed(channel, update, update)
    await feed(channel, update)
    assert len(server.texts()) == 1
    await channel.close()


async def test_messages_of_one_chat_are_answered_in_their_order(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(refuse(500, "slow"), refuse(500, "slow"))
    await feed(channel, *(text_update(f"pesan {n}") for n in range(5)))
    assert [text.splitlines()[0] for text in server.texts()] == [f"Jawaban: pesan {n}" for n in range(5)]
    await channel.close()


async def test_a_chat_that_waits_does_not_hold_up_others(server: FakeTelegram, office: Office) -> None:
    await office.register(external_id="8")
    channel, _ = channel_to(server, office)
    server.next_call(refuse(429, "Too Many Requests", retry_after=1))
    await feed(channel, text_update("lambat", number=7), text_update("cepat", number=8))
    assert [fields["chat_id"] for _, fields in server.sent] == ["8", "7"]
    await channel.close()


async def test_logs_hold_no_text_no_name_and_no_token(
    server: FakeTelegram, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel, _ = channel_to(server, office)
    server.next_call(refuse(500, "x"), carry_out_then(server, garbage))
    await feed(channel, text_update("kata rahasia sekali"))
    await feed(channel, text_update("boom"))
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("asyncio"))
    for private in ("rahasia", "boom", "Orang", "42:TEST", "private words"):
        assert private not in ours
    await channel.close()


async def test_closing_waits_for_what_is_being_answered(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office)
    server.next_call(refuse(500, "x"), refuse(500, "x"))
    from aiogram.types import Update

    update = Update.model_validate(text_update("a"), context={"bot": channel.bot})
    await channel.accept([update])
    await channel.close()
    assert len(server.texts()) == 1


async def test_a_reply_with_a_button_too_long_still_arrives(server: FakeTelegram, office: Office) -> None:
    channel, _ = channel_to(server, office)
    delivery = await channel.send("7", Reply("a", ((Button("b", "x" * 65),),)))
    assert delivery is Delivery.SENT
    assert "reply_markup" not in server.sent[-1][1]
    await channel.close()
