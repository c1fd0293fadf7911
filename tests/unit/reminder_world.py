"""A regency with campaigns, and a lane that only notes what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from bot.campaigns.reminders import Reminders
from bot.campaigns.reminding import Plan
from bot.campaigns.sending import Outcome, Sent
from bot.catalogues import load_catalogues
from bot.model import Reply
from bot.people.identity import Account
from bot.storage.campaign_tables import campaigns, circular_versions, deliveries
from bot.storage.reminders import SqlReminders
from bot.storage.tables import absences, identities
from bot.worktime import Calendar, Pattern, Source
from tests.policy_worlds import ZONE, at, calendar
from tests.staff_world import World

TEXTS = load_catalogues()
MONDAY = date(2026, 11, 23)
THURSDAY = date(2026, 11, 26)
FRIDAY = date(2026, 11, 27)
PLAN = Plan(offsets=(-3, -1, 0, 1, 3), escalations=(2, 5, 8))


def seconds(day: date, clock: str) -> int:
    return int(at(day, clock).timestamp())


def ramadan(first: date, last: date) -> Calendar:
    """The usual calendar, with a Ramadan whose hours nobody has registered."""
    usual = calendar()
    unknown = Pattern("ramadan", first, last, None, replaces="kantor", source=Source("uji", verified=True))
    return Calendar(usual.regency, usual.zone, (*usual.patterns, unknown), usual.holidays)


@dataclass
class Lane:
    """Keeps `bot.campaigns.carrying.Carrier`. `fails`: what happens at a message, by its number from 0."""

    channels: frozenset[str] = frozenset({"telegram"})
    sent: list[tuple[str, Reply]] = field(default_factory=list)
    fails: dict[int, Any] = field(default_factory=dict)
    before: Callable[[], Any] | None = None

    async def send(self, account: Account, reply: Reply, until: datetime) -> Outcome:
        if self.before is not None:
            await self.before()
        fate = self.fails.get(len(self.sent))
        self.sent.append((account.external_id, reply))
        if isinstance(fate, BaseException):
            raise fate
        return fate if fate is not None else Sent("1")

    def to(self, who: str) -> list[Reply]:
        return [reply for account, reply in self.sent if account == who]

    @property
    def who(self) -> list[str]:
        return sorted(account for account, _ in self.sent)


class Office(World):
    """Moments are given as (day, clock) in the regency's zone."""

    now: datetime = at(MONDAY, "09:00")
    calendar: Calendar = calendar()

    async def opened(self) -> Office:
        await self.build()
        self.lane = Lane()
        return self

    def clock(self) -> datetime:
        return self.now

    def reminders(self, lane: Lane | None = None, plan: Plan = PLAN) -> Reminders:
        kept = SqlReminders(self.engine)
        return Reminders(kept, lane or self.lane, lambda _: self.calendar, TEXTS, "id", plan, self.clock)

    async def at(self, day: date, clock: str = "09:00") -> list[str]:
        """Makes a pass at that moment; who was written to."""
        self.now = at(day, clock)
        self.lane.sent.clear()
        await self.reminders().remind()
        return self.lane.who

    async def employ(self, name: str, unit: str = "satu/dinas", **values: Any) -> int:
        """Somebody who can be written to; her account is what follows the slash."""
        person = await self.hire(name, unit, **values)
        await self.register(name)
        return person

    async def register(self, name: str, channel: str = "telegram") -> None:
        account = {"channel": channel, "external_id": name.split("/")[1], "person_id": self.person[name]}
        await self._add_row(identities, **account, linked_at=0, how="code")

    async def campaign(
        self, *names: str, due: date = THURSDAY, sent: date = MONDAY - timedelta(days=14), **more: Any
    ) -> int:
        """A running one that has reached these people. `state`, `subject`, `delivery` (a state)."""
        number = len(await self.rows(campaigns)) + 1
        version = {
            "regency": "satu",
            "circular": f"satu/se-{number}",
            "digest": f"d{number}",
            "number": f"SE {number}/2026",
            "dated": sent,
            "subject": more.get("subject", f"Perihal {number}"),
            "issuer": "BKPSDM",
            "summary": "{}",
            "material": True,
            "created_by": "test",
            "created_at": 0,
        }
        one = await self._add(circular_versions, **version)
        moment = seconds(sent, "09:00")
        values = {
            "regency": "satu",
            "version_id": one,
            "audience": "semua",
            "due_at": seconds(due, "16:00"),
            "state": more.get("state", "running"),
            "author": "test",
            "quiz": False,
            "created_at": moment,
            "updated_at": moment,
        }
        campaign = await self._add(campaigns, **values)
        for name in names:
            await self.deliver(campaign, name, moment, more.get("delivery", "sent"))
        return campaign

    async def deliver(self, campaign: int, name: str, moment: int, state: str = "sent") -> None:
        where = {"campaign_id": campaign, "person_id": self.person[name], "unit_id": self.unit["satu/dinas"]}
        values = {"state": state, "attempts": 1, "added_at": moment, "sent_at": moment}
        await self._add_row(deliveries, **where, **values)

    async def acknowledge(self, campaign: int, name: str) -> None:
        mine = (deliveries.c.campaign_id == campaign) & (deliveries.c.person_id == self.person[name])
        async with self.engine.begin() as connection:
            await connection.execute(update(deliveries).where(mine).values(acknowledged_at=1))

    async def leave(self, name: str, since: date, until: date | None) -> None:
        values = {"person_id": self.person[name], "kind": "cuti", "since": since, "until": until}
        await self._add_row(absences, **values)

    async def _add_row(self, table: Any, **values: object) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(insert(table), values)


__all__ = ["FRIDAY", "MONDAY", "PLAN", "THURSDAY", "ZONE", "Lane", "Office", "ramadan", "seconds"]
