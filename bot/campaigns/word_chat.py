"""What people type about circulars that were sent to them: declaring, taking back, saying what a button says.

What is typed is looked at and kept nowhere. Nothing but a declaration of her own is recorded, and only where
one circular can be meant; everything else is answered with what waits, or with the buttons that ask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from bot.campaigns import ack_pages as pages
from bot.campaigns.acknowledging import GOT, MISSED, UNDO_SECONDS, Entry, Told
from bot.campaigns.campaign import Proof
from bot.campaigns.ports import Circulars, Waiting
from bot.campaigns.saying import Said, Sayings
from bot.model import Intent, Reply
from bot.people.staff import Member
from bot.people.visit import Visit

NOTHING_ELSE = frozenset({Intent.UNCLEAR, Intent.GREETING, Intent.OUT_OF_SCOPE})
"""Who speaks of reading, and asks nothing that is answered otherwise, means the circulars that wait."""

QUESTIONS = frozenset({Intent.MAY_I, Intent.WHEN_MAY_I, Intent.WHY, Intent.SANCTION, Intent.WHICH_RULE})

RECENT = 7 * 86_400
"""Who says it again within so many seconds is told when it was recorded."""


class Buttons(Protocol):
    """What follows the buttons, and words that mean the same."""

    async def acknowledge(
        self, visit: Visit, member: Member, told: Told, proof: Proof
    ) -> Sequence[Reply]: ...

    async def undo(self, visit: Visit, member: Member, told: Told) -> Reply: ...

    async def proofs(self, visit: Visit) -> Sequence[Reply] | None:
        """None: there are no receipts."""

    async def not_for_me(self, visit: Visit, member: Member, told: Told) -> Reply: ...

    def given_already(self, visit: Visit, told: Told, at: int) -> Reply: ...

    def register_first(self, visit: Visit) -> Reply: ...


class WordChat:
    """`sayings`: those of now. `intent`: what a text asks for, at a local time. `zone`: of a regency.
    `clock`: seconds since 1970."""

    def __init__(
        self,
        buttons: Buttons,
        circulars: Circulars,
        sayings: Callable[[], Sayings],
        intent: Callable[[str, datetime], Intent],
        zone: Callable[[str], tzinfo],
        clock: Callable[[], float],
    ) -> None:
        self._buttons = buttons
        self._circulars = circulars
        self._sayings = sayings
        self._intent = intent
        self._zone = zone
        self._clock = clock

    async def say(self, visit: Visit, text: str) -> Sequence[Reply] | None:
        """The replies if the text speaks of having read a circular; None: it asks something else. Raises
        Problem."""
        sayings = self._sayings()
        declared, meant = sayings.declares(text), sayings.means(text)
        member = visit.member
        if meant is Said.PROOF and (replies := await self._buttons.proofs(visit)) is not None:
            return replies
        if member is None:
            return [self._buttons.register_first(visit)] if declared else None
        if visit.incoming.forwarded:  # the words are not hers
            return await self.waits(visit, member) if declared else None
        if declared:
            return await self._declared(visit, member)
        if sayings.undoes(text) and (replies := await self._taken_back(visit, member)) is not None:
            return replies
        if meant is not None and (replies := await self._meant(visit, member, meant)) is not None:
            return replies
        return await self._mentioned(visit, member, text)

    async def waits(self, visit: Visit, member: Member) -> Sequence[Reply]:
        waiting = await self._circulars.waiting(member.person.id)
        if not waiting:
            return [Reply(visit.texts("ack.nothing_waits"))]
        return [self._choice(visit, member, waiting, "ack.waits")]

    def is_own(self, visit: Visit, text: str) -> bool:
        """Whether it can only be meant for itself, whatever was asked of her: a declaration, a question."""
        sayings = self._sayings()
        if visit.member is None or sayings.declares(text):
            return True
        return sayings.asks(text) and self._intent(text, self._local(visit)) in QUESTIONS

    async def _declared(self, visit: Visit, member: Member) -> Sequence[Reply]:
        waiting = await self._circulars.waiting(member.person.id, GOT)
        if len(waiting) == 1:
            return await self._buttons.acknowledge(visit, member, waiting[0].told, Proof.WORDS)
        if waiting:
            return [self._choice(visit, member, waiting, "ack.which")]
        given = await self._given(member, RECENT)
        told = await self._circulars.told(given[0].campaign) if given else None
        if told is not None:
            return [self._buttons.given_already(visit, told, given[0].at)]
        if missed := await self._circulars.waiting(member.person.id, MISSED):
            return [self._choice(visit, member, missed, "ack.waits")]
        return [Reply(visit.texts("acknowledge.none"))]

    async def _mentioned(self, visit: Visit, member: Member, text: str) -> Sequence[Reply] | None:
        """ "apa saya sudah baca?", "belum sempat baca" and "siap" are told what waits, and record nothing."""
        intent, mentions = self._intent(text, self._local(visit)), self._sayings().mentions(text)
        if intent is not Intent.ACKNOWLEDGE and not (mentions and intent in NOTHING_ELSE):
            return None
        if mentions or await self._circulars.waiting(member.person.id):
            return await self.waits(visit, member)
        return None

    async def _meant(self, visit: Visit, member: Member, meant: Said) -> Sequence[Reply] | None:
        """None: there is nothing of hers that the words could mean."""
        match meant:
            case Said.MISTAKEN:
                return await self._mistaken(visit, member)
            case Said.UNREAD:
                return await self.waits(visit, member)
        waiting = await self._circulars.waiting(member.person.id)
        if meant is Said.NOT_FOR_ME and len(waiting) == 1:
            return [await self._buttons.not_for_me(visit, member, waiting[0].told)]
        if waiting and meant is Said.NOT_FOR_ME:
            return [pages.not_me_choice([one.told for one in waiting], visit.texts)]
        if waiting and meant is Said.UNCLEAR:
            return [pages.unclear_choice([one.told for one in waiting], visit.texts)]
        return None

    # --- taking back ---

    async def _taken_back(self, visit: Visit, member: Member) -> Sequence[Reply] | None:
        """None: no circular was ever sent to her."""
        given = await self._given(member, RECENT)
        if not given:
            person = member.person.id
            about_her = await self._circulars.waiting(person) or await self._circulars.given(person, 0)
            return [Reply(visit.texts("ack.nothing_to_undo"))] if about_her else None
        told = await self._told(self._fresh(given) or given[:1])
        if len(told) == 1:
            return [await self._buttons.undo(visit, member, told[0])]
        return [pages.undo_choice(told, visit.texts)]

    async def _mistaken(self, visit: Visit, member: Member) -> Sequence[Reply] | None:
        """ "salah pencet" can mean something else too: nothing is undone before she presses the button."""
        told = await self._told(self._fresh(await self._given(member, RECENT)))
        return [pages.undo_choice(told, visit.texts)] if told else None

    def _fresh(self, given: Sequence[Entry]) -> Sequence[Entry]:
        return [entry for entry in given if self._now() - entry.at <= UNDO_SECONDS]

    async def _told(self, entries: Sequence[Entry]) -> list[Told]:
        return [one for entry in entries if (one := await self._circulars.told(entry.campaign)) is not None]

    # --- around ---

    async def _given(self, member: Member, within: int) -> Sequence[Entry]:
        return await self._circulars.given(member.person.id, self._now() - within)

    def _choice(self, visit: Visit, member: Member, waiting: Sequence[Waiting], key: str) -> Reply:
        return pages.choice(waiting, self._zone(member.person.regency), visit.texts, key)

    def _local(self, visit: Visit) -> datetime:
        assert visit.member is not None
        return datetime.fromtimestamp(self._now(), self._zone(visit.member.person.regency))

    def _now(self) -> int:
        return int(self._clock())
