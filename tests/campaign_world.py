"""Campaigns over a small regency, with channels that do as they are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy import func, insert, select

from bot.campaigns.addressing import Terms
from bot.campaigns.campaign import Campaign, CampaignState, Step
from bot.campaigns.content import Content
from bot.campaigns.lane import Lane
from bot.campaigns.lane import Plan as LanePlan
from bot.campaigns.sending import Outcome, Plan, Sending, Sent
from bot.model import Reply
from bot.storage.campaign_counts import Cell, counted, recounted
from bot.storage.campaign_tables import deliveries, evidence_events
from bot.storage.campaigns import Draft, SqlCampaigns
from bot.storage.deliveries import SqlDeliveries
from bot.storage.engine import count_on
from bot.storage.lanes import SqlLeases
from bot.storage.tables import identities, people, placements
from bot.vocabulary import Named
from tests.staff_world import LONG_AGO, NOW, TODAY, World

TERMS = Terms(
    statuses={"pns": Named("pns", {"id": "PNS"}), "pppk": Named("pppk", {"id": "PPPK"})},
    kinds={
        "dinas": Named("dinas", {"id": "Dinas"}),
        "sekolah": Named("sekolah", {"id": "Sekolah"}, parent="upt"),
        "upt": Named("upt", {"id": "UPT"}),
    },
    patterns={"lima_hari": {"id": "5 hari"}, "enam_hari": {"id": "6 hari"}},
    default_pattern="lima_hari",
)

DUE = datetime.fromtimestamp(NOW, UTC).replace(year=2027)
QUICK = LanePlan(silence=0.3, every=0.05, poll=0.01, quantum=0.2, answers=0.5)
AUTHOR, SECOND = "operator:author", "operator:second"

Does = Callable[[str], Outcome]


@dataclass
class StubSender:
    """`does`: what becomes of a message to an account; `calls`: those that were made, in order."""

    does: Does = lambda account: Sent(f"m{account}")
    calls: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    delay: float = 0.0

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        self.calls.append(external_id)
        self.times.append(asyncio.get_running_loop().time())
        if self.delay:
            await asyncio.sleep(self.delay)
        return self.does(external_id)


class StubMessages:
    async def message(self, campaign: int, language: str | None, due: int | None) -> Reply:
        return Reply(f"surat {campaign} {language or 'id'}")


def content(subject: str = "Larangan siaran langsung", **others: object) -> Content:
    values: Mapping[str, object] = {
        "regency": "satu",
        "circular": "satu/se-1",
        "number": "1/2026",
        "dated": date(2026, 11, 1),
        "subject": subject,
        "issuer": "Bupati Satu",
        "summary": {"id": ("Satu.",), "en": ("One.",)},
    }
    return Content(**(dict(values) | others))  # type: ignore[arg-type]


class Staged(World):
    """A world with campaigns; its clock is moved by `now`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now = float(NOW)
        self.campaigns = SqlCampaigns(self.engine, lambda: self.now)
        self.deliveries = SqlDeliveries(self.engine, lambda: self.now)
        self.leases = SqlLeases(self.engine)
        self.sender = StubSender()

    async def link(self, name: str, channel: str = "telegram") -> str:
        """Gives her an account; its id."""
        account = f"{100 + self.person[name]}"
        values = {"channel": channel, "external_id": account, "linked_at": NOW, "how": "code"}
        async with self.engine.begin() as connection:
            await connection.execute(insert(identities), values | {"person_id": self.person[name]})
        return account

    async def staffed(self, count: int, unit: str = "satu/upt") -> list[str]:
        """People with accounts, by name."""
        names = [f"satu/p{len(self.person) + number}" for number in range(count)]
        for name in names:
            await self.hire(name, unit, status="pns")
            await self.link(name)
        return names

    async def crowd(self, count: int, unit: str = "satu/upt") -> None:
        """Many people with accounts at once; the account is 100 more than the person's id."""
        async with self.engine.begin() as connection:
            first = ((await connection.execute(select(func.max(people.c.id)))).scalar_one() or 0) + 1
            ids = range(first, first + count)
            shared = {"regency": "satu", "status": "pns", "joined_on": LONG_AGO, "updated_at": NOW}
            hired = [{"id": n, "number": f"C{n}", "name": f"c{n}"} | shared for n in ids]
            await connection.execute(insert(people), hired)
            place = {"unit_id": self.unit[unit], "kind": "primary", "since": LONG_AGO}
            await connection.execute(insert(placements), [{"person_id": n} | place for n in ids])
            account = {"channel": "telegram", "linked_at": NOW, "how": "code"}
            linked = [{"external_id": str(100 + n), "person_id": n} | account for n in ids]
            await connection.execute(insert(identities), linked)
            await count_on(connection, people)

    async def draft(self, audience: str = "semua", subject: str = "Larangan") -> Draft:
        version = await self.campaigns.add_version(content(subject), AUTHOR)
        return Draft("satu", version.id, audience, DUE)

    async def campaign(self, audience: str = "semua", *, running: bool = True) -> Campaign:
        made, _ = await self.campaigns.create(await self.draft(audience), TERMS, TODAY, AUTHOR)
        return await self.start(made.id) if running else made

    async def start(self, campaign: int) -> Campaign:
        await self.campaigns.step(campaign, Step.TEST, AUTHOR)
        await self.campaigns.step(campaign, Step.APPROVE, SECOND)
        await self.campaigns.start_due()
        return await self.campaigns.get(campaign)

    def lane(self, rate: float | None = None, name: str = "telegram:1", plan: LanePlan = QUICK) -> Lane:
        return Lane(name, self.leases, rate, plan)

    def sending(self, lane: Lane | None = None, batch: int = 100, **options: object) -> Sending:
        plan = Plan(batch=batch, idle=0.01, pauses=(0.01, 0.05), **options)  # type: ignore[arg-type]
        return Sending("telegram", lane or self.lane(), self.deliveries, self.sender, StubMessages(), plan)

    async def sent(self, campaign: int, **options: object) -> CampaignState:
        """Sends all of it, as one process would."""
        sending = self.sending(**options)  # type: ignore[arg-type]
        try:
            return await sending.run(campaign)
        finally:
            await sending.end()

    async def states(self, campaign: int) -> Counter[tuple[str, str | None]]:
        """(state, reason) → how many."""
        query = select(deliveries.c.state, deliveries.c.reason).where(deliveries.c.campaign_id == campaign)
        async with self.engine.connect() as connection:
            return Counter((row.state, row.reason) for row in await connection.execute(query))

    async def counts_hold(self, campaign: int) -> bool:
        async with self.engine.connect() as connection:
            kept: Counter[Cell] = await counted(connection, campaign)
            return kept == await recounted(connection, campaign)

    async def evidence(self, campaign: int) -> Counter[str]:
        """Kinds of events."""
        query = select(evidence_events.c.kind).where(evidence_events.c.campaign_id == campaign)
        async with self.engine.connect() as connection:
            return Counter(await connection.scalars(query))
