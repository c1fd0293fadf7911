"""Acknowledging for somebody who cannot do it herself: the unit's admin asks, with the reason and where the
signed paper is; a second person approves; and she herself is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.campaigns.ack_pages import proxy_page
from bot.campaigns.acknowledging import Told
from bot.people.identity import Account
from bot.people.ports import Post, Profiles
from bot.people.rights import Action, Actor, Target, may, require
from bot.problems import Problem
from bot.rendering.texts import Texts

LONGEST = 300
PAGE = 50


@dataclass(frozen=True, slots=True)
class Request:
    """`at`: seconds since 1970. `name`: the person's. `by`: who asked."""

    id: int
    regency: str
    campaign: int
    person: int
    name: str
    reason: str
    reference: str
    by: str
    at: int
    approved: bool | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An acknowledgment that is asked for. `reference`: where the scan or photo is kept."""

    campaign: int
    person: int
    reason: str
    reference: str


class Proxies(Protocol):
    """The ledger. A changing method is one transaction, noted under `by`; it raises Problem where it cannot
    be."""

    async def ask(self, asked: Asked, by: str, at: int) -> Request: ...

    async def find(self, request: int) -> Request | None: ...

    async def waiting(self, regency: str, after: int, most: int) -> Sequence[Request]: ...

    async def decide(self, request: int, by: str, at: int, approved: bool) -> bool:
        """Decides it once. Whether the person has acknowledged by this; False also where she had done so
        herself meanwhile."""


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...


class Accounts(Protocol):
    async def accounts(self, person: int) -> Sequence[Account]: ...


class Staff(Protocol):
    async def target_of(self, person: int, day: date) -> Target: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What tells the person. `language`: of who has chosen none."""

    accounts: Accounts
    profiles: Profiles
    circulars: Circulars
    post: Post
    catalogues: Mapping[str, Texts]
    language: str = "id"


class ProxyOffice:
    """`today`: the date in a regency. `clock`: seconds since 1970."""

    def __init__(
        self,
        kept: Proxies,
        staff: Staff,
        around: Around,
        today: Callable[[str], date],
        clock: Callable[[], float],
    ) -> None:
        self._kept = kept
        self._staff = staff
        self._around = around
        self._today = today
        self._clock = clock

    async def ask(self, actor: Actor, asked: Asked, regency: str) -> Request:
        """`regency`: the person's. Raises RefusedError, or Problem: nothing is waited for, a request waits
        already, it is for the actor herself, words are missing."""
        require(actor, Action.PROXY_REQUEST, await self._target(asked.person, regency))
        if actor.person == asked.person:
            raise Problem("proxy.oneself")
        said = Asked(
            asked.campaign, asked.person, _said(asked.reason, "reason"), _said(asked.reference, "reference")
        )
        return await self._kept.ask(said, actor.name, self._now())

    async def waiting(self, actor: Actor, regency: str, after: int = 0) -> Sequence[Request]:
        """A page of the requests that this actor may decide."""
        found = await self._kept.waiting(regency, after, PAGE)
        return [one for one in found if await self._decides(actor, one)]

    async def decide(self, actor: Actor, request: int, *, approved: bool) -> bool:
        """Whether the person has acknowledged by it; she is told then. Raises RefusedError, or Problem:
        decided already, by the one who asked, by herself."""
        found = await self._kept.find(request)
        if found is None:
            require(actor, Action.PROXY_APPROVE, Target())
            raise Problem("proxy.unknown", request=request)
        require(actor, Action.PROXY_APPROVE, await self._target(found.person, found.regency))
        if actor.name == found.by or actor.person == found.person:
            raise Problem("proxy.same_person")
        recorded = await self._kept.decide(request, actor.name, self._now(), approved)
        if recorded:
            await self._tell(found)
        return recorded

    async def _decides(self, actor: Actor, request: Request) -> bool:
        target = await self._target(request.person, request.regency)
        second = actor.name != request.by and actor.person != request.person
        return second and may(actor, Action.PROXY_APPROVE, target)

    async def _tell(self, request: Request) -> None:
        told = await self._around.circulars.told(request.campaign)
        for account in await self._around.accounts.accounts(request.person):
            profile = await self._around.profiles.get(account.channel, account.external_id)
            if told is None or (profile is not None and profile.stopped_at is not None):
                continue
            chosen = profile.language if profile else None
            texts = (
                self._around.catalogues.get(chosen or "") or self._around.catalogues[self._around.language]
            )
            self._around.post.send(account.channel, account.external_id, proxy_page(told, texts))

    async def _target(self, person: int, regency: str) -> Target:
        return await self._staff.target_of(person, self._today(regency))

    def _now(self) -> int:
        return int(self._clock())


def _said(text: str, name: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Problem("proxy.missing", name=name)
    if len(text) > LONGEST:
        raise Problem("proxy.too_long", name=name, most=LONGEST)
    return text
