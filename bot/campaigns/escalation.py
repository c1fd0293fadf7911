"""Tells superiors who of their people is overdue, level by level; and admins whom nothing reaches.

A superior gets one digest a day for all campaigns together, in her own working hours, with the names of those
below her only. Who cannot be reached, is on leave, or waits for an answer of HR is never in it: that is no
disobedience. Where nobody heads a unit, nor one above it but the regency itself, HR is the last that is told.
The unreachable are work for the admin of their unit, on a list of its own; where no admin can be told,
for HR.
"""

from __future__ import annotations

import logging
from array import array
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.campaigns import digests
from bot.campaigns.carrying import Carrier, in_a_word
from bot.campaigns.digests import Digest, Entry, Kind
from bot.campaigns.recipients import Pending, Recipient, Timetable
from bot.campaigns.reminding import Plan
from bot.campaigns.sending import Outcome, Uncertain
from bot.people.rights import Action, Actor, Target, may
from bot.people.staff import Assignment, Role, head_on
from bot.rendering.texts import Texts
from bot.worktime import Calendar

log = logging.getLogger(__name__)

PAGE = 500
"""People in memory at a time; besides them, only the ids of those who are told of."""

MOST = 1_000
"""People in one digest; who does not fit is in that of the next day."""

GONE = timedelta(days=7)
"""A superior who is away for longer is passed over: the next level up is told."""


@dataclass(frozen=True, slots=True)
class Posts:
    """Who holds what over the units of a regency on `day`. `held`: unit → (person, assignment)."""

    day: date
    held: Mapping[int, Sequence[tuple[int, Assignment]]]

    def chain(self, who: Recipient) -> tuple[int, ...]:
        """Who acts as head of her unit, of the one above, and so on; she herself is none of them."""
        heads = (head_on(self.held.get(unit, ()), self.day) for unit in who.lineage)
        return tuple(dict.fromkeys(head for head in heads if head is not None and head != who.person))

    def hr(self, who: Recipient) -> tuple[int, ...]:
        """The regency's HR, where no unit of hers below the regency has a head; else nobody."""
        *below, regency = who.lineage or (0,)
        if any(head_on(self.held.get(unit, ()), self.day) is not None for unit in below):
            return ()
        held = sorted(self.held.get(regency, ()), key=lambda one: one[0])
        found = (person for person, post in held if post.role is Role.HR and person != who.person)
        return tuple(dict.fromkeys(found))

    def admins(self, who: Recipient) -> tuple[int, ...]:
        """The admins of her unit, of the one above, and so on; after all of them HR, in the same order."""
        found = [
            person
            for role in (Role.UNIT_ADMIN, Role.HR)
            for unit in who.lineage
            for person, held in sorted(self.held.get(unit, ()), key=lambda one: one[0])
            if held.role is role and person != who.person
        ]
        return tuple(dict.fromkeys(found))

    def everybody(self) -> tuple[int, ...]:
        return tuple(sorted({person for held in self.held.values() for person, _ in held}))

    def actor(self, person: int) -> Actor:
        held = (one for posts in self.held.values() for holder, one in posts if holder == person)
        return Actor(f"person:{person}", person, tuple(held))


Waiting = Mapping[int, tuple[Recipient, Sequence[Pending]]]
"""Person → what is known of her, what she has not acknowledged."""

Choose = Callable[[Waiting], Sequence[Entry]]
"""Those of a page who belong into the digest, again and with what is so now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`overdue`: for each level, the highest first, the moment (seconds since 1970) before which somebody
    must have been due; empty where those are looked for whom nothing reaches. `midnight`: when today
    began."""

    kind: Kind
    regency: str
    today: date
    midnight: int
    channels: tuple[str, ...]
    overdue: tuple[tuple[int, int], ...] = ()


