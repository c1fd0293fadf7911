"""WhatsApp: keeps what comes, reads it, asks the desk, sends its replies.

A body is kept before it is read, and a message counts as handled once its replies are sent. So a crash in
between loses nothing, and answers a message twice only if it came between the answer and its note. Logs hold
ids and kinds of errors, never a text, a name, a number or a token.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum, auto
from weakref import WeakValueDictionary

from bot.channels.port import Counter, Delivery, Unreachable, ask_politely, where
from bot.channels.whatsapp_errors import UNDELIVERABLE
from bot.channels.whatsapp_ports import Accounts, Webhooks
from bot.channels.whatsapp_reading import VERSION, Event, Message, Person, Renamed, Status, read
from bot.channels.whatsapp_sending import NAME, Sending
from bot.channels.whatsapp_signing import Seal, signature
from bot.model import Incoming, Reply, Sender

log = logging.getLogger(__name__)

BUSY = 5_000
"""So many bodies are worked on at once; further ones wait at WhatsApp."""

DRAIN = 10.0
"""Seconds that what is being answered gets when the channel closes."""

AT_ONCE = 16
"""Messages that are thought about at the same time: thinking is work for the one processor, and what has just
come must not queue behind all of it. Not fewer: who is not in memory is looked up in the ledger first, and
lookups of the same moment share one reading; one after the other they let the waiting messages pile up, and
the webhook slows down with them. Sending waits for the network, and is not limited."""

MOST_WORDS = 3
WELCOME = "mulai"
"""The command of somebody who opens the chat for the first time."""

PUNCTUATION = " \t\n.,!?…"

Told = Callable[[Event], Awaitable[None]]
Work = Callable[[], Awaitable[None]]


class Taken(Enum):
    NEW = auto()
    KNOWN = auto()  # the very same body was taken before
    BUSY = auto()  # or the ledger does not take it: WhatsApp will send it again


@dataclass(slots=True)
class _Work:
    """A body on its way. `left`: events that are not handled yet."""

    mark: str
    left: int
    whole: bool


class WhatsappChannel:
    """`secret`: the app's. `words`: what is typed for a command → the command's name. `told`: gets the
    statuses of our messages and notices about the account; if it raises, the body stays for the next start.
    `answering`: is entered around every answer."""

    name = NAME

    def __init__(
        self,
        desk: Counter,
        webhooks: Webhooks,
        accounts: Accounts,
        unreachable: Unreachable,
        sending: Sending,
        *,
        phone_id: str,
        secret: str,
        words: Mapping[str, str] | None = None,
        told: Told | None = None,
        answering: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._desk = desk
        self._webhooks = webhooks
        self._accounts = accounts
        self._unreachable = unreachable
        self._sending = sending
        self._phone_id = phone_id
        self._secret = secret.encode()
        self._seal = Seal(self._secret)
        self._words = words or {}
        self._told = told
        self._answering = answering
        self._work: set[asyncio.Task[object]] = set()
        self._handling: set[str] = set()
        self._thinking = asyncio.Semaphore(AT_ONCE)
        self._chats: WeakValueDictionary[Person, asyncio.Lock] = WeakValueDictionary()
        self._ending = asyncio.Event()
        self._taking_up: asyncio.Future[None] | None = None

    # --- the Protocol ---

    async def run(self) -> None:
        """Takes up what an earlier process left, then waits for the end: the webhook brings the rest."""
        await self.take_up()
        await self._ending.wait()

    async def send(self, chat_id: str, reply: Reply) -> Delivery:
        return await self._sending.send(chat_id, reply)

    async def close(self) -> None:
        self._ending.set()
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=DRAIN)
            for task in late:
                task.cancel()
        await self._sending.close()

    # --- taking in ---

    @property
    def busy(self) -> bool:
        return len(self._work) >= BUSY or self._ending.is_set()

    def mark(self, body: bytes) -> str:
        return signature(self._secret, body)

    async def accept(self, mark: str, body: bytes) -> Taken:
        """Keeps a body whose signature was checked, and works on it in the background."""
        if self.busy:
            return Taken.BUSY
        await self.take_up()
        try:
            new = await self._webhooks.keep(mark, self._seal.close(mark, body))
        except OSError:
            return Taken.BUSY
        if not new:
            return Taken.KNOWN
        self._begin(mark, body)
        return Taken.NEW

    async def take_up(self) -> None:
        """Works on what was kept and not worked off; once, before anything new is kept."""
        if self._taking_up is None:
            self._taking_up = asyncio.ensure_future(self._take_up())
        await asyncio.shield(self._taking_up)

    async def _take_up(self) -> None:
        for mark, sealed in await self._webhooks.waiting():
            body = self._seal.open(mark, sealed)
            if body is None:
                log.error("a body was sealed with another app secret: it stays until it is too old")
            else:
                self._begin(mark, body)

    async def settle(self) -> None:
        """Waits until everything taken in is worked off."""
        while self._work:
            await asyncio.wait(self._work)

    def _begin(self, mark: str, body: bytes) -> None:
        reading = read(body, self._phone_id)
        work = _Work(mark, len(reading.events), not reading.unread)
        if reading.unread:
            log.warning("%d parts of a body could not be read; it is kept", reading.unread)
            self._spawn(self._webhooks.unread(mark, VERSION))
        if not reading.events:
            self._spawn(self._finish([], work))
        for event in reading.events:
            self._spawn(self._handle(event, work))

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[object]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a webhook was not worked off: %s", where(error))

    # --- handling ---

    async def _handle(self, event: Event, work: _Work) -> None:
        """Raises what goes wrong: the body then stays for the next start."""
        if isinstance(event, Message):
            done = await self._once(event.id, event.person, lambda: self._answer(event))
        elif isinstance(event, Renamed):
            done = await self._once(event.id, event.old, lambda: self._rename(event))
        else:
            done = await self._tell(event)
        await self._finish(done, work)

    async def _finish(self, messages: list[str], work: _Work) -> None:
        work.left -= 1
        over = work.left <= 0 and work.whole
        if messages or over:
            await self._webhooks.finish(messages, work.mark if over else None)
        self._handling.difference_update(messages)

    async def _once(self, message_id: str, person: Person, work: Work) -> list[str]:
        """Does the work unless this message was handled, or is being handled; the messages done. One message
        of a person at a time, in the order they came."""
        if message_id in self._handling:
            return []
        self._handling.add(message_id)
        try:
            async with self._turn(person):
                if not await self._webhooks.handled(message_id):
                    await work()
                    return [message_id]
        except BaseException:
            self._handling.discard(message_id)
            raise
        self._handling.discard(message_id)
        return []

    async def _answer(self, message: Message) -> None:
        person = message.person
        external_id = await self._accounts.of(person.user_id, person.number, message.at)
        if external_id in self._unreachable:
            await self._unreachable.discard(external_id)
        phone = f"+{person.number}" if person.number else None
        sender = Sender(NAME, external_id, None, phone)
        incoming = Incoming(
            sender,
            external_id,
            self._text(message),
            action=message.action,
            contact=message.contact,
            forwarded=message.forwarded,
        )
        with self._answering():
            async with self._thinking:
                replies = await ask_politely(self._desk, incoming)
                await asyncio.sleep(0)
            for reply in replies:
                await self._sending.send(external_id, reply)

    async def _rename(self, event: Renamed) -> None:
        await self._accounts.renamed(_names(event.old), _names(event.new))

    async def _tell(self, event: Event) -> list[str]:
        if isinstance(event, Status) and event.state == "failed" and UNDELIVERABLE & set(event.errors):
            names = _names(event.person)
            if names != (None, None):
                await self._unreachable.add(await self._accounts.of(*names, 0), "not_found")
        if self._told is not None:
            await self._told(event)
        return []

    def _text(self, message: Message) -> str:
        """What was typed; a word that stands for a command becomes the command, unless it is forwarded."""
        if message.opened:
            return f"/{WELCOME}"
        text = message.text.strip()
        if message.forwarded or len(text.split()) > MOST_WORDS:
            return text
        command = self._words.get(" ".join(text.casefold().strip(PUNCTUATION).split()))
        return f"/{command}" if command else text

    def _turn(self, person: Person) -> asyncio.Lock:
        lock = self._chats.get(person)
        if lock is None:
            lock = self._chats[person] = asyncio.Lock()
        return lock


def _names(person: Person) -> tuple[str | None, str | None]:
    return (person.user_id, person.number)


def command_words(lists: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What is typed → command, of ("mulai", "mulai, menu, halo") and the like; the first command wins."""
    words: dict[str, str] = {}
    for command, several in lists:
        for word in several.split(","):
            if word.strip():
                words.setdefault(" ".join(word.casefold().split()), command)
    return words
