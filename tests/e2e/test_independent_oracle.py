"""A second opinion: python-telegram-bot reads what our tests send in, and what the bot sends out."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import telegram
from aiogram.types import Update
from telegram.constants import BotCommandLimit, InlineKeyboardButtonLimit, MessageLimit

from bot.channels.telegram_reading import Identity, read_message, read_press
from tests.fakes import CATALOGUES, TOKEN, Office
from tests.telegram_world import (
    GROUP,
    ME,
    FakeTelegram,
    Raw,
    channel_to,
    contact_update,
    content_update,
    fake_telegram,
    feed,
    press_update,
    text_update,
)

PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
MENTION = [{"type": "mention", "offset": 3, "length": 16}]

RAW_UPDATES = [
    text_update("boleh live?"),
    text_update("/mulai sekarang"),
    text_update("/bantuan@edaran_test_bot", chat=GROUP),
    text_update("🙏 @edaran_test_bot boleh?", chat=GROUP, entities=MENTION),
    content_update("photo", PHOTO, caption="boleh ini?"),
    press_update("q:x"),
    press_update("r:regency=lumajang", chat=GROUP),
    contact_update("+6280000000001"),
    contact_update("+6280000000001", owner=None),
]


@pytest.fixture
async def server() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as running:
        yield running


@pytest.mark.parametrize("raw", RAW_UPDATES)
def test_both_libraries_read_the_same_from_an_update(raw: Raw) -> None:
    theirs, ours = telegram.Update.de_json(raw), Update.model_validate(raw)
    assert theirs.effective_user is not None
    assert theirs.effective_chat is not None
    if ours.callback_query is not None:
        incoming = read_press(ours.callback_query)
        assert theirs.callback_query is not None
        said: Any = ("", theirs.callback_query.data)
    else:
        assert ours.message is not None
        incoming = read_message(ours.message, Identity(42, "edaran_test_bot"), lambda _: True)
        assert theirs.message is not None
        said = (_without_us(theirs.message), None)
    assert incoming is not None
    assert (incoming.text, incoming.action) == said
    assert incoming.sender.external_id == str(theirs.effective_user.id)
    assert incoming.chat_id == str(theirs.effective_chat.id)
    card = theirs.message.contact if theirs.message else None
    assert (incoming.contact is not None) == (card is not None)
    if incoming.contact is not None and card is not None:
        assert (incoming.contact.phone, incoming.contact.own) == (card.phone_number, card.user_id == 7)
    assert incoming.private == (theirs.effective_chat.type == telegram.constants.ChatType.PRIVATE)


def _without_us(message: telegram.Message) -> str:
    """The text without the bot's name, by the other library's reckoning of offsets."""
    text = message.text or message.caption or ""
    for entity, words in message.parse_entities(["mention"]).items():
        assert words == "@edaran_test_bot"
        assert entity.length == 16
        text = text.replace(words, "")
    return re.sub(r"^(/\w+)@edaran_test_bot", r"\1", text).strip() if text else ""


async def test_every_message_of_a_whole_registration_is_within_telegrams_limits(server: FakeTelegram) -> None:
    office = Office()
    channel, _ = channel_to(server, office)
    said = ["/mulai", "Atlantis", "/bantuan", "/privasi", "/bahasa", "/kode x", "boleh live?"]
    pressed = ["r:regency=lumajang", "r:status=pns", "r:unit/1", "r:unit=rsud", "r:pattern=lima_hari"]
    later = ["/profil", "/data_saya", "/edaran", "two buttons", "long", "👩‍🏫🙏 " * 400]
    taps = [
        "i:contact",
        "i:code",
        "p:leave",
        "p:show",
        "e:regency",
        "e:unit",
        "e:pattern",
        "p:delete",
        "l:ask",
        "z:stale",
        "p:erase",
    ]
    for text in said:
        await feed(channel, text_update(text))
    for action in pressed:
        await feed(channel, press_update(action))
    for text in later:
        await feed(channel, text_update(text))
    for action in taps:
        await feed(channel, press_update(action))
    await channel.close()
    messages = [fields for _, fields in server.sent if "text" in fields]
    assert len(messages) >= len(said + pressed + later + taps)
    for fields in messages:
        _check(fields)


def _check(fields: Raw) -> None:
    text = fields["text"]
    assert 0 < len(text.encode("utf-16-le")) // 2 <= MessageLimit.MAX_TEXT_LENGTH
    assert text == text.strip()
    assert "parse_mode" not in fields
    entities = telegram.MessageEntity.de_list(json.loads(fields.get("entities", "[]")), None)
    message = telegram.Message(1, None, telegram.Chat(1, "private"), text=text, entities=entities)  # type: ignore[arg-type]
    for bold in message.parse_entities().values():
        assert bold == text.split("\n")[0].rstrip()
    if "reply_markup" in fields:
        raw = json.loads(fields["reply_markup"])
        if "inline_keyboard" not in raw:
            rows = raw.pop("keyboard")
            keys = [[telegram.KeyboardButton.de_json(key, None) for key in row] for row in rows]
            assert telegram.ReplyKeyboardMarkup(keys, **raw).keyboard[0][0].request_contact
            return
        markup = telegram.InlineKeyboardMarkup.de_json(raw, None)
        for button in (button for row in markup.inline_keyboard for button in row):
            data = str(button.callback_data).encode()
            low, high = (
                InlineKeyboardButtonLimit.MIN_CALLBACK_DATA,
                InlineKeyboardButtonLimit.MAX_CALLBACK_DATA,
            )
            assert low <= len(data) <= high
            assert 0 < len(button.text) <= 20


def test_the_commands_menu_is_one_that_telegram_takes() -> None:
    for language in CATALOGUES:
        for name, description in Office().desk.commands(language):
            assert re.fullmatch(r"[a-z0-9_]+", name)
            assert BotCommandLimit.MIN_COMMAND <= len(name) <= BotCommandLimit.MAX_COMMAND
            assert BotCommandLimit.MIN_DESCRIPTION <= len(description) <= BotCommandLimit.MAX_DESCRIPTION


async def test_our_fake_server_speaks_as_another_client_expects(server: FakeTelegram) -> None:
    # What our tests rest on is itself checked: a client not written for it gets on with it.
    server.updates = [text_update("halo")]
    async with telegram.Bot(TOKEN, base_url=f"{server.address}/bot") as client:
        assert (await client.get_me()).to_dict()["username"] == ME["username"]
        sent = await client.send_message(7, "halo")
        assert (sent.text, sent.chat.id) == ("halo", 7)
        edited = await client.edit_message_text("baru", 7, sent.message_id)
        assert isinstance(edited, telegram.Message)
        assert edited.text == "baru"
        (update,) = await client.get_updates(timeout=0)
        assert update.message is not None
        assert update.message.text == "halo"
        assert await client.answer_callback_query("1")
        assert await client.set_my_commands([("mulai", "Mulai")])
