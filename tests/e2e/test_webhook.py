"""The webhook over HTTP, down to the database: forged, repeated, broken and oversized requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.telegram import TelegramChannel, build_bot
from bot.channels.telegram_sending import Sending
from bot.channels.web import BODY_BYTES, SECRET_HEADER, WEBHOOK, build_web
from bot.people.profile import Step
from bot.storage.store import Store, open_store
from tests.fakes import CATALOGUES, TOKEN, Office
from tests.telegram_world import (
    QUICK_RETRIES,
    FakeTelegram,
    Raw,
    content_update,
    fake_telegram,
    press_update,
    refuse,
    text_update,
)

SECRET = "a-secret_of-the-tests"


@dataclass
class Server:
    """Our web application in front of a real ledger; calls go to a fake Telegram over HTTP."""

    telegram: FakeTelegram
    channel: TelegramChannel
    web: httpx.AsyncClient
    office: Office
    store: Store

    async def post(self, body: Any, secret: str | None = SECRET) -> int:
        """The status of one request. `body`: an object, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {} if secret is None else {SECRET_HEADER: secret}
        response = await self.web.post(WEBHOOK, content=content, headers=headers)
        await self.channel.settle()
        return response.status_code


@asynccontextmanager
async def serving(telegram: FakeTelegram, folder: Path) -> AsyncIterator[Server]:
    """A fresh process's worth of objects over the folder's database."""
    store = await open_store(f"sqlite:///{folder}/edaran.db")
    office = Office(profiles=store.profiles)
    bot = build_bot(TOKEN, telegram.address)
    chats = await store.unreachable_on("telegram")
    sending = Sending(bot, chats, 5.0, QUICK_RETRIES)
    channel = TelegramChannel(bot, office.desk, await store.updates_of(bot.id), chats, sending)
    app = build_web(well=store.well, telegram=channel, secret=SECRET)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as web:
        yield Server(telegram, channel, web, office, store)
    await channel.close()
    await store.close()


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as running:
        yield running


@pytest.fixture
async def server(telegram: FakeTelegram, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(telegram, tmp_path) as made:
        await made.office.register()
        yield made


async def test_an_update_is_taken_and_answered(server: Server) -> None:
    assert await server.post(text_update("a")) == 200
    assert server.telegram.texts() == ["Jawaban: a\nlumajang pns"]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "é" * 9])
async def test_a_forged_update_is_refused_and_not_read(server: Server, secret: str | None) -> None:
    headers = {} if secret is None else {SECRET_HEADER.encode(): secret.encode("latin-1")}
    response = await server.web.post(WEBHOOK, content=json.dumps(text_update("a")), headers=headers)
    assert response.status_code == 401
    assert server.telegram.sent == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"update_id": "x"}', b"\xff\xfe", b"[" * 100_000],
)
async def test_what_is_no_update_is_a_bad_request(server: Server, body: bytes) -> None:
    assert await server.post(body) == 400


async def test_a_body_too_large_is_refused(server: Server) -> None:
    assert await server.post(b" " * (BODY_BYTES + 1)) == 413


@pytest.mark.filterwarnings("error")
async def test_an_update_of_a_shape_not_known_is_left_out_without_asking_for_it_again(server: Server) -> None:
    assert await server.post({"update_id": 5, "message": {"text": "no chat"}}) == 200
    assert await server.post({"update_id": 6}) == 200
    assert await server.post({"update_id": 7, "a_new_kind": {"x": 1}}) == 200
    assert server.telegram.sent == []


async def test_edits_and_channel_posts_are_left_alone(server: Server) -> None:
    edited, post = text_update("a"), text_update("a")
    for update, kind in ((edited, "edited_message"), (post, "channel_post")):
        update[kind] = update.pop("message")
        assert await server.post(update) == 200
    assert server.telegram.sent == []


async def test_other_methods_and_paths_are_refused(server: Server) -> None:
    assert (await server.web.get(WEBHOOK)).status_code == 405
    assert (await server.web.get("/other")).status_code == 404


