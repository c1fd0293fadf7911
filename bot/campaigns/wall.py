"""/apel: HR, or the admin or head of a unit, gets the code that those present at an assembly scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from bot.campaigns import ack_pages as pages
from bot.campaigns.acknowledging import Told
from bot.campaigns.assembly import Assembly, Tokens
from bot.campaigns.screens import shortened
from bot.model import Attachment, Button, Reply
from bot.people.rights import RIGHTS, Action, Actor, Reach
from bot.people.staff import Member
from bot.people.visit import Visit
from bot.rendering import dates
from bot.rendering.texts import Texts

OFFERED = 4
"""Circulars on a screen, and units, that one can choose from."""

SCREEN = 8
"""Buttons on a screen, beside the one that goes on."""

FILE = "apel.png"


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...

    async def open_in(self, regency: str, start: int, most: int) -> Sequence[Told]:
        """Campaigns that take acknowledgments: first those that run, then those that are paused, then those
        that are done; the latest first."""

    async def unit_names(self, ids: Sequence[int]) -> Mapping[int, str]: ...


class Wall:
    """`zone`: of a regency."""

    def __init__(self, assembly: Assembly, circulars: Circulars, zone: Callable[[str], tzinfo]) -> None:
        self._assembly = assembly
        self._circulars = circulars
        self._zone = zone

    @property
    def tokens(self) -> Tokens:
        return self._assembly.tokens

    async def offered(self, visit: Visit, member: Member, start: int = 0) -> Sequence[Reply]:
        """A screen of circulars, from the one at `start` on."""
        texts, units = visit.texts, _units(member)
        if not units:
            return [Reply(texts("rights.refused"))]
        most = max(1, SCREEN // len(units)) if len(units) > 1 else OFFERED
        found = await self._circulars.open_in(member.person.regency, start, most + 1)
        if not found:
            return [Reply(texts("assembly.none"))]
        shown = list(enumerate(found[:most], start + 1))
        lines = [f"{n}. {pages.named(told.content, texts)}" for n, told in shown]
        rows = [
            tuple(Button(_label(visit, n, unit, units), f"k:wall:{told.campaign}:{unit}") for unit in units)
            for n, told in shown
        ]
        if len(found) > most:
            rows.append((Button(texts("hr.more"), f"k:walls:{start + most}"),))
        text = "\n".join([texts("assembly.which"), *lines, *await self._legend(units, texts)])
        return [Reply(text, tuple(rows), replace=visit.pressed)]

    async def _legend(self, units: Sequence[int], texts: Texts) -> list[str]:
        """Which unit is which, where a button says only its place."""
        if len(units) == 1:
            return []
        names = await self._circulars.unit_names(units)
        places = enumerate(units, 1)
        return [
            "",
            *(texts("assembly.unit", place=n, name=shortened(names.get(unit, ""))) for n, unit in places),
        ]

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
