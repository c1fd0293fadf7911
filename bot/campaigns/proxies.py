"""Acknowledging for somebody who cannot do it herself: the unit's admin asks, with the reason and where the
signed paper is; a second person approves; and she herself is told.

Who is to be told stands in the ledger until she is: a decision can be taken where there is no channel, and
for people who have none yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from bot.campaigns import proxy_calls
from bot.campaigns.ack_pages import named, proxy_page
from bot.campaigns.acknowledging import Told
from bot.campaigns.campaign import same_person
from bot.model import Reply
from bot.people.identity import Account
from bot.people.ports import Post, Profiles
from bot.people.privacy import person_of
from bot.people.rights import Action, Actor, Target, may, require
from bot.problems import Problem
from bot.rendering.texts import Texts
from bot.worktime import Calendar

LONGEST = 300
PAGE = 50


class Party(StrEnum):
    """Who is told of a decision."""

    PERSON = "person"  # for whom was acknowledged
    ASKER = "asker"


@dataclass(frozen=True, slots=True)
class Request:
    """`at`: seconds since 1970. `name`, `number` (masked): the person's. `by`: who asked, `asker`: her name,
    None: the operator. `approved` None: not decided yet. `untold`: who is still to be told of the
    decision; the person only where her acknowledgment was recorded by it."""

    id: int
    regency: str
    campaign: int
    person: int
    name: str
    number: str
    reason: str
    reference: str
    by: str
    at: int
    approved: bool | None = None
    asker: str | None = None
    untold: frozenset[Party] = frozenset()

    @property
    def asker_id(self) -> int | None:
        return asker_of(self.by)


def asker_of(by: str) -> int | None:
    """Whose id the name of an actor holds; None: the operator's own."""
    return person_of(by.rpartition(" as ")[2])


@dataclass(frozen=True, slots=True)
class Asked:
    """An acknowledgment that is asked for. `reference`: where the scan or photo is kept."""

    campaign: int
    person: int
    reason: str
    reference: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a campaign addresses. `number`: masked. `waits`: for her acknowledgment; `requested`: by
    proxy already."""

    name: str
    number: str
    regency: str
    waits: bool
    requested: bool


class Proxies(proxy_calls.Kept, Protocol):
    """The ledger. A changing method is one transaction, noted under `by`; it raises Problem where it cannot
    be."""

    async def candidate(self, campaign: int, person: int) -> Candidate | None: ...

    async def ask(self, asked: Asked, by: str, at: int) -> Request: ...

    async def find(self, request: int) -> Request | None: ...

    async def decide(self, request: int, by: str, at: int, approved: bool) -> bool:
        """Decides it once. Whether the person has acknowledged by this; False also where she had done so
        herself meanwhile."""

    async def untold(self, after: int, most: int) -> Sequence[Request]:
        """Decided requests of which somebody is still to be told whom some account reaches."""

    async def told(self, request: int, party: Party, at: int) -> bool:
        """Notes it, once. False: somebody else did."""

    async def seen(
        self, regency: str, by: str, at: int, *, person: int | None = None, count: int | None = None
    ) -> None:
        """Notes that somebody has looked at one request, or at a list of them."""


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...


class Accounts(Protocol):
    async def accounts(self, person: int) -> Sequence[Account]: ...


class Staff(proxy_calls.Staff, Protocol):
    async def target_of(self, person: int, day: date) -> Target: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What tells people of requests and decisions. `language`: of who has chosen none. `calendar`: of a
    regency; None: it is not known when anybody works there, and nobody is told that requests wait."""

    accounts: Accounts
    profiles: Profiles
    circulars: Circulars
    post: Post
    catalogues: Mapping[str, Texts]
    language: str = "id"
    calendar: Callable[[str], Calendar | None] = lambda _: None

    async def reached(self, person: int) -> Sequence[tuple[Account, Texts]]:
        """Her accounts but those where she asked to be left alone, each with the texts in her language."""
        found = []
        for account in await self.accounts.accounts(person):
            profile = await self.profiles.get(account.channel, account.external_id)
            if profile is None or profile.stopped_at is None:
                chosen = profile.language if profile else None
                texts = self.catalogues.get(chosen or "") or self.catalogues[self.language]
                found.append((account, texts))
        return found


