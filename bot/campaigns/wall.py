"""/apel: HR, or the admin or head of a unit, gets the code that those present at an assembly scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from bot.campaigns import ack_pages as pages
from bot.campaigns.acknowledging import Told
from bot.campaigns.assembly import Assembly, Tokens
from bot.model import Attachment, Button, Reply
from bot.people.rights import RIGHTS, Action, Actor, Reach
from bot.people.staff import Member
from bot.people.visit import Visit
from bot.rendering import dates

OFFERED = 4
"""Circulars, and units, that one can choose from."""

FILE = "apel.png"


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...

    async def open_in(self, regency: str, most: int) -> Sequence[Told]: ...


class Wall:
    """`zone`: of a regency."""

    def __init__(self, assembly: Assembly, circulars: Circulars, zone: Callable[[str], tzinfo]) -> None:
        self._assembly = assembly
        self._circulars = circulars
        self._zone = zone

    @property
    def tokens(self) -> Tokens:
        return self._assembly.tokens

    async def offered(self, visit: Visit, member: Member) -> Sequence[Reply]:
        units = _units(member)
        if not units:
            return [Reply(visit.texts("rights.refused"))]
        found = await self._circulars.open_in(member.person.regency, OFFERED)
        if not found:
            return [Reply(visit.texts("assembly.none"))]
        lines = [f"{n}. {pages.named(told.content, visit.texts)}" for n, told in enumerate(found, 1)]
        rows = tuple(
            tuple(Button(_label(visit, n, unit, units), f"k:wall:{told.campaign}:{unit}") for unit in units)
            for n, told in enumerate(found, 1)
        )
        return [Reply("\n".join([visit.texts("assembly.which"), *lines]), rows)]

    async def press(self, visit: Visit, member: Member, rest: str) -> Sequence[Reply]:
        campaign, _, unit = rest.partition(":")
        told = None
        if all(part.isdecimal() and len(part) <= 15 for part in (campaign, unit)):
            told = await self._circulars.told(int(campaign))
        if told is None or told.content.regency != member.person.regency:
            return [Reply(visit.texts("hint.stale_button"))]
        shown = await self._assembly.show(_actor(member), told.campaign, int(unit))
        until = datetime.fromtimestamp(shown.until, self._zone(told.content.regency))
        text = visit.texts(
            "assembly.shown",
            circular=pages.named(told.content, visit.texts),
            until=dates.clock(until, visit.texts),
            link=shown.link,
        )
        renew = Button(visit.texts("assembly.button_renew"), f"k:wall:{rest}")
        return [Reply(text, ((renew,),), attachment=Attachment(FILE, "image/png", shown.png()))]


def _units(member: Member) -> list[int]:
    """Over which she may open an assembly."""
    reaches = RIGHTS[Action.OPEN_ASSEMBLY]
    held = [
        one.unit if reaches.get(one.role) is Reach.SUBTREE else member.lineage[-1]
        for one in member.assignments
        if one.role in reaches
    ]
    return list(dict.fromkeys(unit for unit in held if unit is not None))[:OFFERED]


def _label(visit: Visit, number: int, unit: int, units: Sequence[int]) -> str:
    if len(units) == 1:
        return visit.texts("assembly.button_open", number=number)
    return visit.texts("assembly.button_open_unit", number=number, place=units.index(unit) + 1)


def _actor(member: Member) -> Actor:
    return Actor(f"person:{member.person.id}", member.person.id, member.assignments)
