"""What every channel does, whatever it is made of: the same tests over each implementation."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from bot.channels.console import Console
from bot.channels.port import Channel, Delivery
from bot.channels.telegram import TelegramChannel
from bot.model import Button, ContactRequest, Reply
from tests.fakes import CATALOGUES, Office
from tests.telegram_world import (
    FakeTelegram,
    channel_to,
    content_update,
    fake_telegram,
    feed,
    press_update,
    text_update,
)

TEXTS = CATALOGUES["id"]


@dataclass
class Screen:
    """What a person sees after she did something: the messages, and the buttons that can be pressed."""

    messages: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.messages)


class World(Protocol):
    """Someone who talks to the bot through a channel; her id there is "7"."""

    office: Office

    @property
    def channel(self) -> Channel: ...

    async def say(self, text: str) -> Screen: ...

    async def press(self, label: str) -> Screen: ...

    async def receive(self, reply: Reply) -> tuple[Delivery, Screen]:
        """A message that the bot sends of its own accord."""


class ConsoleWorld:
    def __init__(self) -> None:
        self.office = Office()
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
    def __init__(self, server: FakeTelegram) -> None:
        self.office = Office()
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


@pytest.fixture(params=["console", "telegram"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "console":
        yield ConsoleWorld()
        return
    async with fake_telegram() as server:
        made = TelegramWorld(server)
        yield made
        await made.channel.close()


@pytest.fixture
async def known(world: World) -> World:
    """The person is registered."""
    await world.office.register(world.channel.name, "7")
    return world


async def test_a_text_gets_its_reply(known: World) -> None:
    assert (await known.say("boleh live sekarang?")).text.startswith("Jawaban: boleh live sekarang?")


async def test_the_desk_learns_channel_and_person(known: World) -> None:
    await known.say("a")
    assert known.office.answerer.asked[0][2] == f"{known.channel.name}:7:7"


async def test_buttons_are_shown_with_their_labels_and_can_be_pressed(known: World) -> None:
    assert (await known.say("two buttons")).buttons == ["Akun resmi", "Akun pribadi"]
    assert "Tombol: q:akun_resmi=tidak" in (await known.press("Akun pribadi")).text


async def test_a_registration_goes_through_from_the_question_to_its_answer(world: World) -> None:
    assert "Kabupaten Lumajang" in (await world.say("boleh live sekarang?")).buttons
    assert "PNS" in (await world.press("Kabupaten Lumajang")).buttons
    assert "Jawaban: boleh live sekarang?" in (await world.press("PNS")).text


async def test_a_long_reply_arrives_whole_with_its_button_at_the_end(known: World) -> None:
    screen = await known.say("long")
    assert screen.text.count("panjang sekali 🙏") == 600
    assert screen.buttons == ["Lagi"]


async def test_markup_and_odd_characters_arrive_as_they_are(known: World) -> None:
    odd = "<b>*_[x](y)_*</b> & [bold] 👩‍🏫 \u202eterbalik"
    assert odd in (await known.say(odd)).text


async def test_an_error_inside_becomes_a_polite_sentence_and_the_channel_goes_on(
    known: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert TEXTS("error.sorry") in (await known.say("boom")).text
    assert "Jawaban: a" in (await known.say("a")).text
    assert "private words" not in caplog.text
    assert "RuntimeError" in caplog.text


async def test_replies_speak_the_chosen_language(known: World) -> None:
    await known.say("/bahasa")
    await known.press("English")
    assert CATALOGUES["en"]("help.text").splitlines()[0] in (await known.say("/bantuan")).text


async def test_a_message_of_the_bots_own_accord_arrives(world: World) -> None:
    notice = Reply("Edaran baru\nisinya", ((Button("Sudah dibaca", "z"),),))
    delivery, screen = await world.receive(notice)
    assert delivery is Delivery.SENT
    assert "Edaran baru\nisinya" in screen.text
    assert screen.buttons == ["Sudah dibaca"]


async def test_a_file_arrives_after_its_text(known: World) -> None:
    screen = await known.say("/data_saya")
    assert "data-saya.json" in screen.messages[0]
    assert '"regency": "lumajang"' in screen.text


async def test_a_request_for_the_contact_arrives_and_is_taken_back(world: World) -> None:
    asked = ContactRequest("Bagikan kontak", "Tidak jadi")
    for reply in (Reply("Bagikan kontak?", contact=asked), Reply("Terima kasih", contact=ContactRequest())):
        delivery, screen = await world.receive(reply)
        assert (delivery, screen.buttons) == (Delivery.SENT, [])
        assert reply.text in screen.text


async def test_a_code_links_whoever_types_it(world: World) -> None:
    code = await world.office.code(world.office.hire(1))
    assert "Pegawai 1" in (await world.say(f"/start {code}")).text
    assert TEXTS("profile.member_title") in (await world.say("/profil")).text


async def test_what_cannot_be_read_gets_a_hint(world: World) -> None:
    # Only a channel that carries more than text can receive it.
    if isinstance(world, TelegramWorld):
        await feed(world.channel, content_update("sticker", STICKER))
        assert TEXTS("hint.text_only") in world._screen().text
    assert TEXTS("hint.unknown_command") in (await world.say("/🙏")).text


STICKER = {
    **{"file_id": "x", "file_unique_id": "x", "type": "regular", "width": 1, "height": 1},
    **{"is_animated": False, "is_video": False},
}
