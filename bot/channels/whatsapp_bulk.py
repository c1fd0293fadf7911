"""One message of many through WhatsApp: one try, and what became of it, for the sending of campaigns.

Free text reaches only who wrote within 24 hours; to others a template goes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from bot.campaigns.campaign import Unreachable
from bot.campaigns.sending import Later, NotReached, Outcome, Refused, RetryAfter, Sent, Uncertain
from bot.channels.whatsapp_errors import PAIR_PAUSE, Meaning, Trouble, UnseenError, trouble_of
from bot.channels.whatsapp_opening import Openings
from bot.channels.whatsapp_ports import Accounts
from bot.channels.whatsapp_replies import Outgoing, Wording, messages
from bot.channels.whatsapp_sending import Calls, address, document
from bot.model import Attachment, Reply

log = logging.getLogger(__name__)

CAPTION = 1024
WINDOW = 24 * 3600
"""Seconds after a person's last message in which she can be written to freely."""

MARGIN = 60
"""Seconds: a message that leaves now arrives a little later."""

UNAVAILABLE = 5.0
REPAIR = 60.0
"""Seconds to wait when WhatsApp cannot be reached, and when it refuses our token or account: nothing was
taken then, and nobody of the many is to blame."""

WINDOW_CLOSED = "window_closed"


class WhatsappSender:
    """Keeps `bot.campaigns.sending.Sender`. Each message is one call, so that it has one outcome; a file is
    uploaded once. `clock`: seconds since 1970. `openings`: open conversations; None: there are no
    templates."""

    def __init__(
        self,
        calls: Calls,
        accounts: Accounts,
        wording: Wording,
        clock: Callable[[], float],
        openings: Openings | None = None,
    ) -> None:
        self._calls = calls
        self._accounts = accounts
        self._wording = wording
        self._clock = clock
        self._openings = openings
        self._files: dict[Attachment, str] = {}

    async def open_to(self, external_id: str) -> bool:
        """Whether she can be written to freely."""
        heard = await self._accounts.heard_at(external_id)
        return heard is not None and self._clock() < heard + WINDOW - MARGIN

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        to = await address(self._accounts, external_id)
        if not await self.open_to(external_id):
            if self._openings is None or message.opening is None:
                return Refused(WINDOW_CLOSED)
            return await self._openings.send(
                message.opening, lambda call: self._calls.send(to, call), _outcome, message.tag
            )
        try:
            call = replace(await self._message(message), tag=message.tag)
            return Sent(await self._calls.send(to, call))
        except TooLongError:
            return Refused("too_long")
        except Exception as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            return _outcome(trouble)

    async def _message(self, message: Reply) -> Outgoing:
        """Raises TooLongError for what does not fit into one message."""
        calls = messages(message, self._wording)
        if len(calls) != 1:
            raise TooLongError
        if message.attachment is None:
            return calls[0]
        return await self._with_file(calls[0], message.attachment)

    async def _with_file(self, call: Outgoing, attachment: Attachment) -> Outgoing:
        """The text under the file, or the file above the buttons."""
        if attachment not in self._files:
            self._files[attachment] = await self._uploaded(attachment)
        file = document(attachment, self._files[attachment])
        if call.kind == "interactive" and call.content["type"] == "button":
            header = {"type": "document", "document": dict(file.content)}
            return Outgoing("interactive", {**call.content, "header": header})
        if call.kind != "text" or len(call.content["body"]) > CAPTION:
            raise TooLongError
        return document(attachment, self._files[attachment], call.content["body"])

    async def _uploaded(self, attachment: Attachment) -> str:
        """Nobody sees an upload: whatever broke, nothing was sent."""
        try:
            return await self._calls.upload(attachment)
        except Exception as error:
            trouble = trouble_of(error)
            if trouble is not None and trouble.meaning is Meaning.UNCERTAIN:
                raise UnseenError from error
            raise


class TooLongError(ValueError):
    """A message that does not fit into one call."""


def _outcome(trouble: Trouble) -> Outcome:
    match trouble.meaning:
        case Meaning.THROTTLED | Meaning.UNAVAILABLE:
            return RetryAfter(UNAVAILABLE)
        case Meaning.PAIR:
            return Later(PAIR_PAUSE)
        case Meaning.OUT_OF_ORDER:
            log.error("WhatsApp refuses our account or token (%d)", trouble.code)
            return RetryAfter(REPAIR)
        case Meaning.UNDELIVERABLE:
            return NotReached(Unreachable.NEVER_STARTED)
        case Meaning.WINDOW_CLOSED:
            return Refused(WINDOW_CLOSED)
        case Meaning.UNCERTAIN:
            return Uncertain()
    log.warning("a message was refused (%d)", trouble.code)
    return Refused(str(trouble.code))
