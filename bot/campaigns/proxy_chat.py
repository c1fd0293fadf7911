"""Acknowledging for somebody else as a dialogue within /hr: who, why, where the signed paper is; then a
second person decides.

h:pa:C:PERSON   asks for whom     h:ps:C:PERSON   sends the request    h:pc   leaves it
h:pw:AFTER      what waits        h:pd:REQUEST    one of them
h:py:REQUEST    approves it       h:pn:REQUEST    refuses it

What is typed stands in RAM until it is sent, and half an hour at most.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Protocol

from bot.campaigns.ack_pages import named
from bot.campaigns.acknowledging import Told
from bot.campaigns.proxies import Asked, Candidate, ProxyOffice, Request, reason_of, reference_of
from bot.campaigns.screens import cut, one_of, rows
from bot.model import Button, Reply
from bot.people.rights import Action, Actor, Target, may
from bot.people.visit import Visit
from bot.problems import Problem
from bot.rendering import dates
from bot.rendering.texts import Texts

KINDS = frozenset({"pa", "ps", "pc", "pw", "pd", "py", "pn"})

LISTED = 6
"""Requests on one screen."""

PATIENCE = 1_800
"""Seconds for which what was typed waits to be sent."""

MOST = 10_000
"""People whose words wait at a time; the oldest give way."""

Key = tuple[str, str]
IsOwn = Callable[[Visit, str], bool]


class Circulars(Protocol):
    async def told(self, campaign: int) -> Told | None: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """`since`: seconds since 1970 of the last word. `reason`, `reference` None: not said yet."""

    campaign: int
    person: int
    whom: str
    regency: str
    since: float
    reason: str | None = None
    reference: str | None = None

    @property
    def asked(self) -> Asked | None:
        if self.reason is None or self.reference is None:
            return None
        return Asked(self.campaign, self.person, self.reason, self.reference)


class ProxyChat:
    """`zone`: of a regency. `clock`: seconds since 1970."""

    def __init__(
        self,
        office: ProxyOffice,
        circulars: Circulars,
        zone: Callable[[str], tzinfo],
        clock: Callable[[], float],
    ) -> None:
        self._office = office
        self._circulars = circulars
        self._zone = zone
        self._clock = clock
        self._drafts: OrderedDict[Key, Draft] = OrderedDict()

    def forget(self, channel: str, external_id: str) -> None:
        """Drops what this person has typed."""
        self._drafts.pop((channel, external_id), None)

    def leave(self, visit: Visit) -> None:
        """She turned to something else."""
        self._drafts.pop(_key(visit), None)

    async def press(self, visit: Visit, actor: Actor, kind: str, *values: str) -> Reply:
        """`kind`: one of `KINDS`. Raises ValueError, TypeError for what is no button of ours; Problem."""
        if kind != "ps":
            self.leave(visit)
        numbers = tuple(map(int, values))
        match kind:
            case "pa":
                return await self._begin(visit, actor, *numbers)
            case "ps":
                return await self._send(visit, actor, *numbers)
            case "pc":
                return Reply(visit.texts("proxy.left"), ((_up("h:l:0", visit.texts),),))
            case "pw":
                return await self._waiting(visit, actor, *numbers)
            case "pd":
                return await self._details(visit, actor, *numbers)
            case "py" | "pn":
                return await self._decide(visit, actor, kind == "py", *numbers)
        raise ValueError(kind)

    async def waiting(self, actor: Actor, regency: str, texts: Texts) -> list[str]:
        """A line of how many requests wait for her, if any do."""
        count = await self._office.count(actor, regency) if decides_somewhere(actor) else 0
        return [texts("proxy.call", count=count)] if count else []

    async def say(self, visit: Visit, text: str, is_own: IsOwn | None = None) -> Reply | None:
        """After typed text. `is_own`: whether it can only be meant for itself. None: nothing of ours waits
        for it, or it asks something else."""
        draft = self._drafts.get(_key(visit))
        if draft is None or draft.asked is not None:
            return None
        asks = text.rstrip().endswith("?") or (is_own is not None and is_own(visit, text))
        if asks or self._clock() - draft.since > PATIENCE:
            self.leave(visit)
            return None
        if text.strip(" .!").casefold() in visit.texts("proxy.leave_words").split(", "):
            self.leave(visit)
            return Reply(visit.texts("proxy.left"), ((_up("h:l:0", visit.texts),),))
        try:
            if draft.reason is None:
                draft = self._keep(visit, replace(draft, reason=reason_of(text), since=self._clock()))
            else:
                draft = self._keep(visit, replace(draft, reference=reference_of(text), since=self._clock()))
        except Problem as problem:
            return Reply(problem.line(visit.texts), (_leaving(visit.texts),))
        if draft.asked is None:
            return Reply(visit.texts("proxy.ask_reference"), (_leaving(visit.texts),))
        return await self._check(visit, draft, draft.asked)

    # --- asking ---

    async def _begin(self, visit: Visit, actor: Actor, campaign: int, person: int) -> Reply:
        found = await self._office.candidate(actor, campaign, person)
        self._keep(visit, Draft(campaign, person, _whom(found), found.regency, self._clock()))
        circular = await self._circular(campaign, visit.texts)
        return Reply(
            visit.texts("proxy.ask_reason", name=_whom(found), circular=circular), (_leaving(visit.texts),)
        )

    async def _check(self, visit: Visit, draft: Draft, asked: Asked) -> Reply:
        texts, place = visit.texts, f"{draft.campaign}:{draft.person}"
        text = texts(
            "proxy.check",
            name=draft.whom,
            circular=await self._circular(draft.campaign, texts),
            reason=asked.reason,
            reference=asked.reference,
        )
        send = Button(texts("proxy.button_send"), f"h:ps:{place}")
        change = Button(texts("proxy.button_change"), f"h:pa:{place}")
        return Reply(text, ((send,), (change, *_leaving(texts))))

    async def _send(self, visit: Visit, actor: Actor, campaign: int, person: int) -> Reply:
        texts, draft = visit.texts, self._drafts.get(_key(visit))
        asked = draft.asked if draft is not None and self._clock() - draft.since <= PATIENCE else None
        if draft is None or asked is None or (asked.campaign, asked.person) != (campaign, person):
            await self._office.candidate(actor, campaign, person)  # pressed twice: it waits already
            again = Button(texts("proxy.button_change"), f"h:pa:{campaign}:{person}")
            return Reply(texts("proxy.gone"), ((again, *_leaving(texts)),))
        await self._office.ask(actor, asked, draft.regency)
        self.leave(visit)
        return Reply(texts("proxy.sent"), ((_up("h:l:0", texts),),))

    def _keep(self, visit: Visit, draft: Draft) -> Draft:
        key = _key(visit)
        self._drafts[key] = draft
        self._drafts.move_to_end(key)
        while len(self._drafts) > MOST:
            self._drafts.popitem(last=False)
        return draft

    # --- deciding ---

    async def _waiting(self, visit: Visit, actor: Actor, after: int) -> Reply:
        assert visit.member is not None
        texts, regency = visit.texts, visit.member.person.regency
        found = await self._office.waiting(actor, regency, after, LISTED + 1)
        shown = found[:LISTED]
        lines = [texts("proxy.waiting_title" if shown else "proxy.none_waiting")]
        lines += [self._line(request, texts) for request in shown]
        looks = [Button(texts("proxy.button_look", request=one.id), f"h:pd:{one.id}") for one in shown]
        ways = [Button(texts("hr.more"), f"h:pw:{shown[-1].id}")] if len(found) > LISTED else []
        ways.append(_up("h:l:0", texts))
        return Reply("\n".join(lines), (*rows(looks, 2), tuple(ways)))

    def _line(self, request: Request, texts: Texts) -> str:
        return texts(
            "proxy.waiting_line",
            request=request.id,
            day=self._day(request, texts),
            name=one_of(request.name, request.number),
            campaign=request.campaign,
        )

    async def _details(self, visit: Visit, actor: Actor, number: int) -> Reply:
        texts, request = visit.texts, await self._office.look(actor, number)
        if request.approved is not None:
            raise Problem("proxy.decided", request=number)
        text = texts(
            "proxy.details",
            name=_whom(request),
            circular=await self._circular(request.campaign, texts),
            reason=request.reason,
            reference=request.reference,
            asker=cut(request.asker or texts("proxy.by_operator")),
            day=self._day(request, texts),
        )
        answers = (
            Button(texts("proxy.button_approve"), f"h:py:{number}"),
            Button(texts("proxy.button_refuse"), f"h:pn:{number}"),
        )
        open_to_her = (answers,) if await self._office.decides(actor, request) else ()
        return Reply(text, (*open_to_her, (_up("h:pw:0", texts),)))

    async def _decide(self, visit: Visit, actor: Actor, approved: bool, number: int) -> Reply:
        request = await self._office.look(actor, number)
        recorded = await self._office.decide(actor, number, approved=approved)
        texts, key = visit.texts, result_key(approved=approved, recorded=recorded)
        name = {"name": cut(request.name)} if approved else {}
        return Reply(texts(key, **name), ((_up("h:pw:0", texts),),))

    # --- around ---

    async def _circular(self, campaign: int, texts: Texts) -> str:
        told = await self._circulars.told(campaign)
        return named(told.content, texts) if told is not None else ""

    def _day(self, request: Request, texts: Texts) -> str:
        at = datetime.fromtimestamp(request.at, self._zone(request.regency))
        return dates.day(at, texts, year=False)


def decides_somewhere(actor: Actor) -> bool:
    """Whether there may be requests that wait for this actor."""
    held = (frozenset({one.unit}) if one.unit else frozenset() for one in actor.assignments)
    return any(may(actor, Action.PROXY_APPROVE, Target(units)) for units in held)


def result_key(*, approved: bool, recorded: bool) -> str:
    """Of the sentence for who has decided."""
    if not approved:
        return "proxy.done_refused"
    return "proxy.done_approved" if recorded else "proxy.done_already"


def _key(visit: Visit) -> Key:
    return visit.incoming.sender.channel, visit.incoming.sender.external_id


def _whom(found: Candidate | Request) -> str:
    return f"{cut(found.name)} · {found.number}"


def _leaving(texts: Texts) -> tuple[Button, ...]:
    return (Button(texts("proxy.button_leave"), "h:pc"),)


def _up(action: str, texts: Texts) -> Button:
    return Button(texts("hr.up"), action)
