"""A regency with people, circulars that were sent to them, and the desk at which they acknowledge."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from bot.app import build_assistant
from bot.assistant import Assistant
from bot.campaigns.assembly import Assembly, Tokens
from bot.campaigns.campaign import CampaignState, DeliveryState
from bot.campaigns.chat import CampaignChat
from bot.campaigns.proxies import Around, ProxyOffice
from bot.campaigns.signing import Signer
from bot.campaigns.tasks import TaskOffice
from bot.campaigns.wall import Wall
from bot.desk import Desk
from bot.model import Incoming, Reply, Sender
from bot.people.identity import Identity
from bot.people.ports import Campaigns
from bot.people.registration import Registration
from bot.people.rights import Actor
from bot.people.staff import Assignment, Role
from bot.rendering.texts import Texts
from bot.storage.acknowledgments import SqlAcknowledgments
from bot.storage.campaign_counts import Cell, counted, move, recounted
from bot.storage.campaign_tables import acknowledgments, campaigns, circular_versions, deliveries
from bot.storage.circular_reading import SqlCirculars
from bot.storage.engine import open_engine
from bot.storage.identities import SqlIdentities
from bot.storage.migrate import ensure_current
from bot.storage.profiles import SqlProfiles
from bot.storage.proxies import SqlProxies
from bot.storage.receipts import SqlReceipts
from bot.storage.staff import SqlStaff
from bot.storage.tables import identities, people, placements, units
from bot.storage.tasks import SqlTasks
from bot.worktime import Calendar
from tests.fakes import CATALOGUES, FakeDirectory, MemoryPost
from tests.unit.evidence_world import signer

TEXTS = CATALOGUES["id"]
REGENCY = "lumajang"
CIRCULAR = "lumajang/se-3-2026"
NOON = int(datetime(2026, 11, 23, 5, tzinfo=UTC).timestamp())
DAY = 86_400
LONG_AGO = date(2020, 1, 1)
ZONE = ZoneInfo("Asia/Jakarta")
SECRET = b"s" * 32
ROOT, OFFICE, CLINIC = 1, 2, 3


async def link(payload: str) -> str:
    return f"https://t.me/edaran_bot?start={payload}"


@cache
def assistant() -> Assistant:
    return build_assistant()


async def own_signer() -> Signer:
    return signer()


class NoRecords:
    async def about(self, channel: str, external_id: str, texts: Texts) -> dict[str, Any]:
        return {}


@dataclass
class AckWorld:
    """Units: the regency, an office, and a clinic beside it. `now`: seconds since 1970, moved by hand.
    `calendars`: regency → its own; without one nobody knows when people work there."""

    url: str
    now: float = NOON
    post: MemoryPost = field(default_factory=MemoryPost)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    _people: int = 0
    _versions: int = 0

    async def build(self) -> AckWorld:
        self.engine = open_engine(self.url)
        await ensure_current(self.engine)
        tree = [(ROOT, "Kabupaten Lumajang", None), (OFFICE, "Dinas", ROOT), (CLINIC, "Puskesmas", ROOT)]
        for unit, name, parent in tree:
            await self.add(units, id=unit, regency=REGENCY, name=name, parent_id=parent)
        self.open()
        return self

    def open(self) -> None:
        """The program, started anew."""
        clock = lambda: self.now  # noqa: E731
        day_of = lambda _, moment: datetime.fromtimestamp(moment, ZONE).date()  # noqa: E731
        zone = lambda _: ZONE  # noqa: E731
        self.staff = SqlStaff(self.engine, clock)
        self.kept = SqlIdentities(self.engine)
        self.profiles = SqlProfiles(self.engine, clock)
        self.identity = Identity(self.kept, self.staff, day_of, clock)
        self.acknowledgments = SqlAcknowledgments(self.engine)
        self.circulars = SqlCirculars(self.engine)
        self.tasks = SqlTasks(self.engine)
        self.assembly = Assembly(Tokens(SECRET), self.circulars, self.staff, link, clock)
        self.chat = CampaignChat(
            self.acknowledgments,
            self.circulars,
            self.tasks,
            lambda: assistant().engine,
            assistant().intent,
            zone,
            self.calendars.get,
            clock,
            Wall(self.assembly, self.circulars, zone),
            SqlReceipts(self.engine, own_signer, clock),
        )
        around = Around(
            self.kept, self.profiles, self.circulars, self.post, CATALOGUES, calendar=self.calendars.get
        )
        today = self.identity.today
        self.proxies = ProxyOffice(SqlProxies(self.engine), self.staff, around, today, clock)
        self.task_office = TaskOffice(self.tasks, self.staff, today, clock)
        self.serve(self.chat)

    def serve(self, campaigns: Campaigns) -> None:
        registration = Registration(FakeDirectory(), CATALOGUES)
        self.desk = Desk(
            assistant(),
            self.profiles,
            registration,
            lambda: datetime.fromtimestamp(self.now, UTC),
            self.identity,
            NoRecords(),
            self.post,
            campaigns,
        )

    async def add(self, table: Any, **values: object) -> int:
        async with self.engine.begin() as connection:
            key = next(iter(table.primary_key.columns))
            return int((await connection.execute(insert(table).values(values).returning(key))).scalar_one())

    # --- people ---

    async def hire(self, unit: int = OFFICE, *channels: str, role: Role | None = None) -> int:
        """A person with an account on Telegram, and on `channels`; her external id there is her number."""
        self._people += 1
        number = f"{self._people:018}"
        entry = {"regency": REGENCY, "number": number, "name": f"Pegawai {self._people}", "status": "pns"}
        person = await self.add(people, **entry, joined_on=LONG_AGO, updated_at=NOON)
        await self.add(placements, person_id=person, unit_id=unit, kind="primary", since=LONG_AGO)
        for channel in ("telegram", *channels):
            values = {"channel": channel, "external_id": str(person), "person_id": person}
            async with self.engine.begin() as connection:
                await connection.execute(insert(identities).values(values | {"linked_at": 0, "how": "code"}))
        if role is not None:
            over = ROOT if role is Role.HR else unit
            held = Assignment(role, over, LONG_AGO)
            await self.staff.appoint("test", await self.entry(person), held)
        return person

    async def entry(self, person: int) -> Any:
        return await self.staff.person(person)

    async def actor(self, person: int) -> Actor:
        return await self.staff.actor(person, self.identity.today(REGENCY))

    # --- circulars ---

    async def version(self, circular: str | None = None) -> int:
        """Of a circular of its own; the first is one of policies/."""
        self._versions += 1
        circular = circular or (CIRCULAR if self._versions == 1 else f"adhoc/{self._versions}")
        return await self.add(
            circular_versions,
            regency=REGENCY,
            circular=circular,
            digest=f"{self._versions:064x}",
            number=f"800/{self._versions}/2026",
            dated=date(2026, 11, 1),
            subject=f"Perihal {self._versions}",
            issuer="Sekretaris Daerah",
            summary=json.dumps({"id": ["Satu.", "Dua.", "Tiga.", "Empat.", "Lima."]}),
            material=True,
            created_by="test",
            created_at=NOON,
        )

    async def campaign(
        self,
        version: int,
        among: Sequence[int],
        *,
        state: CampaignState = CampaignState.RUNNING,
        sent: DeliveryState = DeliveryState.SENT,
        due: int = NOON + DAY,
        added: int = NOON,
        quiz: bool = False,
        own_due: int | None = None,
        unit: int = OFFICE,
    ) -> int:
        shared = {"regency": REGENCY, "version_id": version, "audience": "semua", "author": "test"}
        times = {"due_at": due, "created_at": NOON, "updated_at": NOON}
        made = await self.add(campaigns, **shared, **times, state=state.value, quiz=quiz)
        rows: list[dict[str, object]] = [
            {"campaign_id": made, "person_id": person, "unit_id": unit, "state": sent.value}
            | {"attempts": 1, "added_at": added, "due_at": own_due}
            for person in among
        ]
        async with self.engine.begin() as connection:
            for at in range(0, len(rows), 1000):
                await connection.execute(insert(deliveries), rows[at : at + 1000])
            await move(connection, made, Counter({Cell(unit, sent.value, False): len(rows)}))
        return made

    # --- talking ---

    async def press(self, person: int | str, action: str, channel: str = "telegram") -> Sequence[Reply]:
        sender = Sender(channel, str(person))
        return await self.desk.handle(Incoming(sender, str(person), "", action=action))

    async def say(self, person: int | str, text: str, channel: str = "telegram") -> Sequence[Reply]:
        return await self.desk.handle(Incoming(Sender(channel, str(person)), str(person), text))

    # --- looking ---

    async def rows(self, table: Any) -> list[Any]:
        async with self.engine.connect() as connection:
            return list(await connection.execute(select(table).order_by(*table.primary_key.columns)))

    async def count_is_right(self, campaign: int) -> bool:
        async with self.engine.connect() as connection:
            return await counted(connection, campaign) == await recounted(connection, campaign)


async def proofs(world: AckWorld) -> list[str]:
    return [row.proof for row in await world.rows(acknowledgments)]


def labels(reply: Reply) -> dict[str, str]:
    """Label → action."""
    return {button.label: button.action for row in reply.buttons for button in row}
