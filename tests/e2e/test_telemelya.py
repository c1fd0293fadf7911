"""Through a simulator not written here: telemelya, a Bot API server over HTTP that calls our webhook.

Both sides are real servers on free ports of 127.0.0.1; ours is the one that `edaran serve` runs. telemelya
keeps its state in Redis and files in an object store: the first is fakeredis here, the second is not needed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import fakeredis
import pytest
import uvicorn
from sqlalchemy import insert
from telemelya.client.client import TelegramTestClient  # type: ignore[import-untyped]
from telemelya.server import webhook as delivery  # type: ignore[import-untyped]
from telemelya.server.app import app as simulator  # type: ignore[import-untyped]
from telemelya.server.media import media_manager  # type: ignore[import-untyped]
from telemelya.server.state import state_manager  # type: ignore[import-untyped]

from bot.channels.serve import Server, Web, announcing, run_channels
from bot.channels.telegram import TelegramChannel, build_bot
from bot.channels.web import SECRET_HEADER, build_web
from bot.people.identity import Holder
from bot.problems import Problem
from bot.storage.store import open_store
from bot.storage.tables import people, units
from tests.fakes import CATALOGUES, TOKEN, MemoryHandledUpdates, MemoryUnreachable, Office
from tests.telegram_world import Raw, contact_update

TEXTS = CATALOGUES["id"]
SECRET = "secret-of-the-tests"
CHAT = 7
ORIGIN = {"type": "hidden_user", "date": 1, "sender_user_name": "X"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def simulator_url(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A running telemelya. It sends no secret token by itself: its HTTP client gets the header here."""

    async def nothing() -> None: ...

    async def connect() -> None:
        state_manager._redis = fakeredis.FakeAsyncRedis(decode_responses=True)

    monkeypatch.setattr(state_manager, "connect", connect)
    monkeypatch.setattr(media_manager, "connect", nothing)
    monkeypatch.setattr(media_manager, "close", nothing)
    with_secret = partial(aiohttp.ClientSession, headers={SECRET_HEADER: SECRET})
    http = SimpleNamespace(ClientSession=with_secret, ClientTimeout=aiohttp.ClientTimeout)
    monkeypatch.setattr(delivery, "aiohttp", http)
    port = free_port()
    server = Server(uvicorn.Config(simulator, host="127.0.0.1", port=port, log_level="error"))
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


class Person:
    """A chat in the simulator. Its client is synchronous, so it runs in a thread."""

    def __init__(self, client: TelegramTestClient) -> None:
        self._client = client
        self._read = 0

    async def type(self, text: str) -> dict[str, Any]:
        await asyncio.to_thread(self._client.send_message, CHAT, text)
        return await self._next()

    async def share(self, raw: Raw) -> dict[str, Any]:
        """A contact card, on the simulator's own way to our webhook; it has no other for cards."""
        await delivery.deliver_update(TOKEN, raw)
        return await self._next()

    async def tap(self, action: str, message_id: int) -> dict[str, Any]:
        await asyncio.to_thread(self._client.send_callback_query, CHAT, action, message_id)
        return await self._next()

    async def _next(self) -> dict[str, Any]:
        """The next message shown (an answered press is not one)."""
        async with asyncio.timeout(60):
            while True:
                responses = await asyncio.to_thread(self._client.get_responses)
                for response in responses[self._read :]:
                    self._read += 1
                    if response["method"] in ("sendMessage", "editMessageText"):
                        return dict(response)
                await asyncio.sleep(0.02)

    async def methods(self) -> list[str]:
        return [response["method"] for response in await asyncio.to_thread(self._client.get_responses)]


@asynccontextmanager
async def serving(simulator_url: str, folder: Path) -> AsyncIterator[Person]:
    """Our own server process in all but name: ledger, channel, webhook announced to the simulator."""
    store = await open_store(f"sqlite:///{folder}/edaran.db")
    bot = build_bot(TOKEN, simulator_url)
    office = Office(profiles=store.profiles, identities=store.identities, staff=store.staff)
    channel = TelegramChannel(
        bot, office.desk, await store.updates_of(bot.id), await store.unreachable_on("telegram")
    )
    app = build_web(well=store.well, telegram=channel, secret=SECRET)
    port, ending = free_port(), asyncio.Event()
    address = f"http://127.0.0.1:{port}"
    running = asyncio.ensure_future(
        run_channels(
            [channel], Web(app, "127.0.0.1", port), announcing(channel, address, SECRET), ending=ending
        )
    )
    client = TelegramTestClient(simulator_url, "any-key", TOKEN)
    async with asyncio.timeout(60):
        while await state_manager.get_webhook(TOKEN) != f"{address}/telegram/webhook":
            await asyncio.sleep(0.02)
    try:
        yield Person(client)
    finally:
        client.close()
        ending.set()
        await running
        await store.close()


