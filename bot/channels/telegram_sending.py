"""Replies as Telegram calls, within Telegram's limits, retried only where nothing can arrive twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendDocument, SendMessage, TelegramMethod
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from aiogram.utils.backoff import Backoff, BackoffConfig
from aiohttp import ClientConnectorError, ConnectionTimeoutError

from bot.channels.port import Delivery, Unreachable
from bot.model import Attachment, Button, Reply

log = logging.getLogger(__name__)

TEXT_UNITS = 4096
ACTION_BYTES = 64
CALLBACK_ANSWER = 200
BACKOFF = BackoffConfig(min_delay=0.5, max_delay=20.0, factor=1.7, jitter=0.1)
PATIENCE = 300.0
"""Seconds for which a call is retried: an answer that comes later would be about a moment long past."""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
NEVER_SENT = (ClientConnectorError, ConnectionTimeoutError)
"""Errors that arise before a request leaves this machine."""

GONE = ("chat not found", "user not found", "peer_id_invalid")
UNEDITABLE = ("message to edit not found", "message can't be edited")

Rows = tuple[tuple[Button, ...], ...]
Markup: TypeAlias = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove


class UneditableError(Exception):
    """The message to be replaced is gone, or Telegram no longer lets it be changed."""


class Sending:
    """Sends through one bot. `patience` and `backoff` shape the retries; seconds."""

    def __init__(
        self, bot: Bot, unreachable: Unreachable, patience: float = PATIENCE, backoff: BackoffConfig = BACKOFF
    ) -> None:
        self._bot = bot
        self._unreachable = unreachable
        self._patience = patience
        self._backoff = backoff

    async def send(
        self,
        chat_id: int,
        reply: Reply,
        *,
        edit: int | None = None,
        answering: int | None = None,
        thread: int | None = None,
    ) -> Delivery:
        """Sends a reply in as many messages as its length needs, the buttons under the last.

        `edit`: the message that the first part replaces. `answering`: the group message that it answers.
        `thread`: the topic it belongs to.
        """
        parts = list(split_text(reply.text))
        for at, part in enumerate(parts):
            markup = markup_of(reply) if at == len(parts) - 1 else None
            if at == 0:
                delivery = await self._first(chat_id, part, markup, edit, answering, thread)
            else:
                delivery = await self._send(chat_id, part, markup, thread)
            if delivery is not Delivery.SENT:
                return delivery
        if reply.attachment is not None:
            return await self._attach(chat_id, reply.attachment, thread)
        return Delivery.SENT

    async def _attach(self, chat_id: int, attachment: Attachment, thread: int | None) -> Delivery:
        file = BufferedInputFile(attachment.content, attachment.name)
        document = SendDocument(chat_id=chat_id, document=file, message_thread_id=thread)
        return await self.call(document, chat_id=chat_id)

    async def answer_press(self, query_id: str, text: str | None = None) -> None:
        """Ends the waiting sign on a pressed button; `text` is shown over the chat."""
        shown = text[:CALLBACK_ANSWER] if text else None
        await self.call(AnswerCallbackQuery(callback_query_id=query_id, text=shown), repeatable=True)

    async def _first(
        self,
        chat_id: int,
        text: str,
        markup: Markup | None,
        edit: int | None,
        answering: int | None,
        thread: int | None,
    ) -> Delivery:
        """The first part: its first line is bold; it can replace or quote a message."""
        bold = [headline(text)]
        if edit is not None and not isinstance(markup, ReplyKeyboardMarkup | ReplyKeyboardRemove):
            try:
                return await self._edit(chat_id, edit, text, bold, markup)
            except UneditableError:
                pass  # the old message is gone, or too old: the reply becomes a new one
        return await self._send(chat_id, text, markup, thread, bold, answering)

    async def _send(
        self,
        chat_id: int,
        text: str,
        markup: Markup | None,
        thread: int | None,
        entities: list[MessageEntity] | None = None,
        answering: int | None = None,
    ) -> Delivery:
        quoted = None
        if answering is not None:
            quoted = ReplyParameters(message_id=answering, allow_sending_without_reply=True)
        message = SendMessage(
            chat_id=chat_id,
            text=text,
            entities=entities,
            reply_markup=markup,
            reply_parameters=quoted,
            message_thread_id=thread,
            link_preview_options=NO_PREVIEW,
        )
        return await self.call(message, chat_id=chat_id)

    async def _edit(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        entities: list[MessageEntity],
        markup: InlineKeyboardMarkup | None,
    ) -> Delivery:
        edit = EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=text,
            entities=entities,
            reply_markup=markup,
            link_preview_options=NO_PREVIEW,
        )
        return await self.call(edit, chat_id=chat_id, repeatable=True)

    async def call(
        self, method: TelegramMethod[Any], *, chat_id: int | None = None, repeatable: bool = False
    ) -> Delivery:
        """Makes one call, and makes it again while that is safe and patience lasts.

        `repeatable`: doing it twice changes nothing (an edit), so it may be repeated even when the first
        try's fate is unknown. A new message is not: it is repeated only if Telegram cannot have taken it.
        """
        backoff = Backoff(self._backoff)
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._patience
        while True:
            try:
                await self._bot(method)
                return Delivery.SENT
            except TelegramRetryAfter as error:
                delay = float(error.retry_after)
            except (RestartingTelegram, TelegramServerError):
                delay = next(backoff)
            except (TelegramNetworkError, ClientDecodeError) as error:
                if not repeatable and not isinstance(error.__cause__, NEVER_SENT):
                    log.warning("%s: the connection broke, sent or not is unknown", type(method).__name__)
                    return Delivery.UNCERTAIN
                delay = next(backoff)
            except TelegramMigrateToChat as error:
                method = method.model_copy(update={"chat_id": error.migrate_to_chat_id})
                delay = 0.0
            except TelegramAPIError as error:
                return await self._refused(method, chat_id, error)
            if clock() + delay > deadline:
                log.warning("%s: given up after %.0f s of trying", type(method).__name__, self._patience)
                return Delivery.FAILED
            await asyncio.sleep(delay)

    async def _refused(
        self, method: TelegramMethod[Any], chat_id: int | None, error: TelegramAPIError
    ) -> Delivery:
        """What Telegram's refusal means; a chat that cannot be reached is remembered."""
        said = error.message.lower()
        if isinstance(error, TelegramBadRequest) and "message is not modified" in said:
            return Delivery.SENT
        gone = isinstance(error, TelegramBadRequest) and any(phrase in said for phrase in GONE)
        if chat_id is not None and (isinstance(error, TelegramForbiddenError) or gone):
            reason = "not_found" if gone else "deactivated" if "deactivated" in said else "blocked"
            await self._unreachable.add(str(chat_id), reason)
            return Delivery.UNREACHABLE
        if any(phrase in said for phrase in UNEDITABLE):
            raise UneditableError
        log.warning("%s refused: %s", type(method).__name__, type(error).__name__)
        return Delivery.FAILED


