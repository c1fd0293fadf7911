"""Who may see what of a campaign. Every method asks `rights` before it reads, and notes who looked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Protocol

from bot.campaigns.deadlines import Deadlines
from bot.campaigns.ladder import Rung
from bot.campaigns.misreadings import Misread
from bot.campaigns.reports import (
    Addressee,
    Compared,
    Day,
    Group,
    Known,
    Pace,
    Page,
    Status,
    Tally,
    lineage,
    summed,
    tops,
    tree,
)
from bot.people.rights import Action, Actor, RefusedError, Target, may, require
from bot.people.staff import Unit
from bot.problems import Problem
from bot.worktime import Calendar

MOST = 50
"""People on a page."""


class Ledger(Protocol):
    """`unit`: the unit and all below it count; None: the whole campaign."""

    async def campaign(self, campaign: int) -> Known | None: ...
    async def campaigns(self, regency: str) -> Sequence[Known]: ...
    async def units(self, regency: str) -> Mapping[int, Unit]: ...
    async def tallies(self, campaign: int) -> Mapping[int, Tally]: ...
    async def people(
        self,
        campaign: int,
        group: Group,
        unit: int | None,
        deadlines: Deadlines,
        after: int | None,
        limit: int,
    ) -> Sequence[Addressee]: ...
    async def pace(self, campaign: int, unit: int | None, deadlines: Deadlines) -> Pace: ...
    async def days(self, campaign: int, unit: int | None, zone: tzinfo) -> Sequence[Day]: ...
    async def rungs(self, campaign: int, unit: int | None) -> Mapping[Rung, int]: ...
    async def misread(self, version: int) -> Sequence[Misread]: ...
    async def looked(
        self,
        by: str,
        action: str,
        *,
        regency: str | None = None,
        unit: int | None = None,
        count: int | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class View:
    """A campaign as one actor sees it. `tops`: the highest units that he sees of it; `units`: all of the
    regency, closed ones too."""

    known: Known
    units: Mapping[int, Unit]
    tops: tuple[int, ...]
    deadlines: Deadlines

    @property
    def regency(self) -> str:
        return self.known.campaign.regency

    @property
    def all(self) -> bool:
        """Whether the actor sees the whole campaign."""
        return any(map(self.whole, self.tops))

    @property
    def misread(self) -> bool:
        """Whether the actor sees which clauses are misread: answers are counted over all units."""
        return self.known.campaign.quiz and self.all

    def whole(self, unit: int) -> bool:
        """Whether the unit is the regency itself."""
        return self.units[unit].parent is None


class Reporting:
    """`today` gives the day in a regency, `zone` its zone, `calendar` its calendar, by which leave moves
    deadlines (None: it is not in the corpus)."""

    def __init__(
        self,
        ledger: Ledger,
        today: Callable[[str], date],
        zone: Callable[[str], tzinfo],
        calendar: Callable[[str], Calendar | None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._today = today
        self._zone = zone
        self._calendar = calendar

    async def view(self, actor: Actor, campaign: int, action: Action = Action.SEE_CAMPAIGN) -> View:
        """Raises RefusedError, whether or not the campaign exists, where the actor sees nothing of it; only
        who may see everything is told that there is none."""
        known = await self._ledger.campaign(campaign)
        if known is None:
            require(actor, action, Target())
            raise Problem("campaign.unknown", campaign=campaign)
        regency = known.campaign.regency
        units = await self._ledger.units(regency)
        reached = tops(actor, action, units)
        if not reached:
            raise RefusedError(action)
        deadlines = Deadlines(regency, self._today(regency), self._calendar(regency))
        return View(known, units, reached, deadlines)

    async def campaigns(self, actor: Actor, regency: str) -> Sequence[tuple[Known, Tally]]:
        """Those of the regency, the newest first, each with what the actor sees of it."""
        units = await self._ledger.units(regency)
        reached = tops(actor, Action.SEE_CAMPAIGN, units)
        if not reached:
            require(actor, Action.SEE_CAMPAIGN, Target())
            return []
        found = []
        for known in await self._ledger.campaigns(regency):
            own = await self._ledger.tallies(known.campaign.id)
            found.append((known, summed(tree(units, own, top)[0].total for top in reached)))
        return found

    async def status(self, actor: Actor, campaign: int, unit: int | None = None) -> Status:
        """`unit` None: all that the actor sees."""
        view = await self.view(actor, campaign)
        return await self.status_of(actor, view, unit)

    async def status_of(self, actor: Actor, view: View, unit: int | None = None) -> Status:
        shown = _shown(actor, view, unit)
        own = await self._ledger.tallies(view.known.campaign.id)
        status = Status(view.known, tuple(tree(view.units, own, top) for top in shown))
        await self._looked(actor, view, shown[0], None)
        return status

    async def people(
        self,
        actor: Actor,
        view: View,
        group: Group,
        unit: int,
        after: int | None = None,
        limit: int = MOST,
    ) -> Page:
        """Those of the unit and of what is below it who are in the group, a page by name."""
        _shown(actor, view, unit)
        campaign = view.known.campaign
        below = None if view.whole(unit) else unit
        found = await self._ledger.people(campaign.id, group, below, view.deadlines, after, limit + 1)
        own = await self._ledger.tallies(campaign.id)
        page = tuple(found[:limit])
        await self._looked(actor, view, unit, len(page))
        total = tree(view.units, own, unit)[0].total.of(group)
        return Page(page, total, page[-1].person if len(found) > limit else None)

    async def pace(self, actor: Actor, view: View, unit: int) -> Pace:
        _shown(actor, view, unit)
        below = None if view.whole(unit) else unit
        return await self._ledger.pace(view.known.campaign.id, below, view.deadlines)

    async def days(self, actor: Actor, view: View, unit: int) -> Sequence[Day]:
        _shown(actor, view, unit)
        below = None if view.whole(unit) else unit
        return await self._ledger.days(view.known.campaign.id, below, self._zone(view.regency))

    async def rungs(self, actor: Actor, view: View, unit: int) -> Mapping[Rung, int]:
        """Where the messages to people stand according to WhatsApp: read is not acknowledged."""
        _shown(actor, view, unit)
        return await self._ledger.rungs(view.known.campaign.id, None if view.whole(unit) else unit)

    async def misread(self, view: View) -> Sequence[Misread] | None:
        """None: that is not for the actor to see, or nobody is asked."""
        return await self._ledger.misread(view.known.version.id) if view.misread else None

    async def compared(
        self, actor: Actor, campaigns: Sequence[int], unit: int | None = None
    ) -> list[Compared]:
        """Each over the unit, or over the first of those that the actor sees."""
        found = []
        for campaign in campaigns:
            view = await self.view(actor, campaign)
            place = _shown(actor, view, unit)[0]
            own = await self._ledger.tallies(campaign)
            pace = await self.pace(actor, view, place)
            found.append(Compared(view.known, tree(view.units, own, place)[0].total, pace))
            await self._looked(actor, view, place, None)
        return found

    async def _looked(self, actor: Actor, view: View, unit: int, count: int | None) -> None:
        action = Action.SEE_CAMPAIGN
        await self._ledger.looked(actor.name, action, regency=view.regency, unit=unit, count=count)


def _shown(actor: Actor, view: View, unit: int | None) -> tuple[int, ...]:
    """The unit if the actor may see it, or else all that he sees. Raises RefusedError."""
    if unit is None:
        return view.tops
    target = Target(frozenset(lineage(view.units, unit)))
    if not may(actor, Action.SEE_CAMPAIGN, target) or unit not in view.units:
        raise RefusedError(Action.SEE_CAMPAIGN)
    return (unit,)