class ProxyOffice:
    """`around` None: from here nobody can be told. `today`: the date in a regency. `clock`: seconds since
    1970."""

    def __init__(
        self,
        kept: Proxies,
        staff: Staff,
        around: Around | None,
        today: Callable[[str], date],
        clock: Callable[[], float],
    ) -> None:
        self._kept = kept
        self._staff = staff
        self._around = around
        self._today = today
        self._clock = clock

    # --- asking ---

    async def candidate(self, actor: Actor, campaign: int, person: int) -> Candidate:
        """For whom the actor may ask now. Raises as `ask`."""
        found = await self._kept.candidate(campaign, person)
        if found is None:  # who may not know learns nothing
            require(actor, Action.PROXY_REQUEST, Target())
            raise Problem("proxy.nothing_waits")
        await self._require_request(actor, person, found.regency)
        if not found.waits:
            raise Problem("proxy.nothing_waits")
        if found.requested:
            raise Problem("proxy.waits_already")
        return found

    async def ask(self, actor: Actor, asked: Asked, regency: str) -> Request:
        """`regency`: the person's. Raises RefusedError, or Problem: nothing is waited for, a request waits
        already, it is for the actor herself, words are missing."""
        await self._require_request(actor, asked.person, regency)
        said = Asked(asked.campaign, asked.person, reason_of(asked.reason), reference_of(asked.reference))
        return await self._kept.ask(said, actor.name, self._now())

    async def _require_request(self, actor: Actor, person: int, regency: str) -> None:
        require(actor, Action.PROXY_REQUEST, await self._target(person, regency))
        if actor.person == person:
            raise Problem("proxy.oneself")

    # --- deciding ---

    async def waiting(
        self, actor: Actor, regency: str, after: int = 0, most: int = PAGE
    ) -> Sequence[Request]:
        """The next requests that this actor may decide."""
        found: list[Request] = []
        page: Sequence[Request] = ()
        while len(found) < most and (page := await self._kept.waiting(regency, after, PAGE)):
            found += [one for one in page if await self.decides(actor, one)]
            after = page[-1].id
        if found:
            await self._kept.seen(regency, actor.name, self._now(), count=len(found[:most]))
        return found[:most]

    async def count(self, actor: Actor, regency: str) -> int:
        """How many requests this actor may decide, of the first `PAGE` of the regency."""
        return sum([await self.decides(actor, one) for one in await self._kept.waiting(regency, 0, PAGE)])

    async def look(self, actor: Actor, request: int) -> Request:
        """One request with all that was said. Raises RefusedError; Problem for one that there is not."""
        found = await self._found(actor, request)
        await self._kept.seen(found.regency, actor.name, self._now(), person=found.person)
        return found

    async def decide(self, actor: Actor, request: int, *, approved: bool) -> bool:
        """Whether the person has acknowledged by it; she is told then, and who asked in any case. Raises
        RefusedError, or Problem: decided already, by the one who asked, by herself."""
        found = await self._found(actor, request)
        if same_person(found.by, actor.name) or actor.person == found.person:
            raise Problem("proxy.same_person")
        recorded = await self._kept.decide(request, actor.name, self._now(), approved)
        decided = await self._kept.find(request)
        if decided is not None:
            await self._tell(decided)
        return recorded

    async def _found(self, actor: Actor, request: int) -> Request:
        found = await self._kept.find(request)
        if found is None:
            require(actor, Action.PROXY_APPROVE, Target())
            raise Problem("proxy.unknown", request=request)
        require(actor, Action.PROXY_APPROVE, await self._target(found.person, found.regency))
        return found

    async def decides(self, actor: Actor, request: Request) -> bool:
        """Whether this is the second person."""
        if same_person(request.by, actor.name) or actor.person == request.person:
            return False
        return may(actor, Action.PROXY_APPROVE, await self._target(request.person, request.regency))

    # --- telling ---

    async def tell(self) -> int:
        """Tells whoever has not been told of a decision yet: it was taken at a machine without a channel, or
        she had no account then; and the second person that requests wait for her. To be called every few
        minutes while channels are served; how many."""
        if self._around is None:
            return 0
        told, after = 0, 0
        while page := await self._kept.untold(after, PAGE):
            for request in page:
                told += await self._tell(request)
            after = page[-1].id
        return told + await proxy_calls.call(
            self._kept, self._staff, self._around, self.decides, self._clock()
        )

    async def _tell(self, request: Request) -> int:
        done = 0
        if self._around is not None:
            # Who asked first: while she has not been told, the ledger shows whether the person is to be.
            for party in (Party.ASKER, Party.PERSON):
                if party in request.untold:
                    done += await self._told(self._around, request, party)
        return done

    async def _told(self, around: Around, request: Request, party: Party) -> bool:
        """Noted first, so that of two processes one tells."""
        told = await around.circulars.told(request.campaign)
        whom = request.person if party is Party.PERSON else request.asker_id
        open_to = await around.reached(whom) if whom is not None else ()
        waits = party is Party.PERSON and not open_to  # until she has an account
        if told is None or waits or not await self._kept.told(request.id, party, self._now()):
            return False
        for account, texts in open_to:
            page = proxy_page(told, texts) if party is Party.PERSON else answer_page(request, told, texts)
            around.post.send(account.channel, account.external_id, page)
        return bool(open_to)

    async def _target(self, person: int, regency: str) -> Target:
        return await self._staff.target_of(person, self._today(regency))

    def _now(self) -> int:
        return int(self._clock())


def answer_page(request: Request, told: Told, texts: Texts) -> Reply:
    """For who asked, once it is decided. Where nothing was recorded the person is not told: she had
    acknowledged herself meanwhile."""
    recorded = Party.PERSON in request.untold
    approved = "proxy.approved_for" if recorded else "proxy.already_for"
    key = approved if request.approved else "proxy.refused_for"
    return Reply(texts(key, name=request.name, circular=named(told.content, texts)))


def reason_of(text: str) -> str:
    """The reason in one line. Raises Problem for none, or too many letters."""
    line = _line(text)
    if not line:
        raise Problem("proxy.no_reason")
    if len(line) > LONGEST:
        raise Problem("proxy.long_reason", most=LONGEST)
    return line


def reference_of(text: str) -> str:
    """As `reason_of`."""
    line = _line(text)
    if not line:
        raise Problem("proxy.no_reference")
    if len(line) > LONGEST:
        raise Problem("proxy.long_reference", most=LONGEST)
    return line


def _line(text: str) -> str:
    """It is shown in chats and in terminals: nothing in it moves a cursor, or turns the writing round."""
    return " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())