async def until_connected(call: Callable[[], Awaitable[object]], backoff: BackoffConfig = BACKOFF) -> None:
    """Repeats a harmless call (getMe, setWebhook) until the network lets it through. Raises what Telegram
    itself answers, as `TelegramUnauthorizedError` for a wrong token."""
    waiting = Backoff(backoff)
    while True:
        try:
            await call()
            return
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
        except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
            log.warning("Telegram cannot be reached (%s), trying again", type(error).__name__)
            await waiting.asleep()


def units(text: str) -> int:
    """The length of a text as Telegram counts it: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def split_text(text: str, limit: int = TEXT_UNITS) -> Iterator[str]:
    """The text in parts of at most `limit` UTF-16 units, cut at a line's end, else at a space, else anywhere.
    Nothing for a blank text, which Telegram refuses."""
    rest = text.strip()
    while len(rest) * 2 > limit and units(rest) > limit:
        head = rest.encode("utf-16-le")[: limit * 2].decode("utf-16-le", errors="ignore")
        cut = max(head.rfind("\n"), 0) or max(head.rfind(" "), 0) or len(head)
        yield head[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def headline(text: str) -> MessageEntity:
    """The first line, bold: it holds the answer."""
    return _bold(units(text.partition("\n")[0].rstrip()))


@lru_cache(maxsize=256)
def _bold(length: int) -> MessageEntity:
    return MessageEntity(type="bold", offset=0, length=length)


def markup_of(reply: Reply) -> Markup | None:
    """What stands below a reply: its buttons, or those that share the contact. A message has one kind."""
    if reply.contact is None:
        return keyboard(reply.buttons)
    if not reply.contact.share:
        return ReplyKeyboardRemove(remove_keyboard=True)
    share = KeyboardButton(text=reply.contact.share, request_contact=True)
    rows = [[share], [KeyboardButton(text=reply.contact.decline)]]
    return ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, one_time_keyboard=True)


@lru_cache(maxsize=1024)
def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """The buttons of a reply; None without any. An action too long for Telegram loses its button, not the
    whole answer."""
    kept = [[_button(button) for button in row if _fits(button)] for row in rows]
    kept = [row for row in kept if row]
    return InlineKeyboardMarkup(inline_keyboard=kept) if kept else None


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=button.label, callback_data=button.action)


def _fits(button: Button) -> bool:
    fits = 0 < len(button.action.encode()) <= ACTION_BYTES
    if not fits:
        log.error("a button's action has %d bytes, not 1 to %d", len(button.action.encode()), ACTION_BYTES)
    return fits