class Kept(Protocol):
    """The ledger. A method returns when its change is durable."""

    async def regencies(self) -> Sequence[str]: ...

    async def posts(self, wanted: Wanted) -> Posts: ...

    async def recipients(self, wanted: Wanted, people: Sequence[int]) -> Mapping[int, Recipient]: ...

    async def told_today(self, wanted: Wanted) -> frozenset[int]:
        """Who has got her digest of this kind today."""

    async def candidates(self, wanted: Wanted, after: int, most: int) -> Sequence[int]:
        """The next people by id of whom a level may have come (or whom nothing reaches)."""

    async def waiting(self, wanted: Wanted, people: Sequence[int]) -> Waiting: ...

    async def nobody(self, wanted: Wanted, keys: Sequence[tuple[int, int, int]], at: int) -> None:
        """(person, campaign, level) that nobody can be told of: the level is over."""

    async def tell(
        self, wanted: Wanted, told: Actor, people: Sequence[int], at: int, choose: Choose
    ) -> Sequence[Entry]:
        """Writes down, in one transaction, what `choose` chooses; empty where she was told today already, by
        another process."""

    async def settle(self, wanted: Wanted, told: Actor, entries: Sequence[Entry], word: str, at: int) -> None:
        """Notes what became of it, in one transaction with the evidence of what went out; takes back what
        was not sent, or did not reach her."""


@dataclass(slots=True)
class Told:
    """What a pass did. `outcomes`: messages by what became of them; `people`: who stand in them; `alone`: of
    how many there is nobody to tell."""

    outcomes: Counter[str] = field(default_factory=Counter)
    people: int = 0
    alone: int = 0


class Escalation:
    """`calendar_of`: a regency's, None: not in the corpus. `clock`: aware moments."""

    def __init__(
        self,
        kept: Kept,
        carrier: Carrier,
        calendar_of: Callable[[str], Calendar | None],
        catalogues: Mapping[str, Texts],
        language: str,
        plan: Plan,
        clock: Callable[[], datetime],
    ) -> None:
        self._kept = kept
        self._carrier = carrier
        self._calendar_of = calendar_of
        self._catalogues = catalogues
        self._language = language
        self._plan = plan
        self._clock = clock

    async def escalate(self) -> Told:
        """One pass over the overdue, to be made every few minutes."""
        return await self._all(Kind.OVERDUE) if self._plan.escalations else Told()

    async def list_unreachable(self) -> Told:
        """One pass over those whom nothing reaches; each is listed once a campaign."""
        return await self._all(Kind.UNREACHABLE)

    async def _all(self, kind: Kind) -> Told:
        done = Told()
        for regency in await self._kept.regencies():
            calendar = self._calendar_of(regency)
            if calendar is None:
                continue
            times = Timetable(calendar, self._plan, self._clock())
            if times.somebody_works:
                await _Pass(self._kept, times, self._wanted(kind, regency, times)).run(self._send, done)
        return done

    def _wanted(self, kind: Kind, regency: str, times: Timetable) -> Wanted:
        midnight = int(times.calendar.at(times.today).timestamp())
        levels = {offset: level for level, offset in enumerate(self._plan.escalations, 1)}
        overdue = tuple((levels[offset], before) for offset, before in times.reach(self._plan.escalations))
        channels = tuple(self._carrier.channels)
        return Wanted(kind, regency, times.today, midnight, channels, overdue if kind is Kind.OVERDUE else ())

    async def _send(self, digest: Digest) -> str:
        account, language = digest.told.account, digest.told.language
        assert account is not None
        texts = self._catalogues.get(language or "") or self._catalogues[self._language]
        outcome: Outcome
        try:
            outcome = await self._carrier.send(account, digests.page(digest, texts), digest.until)
        except Exception as error:  # noqa: BLE001  # one message must not stop the others
            log.error("a digest was not sent, or was: %s", type(error).__name__)
            outcome = Uncertain()
        return in_a_word(outcome)


Send = Callable[[Digest], Awaitable[str]]


