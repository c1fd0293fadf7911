"""One message of many through Telegram: one try, and what became of it, for the sending of campaigns."""

from __future__ import annotations

import logging

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendDocument, SendMessage, TelegramMethod
from aiogram.types import BufferedInputFile, Message

from bot.campaigns.campaign import Unreachable
from bot.campaigns.sending import NotReached, Outcome, Refused, RetryAfter, Sent, Uncertain
from bot.channels.telegram_sending import (
    GONE,
    NEVER_SENT,
    NO_PREVIEW,
    TEXT_UNITS,
    headline,
    markup_of,
    split_text,
)
from bot.model import Attachment, Reply

log = logging.getLogger(__name__)

CAPTION = 1024
"""UTF-16 units under a document."""

UNAVAILABLE = 5.0
"""Seconds to wait when Telegram cannot be reached at all, or restarts: nothing was taken then."""

NEVER_STARTED = ("can't initiate conversation", "bot can't send messages to bots")


class TelegramSender:
    """Keeps `bot.campaigns.sending.Sender`. Each message is one call, so that it has one outcome: a document
    goes out with the text under it, and is uploaded only once."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._files: dict[Attachment, str] = {}

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        try:
            method = self._method(int(external_id), message)
        except ValueError:
            return Refused("too_long")
        try:
            done = await self._bot(method)
        except TelegramRetryAfter as error:
            return RetryAfter(float(error.retry_after))
        except (RestartingTelegram, TelegramUnauthorizedError):
            return RetryAfter(UNAVAILABLE)  # nothing was taken; a wrong token is no reason to fail everybody
        except TelegramServerError:
            return Uncertain()
        except (TelegramNetworkError, ClientDecodeError) as error:
            never = not isinstance(error, TelegramEntityTooLarge) and isinstance(error.__cause__, NEVER_SENT)
            return RetryAfter(UNAVAILABLE) if never else Uncertain()
        except TelegramAPIError as error:
            return _refused(error)
        return self._sent(message, done)

    def _method(self, chat: int, message: Reply) -> TelegramMethod[Message]:
        """Raises ValueError for a text that does not fit into one message."""
        [text] = split_text(message.text, CAPTION if message.attachment else TEXT_UNITS)
        bold, markup = [headline(text)], markup_of(message)
        if message.attachment is None:
            return SendMessage(
                chat_id=chat,
                text=text,
                entities=bold,
                reply_markup=markup,
                link_preview_options=NO_PREVIEW,
            )
        attached = message.attachment
        file = self._files.get(attached) or BufferedInputFile(attached.content, attached.name)
        return SendDocument(
            chat_id=chat, document=file, caption=text, caption_entities=bold, reply_markup=markup
        )

    def _sent(self, message: Reply, done: Message) -> Sent:
        if message.attachment is not None and done.document is not None:
            self._files[message.attachment] = done.document.file_id
        return Sent(str(done.message_id))


def _refused(error: TelegramAPIError) -> Outcome:
    """A refusal is about this person, or about the message."""
    said = error.message.lower()
    if isinstance(error, TelegramForbiddenError):
        if any(phrase in said for phrase in NEVER_STARTED):
            return NotReached(Unreachable.NEVER_STARTED)
        return NotReached(Unreachable.DEACTIVATED if "deactivated" in said else Unreachable.BLOCKED)
    if isinstance(error, TelegramBadRequest | TelegramNotFound) and any(phrase in said for phrase in GONE):
        return NotReached(Unreachable.NEVER_STARTED)
    log.warning("a message was refused: %s", type(error).__name__)
    return Refused(type(error).__name__.removeprefix("Telegram").lower())
