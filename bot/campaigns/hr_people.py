"""The lists of people within /hr: who is missing, whom nothing reaches; and the same to choose from."""

from __future__ import annotations

from datetime import UTC

from babel.numbers import format_decimal

from bot.campaigns.acknowledging import OPEN
from bot.campaigns.exporting import Wording
from bot.campaigns.reporting import Reporting, View
from bot.campaigns.reports import Addressee, Group, Page, lineage
from bot.campaigns.screens import LINE, cut, label, one_of, rows, shortened
from bot.model import Button, Reply
from bot.people.rights import Action, Actor, Target, may
from bot.rendering.texts import Texts

PEOPLE = 8
"""So many on one screen."""

MANY = 50
"""From so many on, a file is handier than pages of a screen."""

HALF = LINE // 2


class HrPeople:
    """For one actor. `kind`: "m" for those missing, "x" for the unreachable. `asking`: one can ask here to
    acknowledge for others."""

    def __init__(self, reporting: Reporting, actor: Actor, texts: Texts, *, asking: bool) -> None:
        self._reporting = reporting
        self._actor = actor
        self._texts = texts
        self._asking = asking

    async def listed(self, kind: str, campaign: int, unit: int, after: int) -> Reply:
        texts = self._texts
        view, page = await self._page(kind, campaign, unit, after)
        name = shortened(view.units[unit].name) if unit in view.units else ""
        key = "hr.missing" if kind == "m" else "hr.unreachable"
        lines = [texts(key, unit=name, count=format_decimal(page.total, locale=texts.language)), ""]
        lines += [self._person(one, view) for one in page.people]
        lines += ["", texts("hr.as_file", campaign=campaign)] if page.total >= MANY else []
        ways = self._more(f"h:{kind}:{campaign}:{unit}", page)
        if page.people and self._asks_for(view, unit):
            ways.append(Button(texts("proxy.button_choose"), f"h:p{kind}:{campaign}:{unit}:{after}"))
        ways.append(Button(texts("hr.up"), f"h:c:{campaign}:{unit}:0"))
        return Reply("\n".join(lines), rows(ways, 2))

    async def choice(self, kind: str, campaign: int, unit: int, after: int) -> Reply:
        """The same people, to choose for whom to acknowledge."""
        texts = self._texts
        view, page = await self._page(kind, campaign, unit, after)
        names = [f"{number}. {cut(one.name, HALF)}" for number, one in enumerate(page.people, 1)]
        named = list(zip(names, page.people, strict=True)) if self._asks_for(view, unit) else []
        lines = [texts("proxy.choose"), "", *(f"{name} · {one.number}" for name, one in named)]
        lines = lines if named else [texts("proxy.nobody_left")]
        buttons = [Button(label(name), f"h:pa:{campaign}:{one.person}") for name, one in named]
        ways = self._more(f"h:p{kind}:{campaign}:{unit}", page)
        ways.append(Button(texts("hr.up"), f"h:{kind}:{campaign}:{unit}:{after}"))
        return Reply("\n".join(lines), (*rows(buttons, 2), *rows(ways, 2)))

    def _more(self, action: str, page: Page) -> list[Button]:
        return [Button(self._texts("hr.more"), f"{action}:{page.following}")] if page.following else []

    async def _page(self, kind: str, campaign: int, unit: int, after: int) -> tuple[View, Page]:
        group = Group.MISSING if kind == "m" else Group.UNREACHABLE
        view = await self._reporting.view(self._actor, campaign)
        return view, await self._reporting.people(self._actor, view, group, unit, after or None, PEOPLE)

    def _asks_for(self, view: View, unit: int) -> bool:
        """Whether she may ask to acknowledge for the people of the unit."""
        target = Target(frozenset(lineage(view.units, unit)))
        taken = view.known.campaign.state in OPEN and self._asking
        return taken and may(self._actor, Action.PROXY_REQUEST, target)

    def _person(self, one: Addressee, view: View) -> str:
        why = Wording(self._texts, UTC).reason(one.reason)
        away = self._texts("report.away") if one.away else ""
        overdue = self._texts("report.overdue") if one.overdue else ""
        unit = shortened(view.units[one.unit].name, HALF) if one.unit in view.units else ""
        return " · ".join(filter(None, (one_of(one.name, one.number), unit, why, overdue, away)))
