"""The ledger with people on both channels, and WhatsApp telling of their messages."""

from __future__ import annotations

from sqlalchemy import insert, select

from bot.campaigns.campaign import CampaignState
from bot.campaigns.ladder import Heard, Rung
from bot.campaigns.sending import Outcome, Sending, Sent
from bot.campaigns.sending import Plan as SendingPlan
from bot.model import Reply
from bot.storage.campaign_tables import deliveries
from bot.storage.deliveries import SqlDeliveries
from bot.storage.tables import identities
from bot.storage.whatsapp_costs import SqlCosts
from bot.storage.whatsapp_statuses import SqlStatuses, SqlUnseen
from tests.campaign_world import Staged, StubMessages
from tests.staff_world import NOW

BOTH = ("telegram", "whatsapp")


class Does:
    """Keeps `Sender`. `does`: channel → what becomes of messages; `calls`: (channel, account); `tags`: of the
    messages, in order."""

    def __init__(self, **does: Outcome) -> None:
        self.does = does
        self.calls: list[tuple[str, str]] = []
        self.tags: list[str | None] = []

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        self.calls.append((channel, external_id))
        self.tags.append(message.tag)
        found = self.does.get(channel)
        return found if found is not None else Sent(f"{channel}-{external_id}")


class Both(Staged):
    """People with accounts on both channels; WhatsApp's id is "w" and the number."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.deliveries = SqlDeliveries(self.engine, lambda: self.now, BOTH)
        self.statuses = SqlStatuses(self.engine, lambda: self.now, 0.0)
        self.costs = SqlCosts(self.engine, lambda: self.now)
        self.unseen = SqlUnseen(self.engine, lambda: self.now)
        self.does = Does()

    async def on(self, name: str, *channels: str) -> int:
        person = await self.hire(name, "satu/upt", status="pns")
        for channel in channels:
            await self.account(name, channel)
        return person

    async def account(self, name: str, channel: str) -> None:
        prefix = "w" if channel == "whatsapp" else ""
        values = {"channel": channel, "external_id": f"{prefix}{self.person[name]}", "how": "code"}
        async with self.engine.begin() as connection:
            await connection.execute(
                insert(identities), values | {"person_id": self.person[name], "linked_at": NOW}
            )

    async def carried(self, campaign: int, *channels: str) -> CampaignState:
        """Every channel sends until it has nothing more."""
        state = CampaignState.RUNNING
        for channel in channels or BOTH:
            lane = self.lane(name=f"{channel}:1")
            plan = SendingPlan(batch=50, idle=0.001, pauses=(0.01, 0.05))
            sending = Sending(channel, lane, self.deliveries, self.does, StubMessages(), plan)
            for _ in range(4):
                state = await sending.batch(campaign)
            await sending.landed(campaign)
            await sending.end()
        return state

    async def told(self, message: str, *rungs: Rung, code: int | None = None, tag: str | None = None) -> None:
        for rung in rungs:
            await self.statuses.heard([Heard(message, rung, int(self.now), code, tag=tag)])

    async def row(self, person: int) -> tuple[str, str | None, str | None]:
        query = select(deliveries.c.state, deliveries.c.channel, deliveries.c.reason)
        async with self.engine.connect() as connection:
            return tuple((await connection.execute(query.where(deliveries.c.person_id == person))).one())