class _Pass:
    """One look at one regency: first who is to be told of whom, then one after the other is told."""

    def __init__(self, kept: Kept, times: Timetable, wanted: Wanted) -> None:
        self._kept = kept
        self._times = times
        self._wanted = wanted
        self._posts = Posts(times.today, {})
        self._holders: Mapping[int, Recipient] = {}
        self._groups: dict[int, array[int]] = defaultdict(lambda: array("q"))
        self._at = int(times.now.timestamp())

    async def run(self, send: Send, done: Told) -> None:
        self._posts = await self._kept.posts(self._wanted)
        self._holders = await self._kept.recipients(self._wanted, self._posts.everybody())
        await self._gather(done)
        told = await self._kept.told_today(self._wanted)
        for person in sorted(self._groups.keys() - told):
            await self._tell(self._holders[person], self._groups.pop(person), send, done)

    # --- who is told of whom ---

    async def _gather(self, done: Told) -> None:
        after = 0
        while people := await self._kept.candidates(self._wanted, after, PAGE):
            after = people[-1]
            alone: list[tuple[int, int, int]] = []
            for who, pending in (await self._kept.waiting(self._wanted, people)).values():
                for one in pending:
                    level = self._level(who, one)
                    if level is None:
                        continue
                    superior = self._told_of(who, one)
                    if superior is None:
                        alone.append((who.person, one.campaign, level))
                    elif self._times.until(self._holders[superior]) is not None:
                        group = self._groups[superior]
                        if not group or group[-1] != who.person:
                            group.append(who.person)
            done.alone += len(alone)
            if self._wanted.kind is Kind.OVERDUE and alone:
                await self._kept.nobody(self._wanted, alone, self._at)

    def _level(self, who: Recipient, pending: Pending) -> int | None:
        if self._wanted.kind is Kind.UNREACHABLE:
            return 0 if who.account is None and not pending.done else None
        return self._times.level(who, pending) if who.account is not None else None

    def _told_of(self, who: Recipient, pending: Pending) -> int | None:
        """Who is to be told: the lowest who was not told yet, and above those who were."""
        if self._wanted.kind is Kind.UNREACHABLE:
            line = self._posts.admins(who)
        else:
            line = self._posts.chain(who)
            places = [line.index(person) for person in pending.told if person in line]
            line = line[max(places, default=-1) + 1 :]
            hr = self._posts.hr(who)
            line += hr if not set(hr) & set(pending.told) else ()  # one of them is enough
        found = (person for person in line if self._is_there(person) and self._may_see(person, who))
        return next((person for person in found if person not in pending.told), None)

    def _is_there(self, person: int) -> bool:
        holder = self._holders.get(person)
        if holder is None or holder.account is None:
            return False
        today = self._times.today
        away = [a for a in holder.absences if a.start <= today and (a.end is None or today < a.end)]
        return not any(a.end is None or a.end > today + GONE for a in away)

    def _may_see(self, person: int, who: Recipient) -> bool:
        return may(self._posts.actor(person), Action.SEE_PERSON, Target(frozenset(who.lineage), who.person))

    # --- telling ---

    async def _tell(self, told: Recipient, people: Sequence[int], send: Send, done: Told) -> None:
        until = self._times.until(told)
        if until is None:
            return

        def choose(waiting: Waiting) -> Sequence[Entry]:
            return self._entries(told.person, waiting)

        actor = self._posts.actor(told.person)
        entries = await self._kept.tell(self._wanted, actor, people[:MOST], self._at, choose)
        if not entries:
            return
        digest = Digest(self._wanted.kind, told, tuple(entries), until)
        word = await send(digest)
        await self._kept.settle(self._wanted, actor, entries, word, self._at)
        done.outcomes[word] += 1
        done.people += len({entry.who.person for entry in entries})

    def _entries(self, told: int, waiting: Waiting) -> Sequence[Entry]:
        return [
            Entry(who, one, level, self._times.due(who, one))
            for who, pending in waiting.values()
            for one in pending
            if (level := self._level(who, one)) is not None and self._told_of(who, one) == told
        ]
