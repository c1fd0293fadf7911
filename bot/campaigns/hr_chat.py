"""/hr: what HR, heads and admins of units see of campaigns in a chat, each in her scope, a screen at a time.

h:l:FROM            campaigns, the newest first      h:c:C:UNIT:FROM     a unit and those right below it
h:m:C:UNIT:AFTER    who has not acknowledged         h:x:C:UNIT:AFTER    whom nothing reaches, and why
h:s:C:STEP:STATE    asks whether to take a step      h:y:C:STEP:STATE    takes it
h:t:AFTER           tasks that wait                  h:d:TASK            closes one
h:r:TASK            closes it, and asks no more of her
h:pm:C:UNIT:AFTER, h:px:C:UNIT:AFTER   the lists of h:m and h:x, to choose for whom to acknowledge
h:p…                acknowledging for somebody else: `proxy_chat`

UNIT 0: all that she sees. A step carries the state she was shown, so that an old button does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo

from babel.numbers import format_decimal, format_percent

from bot.campaigns import misreadings, proxy_chat
from bot.campaigns.campaign import CampaignState, Step
from bot.campaigns.hindrances import Hindrances
from bot.campaigns.hr_people import HrPeople
from bot.campaigns.hr_tasks import HrTasks
from bot.campaigns.ladder import ARRIVED, Rung
from bot.campaigns.proxy_chat import IsOwn, ProxyChat
from bot.campaigns.reporting import Reporting, View
from bot.campaigns.reports import Group, Known, Tally, UnitStatus
from bot.campaigns.screens import LABEL, cut, label, rows, shortened
from bot.campaigns.steering import Steering
from bot.campaigns.tasks import TaskOffice
from bot.model import Button, Reply
from bot.people.rights import Action, Actor, Target, may
from bot.people.staff import Member
from bot.people.visit import Visit
from bot.problems import Problem
from bot.rendering import dates
from bot.rendering.texts import Texts

PREFIX = "h:"

CAMPAIGNS, UNITS = 5, 4
"""So many on one screen: with lists, steps and ways at most ten buttons, which is one list of WhatsApp."""

WORST = 3
"""Clauses that a screen names."""

FEW = 100_000
"""Addressees up to whom a screen says what WhatsApp tells: that is counted from all of them."""

GOING_OUT = {CampaignState.APPROVED, CampaignState.RUNNING, CampaignState.PAUSED}

OFFERED = frozenset({Step.APPROVE, Step.PAUSE, Step.RESUME, Step.CANCEL})
"""Steps that a chat takes. A test sends something, and a start waits for its day: neither is a button."""

DIGITS = 15
"""Of the longest number in a button."""


class HrChat:
    """`zone`: of a regency. `tasks` None: there is nobody to close them. `proxies` None: nobody acknowledges
    for others. `hindered` None: nothing keeps a campaign from going out."""

    def __init__(
        self,
        reporting: Reporting,
        steering: Steering,
        tasks: TaskOffice | None,
        zone: Callable[[str], tzinfo],
        proxies: ProxyChat | None = None,
        hindered: Hindrances | None = None,
    ) -> None:
        self._reporting = reporting
        self._steering = steering
        self._tasks = tasks
        self._zone = zone
        self._proxies = proxies
        self._hindered = hindered

    def meant_for(self, member: Member | None) -> bool:
        """Whether /hr shows anything to this person."""
        return member is not None and any(
            may(actor_of(member), Action.SEE_CAMPAIGN, Target(frozenset({held.unit} if held.unit else ())))
            for held in member.assignments
        )

    async def open(self, visit: Visit) -> Reply:
        """What /hr shows."""
        if visit.member is not None and not self.meant_for(visit.member):
            return Reply(visit.texts("hr.not_for_you"))
        return await self._shown(visit, ["l", "0"])

    async def press(self, visit: Visit, action: str) -> Reply | None:
        """None: no button of ours."""
        if not action.startswith(PREFIX):
            return None
        found = await self._shown(visit, action.removeprefix(PREFIX).split(":"))
        return replace(found, replace=True)

    async def say(self, visit: Visit, text: str, is_own: IsOwn | None = None) -> Reply | None:
        """After typed text, in a private chat. None: nothing here waits for it."""
        return await self._proxies.say(visit, text, is_own) if self._proxies is not None else None

    def forget(self, channel: str, external_id: str) -> None:
        """Drops what this person has typed and not sent yet."""
        if self._proxies is not None:
            self._proxies.forget(channel, external_id)

    async def _shown(self, visit: Visit, parts: Sequence[str]) -> Reply:
        texts = visit.texts
        if visit.member is None:
            return Reply(texts("hr.not_known"))
        try:
            if any(not part.isalpha() and not (part.isdecimal() and len(part) <= DIGITS) for part in parts):
                raise ValueError("no number of ours")
            if self._proxies is not None and parts[0] in proxy_chat.KINDS:
                return await self._proxies.press(visit, actor_of(visit.member), *parts)
            if self._proxies is not None:
                self._proxies.leave(visit)
            page = _Page(self, visit.member, texts)
            return await page.of(*parts)
        except Problem as problem:
            back = ((Button(texts("hr.up"), "h:l:0"),),) if self.meant_for(visit.member) else ()
            return Reply(problem.line(texts), back)
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

    @property
    def proxies(self) -> ProxyChat | None:
        return self._proxies

    @property
    def hindered(self) -> Hindrances | None:
        return self._hindered

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
        root = Target(self._root)
        self._tasks = HrTasks(chat.tasks, self._actor, self._regency, root, chat.zone, texts)
        self._people = HrPeople(chat.reporting, self._actor, texts, asking=chat.proxies is not None)

    async def of(self, kind: str, *values: str) -> Reply:
        """Raises ValueError, TypeError for what is no button of ours; Problem."""
        match kind:
            case "l":
                return await self._campaigns(*map(int, values))
            case "c":
                return await self._status(*map(int, values))
            case "m" | "x":
                return await self._people.listed(kind, *map(int, values))
            case "pm" | "px":
                return await self._people.choice(kind[1], *map(int, values))
            case "s" | "y":
                campaign, step, state = values
                taken = (int(campaign), Step(step), CampaignState(state))
                if taken[1] not in OFFERED:
                    raise ValueError(step)
                return await (self._ask(*taken) if kind == "s" else self._take(*taken))
            case "t":
                return await self._tasks.waiting(*map(int, values))
            case "d":
                return await self._tasks.close(*map(int, values))
            case "r":
                return await self._tasks.close(*map(int, values), release=True)
        raise ValueError(kind)

    # --- campaigns ---

    async def _campaigns(self, start: int) -> Reply:
        texts = self._texts
        found = await self._chat.reporting.campaigns(self._actor, self._regency)
        shown = found[max(start, 0) :][:CAMPAIGNS]
        lines = [texts("hr.title", count=len(found)) if found else texts("hr.none")]
        if self._chat.proxies is not None:
            lines += await self._chat.proxies.waiting(self._actor, self._regency, texts)
        for known, tally in shown:
            lines += ["", *self._head(known), self._sums(known, tally)]
        buttons = [
            Button(label(f"{known.campaign.id} · {known.version.subject}"), f"h:c:{known.campaign.id}:0:0")
            for known, _ in shown
        ]
        last = [self._more(f"h:l:{start + CAMPAIGNS}")] if len(found) > start + CAMPAIGNS else []
        if self._chat.tasks is not None and may(self._actor, Action.HANDLE_TASKS, Target(self._root)):
            last.append(Button(texts("hr.tasks"), "h:t:0"))
        if self._chat.proxies is not None and proxy_chat.decides_somewhere(self._actor):
            last.append(Button(texts("proxy.button_waiting"), "h:pw:0"))
        return Reply("\n".join(lines), (*rows(buttons, 1), *rows(last, 2)))

    def _head(self, known: Known) -> list[str]:
        campaign, version, texts = known.campaign, known.version, self._texts
        due = campaign.due.astimezone(self._chat.zone(campaign.regency))
        state = texts(f"campaign.state_{campaign.state.value}")
        when = f"{dates.day(due, texts, year=False)} {dates.clock(due, texts)}"
        subject = cut(version.subject)
        return [f"{campaign.id} · {subject}", texts("hr.state", state=state, due=when)]

    def _sums(self, known: Known, tally: Tally) -> str:
        counts = {group.value: self._number(tally.of(group)) for group in Group}
        share = "–" if tally.share is None else format_percent(tally.share, locale=self._texts.language)
        key = "hr.sums_cancelled" if known.campaign.state is CampaignState.CANCELLED else "hr.sums"
        return self._texts(key, share=share, addressed=self._number(tally.addressed), **counts)

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
        lines = [*self._head(view.known), *await self._hindrances(view)]
        if unit:
            lines += ["", shortened(view.units[unit].name)]
        lines += [self._sums(view.known, status.total), *await self._told(view, unit, status.total)]
        lines += self._uncertain(status.uncertain)
        lines += await self._misread(view, unit)
        lines += [""] if shown else []
        lines += [self._line(number, row) for number, row in enumerate(shown, 1)]
        down = [
            Button(shortened(f"{number}. {row.unit.name}", LABEL), f"h:c:{campaign}:{row.unit.id}:0")
            for number, row in enumerate(shown, 1)
            if row.total.addressed
        ]
        rest = [self._more(f"h:c:{campaign}:{unit}:{start + UNITS}")] if len(below) > start + UNITS else []
        lists = self._lists(campaign, unit, status.total) if unit else []
        steps = await self._steps(view) if unit == 0 or unit in view.tops else []
        ways = [*rest, *self._up(view, unit)]
        return Reply("\n".join(lines), (*rows(down, 2), *rows(lists, 2), *rows(steps, 3), *rows(ways, 3)))

    async def _hindrances(self, view: View) -> list[str]:
        """Why nothing goes out, for who sees the whole campaign."""
        state, told = view.known.campaign.state, self._chat.hindered
        if told is None or state not in GOING_OUT or not view.all:
            return []
        found, texts = await told(view.known.campaign.id), self._texts
        lines = []
        if found.held is not None and state is CampaignState.APPROVED:
            reason = found.held.problem.line(texts)
            lines.append(texts("hr.held", count=self._number(found.held.count), reason=reason))
        for waits in found.waits:
            if (key := f"hr.waits_{waits.reason}") in texts:
                lines.append(texts(key, count=self._number(waits.count)))
        return lines

    async def _told(self, view: View, unit: int, total: Tally) -> list[str]:
        """How far messages came, by WhatsApp's own account; of large campaigns the files say it."""
        if total.addressed > FEW:
            return []
        found: Counter[Rung] = Counter()
        for place in [unit] if unit else view.tops:
            found += Counter(await self._chat.reporting.rungs(self._actor, view, place))
        counts = {"arrived": sum(found[rung] for rung in ARRIVED), "read": found[Rung.READ]}
        told = {name: self._number(count) for name, count in counts.items()}
        return [self._texts("hr.told", **told)] if found else []

    async def _misread(self, view: View, unit: int) -> list[str]:
        """The clauses that are misread most, beside the sums of all."""
        found = await self._chat.reporting.misread(view) if not unit or view.whole(unit) else None
        return ["", *misreadings.lines(found[:WORST], self._texts)] if found is not None else []

    def _uncertain(self, count: int) -> list[str]:
        return [self._texts("hr.uncertain", count=self._number(count))] if count else []

    def _line(self, number: int, row: UnitStatus) -> str:
        done, addressed = row.total.of(Group.ACKNOWLEDGED), row.total.addressed
        name = f"{number}. {shortened(row.unit.name)}"
        return self._texts("hr.unit", name=name, done=self._number(done), addressed=self._number(addressed))

    def _lists(self, campaign: int, unit: int, total: Tally) -> list[Button]:
        found = []
        for kind, group in (("m", Group.MISSING), ("x", Group.UNREACHABLE)):
            if total.of(group):
                said = self._texts(f"hr.list_{group.value}", count=self._number(total.of(group)))
                found.append(Button(label(said), f"h:{kind}:{campaign}:{unit}:0"))
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
        """Where the state has changed, which may be her own first press, what it is now."""
        said = self._texts("hr.done")
        try:
            await self._chat.steering.take(self._actor, campaign, step, seen=state)
        except Problem as problem:
            if problem.key != "campaign.overtaken":
                raise
            now = self._texts(f"campaign.state_{problem.values['state']}")
            said = self._texts(problem.key, state=now)
        shown = await self._status(campaign, 0, 0)
        return replace(shown, text=f"{said}\n\n{shown.text}")


def _below(parts: Sequence[Sequence[UnitStatus]], unit: int) -> list[UnitStatus]:
    """The units one step further down, those with most people missing first; for several tops, these."""
    rows = [part[0] for part in parts] if not unit else [row for row in parts[0] if row.depth == 1]
    return sorted(rows, key=lambda row: (-row.total.of(Group.MISSING), row.unit.name.casefold(), row.unit.id))
