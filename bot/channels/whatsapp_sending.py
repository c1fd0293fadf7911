"""Replies → WhatsApp calls, one after the other, each retried while that cannot double it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pywa_async.errors import WhatsAppError

from bot.channels.port import Delivery, Unreachable
from bot.channels.whatsapp_client import Client
from bot.channels.whatsapp_errors import NOT_BY_USER_ID, PAIR_PAUSE, Meaning, Trouble, trouble_of
from bot.channels.whatsapp_ports import Accounts
from bot.channels.whatsapp_replies import Outgoing, Wording, messages
from bot.model import Attachment, Reply

log = logging.getLogger(__name__)

NAME = "whatsapp"
TEXTUAL = frozenset({"json", "xml", "yaml"})
"""Media types of applications that are text."""

PATIENCE = 300.0
"""Seconds for which a call is retried: an answer that comes later would be about a moment long past."""

Names = tuple[str | None, str | None]
Call = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: the first pause, its growth, its longest; the pause after too much to one person; how long one
    goes on."""

    first: float = 0.5
    factor: float = 2.0
    longest: float = 20.0
    pair: float = PAIR_PAUSE
    patience: float = PATIENCE


class Calls:
    """Single calls, one try each."""

    def __init__(self, client: Client) -> None:
        self._api = client.api
        self._phone_id = str(client.phone_id)

    async def send(self, to: Names, message: Outgoing) -> str | None:
        """The id of the message, if the answer names it. Raises what pywa and httpx raise. Some messages
        cannot be addressed to a user id: these go to the number, if it is known."""
        user_id, number = to
        try:
            return await self._send(user_id, number, message)
        except WhatsAppError as error:
            if error.code != NOT_BY_USER_ID or not (user_id and number):
                raise
        return await self._send(None, number, message)

    async def _send(self, user_id: str | None, number: str | None, message: Outgoing) -> str | None:
        done = await self._api.send_message(
            sender=self._phone_id,
            to=None if user_id else number,
            recipient=user_id,
            recipient_type="individual",
            typ=message.kind,
            msg=dict(message.content),
            biz_opaque_callback_data=message.tag,
        )
        return _id_of(done)

    async def upload(self, attachment: Attachment) -> str:
        """The id of the file at WhatsApp."""
        attachment = takeable(attachment)
        done = await self._api.upload_media(
            phone_id=self._phone_id,
            media=attachment.content,
            mime_type=attachment.media_type,
            filename=attachment.name,
        )
        return str(done["id"])

    async def close(self) -> None:
        await self._api._session.aclose()


def takeable(attachment: Attachment) -> Attachment:
    """WhatsApp takes no JSON, CSV or the like: such text goes as plain text."""
    kind, _, form = attachment.media_type.partition("/")
    if (kind != "text" and form not in TEXTUAL) or form == "plain":
        return attachment
    return Attachment(f"{attachment.name}.txt", "text/plain", attachment.content)


def document(attachment: Attachment, uploaded: str, caption: str | None = None) -> Outgoing:
    named = {"id": uploaded, "filename": takeable(attachment).name}
    return Outgoing("document", named | ({"caption": caption} if caption else {}))


def _id_of(done: Any) -> str | None:
    """A message that was taken is taken, whatever else the answer says."""
    try:
        return str(done["messages"][0]["id"])
    except (KeyError, IndexError, TypeError):
        return None


class Sending:
    """Sends replies to people, by their external ids. `wording`: that of the person's language."""

    def __init__(
        self,
        calls: Calls,
        accounts: Accounts,
        unreachable: Unreachable,
        wording: Callable[[str], Awaitable[Wording]],
        pace: Pace | None = None,
    ) -> None:
        self._calls = calls
        self._accounts = accounts
        self._unreachable = unreachable
        self._wording = wording
        self._pace = pace or Pace()

    async def send(self, external_id: str, reply: Reply) -> Delivery:
        """Sends a reply in as many messages as it needs; stops at the first that does not arrive."""
        to = await address(self._accounts, external_id)
        for message in messages(reply, await self._wording(external_id)):
            delivery = await self._one(external_id, to, message)
            if delivery is not Delivery.SENT:
                return delivery
        if reply.attachment is not None:
            return await self._attach(external_id, to, reply.attachment)
        return Delivery.SENT

    async def _attach(self, external_id: str, to: Names, attachment: Attachment) -> Delivery:
        uploaded: list[str] = []

        async def upload() -> None:
            uploaded.append(await self._calls.upload(attachment))

        # A file that is uploaded twice is seen once.
        delivery = await self._until_taken(external_id, upload, repeatable=True)
        if delivery is not Delivery.SENT:
            return delivery
        return await self._one(external_id, to, document(attachment, uploaded[-1]))

    async def _one(self, external_id: str, to: Names, message: Outgoing) -> Delivery:
        return await self._until_taken(external_id, lambda: self._calls.send(to, message))

    async def _until_taken(self, external_id: str, call: Call, *, repeatable: bool = False) -> Delivery:
        """Makes one call, and makes it again while that is safe and patience lasts. `repeatable`: doing it
        twice changes nothing, so it may be repeated even when the first try's fate is unknown."""
        clock = asyncio.get_running_loop().time
        deadline, pause = clock() + self._pace.patience, self._pace.first
        while True:
            try:
                await call()
                return Delivery.SENT
            except Exception as error:
                trouble = trouble_of(error)
                if trouble is None:
                    raise
            again = repeatable and trouble.meaning is Meaning.UNCERTAIN
            waiting = trouble.meaning in (Meaning.THROTTLED, Meaning.PAIR, Meaning.UNAVAILABLE)
            if not (again or waiting):
                return await self._given_up(external_id, trouble)
            delay = self._pace.pair if trouble.meaning is Meaning.PAIR else pause
            if clock() + delay > deadline:
                log.warning("given up after %.0f s of trying (%d)", self._pace.patience, trouble.code)
                return Delivery.FAILED
            await asyncio.sleep(delay * random.uniform(1.0, 1.1))
            pause = min(pause * self._pace.factor, self._pace.longest)

    async def _given_up(self, external_id: str, trouble: Trouble) -> Delivery:
        """What a refusal means; a person who cannot be reached is remembered."""
        match trouble.meaning:
            case Meaning.UNDELIVERABLE:
                await self._unreachable.add(external_id, "not_found")
                return Delivery.UNREACHABLE
            case Meaning.UNCERTAIN:
                log.warning("the connection broke, sent or not is unknown")
                return Delivery.UNCERTAIN
            case Meaning.OUT_OF_ORDER:
                log.error(
                    "WhatsApp refuses our account or token (%d): see EDARAN_WHATSAPP__TOKEN", trouble.code
                )
            case _:
                log.warning("a message was refused (%d)", trouble.code)
        return Delivery.FAILED

    async def close(self) -> None:
        await self._calls.close()


async def address(accounts: Accounts, external_id: str) -> Names:
    """By which names somebody is written to. Who is not known any more is so by her id: a user id has a
    country and a point, a number is digits."""
    names = await accounts.address(external_id)
    if names != (None, None):
        return names
    return (external_id, None) if "." in external_id else (None, external_id)
