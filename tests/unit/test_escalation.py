"""Who is told of whom: the overdue to superiors, level by level; the unreachable to the admins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bot.campaigns.campaign import Unreachable
from bot.campaigns.carrying import Carrying
from bot.campaigns.digests import Digest, Entry, Kind, page
from bot.campaigns.escalation import Escalation, Posts
from bot.campaigns.recipients import Pending, Recipient
from bot.campaigns.sending import NotReached, NotTried, Outcome, Refused, Sent
from bot.model import Reply
from bot.people.identity import Account
from bot.people.staff import Role, Standing
from bot.storage.campaign_tables import (
    deliveries,
    escalations,
    evidence_events,
    reminders,
    tasks,
    worklists,
)
from bot.storage.escalations import SqlEscalations
from bot.storage.tables import access_log, people, profiles, unreachable
from bot.storage.unreachable import note_lost, word_of
from tests.policy_worlds import at
from tests.unit.reminder_world import FRIDAY, MONDAY, PLAN, TEXTS, THURSDAY, Lane, Office

ANI, BUDI, HEAD, CHIEF, ADMIN = "satu/ani", "satu/budi", "satu/kepala", "satu/bupati", "satu/admin"
HR = "satu/hr"
SECOND = FRIDAY + timedelta(days=3)  # two working days after the due day, a Monday
FIFTH = THURSDAY + timedelta(days=7)
EIGHTH = FIFTH + timedelta(days=5)


class Bureau(Office):
    """A school below an agency (upt) below a service (dinas); all that is sent is in `lane`."""

    async def opened(self) -> Bureau:
        await super().opened()
        for name, unit in ((ANI, "satu/sekolah"), (BUDI, "satu/upt"), (HEAD, "satu/dinas"), (CHIEF, "satu")):
            await self.employ(name, unit)
        await self.give(HEAD, Role.UNIT_HEAD, "satu/dinas")
        await self.give(CHIEF, Role.UNIT_HEAD, "satu")
        return self

    def escalation(self, lane: Lane | None = None) -> Escalation:
        kept = SqlEscalations(self.engine)
        return Escalation(kept, lane or self.lane, lambda _: self.calendar, TEXTS, "id", PLAN, self.clock)

    async def told(self, day: date, clock: str = "09:00") -> list[str]:
        """Makes a pass at that moment; who was told."""
        self.now = at(day, clock)
        self.lane.sent.clear()
        await self.escalation().escalate()
        return self.lane.who

    async def listed(self, day: date, clock: str = "09:00") -> list[str]:
        self.now = at(day, clock)
        self.lane.sent.clear()
        await self.escalation().list_unreachable()
        return self.lane.who

    async def put(self, table: Any, **values: Any) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(insert(table), values)


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Bureau]:
    made = await Bureau(database_url).opened()
    yield made
    await made.engine.dispose()


# --- level by level --------------------------------------------------------------------------


async def test_the_overdue_are_told_of_level_by_level(office: Bureau) -> None:
    await office.campaign(ANI)
    days = [MONDAY + timedelta(days=n) for n in range(30)]
    got = {day: who for day in days for clock in ("08:00", "10:00") if (who := await office.told(day, clock))}
    assert got == {SECOND: ["kepala"], FIFTH: ["bupati"]}
    rows = await office.rows(escalations)
    assert [(row["level"], row["outcome"]) for row in rows] == [(1, "sent"), (2, "sent"), (3, None)]
    assert rows[2]["told_id"] is None  # nobody is above the head of the regency


async def test_who_acknowledges_in_time_is_never_told_of(office: Bureau) -> None:
    campaign = await office.campaign(ANI, BUDI)
    await office.acknowledge(campaign, ANI)
    assert await office.told(SECOND) == ["kepala"]
    [digest] = office.lane.to("kepala")
    assert "budi" in digest.text
    assert "ani" not in digest.text.replace("orang di", "")


@pytest.mark.parametrize(
    ("clock", "told"), [("05:00", []), ("12:30", []), ("15:59", ["kepala"]), ("16:00", []), ("22:00", [])]
)
async def test_superiors_are_told_in_their_working_hours(office: Bureau, clock: str, told: list[str]) -> None:
    await office.campaign(ANI)
    assert await office.told(SECOND, clock) == told


async def test_one_digest_a_day_holds_all_campaigns_and_people(office: Bureau) -> None:
    await office.campaign(ANI, BUDI)
    await office.campaign(ANI)
    assert await office.told(SECOND) == ["kepala"]
    [digest] = office.lane.to("kepala")
    assert digest.text.count("satu/ani (sekolah)") == 2
    assert digest.text.count("satu/budi (upt)") == 1
    assert digest.text.startswith("2 orang")
    await office.campaign(BUDI)
    assert await office.told(SECOND, "14:00") == []
    assert await office.told(SECOND + timedelta(days=1)) == ["kepala"]


async def test_a_plh_stands_in_for_the_head(office: Bureau) -> None:
    await office.employ("satu/plh", "satu/badan")
    span = {"since": SECOND, "until": SECOND + timedelta(days=1)}
    await office.give("satu/plh", Role.UNIT_HEAD, "satu/dinas", standing=Standing.PLH, **span)
    await office.campaign(ANI)
    assert await office.told(SECOND) == ["plh"]


@pytest.mark.parametrize("why", ["vacant", "blocked", "stopped", "no identity", "long leave"])
async def test_where_the_head_is_missing_the_next_level_is_told(office: Bureau, why: str) -> None:
    head = "satu/upt_head"
    if why != "vacant":
        await office.hire(head, "satu/upt")
        await office.give(head, Role.UNIT_HEAD, "satu/upt")
    if why not in ("vacant", "no identity"):
        await office.register(head)
    if why == "blocked":
        await office.put(unreachable, channel="telegram", chat_id="upt_head", reason="blocked", since=1)
    if why == "stopped":
        mine = {"channel": "telegram", "external_id": "upt_head", "created_at": 1, "updated_at": 1}
        await office.put(profiles, **mine, stopped_at=1)
    if why == "long leave":
        await office.leave(head, SECOND, SECOND + timedelta(days=30))
    await office.campaign(BUDI)
    assert await office.told(SECOND) == ["kepala"]


async def test_a_head_who_is_away_for_a_day_is_waited_for(office: Bureau) -> None:
    await office.leave(HEAD, SECOND, SECOND + timedelta(days=1))
    await office.campaign(ANI)
    assert await office.told(SECOND) == []
    assert await office.told(SECOND + timedelta(days=1)) == ["kepala"]


async def test_a_head_who_is_missing_herself_is_reported_to_her_superior(office: Bureau) -> None:
    await office.campaign(HEAD, ANI)
    assert await office.at(THURSDAY) == ["ani", "kepala"]  # told of herself, as everybody
    assert await office.told(SECOND) == ["bupati", "kepala"]
    assert "satu/kepala" in office.lane.to("bupati")[0].text
    assert "satu/kepala" not in office.lane.to("kepala")[0].text


async def test_a_head_sees_nobody_of_another_unit(office: Bureau) -> None:
    await office.employ("satu/lain", "satu/badan")
    await office.employ("satu/kepala_badan", "satu/badan")
    await office.give("satu/kepala_badan", Role.UNIT_HEAD, "satu/badan")
    await office.campaign(ANI, "satu/lain")
    assert await office.told(SECOND) == ["kepala", "kepala_badan"]
    assert "satu/lain" not in office.lane.to("kepala")[0].text
    assert "satu/ani" not in office.lane.to("kepala_badan")[0].text


async def test_where_nobody_holds_any_post_nobody_is_told_and_it_is_noted(office: Bureau) -> None:
    await office.hire("satu/sendiri", "satu/badan", left_on=None)
    await office.register("satu/sendiri")
    async with office.engine.begin() as connection:
        gone = people.c.id.in_([office.person[HEAD], office.person[CHIEF]])
        await connection.execute(update(people).where(gone).values(left_on=MONDAY))
    await office.campaign("satu/sendiri")
    assert await office.told(SECOND) == []
    assert [(row["level"], row["told_id"]) for row in await office.rows(escalations)] == [(1, None)]


async def headless(office: Bureau, *names: str) -> None:
    """These people work where nobody is head, and two people are HR."""
    for name in names:
        await office.employ(name, "satu/badan")
    for name in (HR, "satu/hr2"):
        await office.employ(name, "satu/badan")
        await office.give(name, Role.HR, "satu")
    async with office.engine.begin() as connection:
        chief = people.c.id == office.person[CHIEF]
        await connection.execute(update(people).where(chief).values(left_on=MONDAY))


async def test_where_nobody_is_head_hr_is_told_once(office: Bureau) -> None:
    await headless(office, "satu/sendiri")
    await office.campaign("satu/sendiri", ANI)
    days = [MONDAY + timedelta(days=n) for n in range(30)]
    assert {day: who for day in days if (who := await office.told(day))} == {SECOND: ["hr", "kepala"]}
    rows = await office.rows(escalations)
    mine = [row["told_id"] for row in rows if row["person_id"] == office.person["satu/sendiri"]]
    assert mine == [office.person[HR], None, None]
    assert office.person[HR] not in {row["told_id"] for row in rows if row["person_id"] == office.person[ANI]}


async def test_hr_is_told_of_exactly_those_and_after_the_head_of_the_regency(office: Bureau) -> None:
    await office.employ(HR, "satu/badan")
    await office.give(HR, Role.HR, "satu")
    await office.employ("satu/sendiri", "satu/badan")
    await office.campaign("satu/sendiri", ANI, HEAD)
    assert await office.told(SECOND) == ["bupati", "kepala"]
    assert await office.told(FIFTH) == ["bupati", "hr"]
    [digest] = office.lane.to("hr")
    assert "satu/sendiri" in digest.text
    assert "satu/ani" not in digest.text
    assert "satu/kepala" not in digest.text


async def test_hr_who_is_overdue_where_nobody_is_head_is_not_told_of_herself(office: Bureau) -> None:
    await headless(office)
    await office.campaign(HR)
    assert await office.told(SECOND) == ["hr2"]


async def test_a_head_appointed_later_is_told_at_the_next_level(office: Bureau) -> None:
    await office.campaign(ANI)
    assert await office.told(SECOND) == ["kepala"]
    await office.employ("satu/baru", "satu/upt")
    await office.give("satu/baru", Role.UNIT_HEAD, "satu/upt")
    assert await office.told(FIFTH) == ["bupati"]  # above who knows already
    assert await office.told(EIGHTH) == []


async def test_after_a_pause_the_levels_are_not_told_all_at_once(office: Bureau) -> None:
    await office.campaign(ANI)
    late = EIGHTH + timedelta(days=6)
    assert [await office.told(late + timedelta(days=n)) for n in range(4)] == [["kepala"], [], [], ["bupati"]]


# --- fairness --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "why", ["blocked", "stopped", "no identity", "leave", "open leave", "question", "left"]
)
async def test_who_is_not_disobedient_is_never_reported(office: Bureau, why: str) -> None:
    person = await office.hire("satu/citra", "satu/upt", left_on=FRIDAY if why == "left" else None)
    if why != "no identity":
        await office.register("satu/citra")
    campaign = await office.campaign("satu/citra")
    if why == "blocked":
        await office.put(unreachable, channel="telegram", chat_id="citra", reason="blocked", since=1)
    if why == "stopped":
        mine = {"channel": "telegram", "external_id": "citra", "created_at": 1, "updated_at": 1}
        await office.put(profiles, **mine, stopped_at=1)
    if why in ("leave", "open leave"):
        await office.leave("satu/citra", MONDAY, EIGHTH if why == "leave" else None)
    if why == "question":
        values = {"regency": "satu", "campaign_id": campaign, "person_id": person, "at": 1}
        await office.put(tasks, **values, kind="not_understood")
    assert [await office.told(day) for day in (SECOND, FIFTH, EIGHTH)] == [[], [], []]
    assert await office.rows(escalations) == []


async def test_who_never_got_the_circular_is_not_reported(office: Bureau) -> None:
    await office.campaign(ANI, delivery="failed")
    assert await office.told(SECOND) == []


# --- once, and with evidence -----------------------------------------------------------------


async def test_two_processes_tell_nobody_twice(office: Bureau) -> None:
    await office.campaign(ANI, BUDI)
    await office.campaign(ANI)
    office.now = at(SECOND, "09:00")
    other = Bureau(office.url)
    other.lane, other.now = office.lane, office.now
    await asyncio.gather(*(one.escalation().escalate() for one in (office, other, office)))
    assert office.lane.who == ["kepala"]
    assert len(await office.rows(escalations)) == 3
    await other.engine.dispose()


class _KilledError(BaseException):
    """As if the process had ended there."""


async def test_after_a_crash_before_the_message_nothing_is_sent_again(office: Bureau) -> None:
    await office.campaign(ANI)
    office.lane.fails[0] = _KilledError()
    with pytest.raises(_KilledError):
        await office.told(SECOND)
    office.lane.fails.clear()
    assert await office.told(SECOND, "14:00") == []
    assert [row["outcome"] for row in await office.rows(escalations)] == [None]  # nobody knows
    assert await office.told(FIFTH) == ["bupati"]


async def test_telling_leaves_evidence_and_a_trace_of_who_saw_names(office: Bureau) -> None:
    campaign = await office.campaign(ANI)
    await office.told(SECOND)
    [event] = await office.rows(evidence_events)
    assert (event["kind"], event["campaign_id"]) == ("escalated", campaign)
    assert event["subject"] == f'{{"details":{{"level":1}},"person":{office.person[ANI]}}}'
    seen = [row for row in await office.rows(access_log) if row["action"] == "escalated"]
    assert [(row["actor"], row["unit_id"], row["count"]) for row in seen] == [
        (f"person:{office.person[HEAD]}", office.unit["satu/dinas"], 1)
    ]


# --- what did not go out ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_digest_that_was_not_sent_is_tried_again_the_same_day(office: Bureau, kind: Kind) -> None:
    await office.employ(ADMIN, "satu/dinas")
    await office.give(ADMIN, Role.UNIT_ADMIN, "satu/dinas")
    await office.hire("satu/tanpa", "satu/sekolah")
    campaign = await office.campaign(ANI)
    await office.deliver(campaign, "satu/tanpa", 1, "unreachable")
    office.lane.fails[0] = NotTried()
    tell = office.told if kind is Kind.OVERDUE else office.listed
    assert len(await tell(SECOND)) == 1
    for table in (escalations, worklists, evidence_events):
        assert await office.rows(table) == []
    assert not [row for row in await office.rows(access_log) if row["action"] in ("escalated", "worklist")]
    office.lane.fails.clear()
    assert len(await tell(SECOND, "10:00")) == 1
    assert await tell(SECOND, "11:00") == []


async def test_a_digest_that_a_channel_refuses_is_no_evidence_and_not_tried_all_day(office: Bureau) -> None:
    await office.campaign(ANI)
    office.lane.fails[0] = Refused("x")
    assert await office.told(SECOND) == ["kepala"]
    assert await office.told(SECOND, "10:00") == []
    assert await office.rows(evidence_events) == []


class Road:
    """The lane of a channel that does not reach some accounts. Keeps `Sender`."""

    halted = 0.0

    def __init__(self, dead: dict[str, Unreachable]) -> None:
        self.dead = dead
        self.sent: list[str] = []

    @asynccontextmanager
    async def use(self) -> AsyncIterator[str]:
        yield "1"

    async def try_turn(self) -> bool:
        return True

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        self.sent.append(external_id)
        why = self.dead.get(external_id)
        return NotReached(why) if why else Sent("1")


class Posted(Lane):
    """Sends as the bot does."""

    def __init__(self, office: Bureau, road: Any) -> None:
        super().__init__()
        self._carrying = Carrying({"telegram": road}, road, office.clock, self._lost)
        self._engine = office.engine

    async def send(self, account: Account, reply: Reply, until: datetime) -> Outcome:
        self.sent.append((account.external_id, reply))
        return await self._carrying.send(account, reply, until)

    async def _lost(self, account: Account, why: Unreachable) -> None:
        async with self._engine.begin() as connection:
            await note_lost(connection, account.channel, {account.external_id: word_of(why)}, 1)


async def test_who_turns_out_to_be_unreachable_is_work_for_the_admin_and_reported_to_nobody(
    office: Bureau,
) -> None:
    await office.employ(ADMIN, "satu/upt")
    await office.give(ADMIN, Role.UNIT_ADMIN, "satu/upt")
    await office.campaign(BUDI)
    office.lane = Posted(office, Road({"budi": Unreachable.DEACTIVATED}))
    assert await office.at(MONDAY) == ["budi"]
    assert await office.listed(MONDAY) == ["admin"]
    days = [MONDAY + timedelta(days=n) for n in range(1, 20)]
    assert not [day for day in days if await office.at(day) or await office.told(day)]
    assert [row["outcome"] for row in await office.rows(reminders)] == ["unreachable"]
    assert await office.rows(evidence_events) == []
    assert [row["reason"] for row in await office.rows(unreachable)] == ["deactivated"]


async def test_a_head_whom_nothing_reaches_uses_up_no_level(office: Bureau) -> None:
    await office.campaign(ANI)
    office.lane = Posted(office, Road({"kepala": Unreachable.BLOCKED}))
    assert await office.told(SECOND) == ["kepala"]
    assert await office.rows(escalations) == []
    assert await office.told(SECOND, "10:00") == ["bupati"]
    [row] = await office.rows(escalations)
    assert (row["level"], row["told_id"], row["outcome"]) == (1, office.person[CHIEF], "sent")


async def test_a_clock_that_was_weeks_ahead_keeps_no_digest_back(office: Bureau) -> None:
    await office.campaign(ANI)
    assert await office.told(SECOND + timedelta(days=28)) == ["kepala"]
    await office.campaign(ANI)
    assert await office.told(SECOND) == ["kepala"]


# --- the unreachable -------------------------------------------------------------------------


async def test_the_unreachable_are_a_worklist_of_their_admin_and_of_nobody_else(office: Bureau) -> None:
    await office.employ(ADMIN, "satu/dinas")
    await office.give(ADMIN, Role.UNIT_ADMIN, "satu/dinas")
    await office.hire("satu/tanpa", "satu/sekolah")
    await office.employ("satu/tutup", "satu/sekolah")
    await office.put(unreachable, channel="telegram", chat_id="tutup", reason="blocked", since=1)
    campaign = await office.campaign(ANI, "satu/tutup")
    moment = int(at(MONDAY, "08:00").timestamp())
    await office.deliver(campaign, "satu/tanpa", moment, "unreachable")
    assert await office.listed(SECOND) == ["admin"]
    [work] = office.lane.to("admin")
    assert "satu/tanpa (sekolah): belum terdaftar" in work.text
    assert "satu/tutup (sekolah): chat tidak bisa dikirimi" in work.text
    assert "satu/ani" not in work.text
    assert await office.listed(SECOND + timedelta(days=1)) == []  # once a campaign
    assert await office.told(SECOND) == ["kepala"]
    [digest] = office.lane.to("kepala")
    assert "satu/tanpa" not in digest.text
    assert "satu/tutup" not in digest.text
    assert {row["outcome"] for row in await office.rows(worklists)} == {"sent"}


async def test_without_an_admin_the_list_waits_for_one(office: Bureau) -> None:
    await office.hire("satu/tanpa", "satu/sekolah")
    campaign = await office.campaign()
    await office.deliver(campaign, "satu/tanpa", int(at(MONDAY, "08:00").timestamp()), "unreachable")
    assert await office.listed(SECOND) == []
    await office.employ(ADMIN, "satu/dinas")
    await office.give(ADMIN, Role.UNIT_ADMIN, "satu/dinas")
    assert await office.listed(SECOND, "20:00") == []
    assert await office.listed(SECOND, "10:00") == ["admin"]


@pytest.mark.parametrize("why", ["nobody", "of another unit", "no identity", "blocked", "long leave"])
async def test_where_no_admin_can_be_told_hr_gets_the_list_once(office: Bureau, why: str) -> None:
    for name in (HR, "satu/hr2"):
        await office.employ(name, "satu/badan")
        await office.give(name, Role.HR, "satu")
    if why != "nobody":
        unit = "satu/badan" if why == "of another unit" else "satu/dinas"
        await (office.hire if why == "no identity" else office.employ)(ADMIN, unit)
        await office.give(ADMIN, Role.UNIT_ADMIN, unit)
    if why == "blocked":
        await office.put(unreachable, channel="telegram", chat_id="admin", reason="blocked", since=1)
    if why == "long leave":
        await office.leave(ADMIN, SECOND, SECOND + timedelta(days=30))
    await office.hire("satu/tanpa", "satu/sekolah")
    campaign = await office.campaign(ANI)
    await office.deliver(campaign, "satu/tanpa", int(at(MONDAY, "08:00").timestamp()), "unreachable")
    assert await office.listed(SECOND, "20:00") == []
    assert await office.listed(SECOND) == ["hr"]  # one of them is enough
    assert "satu/tanpa (sekolah): belum terdaftar" in office.lane.to("hr")[0].text
    assert await office.listed(SECOND + timedelta(days=1)) == []  # once a campaign


async def test_where_an_admin_stands_between_hr_gets_no_list(office: Bureau) -> None:
    for name, role, unit in ((HR, Role.HR, "satu"), (ADMIN, Role.UNIT_ADMIN, "satu/dinas")):
        await office.employ(name, "satu/badan")
        await office.give(name, role, unit)
    await office.leave(ADMIN, SECOND, SECOND + timedelta(days=1))  # back soon: waited for
    await office.hire("satu/tanpa", "satu/sekolah")
    campaign = await office.campaign()
    await office.deliver(campaign, "satu/tanpa", int(at(MONDAY, "08:00").timestamp()), "unreachable")
    assert await office.listed(SECOND) == []
    assert await office.listed(SECOND + timedelta(days=1)) == ["admin"]


async def test_who_is_not_addressed_any_more_is_on_no_list(office: Bureau) -> None:
    await office.employ(ADMIN, "satu/dinas")
    await office.give(ADMIN, Role.UNIT_ADMIN, "satu/dinas")
    await office.hire("satu/tanpa", "satu/sekolah")
    campaign = await office.campaign()
    await office.deliver(campaign, "satu/tanpa", 1, "withdrawn")
    assert await office.listed(SECOND) == []
    async with office.engine.begin() as connection:
        await connection.execute(update(deliveries).values(state="unreachable", acknowledged_at=5))
    assert await office.listed(SECOND) == []  # her proxy has acknowledged


# --- the page --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("count", [1, 10, 300])
def test_a_digest_fits_a_phone_and_names_everybody(language: str, kind: Kind, count: int) -> None:
    moments = at(MONDAY, "16:00"), at(MONDAY, "08:00")
    long: dict[str, Any] = {"why": Unreachable.NO_IDENTITY, "unit_name": "Unit " * 30}
    entries = tuple(
        Entry(
            Recipient(n, f"Nama{n} " + "Panjang " * 20, 1, (1,), **long),
            Pending(n % 4, "Perihal " * 40, "800." * 40, *moments),
            1,
            moments[0],
        )
        for n in range(count)
    )
    told = Recipient(10**6, "Kepala", 1, (1,))
    reply = page(Digest(kind, told, entries, moments[0]), TEXTS[language])
    assert len(reply.text) <= 1024
    whole = reply.text + (reply.attachment.content.decode() if reply.attachment else "")
    assert all(f"Nama{n} " in whole for n in range(count))
    assert count == 1 or reply.attachment is not None


def test_without_posts_there_is_no_chain() -> None:
    assert Posts(MONDAY, {}).chain(Recipient(1, "Ani", 1, (1, 2))) == ()
