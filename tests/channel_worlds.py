"""Somebody who talks to the bot through a channel, alike for each of them: what she does, what she sees."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from bot.channels.console import Console
from bot.channels.port import Channel, Delivery
from bot.channels.telegram import TelegramChannel
from bot.channels.whatsapp import WhatsappChannel
from bot.channels.whatsapp_text import LIKENESS
from bot.model import Reply
from bot.simulating.client import Person, Received
from tests.fakes import Office
from tests.telegram_world import FakeTelegram, channel_to, fake_telegram, feed, press_update, text_update
from tests.whatsapp_world import Setting, whatsapp

CHANNELS = ("console", "telegram", "whatsapp")


@dataclass
class Screen:
    """What a person sees after she did something: the messages, and the buttons that can be pressed."""

    messages: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.messages)


class World(Protocol):
    """Someone who talks to the bot through a channel; `person` is her id there."""

    office: Office
    person: str

    @property
    def channel(self) -> Channel: ...

    async def say(self, text: str) -> Screen: ...

    async def press(self, label: str) -> Screen: ...

    async def receive(self, reply: Reply) -> tuple[Delivery, Screen]:
        """A message that the bot sends of its own accord."""


class ConsoleWorld:
    person = "7"

    def __init__(self, office: Office) -> None:
        self.office = office
        self._lines: list[str] = []
        self._written = io.StringIO()
        self._labels: list[str] = []
        read = lambda: self._lines.pop(0) if self._lines else ""  # noqa: E731
        self._console = Console(self.office.desk, "7", read=read, write=self._written)

    @property
    def channel(self) -> Channel:
        return self._console

    async def say(self, text: str) -> Screen:
        self._lines.append(text + "\n")
        await self._console.run()
        return self._screen()

    async def press(self, label: str) -> Screen:
        return await self.say(str(self._labels.index(label) + 1))

    async def receive(self, reply: Reply) -> tuple[Delivery, Screen]:
        return await self.channel.send("7", reply), self._screen()

    def _screen(self) -> Screen:
        shown = self._written.getvalue()
        self._written.seek(0)
        self._written.truncate()
        self._labels = re.findall(r"\[\d+\] (.+?)(?=  \[|\n)", shown)
        return Screen([re.sub(r"(?m)^\[\d+\].*\n?", "", shown)], self._labels)


class TelegramWorld:
    person = "7"

    def __init__(self, server: FakeTelegram, office: Office) -> None:
        self.office = office
        self._server = server
        self._channel, _ = channel_to(server, self.office)
        self._actions: dict[str, str] = {}

    @property
    def channel(self) -> TelegramChannel:
        return self._channel

    async def say(self, text: str) -> Screen:
        await feed(self._channel, text_update(text))
        return self._screen()

    async def press(self, label: str) -> Screen:
        await feed(self._channel, press_update(self._actions[label]))
        return self._screen()

    async def receive(self, reply: Reply) -> tuple[Delivery, Screen]:
        return await self.channel.send("7", reply), self._screen()

    def _screen(self) -> Screen:
        shown = [fields for _, fields in self._server.sent if "text" in fields]
        files = [content.decode() for _, content in self._server.documents()]
        self._server.sent.clear()
        rows = json.loads(shown[-1].get("reply_markup", "{}")).get("inline_keyboard", []) if shown else []
        self._actions = {button["text"]: button["callback_data"] for row in rows for button in row}
        return Screen([*(fields["text"] for fields in shown), *files], list(self._actions))


class WhatsappWorld:
    def __init__(self, setting: Setting, person: Person) -> None:
        self.office, self._setting, self._phone = setting.office, setting, person
        self.person = person.user_id

    @property
    def channel(self) -> WhatsappChannel:
        return self._setting.channel

    async def say(self, text: str) -> Screen:
        return await self._screen(await self._setting.ask(self._phone, text))

    async def press(self, label: str) -> Screen:
        await self._phone.presses(label)
        return await self._screen(await self._setting.hear(self._phone))

    async def send_sticker(self) -> Screen:
        await self._phone.sends_file(b"x", "image/webp", kind="sticker")
        return await self._screen(await self._setting.hear(self._phone))

    async def receive(self, reply: Reply) -> tuple[Delivery, Screen]:
        delivery = await self.channel.send(self.person, reply)
        return delivery, await self._screen(await self._setting.hear(self._phone))

    async def _screen(self, seen: list[Received]) -> Screen:
        """What she reads: without the stars of bold, and with the signs that stand for markup."""
        files = [await self._setting.simulator.file(one.file["id"]) for one in seen if one.file]
        labels = [label for one in seen for label in one.labels]
        texts = [_read(one.text) for one in seen if one.text]
        return Screen([*texts, *(content.decode() for content in files)], labels)


def _read(text: str) -> str:
    bold = re.sub(r"^\*(.+)\*$", r"\1", text, count=1, flags=re.MULTILINE)
    return bold.translate({ord(likeness): sign for sign, likeness in LIKENESS.items()})


@asynccontextmanager
async def world_on(channel: str, office: Office | None = None) -> AsyncIterator[World]:
    """Somebody in a private chat on one of `CHANNELS`; on WhatsApp she has written before, because who never
    wrote cannot be written to."""
    office = office or Office()
    if channel == "console":
        yield ConsoleWorld(office)
    elif channel == "telegram":
        async with fake_telegram() as server:
            made = TelegramWorld(server, office)
            yield made
            await made.channel.close()
    else:
        async with whatsapp(office) as setting:
            person = await setting.person()
            await person.says("/bantuan")
            await setting.hear(person)
            yield WhatsappWorld(setting, person)
