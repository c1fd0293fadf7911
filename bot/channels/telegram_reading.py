"""What a Telegram message or button says to the bot, as `Incoming`. Pure.

Offsets of entities count UTF-16 units, as Telegram does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aiogram.types import CallbackQuery, Message, MessageEntity

from bot.model import Contact, Incoming, Sender

NAME = "telegram"
PRIVATE = "private"
GROUPS = frozenset({"group", "supergroup"})


@dataclass(frozen=True, slots=True)
class Identity:
    """The bot's own id and username, by which a group speaks to it."""

    id: int
    username: str


def read_message(message: Message, me: Identity | None, knows: Callable[[str], bool]) -> Incoming | None:
    """None: not for the bot (a group's talk, a service message, another bot, a channel).

    `me` may be None in a private chat. `knows` tells our commands from others'. A message without text (a
    photo, a sticker) in a private chat becomes an Incoming with text "": the desk says what it can read.
    """
    person = message.from_user
    if person is None or person.is_bot:
        return None
    text, entities = _text(message)
    private = message.chat.type == PRIVATE
    if not private:
        if me is None or message.chat.type not in GROUPS:
            return None
        said = _addressed(message, text, entities, me, knows)
        if said is None:
            return None
        text = said
    elif not text and message.text is None and not _carries_content(message):
        return None
    sender = Sender(NAME, str(person.id), person.language_code)
    contact = _contact(message, person.id) if private else None
    forwarded = message.forward_origin is not None
    chat = str(message.chat.id)
    return Incoming(sender, chat, text, private=private, contact=contact, forwarded=forwarded)


def read_press(query: CallbackQuery) -> Incoming | None:
    """None for buttons that carry no action of ours (games, inline messages)."""
    if query.message is None or query.data is None:
        return None
    chat = query.message.chat
    sender = Sender(NAME, str(query.from_user.id), query.from_user.language_code)
    return Incoming(sender, str(chat.id), "", action=query.data, private=chat.type == PRIVATE)


def _contact(message: Message, sender: int) -> Contact | None:
    """A card is the sender's own only if Telegram says so, and if it comes straight from her: a forwarded
    one, and one that another bot made, can hold anything."""
    card = message.contact
    if card is None:
        return None
    straight = message.forward_origin is None and message.via_bot is None
    digits = "".join(letter for letter in card.phone_number if letter in "0123456789")
    return Contact(f"+{digits}", own=straight and card.user_id == sender)


def _text(message: Message) -> tuple[str, list[MessageEntity]]:
    if message.text is not None:
        return message.text, message.entities or []
    return message.caption or "", message.caption_entities or []


def _carries_content(message: Message) -> bool:
    """Whether a person sent something (a photo, a voice message, …), not Telegram itself (a pin, a new
    title)."""
    return any(getattr(message, kind, None) is not None for kind in CONTENT)


CONTENT = (
    *("animation", "audio", "contact", "dice", "document", "game", "location", "paid_media", "photo", "poll"),
    *("sticker", "story", "venue", "video", "video_note", "voice", "checklist"),
)


def _addressed(
    message: Message, text: str, entities: list[MessageEntity], me: Identity, knows: Callable[[str], bool]
) -> str | None:
    """The text without the bot's name, if a group message speaks to the bot; else None."""
    command = next((e for e in entities if e.type == "bot_command" and e.offset == 0), None)
    if command is not None:
        return _command(text, command.extract_from(text), me, knows)
    mentions = list(_mentions(text, entities, me))
    answered = message.reply_to_message.from_user if message.reply_to_message else None
    if not mentions and (answered is None or answered.id != me.id):
        return None
    return _without(text, mentions)


def _command(text: str, command: str, me: Identity, knows: Callable[[str], bool]) -> str | None:
    """`/bantuan@our_bot` is ours; without a name it is if the command is; with another name it is not."""
    name, at, addressee = command[1:].partition("@")
    ours = addressee.lower() == me.username.lower() if at else knows(name.lower())
    return f"/{name}{text[len(command) :]}" if ours else None


def _mentions(text: str, entities: list[MessageEntity], me: Identity) -> Iterator[MessageEntity]:
    for entity in entities:
        named = entity.type == "mention" and entity.extract_from(text).lower() == f"@{me.username.lower()}"
        if named or (entity.type == "text_mention" and entity.user is not None and entity.user.id == me.id):
            yield entity


def _without(text: str, mentions: list[MessageEntity]) -> str:
    units = text.encode("utf-16-le")
    for entity in sorted(mentions, key=lambda entity: entity.offset, reverse=True):
        units = units[: entity.offset * 2] + units[(entity.offset + entity.length) * 2 :]
    return units.decode("utf-16-le", errors="replace").strip()