async def test_start_button_callback_edit_and_answer(simulator_url: str, tmp_path: Path) -> None:
    async with serving(simulator_url, tmp_path) as person:
        welcome = await person.type("/start")
        assert TEXTS("registration.ask_regency") in welcome["text"]
        status = await person.tap("r:regency=lumajang", welcome["message_id"])
        assert (status["method"], status["message_id"]) == ("editMessageText", welcome["message_id"])
        assert TEXTS("registration.ask_status") in status["text"]
        await person.tap("r:status=pns", welcome["message_id"])
        await person.tap("r:unit=", welcome["message_id"])
        done = await person.tap("r:pattern=lima_hari", welcome["message_id"])
        assert "Kabupaten Lumajang · PNS · 5 hari" in done["text"]
        answer = await person.type("boleh live sekarang?")
        assert answer["text"] == "Jawaban: boleh live sekarang?\nlumajang pns"
        assert (await person.methods()).count("answerCallbackQuery") == 4


async def test_a_restart_in_the_middle_of_a_registration_forgets_nothing(
    simulator_url: str, tmp_path: Path
) -> None:
    async with serving(simulator_url, tmp_path) as person:
        welcome = await person.type("/start")
        await person.tap("r:regency=lumajang", welcome["message_id"])
    async with serving(simulator_url, tmp_path) as person:
        assert TEXTS("registration.ask_status") in (await person.type("/mulai"))["text"]
        await person.tap("r:status=pns", 1)
    async with serving(simulator_url, tmp_path) as person:
        assert "PNS" in (await person.type("boleh live?"))["text"].upper()


PHONE = "+6280000000001"


async def hire(folder: Path) -> str:
    """Somebody in the roster; a one-time code for her."""
    store = await open_store(f"sqlite:///{folder}/edaran.db")
    unit = {"id": 1, "regency": "lumajang", "name": "Kabupaten Lumajang"}
    who = {"id": 1, "regency": "lumajang", "number": f"{1:018}", "name": "Pegawai 1", "status": "pns"}
    async with store._engine.begin() as connection:
        await connection.execute(insert(units), [unit])
        days = {"joined_on": date(2020, 1, 1), "updated_at": 0}
        await connection.execute(insert(people), [{**who, "phone": PHONE, **days}])
    office = Office(identities=store.identities, staff=store.staff)
    code = await office.code(Holder(1, "lumajang"))
    await store.close()
    return code


async def test_a_shared_contact_links_and_a_restart_forgets_nothing(
    simulator_url: str, tmp_path: Path
) -> None:
    await hire(tmp_path)
    async with serving(simulator_url, tmp_path) as person:
        welcome = await person.type("/start")
        asked = await person.tap("i:contact", welcome["message_id"])
        assert TEXTS("link.button_share") in asked["text"]
        forwarded = contact_update(PHONE, CHAT, number=CHAT, forward_origin=ORIGIN)
        assert (await person.share(forwarded))["text"].startswith(TEXTS("link.not_own").splitlines()[0])
        assert "Pegawai 1" in (await person.share(contact_update(PHONE, CHAT, number=CHAT)))["text"]
    async with serving(simulator_url, tmp_path) as person:
        assert TEXTS("profile.member_title") in (await person.type("/profil"))["text"]


async def test_a_deep_link_links_once(simulator_url: str, tmp_path: Path) -> None:
    code = await hire(tmp_path)
    async with serving(simulator_url, tmp_path) as person:
        assert "Pegawai 1" in (await person.type(f"/start {code}"))["text"]
        assert (await person.type(f"/start {code}"))["text"] == TEXTS("link.already")


async def test_a_taken_port_is_one_clear_line() -> None:
    office = Office()
    channel = TelegramChannel(build_bot(TOKEN), office.desk, MemoryHandledUpdates(), MemoryUnreachable())

    async def well() -> bool:
        return True

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Problem) as caught:
            await run_channels([channel], Web(build_web(well=well), "127.0.0.1", port))
    assert str(port) in caught.value.line(TEXTS)
    await channel.close()
