"""Acknowledgments by proxy, the tasks of HR, and assemblies."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaigns.assembly import PREFIX, READING, ROTATES, SERVES, Pass, Tokens
from bot.campaigns.campaign import CampaignState
from bot.campaigns.proxies import LONGEST, Asked
from bot.campaigns.tasks import Kind
from bot.model import Reply
from bot.people.profile import Profile
from bot.people.rights import RefusedError, Target
from bot.people.staff import Assignment, Role
from bot.problems import Problem
from bot.storage.campaign_tables import acknowledgments, deliveries, evidence_events, proxy_requests, tasks
from bot.storage.tables import access_log
from tests.unit.ack_world import (
    CLINIC,
    LONG_AGO,
    NOON,
    OFFICE,
    REGENCY,
    ROOT,
    SECRET,
    TEXTS,
    AckWorld,
    labels,
)


@dataclass
class Cast(AckWorld):
    person: int = 0
    campaign_id: int = 0
    admin: int = 0
    head: int = 0
    hr: int = 0
    other_head: int = 0

    async def play(self) -> Cast:
        await self.build()
        self.person = await self.hire(OFFICE, "whatsapp")
        self.admin = await self.hire(role=Role.UNIT_ADMIN)
        self.head = await self.hire(role=Role.UNIT_HEAD)
        self.hr = await self.hire(role=Role.HR)
        self.other_head = await self.hire(CLINIC, role=Role.UNIT_HEAD)
        self.campaign_id = await self.campaign(await self.version(), [self.person])
        return self

    def asked(self, person: int | None = None, reason: str = "tidak punya telepon") -> Asked:
        return Asked(self.campaign_id, person or self.person, reason, "arsip/2026/17.jpg")

    async def request(self) -> int:
        return (await self.proxies.ask(await self.actor(self.admin), self.asked(), REGENCY)).id

    async def decide(self, who: int, request: int, approved: bool = True) -> bool:
        return await self.proxies.decide(await self.actor(who), request, approved=approved)

    def told(self, who: int) -> list[tuple[str, Reply]]:
        """What was written to this person: channel, message."""
        return [(channel, reply) for channel, to, reply in self.post.sent if to == str(who)]

    async def noted(self) -> list[str]:
        return [row.action for row in await self.rows(access_log)]


@pytest.fixture
async def cast(database_url: str) -> AsyncIterator[Cast]:
    made = await Cast(database_url).play()
    yield made
    await made.engine.dispose()


# --- by proxy ---


@pytest.mark.parametrize("second", ["head", "hr"])
async def test_a_second_person_approves_and_the_person_is_told_everywhere(cast: Cast, second: str) -> None:
    assert await cast.decide(getattr(cast, second), await cast.request())
    [row] = await cast.rows(acknowledgments)
    assert (row.person_id, row.proof, row.channel) == (cast.person, "proxy", None)
    assert (await cast.rows(deliveries))[0].acknowledged_at == NOON
    assert await cast.count_is_right(cast.campaign_id)
    assert [event.kind for event in await cast.rows(evidence_events)] == ["proxy"]
    assert [channel for channel, _ in cast.told(cast.person)] == ["telegram", "whatsapp"]
    assert "Atas nama Anda tercatat" in cast.told(cast.person)[0][1].text
    assert {"acknowledging.proxy_asked", "acknowledging.proxy_approved"} <= set(await cast.noted())


async def test_the_reason_stays_out_of_the_evidence(cast: Cast) -> None:
    await cast.decide(cast.head, await cast.request())
    kept = str(await cast.rows(evidence_events))
    assert "telepon" not in kept
    assert "arsip" not in kept


async def test_who_says_that_it_is_wrong_makes_a_task(cast: Cast) -> None:
    await cast.decide(cast.head, await cast.request())
    await cast.press(cast.person, labels(cast.told(cast.person)[0][1])[TEXTS("proxy.button_wrong")])
    assert [row.kind for row in await cast.rows(tasks)] == ["proxy_wrong"]


async def test_refused_it_records_nothing_and_another_can_be_asked_for(cast: Cast) -> None:
    assert not await cast.decide(cast.head, await cast.request(), approved=False)
    assert await cast.rows(acknowledgments) == []
    assert cast.told(cast.person) == []
    [(_, answer)] = cast.told(cast.admin)
    assert answer.text.startswith("Tidak disetujui")
    assert await cast.decide(cast.hr, await cast.request())


async def test_neither_who_asked_nor_the_person_herself_approves(cast: Cast) -> None:
    asked = await cast.proxies.ask(await cast.actor(cast.hr), cast.asked(), REGENCY)
    with pytest.raises(Problem, match=r"proxy\.same_person"):
        await cast.decide(cast.hr, asked.id)
    own = await cast.campaign(await cast.version(), [cast.head])
    about_head = Asked(own, cast.head, "cuti", "arsip/1")
    mine = await cast.proxies.ask(await cast.actor(cast.admin), about_head, REGENCY)
    with pytest.raises(Problem, match=r"proxy\.same_person"):
        await cast.decide(cast.head, mine.id)
    assert await cast.rows(acknowledgments) == []


async def test_rights_reach_no_further_than_the_unit(cast: Cast) -> None:
    for who in (cast.person, cast.head, cast.other_head):
        with pytest.raises(RefusedError):
            await cast.proxies.ask(await cast.actor(who), cast.asked(), REGENCY)
    request = await cast.request()
    for who in (cast.person, cast.admin, cast.other_head):
        with pytest.raises(RefusedError):
            await cast.decide(who, request)
        with pytest.raises(RefusedError):
            await cast.decide(who, 999)
    assert [r.id for r in await cast.proxies.waiting(await cast.actor(cast.head), REGENCY)] == [request]
    assert await cast.proxies.waiting(await cast.actor(cast.other_head), REGENCY) == []
    assert await cast.proxies.waiting(await cast.actor(cast.admin), REGENCY) == []


async def test_two_decisions_at_once_are_one(cast: Cast) -> None:
    request = await cast.request()
    done = await asyncio.gather(
        cast.decide(cast.head, request), cast.decide(cast.hr, request), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Problem", "bool"]
    assert len(await cast.rows(acknowledgments)) == 1


async def test_who_acknowledged_herself_meanwhile_is_not_told_of_a_proxy(cast: Cast) -> None:
    request = await cast.request()
    await cast.press(cast.person, f"k:ack:{cast.campaign_id}")
    assert not await cast.decide(cast.head, request)
    assert [row.proof for row in await cast.rows(acknowledgments)] == ["button"]
    assert cast.told(cast.person) == []
    assert len(cast.told(cast.admin)) == 1


async def test_a_decision_that_comes_after_the_campaign_was_cancelled_changes_nothing(cast: Cast) -> None:
    from sqlalchemy import update

    from bot.storage.campaign_tables import campaigns

    request = await cast.request()
    async with cast.engine.begin() as connection:
        await connection.execute(update(campaigns).values(state=CampaignState.CANCELLED.value))
    with pytest.raises(Problem, match=r"proxy\.nothing_waits"):
        await cast.decide(cast.head, request)
    assert (await cast.rows(proxy_requests))[0].decided_at is None


async def test_only_what_is_waited_for_is_asked_for_and_once(cast: Cast) -> None:
    await cast.request()
    with pytest.raises(Problem, match=r"proxy\.waits_already"):
        await cast.request()
    with pytest.raises(Problem, match=r"proxy\.nothing_waits"):
        await cast.proxies.ask(await cast.actor(cast.admin), cast.asked(cast.head), REGENCY)
    with pytest.raises(Problem, match=r"proxy\.oneself"):
        await cast.proxies.ask(await cast.actor(cast.admin), cast.asked(cast.admin), REGENCY)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * (LONGEST + 1)])
async def test_the_reason_is_said_in_a_few_words(cast: Cast, reason: str) -> None:
    with pytest.raises(Problem, match=r"proxy\.(no|long)_reason"):
        await cast.proxies.ask(await cast.actor(cast.admin), cast.asked(reason=reason), REGENCY)


async def test_who_asked_to_be_left_alone_is_not_written_to(cast: Cast) -> None:
    await cast.profiles.put(Profile("whatsapp", str(cast.person), stopped_at=NOON))
    await cast.decide(cast.head, await cast.request())
    assert [channel for channel, _ in cast.told(cast.person)] == ["telegram"]


# --- tasks ---


async def test_hr_sees_and_closes_tasks_and_nobody_else_does(cast: Cast) -> None:
    await cast.tasks.add(cast.person, cast.campaign_id, Kind.NOT_FOR_ME, NOON)
    root = await cast.staff.unit_target(ROOT)
    for who in (cast.person, cast.admin, cast.head):
        with pytest.raises(RefusedError):
            await cast.task_office.waiting(await cast.actor(who), REGENCY, root)
    hr = await cast.actor(cast.hr)
    [task] = await cast.task_office.waiting(hr, REGENCY, root)
    assert (task.person, task.name, task.kind) == (cast.person, "Pegawai 1", Kind.NOT_FOR_ME)
    for who in (cast.person, cast.admin, cast.head):
        with pytest.raises(RefusedError):
            await cast.task_office.close(await cast.actor(who), task.id)
        with pytest.raises(RefusedError):
            await cast.task_office.close(await cast.actor(who), 999)
    assert await cast.task_office.close(hr, task.id)
    assert not await cast.task_office.close(hr, task.id)
    assert await cast.task_office.waiting(hr, REGENCY, root) == []
    assert {"acknowledging.tasks_listed", "acknowledging.task_closed"} <= set(await cast.noted())


async def test_whom_hr_releases_is_asked_no_more(cast: Cast) -> None:
    await cast.tasks.add(cast.person, cast.campaign_id, Kind.NOT_FOR_ME, NOON)
    await cast.tasks.add(cast.person, cast.campaign_id, Kind.NOT_UNDERSTOOD, NOON)
    hr = await cast.actor(cast.hr)
    mine, other = await cast.rows(tasks)
    with pytest.raises(Problem, match=r"task\.nothing_to_release"):
        await cast.task_office.close(hr, other.id, release=True)
    assert await cast.task_office.close(hr, mine.id, release=True)
    assert not await cast.task_office.close(hr, mine.id, release=True)
    [row] = [row for row in await cast.rows(deliveries) if row.person_id == cast.person]
    assert (row.state, row.reason) == ("withdrawn", "released")
    assert await cast.circulars.waiting(cast.person) == []
    assert await cast.count_is_right(cast.campaign_id)
    assert [row.kind for row in await cast.rows(evidence_events)].count("withdrawn") == 1


async def test_what_was_acknowledged_meanwhile_stays_so(cast: Cast) -> None:
    await cast.tasks.add(cast.person, cast.campaign_id, Kind.NOT_FOR_ME, NOON)
    await cast.press(cast.person, f"k:ack:{cast.campaign_id}")
    [task] = await cast.rows(tasks)
    assert await cast.task_office.close(await cast.actor(cast.hr), task.id, release=True)
    [row] = [row for row in await cast.rows(deliveries) if row.person_id == cast.person]
    assert (row.state, row.acknowledged_at) == ("sent", NOON)


async def test_a_closed_task_can_come_again(cast: Cast) -> None:
    await cast.tasks.add(cast.person, cast.campaign_id, Kind.NOT_UNDERSTOOD, NOON)
    [row] = await cast.rows(tasks)
    await cast.tasks.close(row.id, "person:1", NOON)
    await cast.tasks.add(cast.person, cast.campaign_id, Kind.NOT_UNDERSTOOD, NOON)
    assert len(await cast.rows(tasks)) == 2


# --- the token of an assembly ---

TOKENS = Tokens(SECRET)
PASS = Pass(7, OFFICE, NOON)


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 2**32 - 1))
def test_a_token_says_what_was_written_and_fits_a_link_and_a_button(
    campaign: int, unit: int, since: int
) -> None:
    found = Pass(campaign, unit, since)
    token = TOKENS.written(found)
    assert TOKENS.read(token, since) == found
    assert len(PREFIX + token) <= 64
    assert len(f"k:here:{token}") <= 64


@given(st.integers(0, 47), st.sampled_from("ABCxyz019-_"))
def test_a_changed_token_is_refused(place: int, letter: str) -> None:
    token = TOKENS.written(PASS)
    changed = token[:place] + letter + token[place + 1 :]
    assert (TOKENS.read(changed, NOON) is None) or changed == token


@given(st.text(max_size=60))
def test_noise_is_no_token(noise: str) -> None:
    assert TOKENS.read(noise, NOON) is None


def test_another_installations_token_is_refused_and_a_short_secret_too() -> None:
    assert Tokens(b"t" * 32).read(TOKENS.written(PASS), NOON) is None
    with pytest.raises(ValueError, match="too short"):
        Tokens(b"s" * 31)


@pytest.mark.parametrize(
    ("after", "extra", "good"),
    [
        (0, 0, True),
        (SERVES - 1, 0, True),
        (SERVES, 0, False),
        (SERVES, READING, True),
        (SERVES + READING, READING, False),
        (-ROTATES, 0, True),
        (-ROTATES - 1, 0, False),
    ],
)
def test_a_token_serves_a_quarter_of_an_hour(after: int, extra: int, good: bool) -> None:
    assert (TOKENS.read(TOKENS.written(PASS), NOON + after, extra) is not None) is good


# --- the assembly ---


async def test_those_present_scan_and_acknowledge(cast: Cast) -> None:
    shown = await cast.assembly.show(await cast.actor(cast.head), cast.campaign_id, OFFICE)
    payload = shown.link.partition("?start=")[2]
    [circular] = await cast.say(cast.person, f"/start {payload}")
    assert "Satu." in circular.text
    assert await cast.rows(acknowledgments) == []  # scanning alone says nothing
    [done] = await cast.press(cast.person, labels(circular)["Saya sudah membaca"])
    assert done.text.startswith("Tercatat")
    assert [row.proof for row in await cast.rows(acknowledgments)] == ["assembly"]
    assert "acknowledging.assembly_opened" in await cast.noted()


async def test_a_link_that_was_passed_on_is_soon_refused(cast: Cast) -> None:
    shown = await cast.assembly.show(await cast.actor(cast.hr), cast.campaign_id, ROOT)
    payload = shown.link.partition("?start=")[2]
    [circular] = await cast.say(cast.person, f"/start {payload}")
    cast.now = shown.until
    assert [r.text for r in await cast.say(cast.person, f"/start {payload}")] == [TEXTS("assembly.old")]
    cast.now = shown.until + READING
    [late] = await cast.press(cast.person, labels(circular)["Saya sudah membaca"])
    assert late.text == TEXTS("assembly.old")
    assert await cast.rows(acknowledgments) == []


async def test_the_code_changes_every_few_minutes(cast: Cast) -> None:
    who = await cast.actor(cast.hr)
    first = await cast.assembly.show(who, cast.campaign_id, ROOT)
    cast.now = first.rotates - 1
    assert (await cast.assembly.show(who, cast.campaign_id, ROOT)).token == first.token
    cast.now = first.rotates
    assert (await cast.assembly.show(who, cast.campaign_id, ROOT)).token != first.token


async def test_a_code_is_for_the_people_of_its_unit(cast: Cast) -> None:
    elsewhere = await cast.actor(cast.other_head)
    shown = await cast.assembly.show(elsewhere, cast.campaign_id, CLINIC)
    [reply] = await cast.say(cast.person, f"/start {PREFIX}{shown.token}")
    assert reply.text == TEXTS("assembly.other_unit")


async def test_who_is_present_and_not_asked_yet_is_told_so(cast: Cast) -> None:
    """On leave, say: she is addressed when she is back."""
    other = await cast.hire()
    shown = await cast.assembly.show(await cast.actor(cast.head), cast.campaign_id, OFFICE)
    [page] = await cast.say(other, f"/start {PREFIX}{shown.token}")
    [said] = await cast.press(other, next(iter(labels(page).values())))
    assert "menunggu konfirmasi dari Anda" in said.text
    assert await cast.rows(acknowledgments) == []


async def test_only_within_her_rights_somebody_opens_an_assembly(cast: Cast) -> None:
    for who, unit in ((cast.person, OFFICE), (cast.other_head, OFFICE), (cast.admin, ROOT)):
        with pytest.raises(RefusedError):
            await cast.assembly.show(await cast.actor(who), cast.campaign_id, unit)
    with pytest.raises(Problem, match=r"assembly\.no_campaign"):
        await cast.assembly.show(await cast.actor(cast.hr), 999, ROOT)


async def test_the_code_is_a_picture_that_any_phone_reads(cast: Cast) -> None:
    shown = await cast.assembly.show(await cast.actor(cast.hr), cast.campaign_id, ROOT)
    png = shown.png()
    assert png.startswith(b"\x89PNG")
    assert zlib.crc32(png[12:29]) == int.from_bytes(png[29:33], "big")  # its header is whole
    assert shown.svg().startswith("<svg")


async def test_by_chat_an_admin_gets_the_code_and_an_employee_does_not(cast: Cast) -> None:
    [offer] = await cast.say(cast.admin, "/apel")
    [action] = labels(offer).values()
    [shown] = await cast.press(cast.admin, action)
    assert shown.attachment is not None
    assert shown.attachment.media_type == "image/png"
    assert f"start={PREFIX}" in shown.text
    [refused] = await cast.say(cast.person, "/apel")
    assert refused.text == TEXTS("rights.refused")
    [forged] = await cast.press(cast.person, action)
    assert forged.text == TEXTS("rights.refused")


async def test_what_runs_is_offered_before_what_is_done(cast: Cast) -> None:
    for _ in range(5):
        await cast.campaign(await cast.version(), [cast.person], state=CampaignState.DONE)
    paused = await cast.campaign(await cast.version(), [cast.person], state=CampaignState.PAUSED)
    await cast.campaign(await cast.version(), [cast.person], state=CampaignState.DONE)
    [offer] = await cast.say(cast.admin, "/apel")
    actions = list(labels(offer).values())
    assert actions[0].startswith(f"k:wall:{cast.campaign_id}:")
    assert actions[1].startswith(f"k:wall:{paused}:")
    [following] = await cast.press(cast.admin, labels(offer)[TEXTS("hr.more")])
    assert following.text.count("\n") == 4
    assert TEXTS("hr.more") not in labels(following)


async def test_with_several_units_each_is_named(cast: Cast) -> None:
    held = Assignment(Role.UNIT_ADMIN, CLINIC, LONG_AGO)
    await cast.staff.appoint("test", await cast.entry(cast.admin), held)
    [offer] = await cast.say(cast.admin, "/apel")
    assert offer.text.endswith("Unit 1: Dinas\nUnit 2: Puskesmas")
    assert {action.rpartition(":")[2] for action in labels(offer).values()} == {str(OFFICE), str(CLINIC)}


async def test_a_guest_who_asks_for_the_code_is_told_to_register(cast: Cast) -> None:
    assert [reply.text for reply in await cast.say("guest", "/apel")] == [TEXTS("ack.register")]


async def test_an_operator_learns_that_a_request_is_unknown(cast: Cast) -> None:
    from tests.staff_world import OPERATOR

    with pytest.raises(Problem, match=r"proxy\.unknown"):
        await cast.proxies.decide(OPERATOR, 999, approved=True)
    with pytest.raises(Problem, match=r"task\.unknown"):
        await cast.task_office.close(OPERATOR, 999)
    assert await cast.task_office.waiting(OPERATOR, REGENCY, Target()) == []
