"""What of Telegram's messages is for the bot, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.types import CallbackQuery, Message

from bot.channels.telegram_reading import Identity, read_message, read_press
from bot.model import Contact, Incoming, Sender
from tests.telegram_world import (
    GROUP,
    ME,
    contact_update,
    content_update,
    person,
    press_update,
    text_update,
)

US = Identity(42, "edaran_test_bot")
COMMANDS = {"bantuan", "mulai"}


def read(update: dict[str, Any], me: Identity | None = US) -> Incoming | None:
    return read_message(Message.model_validate(update["message"]), me, COMMANDS.__contains__)


def said(update: dict[str, Any]) -> str | None:
    incoming = read(update)
    return incoming.text if incoming else None


def sent_by(user: dict[str, Any] | None, text: str) -> dict[str, Any]:
    update = text_update(text)
    update["message"]["from"] = user
    return update


def mention(text: str, name: str = "@edaran_test_bot", **more: Any) -> dict[str, Any]:
    """A group message in which `name` is marked as a mention."""
    offset = len(text[: text.index(name)].encode("utf-16-le")) // 2
    entity = {"type": "mention", "offset": offset, "length": len(name)}
    return text_update(text, chat=GROUP, entities=[entity], **more)


def test_a_private_text_is_taken_as_it_is() -> None:
    update = sent_by(person(7, language_code="en"), "boleh live?")
    assert read(update, me=None) == Incoming(Sender("telegram", "7", "en"), "7", "boleh live?")


def test_a_press_carries_its_action() -> None:
    query = CallbackQuery.model_validate(press_update("q:x", chat=GROUP)["callback_query"])
    assert read_press(query) == Incoming(Sender("telegram", "7"), "-1001", "", action="q:x", private=False)


def test_a_press_without_message_or_data_is_not_ours() -> None:
    raw = press_update("q:x")["callback_query"]
    assert read_press(CallbackQuery.model_validate({**raw, "data": None, "game_short_name": "g"})) is None
    assert read_press(CallbackQuery.model_validate({**raw, "message": None})) is None


# --- groups ---


@pytest.mark.parametrize("text", ["boleh live?", "rapat jam 9", "/lain", "halo @orang_lain"])
def test_a_groups_own_talk_is_not_for_the_bot(text: str) -> None:
    assert read(text_update(text, chat=GROUP)) is None


def test_a_mention_addresses_the_bot_and_is_taken_out_of_the_text() -> None:
    assert said(mention("@edaran_test_bot boleh live?")) == "boleh live?"
    assert said(mention("👩‍🏫 pagi @edaran_test_bot boleh?")) == "👩‍🏫 pagi  boleh?"
    assert said(mention("boleh? @EDARAN_test_bot", "@EDARAN_test_bot")) == "boleh?"


def test_a_mention_of_somebody_else_does_not() -> None:
    assert read(mention("@edaran_test_bot2 boleh?", "@edaran_test_bot2")) is None


def test_a_mention_of_a_bot_without_username_addresses_it_too() -> None:
    entity = {"type": "text_mention", "offset": 0, "length": 6, "user": ME}
    assert said(text_update("Edaran boleh?", chat=GROUP, entities=[entity])) == "boleh?"
    other = {**entity, "user": person(9)}
    assert read(text_update("Edaran boleh?", chat=GROUP, entities=[other])) is None


def test_a_reply_to_the_bot_addresses_it_and_a_reply_to_others_does_not() -> None:
    def answering(user: dict[str, Any]) -> dict[str, Any]:
        old = {"message_id": 1, "date": 1, "chat": GROUP, "from": user, "text": "x"}
        return text_update("kalau besok?", chat=GROUP, reply_to_message=old)

    assert said(answering(ME)) == "kalau besok?"
    assert read(answering(person(9))) is None


@pytest.mark.parametrize(
    ("command", "heard"),
    [
        ("/bantuan", "/bantuan"),
        ("/bantuan@edaran_test_bot", "/bantuan"),
        ("/BANTUAN@Edaran_Test_Bot ya", "/BANTUAN ya"),
        ("/bantuan@other_bot", None),
        ("/other@other_bot", None),
        ("/other", None),
        ("/other@edaran_test_bot", "/other"),
    ],
)
def test_a_command_in_a_group_is_ours_if_it_names_us_or_is_known(command: str, heard: str | None) -> None:
    assert said(text_update(command, chat=GROUP)) == heard


def test_a_group_message_comes_from_the_person_and_is_answered_in_the_group() -> None:
    incoming = read(mention("@edaran_test_bot boleh?"))
    assert incoming is not None
    assert (incoming.sender.external_id, incoming.chat_id, incoming.private) == ("7", "-1001", False)


# --- other content ---

PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
VOICE = {"file_id": "f", "file_unique_id": "u", "duration": 3}


@pytest.mark.parametrize(("kind", "content"), [("photo", PHOTO), ("voice", VOICE)])
def test_content_without_text_is_an_empty_message_in_private(kind: str, content: Any) -> None:
    assert said(content_update(kind, content)) == ""


@pytest.mark.parametrize(("kind", "content"), [("photo", PHOTO), ("voice", VOICE)])
def test_content_without_text_is_nothing_in_a_group(kind: str, content: Any) -> None:
    assert read(content_update(kind, content, chat=GROUP)) is None


def test_a_caption_is_read_as_the_text() -> None:
    assert (
        said(content_update("photo", PHOTO, caption="boleh seragam ini live?")) == "boleh seragam ini live?"
    )
    entity = {"type": "mention", "offset": 0, "length": 16}
    update = content_update(
        "photo", PHOTO, caption="@edaran_test_bot boleh?", caption_entities=[entity], chat=GROUP
    )
    assert said(update) == "boleh?"


def test_forwarded_text_is_read_as_text() -> None:
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "X"}
    assert said(text_update("boleh live?", forward_origin=origin)) == "boleh live?"


@pytest.mark.parametrize("forwarded", [True, False])
def test_whose_words_they_are_is_read(forwarded: bool) -> None:
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "X"}
    more: dict[str, Any] = {"forward_origin": origin} if forwarded else {}
    incoming = read(text_update("sudah baca", **more))
    assert incoming is not None
    assert incoming.forwarded is forwarded


@pytest.mark.parametrize(
    ("kind", "content"),
    [("new_chat_members", [ME]), ("pinned_message", None), ("new_chat_title", "x"), ("left_chat_member", ME)],
)
def test_service_messages_are_ignored(kind: str, content: Any) -> None:
    assert read(content_update(kind, content)) is None
    assert read(content_update(kind, content, chat=GROUP)) is None


def test_bots_and_channels_are_not_answered() -> None:
    assert read(sent_by({**person(9), "is_bot": True}, "halo")) is None
    assert read(sent_by(None, "halo")) is None
    channel = {"id": -1002, "type": "channel", "title": "Kanal"}
    assert read(text_update("/bantuan", chat=channel)) is None


# --- contacts ---

ORIGINS = [
    {"type": "user", "date": 1, "sender_user": person(7)},
    {"type": "hidden_user", "date": 1, "sender_user_name": "X"},
]


def contact(update: dict[str, Any]) -> Contact | None:
    incoming = read(update)
    assert incoming is not None
    return incoming.contact


@pytest.mark.parametrize("phone", ["6280000000001", "+6280000000001", "+62 800-0000-0001"])
def test_the_senders_own_contact_is_vouched_for_and_in_one_form(phone: str) -> None:
    assert contact(contact_update(phone)) == Contact("+6280000000001", own=True)


@pytest.mark.parametrize("owner", [8, None])
def test_somebody_elses_card_is_not_ones_own(owner: int | None) -> None:
    assert contact(contact_update("6280000000001", owner)) == Contact("+6280000000001", own=False)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_forwarded_card_is_not_ones_own_even_if_it_says_so(origin: dict[str, Any]) -> None:
    assert contact(contact_update("6280000000001", forward_origin=origin)) == Contact("+6280000000001")


def test_a_card_that_another_bot_made_is_not_ones_own() -> None:
    other_bot = {**person(9), "is_bot": True}
    assert contact(contact_update("6280000000001", via_bot=other_bot)) == Contact("+6280000000001")


def test_a_card_in_a_group_is_nothing() -> None:
    old = {"message_id": 1, "date": 1, "chat": GROUP, "from": ME, "text": "x"}
    assert read(contact_update("6280000000001", chat=GROUP)) is None
    answering = read(contact_update("6280000000001", chat=GROUP, reply_to_message=old))
    assert answering is not None
    assert answering.contact is None


def test_a_number_is_not_shown_where_a_message_is_printed() -> None:
    incoming = read(contact_update("6280000000001"))
    assert incoming is not None
    assert "0001" not in repr(incoming)
