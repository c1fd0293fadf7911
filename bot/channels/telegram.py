"""Telegram: takes updates in once each, asks the desk, sends its replies.

An update is claimed durably before it is worked on. So a crash in between can lose a question (the person
asks again), but never answers one twice. Logs hold ids and kinds of errors, never a text, a name or a token.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from weakref import WeakValueDictionary

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramBadRequest, TelegramNotFound
from aiogram.types import BotCommand, CallbackQuery, Message, Update
from aiohttp import ClientTimeout

from bot.channels.port import Counter, Delivery, HandledUpdates, Unreachable, ask_politely, where
from bot.channels.telegram_reading import NAME, PRIVATE, Identity, read_message, read_press
from bot.channels.telegram_sending import Sending, until_connected
from bot.model import Incoming, Reply

log = logging.getLogger(__name__)

LANGUAGES = ("id", "en")
UPDATES = ["message", "callback_query"]
"""The kinds of updates that are asked for: no edits, no channel posts."""

BUSY = 1000
"""So many updates are worked on at once; further ones wait at Telegram."""

DRAIN = 10.0
"""Seconds that what is being answered gets when the channel closes."""


class TelegramChannel:
    """`receive`: the way updates come, polling by default; None where a webhook brings them. `answering`: is
    entered around every answer, so that messages to many give way to it."""

    name = NAME

    def __init__(
        self,
        bot: Bot,
        desk: Counter,
        handled: HandledUpdates,
        unreachable: Unreachable,
        sending: Sending | None = None,
        receive: Callable[[TelegramChannel], Awaitable[None]] | None = None,
        answering: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.bot = bot
        self._desk = desk
        self._handled = handled
        self._unreachable = unreachable
        self._sending = sending or Sending(bot, unreachable)
        self._receive = receive
        self._answering = answering
        self._work: set[asyncio.Task[object]] = set()
        self._chats: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._album: str | None = None
        self._ending = asyncio.Event()

    # --- the Protocol ---

    async def run(self) -> None:
        """Raises `TelegramUnauthorizedError` for a wrong token."""
        setup = asyncio.ensure_future(until_connected(self.introduce))
        receiving = asyncio.ensure_future(self._receive(self) if self._receive else self._ended())
        try:
            await asyncio.wait({setup, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if setup.done():
                setup.result()
            await receiving
        finally:
            setup.cancel()
            receiving.cancel()

    async def send(self, chat_id: str, reply: Reply) -> Delivery:
        return await self._sending.send(int(chat_id), reply)

    async def close(self) -> None:
        self._ending.set()
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=DRAIN)
            for task in late:
                task.cancel()
        await self.bot.session.close()

    # --- taking in ---

    @property
    def ending(self) -> asyncio.Event:
        return self._ending

    @property
    def busy(self) -> bool:
        return len(self._work) >= BUSY

    async def accept(self, updates: Sequence[Update]) -> None:
        """Claims the updates that are new, and answers them in the background."""
        ours = {u.update_id: u for u in updates if u.message is not None or u.callback_query is not None}
        for update_id in await self._handled.claim(list(ours)):
            self._spawn(self._handle(ours[update_id]))

    async def settle(self) -> None:
        """Waits until everything taken in is answered."""
        while self._work:
            await asyncio.wait(self._work)

    async def _ended(self) -> None:
        await self._ending.wait()

    async def introduce(self) -> None:
        """Tells Telegram the commands, in Indonesian for everyone and in English for English clients."""
        for language in LANGUAGES:
            commands = [BotCommand(command=n, description=d) for n, d in self._desk.commands(language)]
            try:
                await self.bot.set_my_commands(commands, language_code=None if language == "id" else language)
            except (TelegramBadRequest, TelegramNotFound, ClientDecodeError) as error:
                log.warning("the commands' menu was not taken: %s", type(error).__name__)

    def _spawn(self, work: Coroutine[object, object, object]) -> asyncio.Task[object]:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[object]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an update was not handled: %s", where(error))

    # --- answering ---

    async def _handle(self, update: Update) -> None:
        """aiogram's Dispatcher would choose between these two, and take as long as all the rest together."""
        if update.message is not None:
            await self._on_message(update.message)
        elif update.callback_query is not None:
            await self._on_press(update.callback_query)

    async def _on_message(self, message: Message) -> None:
        private = message.chat.type == PRIVATE
        me = None if private else await self._identity()
        incoming = read_message(message, me, self._desk.knows)
        if incoming is None or self._of_last_album(message):
            return
        answering = None if private else message.message_id
        thread = message.message_thread_id if message.is_topic_message else None
        async with self._turn(message.chat.id):
            with self._answering():
                for reply in await self._ask(incoming):
                    await self._sending.send(message.chat.id, reply, answering=answering, thread=thread)

    def _of_last_album(self, message: Message) -> bool:
        """Ten photos sent at once are ten messages; one hint for all of them is enough."""
        album, self._album = self._album, message.media_group_id
        return album is not None and album == message.media_group_id and not message.caption

    async def _on_press(self, query: CallbackQuery) -> None:
        incoming, message = read_press(query), query.message
        await self._sending.answer_press(query.id)
        if incoming is None or message is None:
            return
        old = message.message_id if isinstance(message, Message) else None
        topic = isinstance(message, Message) and message.is_topic_message
        thread = message.message_thread_id if isinstance(message, Message) and topic else None
        async with self._turn(message.chat.id):
            with self._answering():
                for reply in await self._ask(incoming):
                    edit = old if reply.replace else None
                    await self._sending.send(message.chat.id, reply, edit=edit, thread=thread)

    async def _ask(self, incoming: Incoming) -> Sequence[Reply]:
        if incoming.chat_id in self._unreachable:
            await self._unreachable.discard(incoming.chat_id)
        return await ask_politely(self._desk, incoming)

    def _turn(self, chat_id: int) -> asyncio.Lock:
        """One message of a chat at a time, in the order they came."""
        lock = self._chats.get(chat_id)
        if lock is None:
            lock = self._chats[chat_id] = asyncio.Lock()
        return lock

    async def _identity(self) -> Identity:
        me = await self.bot.me()
        return Identity(me.id, me.username or "")


def build_bot(token: str, api_base: str | None = None) -> Bot:
    """aiogram's Bot. `api_base`: another Bot API server than Telegram's own.

    Connecting has a time limit of its own: only so is it known that a request has not left yet.
    """
    api = TelegramAPIServer.from_base(api_base) if api_base else PRODUCTION
    session = AiohttpSession(api=api)
    # aiogram hands this on to aiohttp, which takes a number or a ClientTimeout.
    session.timeout = ClientTimeout(total=60, sock_connect=10)  # type: ignore[assignment]
    return Bot(token, session=session)
