"""Receipts as a dialogue: under a confirmation, and by /bukti for every circular that somebody acknowledged.

k:proof:CAMPAIGN    the receipt        k:proofs:FROM   the list

She gets her own only: whose it is follows from her account, never from a button.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import tzinfo

from bot.campaigns import ack_pages as pages
from bot.campaigns.acknowledging import Entry, Told
from bot.campaigns.ports import Circulars, Receipts
from bot.campaigns.receipts import Receipt, picture
from bot.model import Attachment, Button, Reply
from bot.people.staff import Member
from bot.people.visit import Visit
from bot.problems import Problem
from bot.rendering.texts import Texts

log = logging.getLogger(__name__)

LISTED = 5
"""Circulars on one screen."""

FILE, PICTURE = "tanda-terima.txt", "tanda-terima.png"
WIDE = 64
"""Letters of the receipt's word on a line of the file."""

DRAWN = 20
"""Codes that wait to be drawn, a tenth of a second's work each; whoever comes then gets the file alone."""


class ProofChat:
    """`zone`: of a regency."""

    def __init__(self, receipts: Receipts, circulars: Circulars, zone: Callable[[str], tzinfo]) -> None:
        self._receipts = receipts
        self._circulars = circulars
        self._zone = zone
        self._drawing = asyncio.Lock()
        self._waiting = 0

    async def listed(self, visit: Visit, member: Member, start: int = 0) -> Reply:
        texts = visit.texts
        given = await self._circulars.given(member.person.id, 0)
        shown = given[start:][:LISTED]
        if not shown:
            return Reply(texts("receipt.none_yet"), replace=visit.pressed)
        lines, buttons = [texts("receipt.listed")], []
        for number, entry in enumerate(shown, start + 1):
            told = await self._circulars.told(entry.campaign)
            if told is not None:
                lines.append(self._line(number, told, entry, texts))
                label = texts("receipt.button_nth", number=number)
                buttons.append((Button(label, f"k:proof:{entry.campaign}"),))
        following = Button(texts("hr.more"), f"k:proofs:{start + LISTED}")
        more = ((following,),) if len(given) > start + LISTED else ()
        return Reply("\n".join(lines), (*buttons, *more), replace=visit.pressed)

    def _line(self, number: int, told: Told, entry: Entry, texts: Texts) -> str:
        when = pages.when(entry.at, self._zone(told.content.regency), texts)
        circular = pages.named(told.content, texts)
        return texts("receipt.line", number=number, circular=circular, when=when)

    async def given(self, visit: Visit, member: Member, told: Told) -> Sequence[Reply]:
        """The receipt as a file to keep, and as a code; else why there is none."""
        texts, circular = visit.texts, pages.named(told.content, visit.texts)
        try:
            entry = await self._circulars.standing(member.person.id, told.version)
            if entry is None:
                return [Reply(texts("receipt.none", circular=circular))]
            receipt = await self._receipts.of(entry)
        except Problem as problem:  # what is wrong with keys and logs is not for her to repair
            log.error("a receipt was not made: %s", problem.key)
            return [Reply(texts("receipt.not_now"))]
        if receipt is None:
            return [Reply(texts("receipt.forgotten", circular=circular))]
        page = self._page(told, receipt, texts)
        code = await self._drawn(receipt)
        return [page, Reply(texts("receipt.picture"), attachment=code)] if code else [page]

    def _page(self, told: Told, receipt: Receipt, texts: Texts) -> Reply:
        zone, entry = self._zone(told.content.regency), receipt.entry
        said = {
            "code": receipt.code(),
            "circular": pages.named(told.content, texts),
            "what": texts(f"evidence.kind_{entry.kind}"),
            "when": pages.when(entry.at, zone, texts),
            "file": FILE,
        }
        signed = {"signed": pages.when(receipt.checkpoint.at, zone, texts), "signer": receipt.key.key_id}
        head = texts("receipt.file", **said, **signed, seq=entry.seq)
        file = Attachment(FILE, "text/plain", _file(head, receipt.token()))
        return Reply(texts("receipt.text", **said), attachment=file)

    async def _drawn(self, receipt: Receipt) -> Attachment | None:
        """Beside the loop, one at a time: others are answered meanwhile. None: too many wait."""
        if self._waiting >= DRAWN:
            return None
        self._waiting += 1
        try:
            async with self._drawing:
                png = await asyncio.to_thread(picture, receipt, "png")
        finally:
            self._waiting -= 1
        return Attachment(PICTURE, "image/png", png)


def _file(head: str, token: str) -> bytes:
    """The word comes last: who reads the receipt takes everything from there on."""
    lines = (token[at : at + WIDE] for at in range(0, len(token), WIDE))
    return "\n".join((head, "", *lines, "")).encode()
