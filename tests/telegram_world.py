"""Raw Telegram updates, as the Bot API documents them, and a Bot API server that misbehaves on demand.

Every raw update made here is checked by another library than the one under test: see
`e2e/test_independent_oracle.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiogram.types import Update
from aiogram.utils.backoff import BackoffConfig
from aiohttp import web

from bot.channels.telegram import TelegramChannel, build_bot
from bot.channels.telegram_sending import Sending
from tests.fakes import TOKEN, MemoryHandledUpdates, MemoryUnreachable, Office

Raw = dict[str, Any]
"""A JSON object as the Bot API has it."""

QUICK_RETRIES = BackoffConfig(min_delay=0.01, max_delay=0.05, factor=1.5, jitter=0.0)

ME = {"id": 42, "is_bot": True, "first_name": "Edaran", "username": "edaran_test_bot"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Kantor"}

_ids = count(1000)


def person(number: int = 7, **more: Any) -> Raw:
    return {"id": number, "is_bot": False, "first_name": "Orang", **more}


def private_chat(number: int = 7) -> Raw:
    return {"id": number, "type": "private", "first_name": "Orang"}


def text_update(text: str, *, number: int = 7, chat: Raw | None = None, **more: Any) -> Raw:
    """A typed message. A command's entity is set as Telegram sets it; `more` adds to the message."""
    message: Raw = {
        "message_id": next(_ids),
        "date": 1_764_000_000,
        "chat": chat or private_chat(number),
        "from": person(number),
        "text": text,
    }
    if text.startswith("/") and len(text) > 1:
        length = len(text.split()[0].encode("utf-16-le")) // 2
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return {"update_id": next(_ids), "message": message | more}


def content_update(kind: str, content: Any, **more: Any) -> Raw:
    """A message with something else than text: a photo, a sticker, …"""
    update = text_update("", **more)
    del update["message"]["text"]
    update["message"][kind] = content
    return update


def contact_update(phone: str, owner: int | None = 7, **more: Any) -> Raw:
    """A contact card: that of the Telegram user `owner`; None: of nobody on Telegram."""
    card = {"phone_number": phone, "first_name": "Orang"} | ({"user_id": owner} if owner else {})
    return content_update("contact", card, **more)


def press_update(action: str, *, number: int = 7, chat: Raw | None = None, on: int = 55) -> Raw:
    """A pressed button under the bot's message number `on`."""
    under = {
        "message_id": on,
        "date": 1_764_000_000,
        "chat": chat or private_chat(number),
        "from": ME,
        "text": "x",
    }
    query = {
        "id": str(next(_ids)),
        "from": person(number),
        "chat_instance": "1",
        "data": action,
        "message": under,
    }
    return {"update_id": next(_ids), "callback_query": query}


Trouble = Callable[[str], "web.Response | None"]
"""Gets the method's name; a response to give instead of doing it, None to do it."""


class FakeTelegram:
    """A Bot API server of our own: it alone can be told to answer 429, 403, 500, or to break the connection.

    `sent` holds (method, fields) of each call that was carried out; `tried` also those that were refused.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, Raw]] = []
        self.tried: list[str] = []
        self.troubles: deque[Trouble] = deque()
        self.updates: list[Raw] = []
        self.offsets: list[int | None] = []
        self.trouble_fetching: Trouble | None = None
        self.refuse_token = False
        self.address = ""
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> None:
        """On the same port as before, if it ran before."""
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.address = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    def documents(self) -> list[tuple[str, bytes]]:
        """Name and content of the files that were sent."""
        return [fields["file"] for name, fields in self.sent if name == "sendDocument"]

    def texts(self, method: str = "sendMessage") -> list[str]:
        return [fields["text"] for name, fields in self.sent if name == method]

    def next_call(self, *troubles: Trouble) -> None:
        """What goes wrong with the next calls that send something."""
        self.troubles.extend(troubles)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fields: Raw = dict(await request.post())
        if self.refuse_token:
            return _no(401, "Unauthorized")
        if method == "getUpdates":
            return await self._updates(fields)
        self.tried.append(method)
        if method.startswith(("send", "edit", "answer")) and self.troubles:
            refusal = self.troubles.popleft()(method)
            if refusal is not None:
                return refusal
        self.sent.append((method, fields))
        return _ok(self._result(method, fields))

    def _result(self, method: str, fields: Raw) -> Any:
        if method == "getMe":
            return ME
        if method not in ("sendMessage", "editMessageText", "sendDocument"):
            return True
        chat = {"id": int(fields["chat_id"]), "type": "private"}
        if method == "sendDocument":
            fields["file"] = name, _ = _uploaded(fields)
            sent = {"file_id": "d", "file_unique_id": "d", "file_name": name}
            return {"message_id": next(_ids), "date": 1, "chat": chat, "from": ME, "document": sent}
        return {"message_id": next(_ids), "date": 1, "chat": chat, "from": ME, "text": fields["text"]}

    async def _updates(self, fields: Raw) -> web.Response:
        offset = int(fields["offset"]) if "offset" in fields else None
        if self.trouble_fetching is not None:
            trouble, self.trouble_fetching = self.trouble_fetching, None
            refusal = trouble("getUpdates")
            if refusal is not None:
                return refusal
        self.offsets.append(offset)
        if not self.updates:
            await asyncio.sleep(0.01)  # a real server holds the call open
        if offset is not None:
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
        return _ok(self.updates[:100])


def _uploaded(fields: Raw) -> tuple[str, bytes]:
    """Name and content of the file that the "attach://" of a call names."""
    file = fields.pop(str(fields["document"]).removeprefix("attach://"))
    assert isinstance(file, web.FileField)
    return file.filename, file.file.read()


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _no(code: int, description: str, **parameters: Any) -> web.Response:
    body: Raw = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return web.json_response(body, status=code)


def refuse(code: int, description: str, **parameters: Any) -> Trouble:
    """Telegram's refusal with this code."""
    return lambda _: _no(code, description, **parameters)


def carry_out_then(server: FakeTelegram, trouble: Trouble) -> Trouble:
    """Does what was asked, but the sender gets `trouble` for an answer."""

    def both(method: str) -> web.Response | None:
        server.sent.append((method, {"text": "?"}))
        return trouble(method)

    return both


def garbage(_: str) -> web.Response:
    """What a proxy says when Telegram is gone."""
    return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")


@asynccontextmanager
async def fake_telegram() -> AsyncIterator[FakeTelegram]:
    server = FakeTelegram()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def channel_to(
    server: FakeTelegram, office: Office, handled: MemoryHandledUpdates | None = None, patience: float = 5.0
) -> tuple[TelegramChannel, MemoryUnreachable]:
    """Our channel, talking to the server over HTTP."""
    bot = build_bot(TOKEN, server.address)
    unreachable = MemoryUnreachable()
    sending = Sending(bot, unreachable, patience, QUICK_RETRIES)
    return TelegramChannel(
        bot, office.desk, handled or MemoryHandledUpdates(), unreachable, sending
    ), unreachable


async def feed(channel: TelegramChannel, *raw: Raw) -> None:
    """Takes raw updates in, and waits until they are answered."""
    await channel.accept([Update.model_validate(update, context={"bot": channel.bot}) for update in raw])
    await channel.settle()
