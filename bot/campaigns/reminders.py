"""Reminds those who have not acknowledged: each in her own working time, stage by stage, one message a day
for all campaigns together.

That a stage is reminded of is written before the message is handed to the lane. So no stage is ever sent
twice; after a crash in between, the ledger says of it that nobody knows whether it came. Once that is known,
the evidence is written; what certainly was not sent is as if it had never been chosen, and is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.campaigns.ack_pages import READ, WAITING
from bot.campaigns.carrying import NOT_SENT, Carrier, in_a_word
from bot.campaigns.recipients import Pending, Recipient, Timetable, Way
from bot.campaigns.reminding import Plan
from bot.campaigns.sending import NotTried, Outcome, Refused, RetryAfter, Sent, Uncertain
from bot.model import Button, Opening, Reply
from bot.rendering import dates
from bot.rendering.texts import Texts
from bot.worktime import Calendar

log = logging.getLogger(__name__)

PAGE = 200
"""People in memory at a time: at 30 messages a second a few seconds' work."""

LISTED = 5
"""Circulars that one message names."""

LONGEST = 60
"""Letters of a subject or a number: five circulars fit into a message of any channel."""

ACTION = "k:ack:"
"""Of the button that acknowledges; the campaign's id follows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked at, `at` which moment. `reach`: for each offset, the greatest first, the moment before
    which somebody must be due of whom that stage may have come. `campaign`: only this one; None: all. Moments
    are seconds since 1970."""

    regency: str
    today: date
    at: int
    reach: tuple[tuple[int, int], ...]
    campaign: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to one person. `stages`: what it names and at which offset, most urgent first; `more`: how
    many besides. `until`: she is not to be written to later."""

    who: Recipient
    stages: tuple[tuple[Pending, int], ...]
    more: int
    until: datetime


Choose = Callable[[Recipient, Sequence[Pending]], Notice | None]
Settled = tuple[Notice, str]
"""A notice and what became of it, in a word."""


class Kept(Protocol):
    """The ledger. A method returns when its change is durable."""

    async def regencies(self) -> Sequence[str]:
        """Those with campaigns whose acknowledgments are waited for."""

    async def waiting(self, wanted: Wanted, channels: Sequence[str], after: int, most: int) -> Sequence[int]:
        """The next people by id, of whom a stage may have come and whom these channels reach; not those who
        were reminded today, or a few hours ago."""

    async def remind(
        self, among: Sequence[int], wanted: Wanted, channels: Sequence[str], choose: Choose
    ) -> Sequence[Notice]:
        """Writes down, in one transaction, what `choose` chooses for them; nobody else can choose for the
        same people meanwhile."""

    async def settle(self, settled: Sequence[Settled], at: int) -> None:
        """Notes what became of it, in one transaction with the evidence of what went out; takes back what was
        not sent."""


@dataclass(slots=True)
class Reminded:
    """What a pass did. `outcomes`: messages by what became of them, in a word."""

    looked_at: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def messages(self) -> int:
        return self.outcomes.total()


class Reminders:
    """`calendar_of`: a regency's, None: not in the corpus. `clock`: aware moments. `other_after`: so long
    after a circular went out without an answer, the other channel is tried first."""

    def __init__(
        self,
        kept: Kept,
        carrier: Carrier,
        calendar_of: Callable[[str], Calendar | None],
        catalogues: Mapping[str, Texts],
        language: str,
        plan: Plan,
        clock: Callable[[], datetime],
        other_after: timedelta = timedelta(days=3),
    ) -> None:
        self._other_after = other_after
        self._kept = kept
        self._carrier = carrier
        self._calendar_of = calendar_of
        self._catalogues = catalogues
        self._language = language
        self._plan = plan
        self._clock = clock

    async def remind(self, campaign: int | None = None) -> Reminded:
        """One pass, to be made every few minutes: whoever's stage has come and who is at work is reminded."""
        done = Reminded()
        for regency in await self._kept.regencies() if self._plan.offsets else ():
            calendar = self._calendar_of(regency)
            if calendar is not None:
                await self._regency(regency, calendar, campaign, done)
        return done

    async def _regency(self, regency: str, calendar: Calendar, campaign: int | None, done: Reminded) -> None:
        after = 0
        while True:
            times = Timetable(calendar, self._plan, self._clock())  # anew: sending takes its time
            if not times.somebody_works:
                return
            at = int(times.now.timestamp())
            wanted = Wanted(regency, times.today, at, times.reach(self._plan.offsets), campaign)
            people = await self._kept.waiting(wanted, tuple(self._carrier.channels), after, PAGE)
            if not people:
                return
            after = people[-1]
            done.looked_at += len(people)
            await self._page(people, wanted, times, done)

    async def _page(self, people: Sequence[int], wanted: Wanted, times: Timetable, done: Reminded) -> None:
        def choose(who: Recipient, pending: Sequence[Pending]) -> Notice | None:
            return chosen(who, pending, times)

        notices = await self._kept.remind(people, wanted, tuple(self._carrier.channels), choose)
        outcomes = await asyncio.gather(*(self._send(notice, times) for notice in notices))
        words = [in_a_word(outcome) for outcome in outcomes]
        await self._kept.settle(list(zip(notices, words, strict=True)), int(self._clock().timestamp()))
        done.outcomes.update(words)

    async def _send(self, notice: Notice, times: Timetable) -> Outcome:
        """By one channel; by the next one only if the one before it has certainly not brought it, and will
        not while she is at work."""
        outcome: Outcome = NotTried()
        refused: Outcome | None = None
        for account, language in self._ways(notice, times):
            texts = self._catalogues.get(language or "") or self._catalogues[self._language]
            try:
                outcome = await self._carrier.send(account, page(notice, times, texts), notice.until)
            except Exception as error:  # noqa: BLE001  # one message must not stop the others
                log.error("a reminder was not sent, or was: %s", type(error).__name__)
                return Uncertain()
            if isinstance(outcome, Sent | Uncertain | RetryAfter):
                break
            if isinstance(outcome, Refused):
                refused = outcome
        # Else the same would be offered to the channel that refuses it, in every pass of the day.
        return refused if refused is not None and in_a_word(outcome) == NOT_SENT else outcome

    def _ways(self, notice: Notice, times: Timetable) -> Sequence[Way]:
        """The preferred channel first; last, if the circular went there and has long had no answer."""
        who, first = notice.who, notice.stages[0][0]
        assert who.account is not None
        ways = who.ways or ((who.account, who.language),)
        if times.now - first.sent < self._other_after:
            return ways
        return sorted(ways, key=lambda way: way[0].channel == first.channel)