async def test_a_repeated_update_is_answered_once_also_after_a_restart(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    update = text_update("a")
    async with serving(telegram, tmp_path) as server:
        await server.office.register()
        assert await server.post(update) == 200
        assert await server.post(update) == 200
    async with serving(telegram, tmp_path) as server:
        assert await server.post(update) == 200
    assert len(telegram.texts()) == 1


async def test_a_half_finished_registration_goes_on_after_a_restart(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with serving(telegram, tmp_path) as server:
        await server.post(text_update("/mulai"))
        await server.post(press_update("r:regency=lumajang"))
    async with serving(telegram, tmp_path) as server:
        assert (await server.office.profile()).step is Step.STATUS
        await server.post(press_update("r:status=pns"))  # the old button still works
        await server.post(text_update("/mulai"))
        await server.post(press_update("r:unit=rsud"))
        await server.post(press_update("r:pattern=lima_hari"))
    async with serving(telegram, tmp_path) as server:
        await server.post(text_update("boleh live?"))
        _, asker, _, _ = server.office.answerer.asked[0]
        assert (asker.regency, asker.status, asker.unit, asker.pattern) == (
            *("lumajang", "pns", "rsud"),
            "lima_hari",
        )


async def test_what_a_person_asks_is_nowhere_in_the_database(telegram: FakeTelegram, tmp_path: Path) -> None:
    async with serving(telegram, tmp_path) as server:
        await server.post(text_update("pertanyaanrahasia boleh live?"))
        await server.post(press_update("r:regency=lumajang"))
        await server.post(press_update("r:status=pns"))
        await server.post(text_update("pertanyaanrahasia lagi"))
        kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert "pertanyaanrahasia" in " ".join(telegram.texts())
    assert b"rahasia" not in kept
    assert b"Orang" not in kept


async def test_a_blocked_bot_is_remembered_after_a_restart_until_the_person_writes(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with serving(telegram, tmp_path) as server:
        telegram.next_call(refuse(403, "Forbidden: bot was blocked by the user"))
        await server.post(text_update("a"))
    async with serving(telegram, tmp_path) as server:
        assert "7" in await server.store.unreachable_on("telegram")
        await server.post(text_update("a"))
        assert "7" not in await server.store.unreachable_on("telegram")


async def test_a_request_is_answered_before_the_reply_is_delivered(server: Server) -> None:
    await server.telegram.stop()
    response = await server.web.post(
        WEBHOOK, content=json.dumps(text_update("a")), headers={SECRET_HEADER: SECRET}
    )
    assert response.status_code == 200
    assert server.telegram.texts() == []
    await server.telegram.start()
    await server.channel.settle()
    assert len(server.telegram.texts()) == 1


async def test_a_bot_with_too_much_to_do_asks_telegram_to_come_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.BUSY", 0)
    update = text_update("a")
    assert await server.post(update) == 503
    monkeypatch.undo()
    assert await server.post(update) == 200
    assert len(server.telegram.texts()) == 1


async def test_a_burst_of_people_is_answered_each_once(server: Server) -> None:
    updates: list[Raw] = []
    for number in range(100, 150):
        await server.office.register(external_id=str(number))
        updates.append(text_update("a", number=number))
    statuses = await asyncio.gather(*(server.post(update) for update in updates + updates))
    assert set(statuses) == {200}
    assert sorted(int(fields["chat_id"]) for _, fields in server.telegram.sent) == list(range(100, 150))


async def test_health_follows_the_database(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await server.web.get("/healthz")).json() == {"ok": True}

    async def ill() -> bool:
        return False

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(build_web(well=ill)), base_url="http://bot"
    ) as web:
        assert (await web.get("/healthz")).status_code == 503
        assert (await web.post(WEBHOOK)).status_code == 404


def test_a_webhook_without_a_secret_is_not_built(server: Server) -> None:
    with pytest.raises(ValueError, match="secret"):
        build_web(well=server.store.well, telegram=server.channel, secret="")


async def test_an_album_gets_one_hint(server: Server) -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    for _ in range(3):
        await server.post(content_update("photo", photo, media_group_id="album"))
    await server.post(content_update("photo", photo, media_group_id="other"))
    assert server.telegram.texts() == [CATALOGUES["id"]("hint.text_only")] * 2


async def test_photos_get_a_hint_and_groups_are_left_in_peace(server: Server) -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    group = {"id": -1001, "type": "supergroup", "title": "Kantor"}
    await server.post(content_update("photo", photo))
    await server.post(text_update("boleh live?", chat=group))
    await server.post(text_update("/bantuan@edaran_test_bot", chat=group))
    texts = CATALOGUES["id"]
    assert server.telegram.texts() == [texts("hint.text_only"), texts("help.text")]
    quoted = json.loads(server.telegram.sent[-1][1]["reply_parameters"])
    assert quoted["message_id"] > 0
