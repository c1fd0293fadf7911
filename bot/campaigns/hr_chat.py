"""/hr: what HR, heads and admins of units see of campaigns in a chat, each in her scope, a screen at a time.

h:l:FROM            campaigns, the newest first      h:c:C:UNIT:FROM     a unit and those right below it
h:m:C:UNIT:AFTER    who has not acknowledged         h:x:C:UNIT:AFTER    whom nothing reaches, and why
h:s:C:STEP:STATE    asks whether to take a step      h:y:C:STEP:STATE    takes it
h:t:AFTER           tasks that wait                  h:d:TASK            closes one

UNIT 0: all that she sees. A step carries the state she was shown, so that an old button does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from babel.numbers import format_decimal, format_percent

from bot.campaigns.campaign import CampaignState, Step
from bot.campaigns.exporting import Wording
from bot.campaigns.reporting import Reporting, View
from bot.campaigns.reports import Addressee, Group, Known, Tally, UnitStatus
from bot.campaigns.steering import Steering
from bot.campaigns.tasks import Task, TaskOffice
from bot.model import Button, Reply
from bot.people.rights import Action, Actor, Target, may
from bot.people.staff import Member
from bot.people.visit import Visit
from bot.problems import Problem
from bot.rendering import dates
from bot.rendering.texts import Texts

PREFIX = "h:"

CAMPAIGNS, UNITS, PEOPLE, TASKS = 5, 6, 8, 4
"""So many on one screen."""

LABEL = 20
LINE = 60
"""Characters of a button, and of a name in a line."""

Rows = tuple[tuple[Button, ...], ...]


class HrChat:
    """`zone`: of a regency. `tasks` None: there is nobody to close them."""

    def __init__(
        self,
        reporting: Reporting,
        steering: Steering,
        tasks: TaskOffice | None,
        zone: Callable[[str], tzinfo],
    ) -> None:
        self._reporting = reporting
        self._steering = steering
        self._tasks = tasks
        self._zone = zone

    def meant_for(self, member: Member | None) -> bool:
        """Whether /hr shows anything to this person."""
        return member is not None and any(
            may(actor_of(member), Action.SEE_CAMPAIGN, Target(frozenset({held.unit} if held.unit else ())))
            for held in member.assignments
        )

    async def open(self, visit: Visit) -> Reply:
        """What /hr shows."""
        return await self._shown(visit, ["l", "0"])

    async def press(self, visit: Visit, action: str) -> Reply | None:
        """None: no button of ours."""
        if not action.startswith(PREFIX):
            return None
        found = await self._shown(visit, action.removeprefix(PREFIX).split(":"))
        return replace(found, replace=True)

    async def _shown(self, visit: Visit, parts: Sequence[str]) -> Reply:
        texts = visit.texts
        if visit.member is None:
            return Reply(texts("hr.not_known"))
        try:
            page = _Page(self, visit.member, texts)
            return await page.of(*parts)
        except Problem as problem:
            return Reply(problem.line(texts))
        except (TypeError, ValueError):  # a button of another version of this program
            return Reply(texts("hint.stale_button"))

    # What a page needs of its desk.

    @property
    def reporting(self) -> Reporting:
        return self._reporting

    @property
    def steering(self) -> Steering:
        return self._steering

    @property
    def tasks(self) -> TaskOffice | None:
        return self._tasks

    def zone(self, regency: str) -> tzinfo:
        return self._zone(regency)


def actor_of(member: Member) -> Actor:
    person = member.person.id
    return Actor(f"person:{person}", person, member.assignments)


class _Page:
    """One screen for one person."""

    def __init__(self, chat: HrChat, member: Member, texts: Texts) -> None:
        self._chat = chat
        self._actor = actor_of(member)
        self._regency = member.person.regency
        self._root = frozenset(member.lineage[-1:])
        self._texts = texts

    async def of(self, kind: str, *values: str) -> Reply:
        """Raises ValueError, TypeError for what is no button of ours; Problem."""
        match kind:
            case "l":
                return await self._campaigns(*map(int, values))
            case "c":
                return await self._status(*map(int, values))
            case "m" | "x":
                group = Group.MISSING if kind == "m" else Group.UNREACHABLE
                return await self._people(group, *map(int, values))
            case "s" | "y":
                campaign, step, state = values
                taken = (int(campaign), Step(step), CampaignState(state))
                return await (self._ask(*taken) if kind == "s" else self._take(*taken))
            case "t":
                return await self._waiting(*map(int, values))
            case "d":
                return await self._close(*map(int, values))
        raise ValueError(kind)

    # --- campaigns ---

    async def _campaigns(self, start: int) -> Reply:
        texts = self._texts
        found = await self._chat.reporting.campaigns(self._actor, self._regency)
        shown = found[max(start, 0) :][:CAMPAIGNS]
        lines = [texts("hr.title", count=len(found)) if found else texts("hr.none")]
        for known, tally in shown:
            lines += ["", *self._head(known), self._sums(tally)]
        buttons = [
            Button(_label(f"{known.campaign.id} · {known.version.subject}"), f"h:c:{known.campaign.id}:0:0")
            for known, _ in shown
        ]
        last = [self._more(f"h:l:{start + CAMPAIGNS}")] if len(found) > start + CAMPAIGNS else []
        if self._chat.tasks is not None and may(self._actor, Action.HANDLE_TASKS, Target(self._root)):
            last.append(Button(texts("hr.tasks"), "h:t:0"))
        return Reply("\n".join(lines), (*_rows(buttons, 1), *_rows(last, 2)))

    def _head(self, known: Known) -> list[str]:
        campaign, version, texts = known.campaign, known.version, self._texts
        due = campaign.due.astimezone(self._chat.zone(campaign.regency))
        state = texts(f"campaign.state_{campaign.state.value}")
        when = f"{dates.day(due, texts, year=False)} {dates.clock(due, texts)}"
        subject = _cut(version.subject, LINE)
        return [f"{campaign.id} · {subject}", texts("hr.state", state=state, due=when)]

    def _sums(self, tally: Tally) -> str:
        counts = {group.value: self._number(tally.of(group)) for group in Group}
        share = "–" if tally.share is None else format_percent(tally.share, locale=self._texts.language)
        return self._texts("hr.sums", share=share, addressed=self._number(tally.addressed), **counts)

    def _number(self, count: int) -> str:
        return format_decimal(count, locale=self._texts.language)

    # --- a unit ---

    async def _status(self, campaign: int, unit: int, start: int) -> Reply:
        chat = self._chat
        view = await chat.reporting.view(self._actor, campaign)
        if unit == 0 and len(view.tops) == 1:
            unit = view.tops[0]
        status = await chat.reporting.status_of(self._actor, view, unit or None)
        below = _below(status.parts, unit)
        shown = below[start:][:UNITS]
        lines = [*self._head(view.known)]
        if unit:
            lines += ["", _cut(view.units[unit].name, LINE)]
        lines += [self._sums(status.total)]
        lines += [""] if shown else []
        lines += [self._line(row) for row in shown]
        down = [
            Button(_label(row.unit.name), f"h:c:{campaign}:{row.unit.id}:0")
            for row in shown
            if row.total.addressed
        ]
        rest = [self._more(f"h:c:{campaign}:{unit}:{start + UNITS}")] if len(below) > start + UNITS else []
        lists = self._lists(campaign, unit, status.total) if unit else []
        steps = await self._steps(view) if unit == 0 or unit in view.tops else []
        ways = [*rest, *self._up(view, unit)]
        return Reply("\n".join(lines), (*_rows(down, 2), *_rows(lists, 2), *_rows(steps, 3), *_rows(ways, 3)))

    def _line(self, row: UnitStatus) -> str:
        done, addressed = row.total.of(Group.ACKNOWLEDGED), row.total.addressed
        name = _cut(row.unit.name, LINE)
        return self._texts("hr.unit", name=name, done=self._number(done), addressed=self._number(addressed))

    def _lists(self, campaign: int, unit: int, total: Tally) -> list[Button]:
        found = []
        for kind, group in (("m", Group.MISSING), ("x", Group.UNREACHABLE)):
            if total.of(group):
                label = self._texts(f"hr.list_{group.value}", count=self._number(total.of(group)))
                found.append(Button(_label(label), f"h:{kind}:{campaign}:{unit}:0"))
        return found

    def _up(self, view: View, unit: int) -> list[Button]:
        campaign = view.known.campaign.id
        above = view.units[unit].parent if unit else None
        if unit in view.tops or above is None:
            whole = unit and len(view.tops) > 1
            place = f"h:c:{campaign}:0:0" if whole else "h:l:0"
        else:
            place = f"h:c:{campaign}:{above}:0"
        return [Button(self._texts("hr.up"), place)]

    def _more(self, action: str) -> Button:
        return Button(self._texts("hr.more"), action)

    # --- people ---

    async def _people(self, group: Group, campaign: int, unit: int, after: int) -> Reply:
        texts, chat = self._texts, self._chat
        view = await chat.reporting.view(self._actor, campaign)
        page = await chat.reporting.people(self._actor, view, group, unit, after or None, PEOPLE)
        name = _cut(view.units[unit].name, LINE) if unit in view.units else ""
        key = "hr.missing" if group is Group.MISSING else "hr.unreachable"
        lines = [texts(key, unit=name, count=self._number(page.total)), ""]
        lines += [self._person(one, view) for one in page.people]
        kind = "m" if group is Group.MISSING else "x"
        ways = [self._more(f"h:{kind}:{campaign}:{unit}:{page.following}")] if page.following else []
        ways.append(Button(texts("hr.up"), f"h:c:{campaign}:{unit}:0"))
        return Reply("\n".join(lines), _rows(ways, 2))

    def _person(self, one: Addressee, view: View) -> str:
        why = Wording(self._texts, UTC).reason(one.reason)
        away = self._texts("report.away") if one.away else ""
        unit = _cut(view.units[one.unit].name, LINE // 2) if one.unit in view.units else ""
        return " · ".join(filter(None, (_cut(one.name, LINE // 2), unit, why, away)))

    # --- steps ---

    async def _steps(self, view: View) -> list[Button]:
        campaign = view.known.campaign
        return [
            Button(
                self._texts(f"hr.step_{step.value}"), f"h:s:{campaign.id}:{step.value}:{campaign.state.value}"
            )
            for step in await self._chat.steering.open_to(self._actor, view)
        ]

    async def _ask(self, campaign: int, step: Step, state: CampaignState) -> Reply:
        texts = self._texts
        view = await self._chat.reporting.view(self._actor, campaign)
        status = await self._chat.reporting.status_of(self._actor, view)
        question = texts(f"hr.ask_{step.value}", count=self._number(status.total.addressed))
        yes = Button(texts("hr.yes"), f"h:y:{campaign}:{step.value}:{state.value}")
        no = Button(texts("hr.no_button"), f"h:c:{campaign}:0:0")
        return Reply("\n".join([*self._head(view.known), "", question]), ((yes, no),))

    async def _take(self, campaign: int, step: Step, state: CampaignState) -> Reply:
        await self._chat.steering.take(self._actor, campaign, step, seen=state)
        shown = await self._status(campaign, 0, 0)
        return replace(shown, text=f"{self._texts('hr.done')}\n\n{shown.text}")

    # --- tasks ---

    async def _waiting(self, after: int) -> Reply:
        texts, office = self._texts, self._chat.tasks
        if office is None:
            raise ValueError("no tasks here")
        page = await office.waiting(self._actor, self._regency, Target(self._root), after)
        shown = page[:TASKS]
        lines = [texts("hr.tasks_title") if shown else texts("hr.no_tasks")]
        lines += [self._task(task) for task in shown]
        done = [Button(_label(texts("hr.close", task=task.id)), f"h:d:{task.id}") for task in shown]
        ways = [self._more(f"h:t:{shown[-1].id}")] if len(page) > TASKS else []
        ways.append(Button(texts("hr.up"), "h:l:0"))
        return Reply("\n".join(lines), (*_rows(done, 2), *_rows(ways, 2)))

    def _task(self, task: Task) -> str:
        local = datetime.fromtimestamp(task.at, UTC).astimezone(self._chat.zone(task.regency))
        return self._texts(
            "hr.task",
            task=task.id,
            name=_cut(task.name, LINE // 2),
            what=self._texts(f"hr.task_{task.kind.value}"),
            campaign=task.campaign,
            day=dates.day(local, self._texts, year=False),
        )

    async def _close(self, task: int) -> Reply:
        if self._chat.tasks is None:
            raise ValueError("no tasks here")
        done = await self._chat.tasks.close(self._actor, task)
        shown = await self._waiting(0)
        key = "hr.task_closed" if done else "hr.task_gone"
        return replace(shown, text=f"{self._texts(key, task=task)}\n\n{shown.text}")


def _below(parts: Sequence[Sequence[UnitStatus]], unit: int) -> list[UnitStatus]:
    """The units one step further down, those with most people missing first; for several tops, these."""
    rows = [part[0] for part in parts] if not unit else [row for row in parts[0] if row.depth == 1]
    return sorted(rows, key=lambda row: (-row.total.of(Group.MISSING), row.unit.name.casefold(), row.unit.id))


def _rows(buttons: Sequence[Button], wide: int) -> Rows:
    return tuple(tuple(buttons[at : at + wide]) for at in range(0, len(buttons), wide))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _label(text: str) -> str:
    return _cut(text, LABEL)