def chosen(who: Recipient, pending: Sequence[Pending], times: Timetable) -> Notice | None:
    """What she is reminded of now. None: nothing, or this is no time to write to her. What does not fit stays
    for another day, and then goes before what was named already."""
    until = times.until(who) if who.account is not None else None
    if until is None:
        return None
    due = [(p, stage) for p in pending if (stage := times.stage(who, p)) is not None]
    if not due:
        return None

    def urgency(found: tuple[Pending, int]) -> tuple[datetime, int]:
        return times.due(who, found[0]) or times.now, found[0].campaign

    due.sort(key=lambda found: (len(found[0].done) + len(found[0].days), urgency(found)))
    return Notice(who, tuple(sorted(due[:LISTED], key=urgency)), len(due[LISTED:]), until)


def page(notice: Notice, times: Timetable, texts: Texts) -> Reply:
    """A phone's screen, most urgent first, with a row to acknowledge each circular."""
    named = [pending for pending, _ in notice.stages]
    alone = len(named) == 1
    lines = [texts("remind.one" if alone and not notice.more else "remind.several")]
    for number, pending in enumerate(named, 1):
        line = f"{label(pending, texts)}\n{_by_when(times.due(notice.who, pending), times, texts)}"
        lines.append(line if alone else f"{number}. {line}")
    if notice.more:
        lines.append(texts("remind.more", count=notice.more))
    buttons = tuple((_button(p, None if alone else n, texts),) for n, p in enumerate(named, 1))
    return Reply("\n\n".join(lines), buttons, opening=_opening(named, notice.more, texts))


def _opening(named: Sequence[Pending], more: int, texts: Texts) -> Opening:
    """Its button shows the circular, or what waits."""
    first, count = named[0], len(named) + more
    action = f"{READ}{first.campaign}" if count == 1 else WAITING
    values = (("jumlah", str(count)), ("edaran", label(first, texts)))
    return Opening("reminder", texts.language, values, action, first.campaign)


def _button(pending: Pending, number: int | None, texts: Texts) -> Button:
    said = texts("remind.button") if number is None else texts("remind.button_of", number=number)
    return Button(said, f"{ACTION}{pending.campaign}")


def label(pending: Pending, texts: Texts) -> str:
    """ "SE 800/1/2026: Larangan siaran langsung", short."""
    return labelled(pending.subject, pending.number, texts)


def labelled(subject: str, number: str | None, texts: Texts) -> str:
    subject = _shortened(subject)
    return texts("remind.label", number=_shortened(number), subject=subject) if number else subject


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _by_when(due: datetime | None, times: Timetable, texts: Texts) -> str:
    assert due is not None  # without a deadline there is no stage
    if due.date() == times.today:
        return texts("remind.today", clock=dates.clock(due, texts))
    key = "remind.until" if due > times.now else "remind.since"
    return texts(key, day=dates.date_of(due.date(), texts))
