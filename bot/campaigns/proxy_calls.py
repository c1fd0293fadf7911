"""Tells the second person that requests to acknowledge for others wait for her decision, and HR that tasks
wait: how many, no names.

Once a day while they wait, in one message, in her own working hours. Of requests: the head of the person's
unit, if she is there, can be reached and may decide; else the next head above; else HR. Of tasks everybody of
HR: who waits for an answer of theirs is neither reminded nor reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

from bot.campaigns.recipients import Timetable
from bot.campaigns.reminding import Own, Plan, own_of
from bot.model import Button, Reply
from bot.people.rights import Actor
from bot.people.staff import Member, Superior
from bot.rendering import dates
from bot.rendering.texts import Texts

if TYPE_CHECKING:
    from bot.campaigns.proxies import Around, Request

PAGE = 50

Decides = Callable[[Actor, "Request"], Awaitable[bool]]
"""Whether somebody is the second person of a request."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for somebody. `since`: the day of the oldest task."""

    requests: int = 0
    tasks: int = 0
    since: date | None = None


class Kept(Protocol):
    """The ledger."""

    async def waiting(self, regency: str, after: int, most: int) -> Sequence[Request]: ...

    async def waiting_in(self) -> Sequence[str]:
        """The regencies of requests that nobody has decided, and of tasks that nobody has closed."""

    async def tasks(self, regency: str) -> tuple[int, int]:
        """How many are open, and when the oldest was made (seconds since 1970; 0: there is none)."""

    async def hr(self, regency: str, day: date) -> Sequence[int]: ...

    async def call(self, regency: str, person: int, count: int, since: int, at: int) -> bool:
        """Notes that she is told now. False: she was told already, since that moment."""


class Staff(Protocol):
    async def member(self, person: int, day: date) -> Member | None: ...
    async def superiors(self, unit: int, day: date) -> tuple[Superior, ...]: ...


async def call(kept: Kept, staff: Staff, around: Around, decides: Decides, now: float) -> int:
    """One pass; how many people were told. `now`: seconds since 1970."""
    told = 0
    for regency in await kept.waiting_in():
        calendar = around.calendar(regency)
        if calendar is None:
            continue
        times = Timetable(calendar, Plan(), datetime.fromtimestamp(now, UTC))
        if times.somebody_works:
            told += await _Pass(kept, staff, around, times, regency).run(decides)
    return told


class _Pass:
    """One look at one regency."""

    def __init__(self, kept: Kept, staff: Staff, around: Around, times: Timetable, regency: str) -> None:
        self._kept = kept
        self._staff = staff
        self._around = around
        self._times = times
        self._regency = regency
        self._members: dict[int, Member | None] = {}

    async def run(self, decides: Decides) -> int:
        requests: Counter[int] = Counter()
        async for request in self._requests():
            second = await self._second(request, decides)
            if second is not None:
                requests[second] += 1
        tasks, since = await self._kept.tasks(self._regency)
        day = datetime.fromtimestamp(since, self._times.calendar.zone).date()
        waits = {person: Waits(count) for person, count in requests.items()}
        for person in await self._hr() if tasks else ():
            waits[person] = Waits(requests[person], tasks, day)
        return sum([await self._tell(person, what) for person, what in sorted(waits.items())])

    async def _hr(self) -> Sequence[int]:
        """Those who are there and can be reached."""
        everybody = await self._kept.hr(self._regency, self._times.today)
        return [person for person in everybody if await self._there(person) is not None]

    async def _there(self, person: int) -> Member | None:
        member = await self._member(person)
        if member is None or self._own(member).away_on(self._times.today):
            return None
        return member if await self._around.reached(person) else None

    async def _requests(self) -> AsyncIterator[Request]:
        after = 0
        while page := await self._kept.waiting(self._regency, after, PAGE):
            for request in page:
                yield request
            after = page[-1].id

    async def _second(self, request: Request, decides: Decides) -> int | None:
        """The nearest who can decide it. None: nobody can be told."""
        of = await self._member(request.person)
        heads = await self._staff.superiors(of.unit.id, self._times.today) if of else ()
        hr = await self._kept.hr(self._regency, self._times.today)
        for person in dict.fromkeys([*(head.person for head in heads), *hr]):
            member = await self._there(person)
            if member is None:
                continue
            if await decides(Actor(f"person:{person}", person, member.assignments), request):
                return person
        return None

    async def _tell(self, person: int, waits: Waits) -> bool:
        member = await self._member(person)
        assert member is not None
        if not self._own(member).may_be_written_to(self._times.now, self._times.plan.fallback):
            return False
        midnight = int(self._times.calendar.at(self._times.today).timestamp())
        at = int(self._times.now.timestamp())
        if not await self._kept.call(self._regency, person, waits.requests + waits.tasks, midnight, at):
            return False
        for account, texts in await self._around.reached(person):
            self._around.post.send(account.channel, account.external_id, call_page(waits, texts))
        return True

    async def _member(self, person: int) -> Member | None:
        if person not in self._members:
            self._members[person] = await self._staff.member(person, self._times.today)
        return self._members[person]

    def _own(self, member: Member) -> Own:
        return own_of(self._times.calendar, member.pattern, member.absences)


def call_page(waits: Waits, texts: Texts) -> Reply:
    said: list[str] = []
    buttons: list[tuple[Button, ...]] = []
    if waits.requests:
        said.append(texts("proxy.call", count=waits.requests))
        buttons.append((Button(texts("proxy.button_waiting"), "h:pw:0"),))
    if waits.since is not None:
        said.append(texts("hr.tasks_wait", count=waits.tasks, day=dates.date_of(waits.since, texts)))
        buttons.append((Button(texts("hr.tasks"), "h:t:0"),))
    return Reply("\n\n".join(said), tuple(buttons))
