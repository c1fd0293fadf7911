"""Acknowledging for somebody else in a chat: who is chosen, what is typed, who decides, who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time

import pytest
from sqlalchemy import delete, insert, update

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.hr_chat import HrChat
from bot.campaigns.proxies import LONGEST, Asked, Party, ProxyOffice
from bot.campaigns.proxy_chat import MOST, PATIENCE, ProxyChat
from bot.campaigns.reporting import Reporting
from bot.campaigns.steering import Steering
from bot.model import Incoming, Reply, Sender
from bot.people.profile import Profile
from bot.people.rights import Actor
from bot.people.staff import Assignment, Role
from bot.people.visit import Visit
from bot.problems import Problem
from bot.rendering.dates import date_of
from bot.storage.campaign_tables import acknowledgments, campaigns, proxy_requests, tasks
from bot.storage.campaigns import SqlCampaigns
from bot.storage.proxies import CALLED, SqlProxies, forget
from bot.storage.reports import SqlReports
from bot.storage.tables import absences, access_log, identities, people
from tests.policy_worlds import calendar
from tests.staff_world import LONG_AGO, OPERATOR
from tests.unit.ack_world import CLINIC, NOON, OFFICE, REGENCY, TEXTS, ZONE, AckWorld, labels

REASON, REFERENCE = "dirawat di rumah sakit", "map Tata Usaha nomor 17"
LEAVE, UP = TEXTS("proxy.button_leave"), TEXTS("hr.up")
BUTTON = TEXTS("proxy.button_waiting")


@dataclass
class Cast(AckWorld):
    """A person of the office who cannot acknowledge; those around her."""

    person: int = 0
    number: int = 0
    admin: int = 0
    head: int = 0
    hr: int = 0
    other_admin: int = 0
    other_head: int = 0

    async def play(self) -> Cast:
        await self.build()
        self.person = await self.hire(OFFICE)
        self.admin = await self.hire(role=Role.UNIT_ADMIN)
        self.head = await self.hire(role=Role.UNIT_HEAD)
        self.hr = await self.hire(role=Role.HR)
        self.other_admin = await self.hire(CLINIC, role=Role.UNIT_ADMIN)
        self.other_head = await self.hire(CLINIC, role=Role.UNIT_HEAD)
        self.number = await self.campaign(await self.version(), [self.person])
        clock = lambda: self.now  # noqa: E731
        today = self.identity.today
        reporting = Reporting(SqlReports(self.engine, clock), today, lambda _: ZONE)
        steering = Steering(reporting, SqlCampaigns(self.engine, clock))
        self.proxy_chat = ProxyChat(self.proxies, self.circulars, lambda _: ZONE, clock)
        self.hr_chat = HrChat(reporting, steering, self.task_office, lambda _: ZONE, self.proxy_chat)
        return self

    async def visit(self, who: int) -> Visit:
        member = await self.staff.member(who, self.identity.today(REGENCY))
        return Visit(Incoming(Sender("telegram", str(who)), str(who), ""), None, member, TEXTS)

    async def tap(self, who: int, action: str) -> Reply:
        found = await self.hr_chat.press(await self.visit(who), action)
        assert found is not None
        return fits(found)

    async def type(self, who: int, text: str) -> Reply | None:
        found = await self.hr_chat.say(await self.visit(who), text)
        return fits(found) if found else None

    async def typed(self, who: int, text: str) -> Reply:
        found = await self.type(who, text)
        assert found is not None
        return found

    @property
    def choose(self) -> str:
        return f"h:pa:{self.number}:{self.person}"

    async def drafted(self, who: int) -> Reply:
        """What she sees before it is sent."""
        await self.tap(who, self.choose)
        await self.typed(who, REASON)
        return await self.typed(who, REFERENCE)

    async def requested(self, who: int | None = None) -> int:
        who = who or self.admin
        sent = await self.tap(who, labels(await self.drafted(who))[TEXTS("proxy.button_send")])
        assert sent.text == TEXTS("proxy.sent")
        return int((await self.rows(proxy_requests))[-1].id)

    def told(self, who: int) -> list[str]:
        return [reply.text for _, to, reply in self.post.sent if to == str(who)]

    async def noted(self) -> list[str]:
        return [row.action for row in await self.rows(access_log)]


def fits(reply: Reply) -> Reply:
    """A screen, every channel, and nobody's whole number."""
    assert len(reply.text) <= 1024
    assert len(reply.text.splitlines()) <= 20
    assert "0" * 9 not in reply.text
    for button in (button for row in reply.buttons for button in row):
        assert len(button.label) <= 20
        assert len(button.action.encode()) <= 64
    return reply


@pytest.fixture
async def cast(database_url: str) -> AsyncIterator[Cast]:
    made = await Cast(database_url).play()
    yield made
    await made.engine.dispose()


# --- asking ---


@pytest.mark.parametrize("asker", ["admin", "hr"])
async def test_from_the_list_of_those_missing_to_the_request(cast: Cast, asker: str) -> None:
    who = getattr(cast, asker)
    listed = await cast.tap(who, f"h:m:{cast.number}:{OFFICE}:0")
    choice = await cast.tap(who, labels(listed)[TEXTS("proxy.button_choose")])
    assert "1. Pegawai 1 · " in choice.text
    why = await cast.tap(who, labels(choice)["1. Pegawai 1"])
    assert "Pegawai 1" in why.text
    where = await cast.typed(who, f"  {REASON}\n")
    assert where.text == TEXTS("proxy.ask_reference")
    check = await cast.typed(who, REFERENCE)
    assert all(said in check.text for said in ("Pegawai 1", "800/1/2026", REASON, REFERENCE))
    assert await cast.rows(proxy_requests) == []
    sent = await cast.tap(who, labels(check)[TEXTS("proxy.button_send")])
    assert sent.text == TEXTS("proxy.sent")
    [row] = await cast.rows(proxy_requests)
    assert (row.person_id, row.campaign_id, row.reason, row.reference, row.requested_by) == (
        cast.person,
        cast.number,
        REASON,
        REFERENCE,
        f"person:{who}",
    )
    assert await cast.rows(acknowledgments) == []


async def test_the_unreachable_can_be_chosen_too(cast: Cast) -> None:
    person = await cast.hire()
    other = await cast.campaign(await cast.version(), [person], sent=DeliveryState.UNREACHABLE)
    listed = await cast.tap(cast.admin, f"h:x:{other}:{OFFICE}:0")
    choice = await cast.tap(cast.admin, labels(listed)[TEXTS("proxy.button_choose")])
    assert f"h:pa:{other}:{person}" in labels(choice).values()
    assert labels(choice)[UP] == f"h:x:{other}:{OFFICE}:0"


async def test_people_are_chosen_page_by_page(cast: Cast) -> None:
    crowd = [await cast.hire() for _ in range(10)]
    number = await cast.campaign(await cast.version(), crowd)
    chosen: list[str] = []
    action: str | None = f"h:pm:{number}:{OFFICE}:0"
    while action:
        shown = labels(await cast.tap(cast.hr, action))
        chosen += [one for one in shown.values() if one.startswith("h:pa:")]
        action = shown.get(TEXTS("hr.more"))
    assert sorted(chosen) == sorted(f"h:pa:{number}:{person}" for person in crowd)


async def test_who_may_not_ask_has_no_button_and_cannot_by_a_made_up_one(cast: Cast) -> None:
    listed = await cast.tap(cast.head, f"h:m:{cast.number}:{OFFICE}:0")
    assert TEXTS("proxy.button_choose") not in labels(listed)
    choice = await cast.tap(cast.head, f"h:pm:{cast.number}:{OFFICE}:0")
    assert cast.choose not in labels(choice).values()
    for who in (cast.person, cast.head, cast.other_admin, cast.other_head):
        for action in (cast.choose, f"h:pa:999:{cast.person}", f"h:pa:{cast.number}:999"):
            assert (await cast.tap(who, action)).text == TEXTS("rights.refused")
        assert await cast.type(who, REASON) is None
    for kind in ("pm", "px"):
        refused = await cast.tap(cast.other_admin, f"h:{kind}:{cast.number}:{OFFICE}:0")
        assert refused.text == TEXTS("rights.refused")


async def test_nobody_asks_for_herself(cast: Cast) -> None:
    own = await cast.campaign(await cast.version(), [cast.admin])
    assert (await cast.tap(cast.admin, f"h:pa:{own}:{cast.admin}")).text == TEXTS("proxy.oneself")


async def test_what_is_not_waited_for_is_not_asked_for(cast: Cast) -> None:
    await cast.requested()
    assert (await cast.tap(cast.hr, cast.choose)).text == TEXTS("proxy.waits_already")
    await cast.press(cast.person, f"k:ack:{cast.number}")
    assert (await cast.tap(cast.hr, cast.choose)).text == TEXTS("proxy.nothing_waits")
    [other] = [await cast.tap(cast.hr, f"h:pa:{cast.number}:{cast.head}")]
    assert other.text == TEXTS("rights.refused")


async def test_two_who_draft_at_once_make_one_request(cast: Cast) -> None:
    send = TEXTS("proxy.button_send")
    first, second = await cast.drafted(cast.admin), await cast.drafted(cast.hr)
    assert (await cast.tap(cast.admin, labels(first)[send])).text == TEXTS("proxy.sent")
    assert (await cast.tap(cast.hr, labels(second)[send])).text == TEXTS("proxy.waits_already")
    assert len(await cast.rows(proxy_requests)) == 1


@pytest.mark.parametrize("text", ["", " \n ", "x" * (LONGEST + 1)])
async def test_too_little_or_too_much_is_asked_for_again(cast: Cast, text: str) -> None:
    await cast.tap(cast.admin, cast.choose)
    again = await cast.typed(cast.admin, text)
    assert again.text in {TEXTS("proxy.no_reason"), TEXTS("proxy.long_reason", most=LONGEST)}
    await cast.typed(cast.admin, "x" * LONGEST)
    again = await cast.typed(cast.admin, text)
    assert again.text in {TEXTS("proxy.no_reference"), TEXTS("proxy.long_reference", most=LONGEST)}
    check = await cast.typed(cast.admin, "y" * LONGEST)
    assert TEXTS("proxy.button_send") in labels(check)


async def test_a_step_is_left_by_its_button_by_another_page_or_by_a_question(cast: Cast) -> None:
    asked = await cast.tap(cast.admin, cast.choose)
    left = await cast.tap(cast.admin, labels(asked)[LEAVE])
    assert left.text == TEXTS("proxy.left")
    assert await cast.type(cast.admin, REASON) is None
    await cast.tap(cast.admin, cast.choose)
    await cast.tap(cast.admin, "h:l:0")
    assert await cast.type(cast.admin, REASON) is None
    await cast.tap(cast.admin, cast.choose)
    assert await cast.type(cast.admin, "boleh live sekarang?") is None
    assert await cast.type(cast.admin, REASON) is None
    await cast.tap(cast.admin, cast.choose)
    cast.hr_chat.forget("telegram", str(cast.admin))
    assert await cast.type(cast.admin, REASON) is None
    assert await cast.rows(proxy_requests) == []


OWN = ["sudah baca", "boleh live sekarang", "kapan boleh live", "apa sanksinya"]


@pytest.mark.parametrize("text", OWN)
async def test_what_can_only_be_meant_for_itself_is_no_reason(cast: Cast, text: str) -> None:
    async def said(words: str) -> Reply | None:
        found = await cast.hr_chat.say(await cast.visit(cast.admin), words, cast.chat.is_own)
        return fits(found) if found else None

    await cast.tap(cast.admin, cast.choose)
    assert await said(text) is None
    assert await said(REASON) is None
    await cast.tap(cast.admin, cast.choose)
    assert await said(REASON) is not None
    assert await said(text) is None
    assert await said(REFERENCE) is None


REASONS = [
    REASON,
    "HP rusak, tidak bisa buka Telegram",
    "akun telegramnya hilang",
    "sudah membaca dan menandatangani edaran tercetak",
    "tidak boleh membawa HP di ruang operasi",
    "surat edaran nomor 3 di map arsip",
]


@pytest.mark.parametrize("text", REASONS)
async def test_a_reason_is_one(cast: Cast, text: str) -> None:
    await cast.tap(cast.admin, cast.choose)
    reply = await cast.hr_chat.say(await cast.visit(cast.admin), text, cast.chat.is_own)
    assert reply is not None
    assert reply.text == TEXTS("proxy.ask_reference")


async def test_what_is_typed_after_the_summary_is_no_part_of_it(cast: Cast) -> None:
    check = await cast.drafted(cast.admin)
    assert await cast.type(cast.admin, "sudah saya baca") is None
    await cast.tap(cast.admin, labels(check)[TEXTS("proxy.button_send")])
    assert (await cast.rows(proxy_requests))[0].reference == REFERENCE


async def test_it_can_be_written_again(cast: Cast) -> None:
    check = await cast.drafted(cast.admin)
    await cast.tap(cast.admin, labels(check)[TEXTS("proxy.button_change")])
    await cast.typed(cast.admin, "tidak punya telepon")
    again = await cast.typed(cast.admin, REFERENCE)
    assert REASON not in again.text


@pytest.mark.parametrize("how", ["restart", "late"])
async def test_words_that_are_gone_are_not_sent(cast: Cast, how: str) -> None:
    check = await cast.drafted(cast.admin)
    send = labels(check)[TEXTS("proxy.button_send")]
    if how == "restart":
        cast.proxy_chat._drafts.clear()
    if how == "late":
        cast.now += PATIENCE + 1
    gone = await cast.tap(cast.admin, send)
    assert gone.text == TEXTS("proxy.gone")
    assert not await cast.rows(proxy_requests)


async def test_a_second_tap_on_send_says_that_it_waits_already(cast: Cast) -> None:
    check = await cast.drafted(cast.admin)
    send = labels(check)[TEXTS("proxy.button_send")]
    await cast.tap(cast.admin, send)
    again = await cast.tap(cast.admin, send)
    assert again.text != TEXTS("proxy.gone")
    assert len(await cast.rows(proxy_requests)) == 1


async def test_what_was_written_of_one_is_not_sent_for_another(cast: Cast) -> None:
    await cast.drafted(cast.admin)
    await cast.tap(cast.admin, f"h:ps:{cast.number}:{cast.hr}")
    assert not await cast.rows(proxy_requests)


@pytest.mark.parametrize("word", ["batal", "Batal.", "tidak jadi"])
async def test_batal_leaves_the_request(cast: Cast, word: str) -> None:
    await cast.tap(cast.admin, cast.choose)
    left = await cast.typed(cast.admin, word)
    assert left.text == TEXTS("proxy.left")
    assert not cast.proxy_chat._drafts


async def test_a_step_does_not_wait_for_ever(cast: Cast) -> None:
    await cast.tap(cast.admin, cast.choose)
    cast.now += PATIENCE + 1
    assert await cast.type(cast.admin, REASON) is None


async def test_not_more_people_than_fit_wait_in_memory(cast: Cast) -> None:
    await cast.tap(cast.admin, cast.choose)
    [draft] = cast.proxy_chat._drafts.values()
    for number in range(MOST):
        cast.proxy_chat._drafts["telegram", f"x{number}"] = draft
    await cast.tap(cast.hr, cast.choose)
    assert len(cast.proxy_chat._drafts) == MOST
    assert await cast.type(cast.admin, REASON) is None
    assert await cast.type(cast.hr, REASON) is not None


async def test_what_one_types_is_not_anothers(cast: Cast) -> None:
    await cast.tap(cast.admin, cast.choose)
    assert await cast.type(cast.hr, REASON) is None


# --- deciding ---


@pytest.mark.parametrize("second", ["head", "hr"])
@pytest.mark.parametrize("approved", [True, False])
async def test_a_second_person_finds_it_reads_it_and_decides(cast: Cast, second: str, approved: bool) -> None:
    request = await cast.requested()
    who = getattr(cast, second)
    top = fits(await cast.hr_chat.open(await cast.visit(who)))
    waiting = await cast.tap(who, labels(top)[TEXTS("proxy.button_waiting")])
    assert "Pegawai 1" in waiting.text
    shown = await cast.tap(who, labels(waiting)[TEXTS("proxy.button_look", request=request)])
    assert all(said in shown.text for said in ("Pegawai 1", REASON, REFERENCE, "Pegawai 2"))
    button = TEXTS("proxy.button_approve" if approved else "proxy.button_refuse")
    done = await cast.tap(who, labels(shown)[button])
    key = "proxy.done_approved" if approved else "proxy.done_refused"
    assert done.text == TEXTS(key, **({"name": "Pegawai 1"} if approved else {}))
    assert [row.proof for row in await cast.rows(acknowledgments)] == (["proxy"] if approved else [])
    assert len(cast.told(cast.person)) == approved
    [answer] = cast.told(cast.admin)
    assert answer.startswith("Disetujui" if approved else "Tidak disetujui")
    assert "Pegawai 1" in answer
    assert await cast.count_is_right(cast.number)
    assert {"acknowledging.proxies_listed", "acknowledging.proxy_seen"} <= set(await cast.noted())


async def test_who_asked_and_the_person_herself_do_not_decide(cast: Cast) -> None:
    mine = await cast.requested(cast.hr)
    shown = await cast.tap(cast.hr, f"h:pd:{mine}")
    assert TEXTS("proxy.button_approve") not in labels(shown)
    assert (await cast.tap(cast.hr, f"h:py:{mine}")).text == TEXTS("proxy.same_person")
    empty = await cast.tap(cast.hr, "h:pw:0")
    assert empty.text == TEXTS("proxy.none_waiting")
    own = await cast.campaign(await cast.version(), [cast.head])
    await cast.tap(cast.admin, f"h:pa:{own}:{cast.head}")
    await cast.typed(cast.admin, REASON)
    check = await cast.typed(cast.admin, REFERENCE)
    await cast.tap(cast.admin, labels(check)[TEXTS("proxy.button_send")])
    about_head = (await cast.rows(proxy_requests))[-1].id
    assert (await cast.tap(cast.head, f"h:py:{about_head}")).text == TEXTS("proxy.same_person")
    assert await cast.rows(acknowledgments) == []


async def test_who_asked_in_the_chat_does_not_approve_at_a_machine(cast: Cast) -> None:
    mine = await cast.requested(cast.hr)
    actor = await cast.actor(cast.hr)
    disguised = Actor(f"operator:root as {actor.name}", actor.person, actor.assignments)
    with pytest.raises(Problem, match=r"proxy\.same_person"):
        await cast.proxies.decide(disguised, mine, approved=True)
    assert await cast.proxies.waiting(disguised, REGENCY) == []


async def test_others_see_nothing_of_a_request(cast: Cast) -> None:
    request = await cast.requested()
    for who in (cast.person, cast.admin, cast.other_admin, cast.other_head):
        for action in (f"h:pd:{request}", f"h:py:{request}", f"h:pn:{request}", "h:pd:999", "h:py:999"):
            assert (await cast.tap(who, action)).text == TEXTS("rights.refused")
    top = await cast.hr_chat.open(await cast.visit(cast.admin))
    assert TEXTS("proxy.button_waiting") not in labels(top)
    assert (await cast.tap(cast.other_head, "h:pw:0")).text == TEXTS("proxy.none_waiting")
    assert await cast.rows(acknowledgments) == []


async def test_a_head_finds_hers_behind_many_of_others(cast: Cast) -> None:
    crowd = [await cast.hire(CLINIC) for _ in range(60)]
    number = await cast.campaign(await cast.version(), crowd, unit=CLINIC)
    kept: dict[str, object] = {"campaign_id": number, "reason": "x", "reference": "y"}
    kept |= {"requested_by": "person:1", "requested_at": NOON}
    async with cast.engine.begin() as connection:
        for person in crowd:
            await connection.execute(insert(proxy_requests), kept | {"person_id": person})
    request = await cast.requested()
    assert f"h:pd:{request}" in labels(await cast.tap(cast.head, "h:pw:0")).values()
    seen: list[str] = []
    action: str | None = "h:pw:0"
    while action:
        shown = labels(await cast.tap(cast.other_head, action))
        seen += [one for one in shown.values() if one.startswith("h:pd:")]
        action = shown.get(TEXTS("hr.more"))
    assert len(seen) == len(set(seen)) == 60


async def test_a_second_decision_comes_too_late(cast: Cast) -> None:
    request = await cast.requested()
    await cast.tap(cast.head, f"h:pn:{request}")
    for action in (f"h:py:{request}", f"h:pd:{request}"):
        assert "sudah diputuskan" in (await cast.tap(cast.hr, action)).text
    assert await cast.rows(acknowledgments) == []


async def test_who_acknowledged_herself_meanwhile_counts_with_that(cast: Cast) -> None:
    request = await cast.requested()
    await cast.press(cast.person, f"k:ack:{cast.number}")
    done = await cast.tap(cast.head, f"h:py:{request}")
    assert done.text == TEXTS("proxy.done_already", name="Pegawai 1")
    assert cast.told(cast.person) == []
    [told] = cast.told(cast.admin)
    start = TEXTS("proxy.already_for", name="Pegawai 1", circular="|").split("|")[0]
    assert told.startswith(start)


async def test_who_asked_is_told_so_too_where_it_was_decided_at_a_machine(cast: Cast) -> None:
    request = await cast.requested()
    await cast.press(cast.person, f"k:ack:{cast.number}")
    await away_from_channels(cast, request)
    assert await cast.proxies.tell() == 1
    assert "sudah mengonfirmasi sendiri" in cast.told(cast.admin)[0]


async def test_who_asked_is_told_what_was_recorded(cast: Cast) -> None:
    await cast.tap(cast.head, f"h:py:{await cast.requested()}")
    assert cast.told(cast.admin)[0].startswith("Disetujui")


# --- telling ---


async def away_from_channels(cast: Cast, request: int, approved: bool = True) -> None:
    """Decided where nothing can be sent."""
    clock = lambda: cast.now  # noqa: E731
    machine = ProxyOffice(SqlProxies(cast.engine), cast.staff, None, cast.identity.today, clock)
    await machine.decide(await cast.actor(cast.head), request, approved=approved)


async def test_what_was_decided_at_a_machine_is_told_once_by_whoever_serves_channels(cast: Cast) -> None:
    await away_from_channels(cast, await cast.requested())
    assert cast.post.sent == []
    assert await cast.proxies.tell() == 2
    assert len(cast.told(cast.person)) == len(cast.told(cast.admin)) == 1
    assert await cast.proxies.tell() == 0
    assert len(cast.post.sent) == 2


async def test_a_refusal_is_told_to_who_asked_only(cast: Cast) -> None:
    await away_from_channels(cast, await cast.requested(), approved=False)
    assert await cast.proxies.tell() == 1
    assert cast.told(cast.person) == []
    assert len(cast.told(cast.admin)) == 1


async def test_who_has_no_account_yet_is_told_when_she_has(cast: Cast) -> None:
    async with cast.engine.begin() as connection:
        await connection.execute(delete(identities).where(identities.c.person_id == cast.person))
    await cast.tap(cast.head, f"h:py:{await cast.requested()}")
    assert await cast.proxies.tell() == 0
    assert cast.told(cast.person) == []
    account = {"channel": "telegram", "external_id": "new", "person_id": cast.person, "linked_at": 0}
    async with cast.engine.begin() as connection:
        await connection.execute(insert(identities).values(account | {"how": "code"}))
    assert await cast.proxies.tell() == 1
    assert len(cast.told(cast.admin)) == 1
    assert [to for _, to, _ in cast.post.sent][-1] == "new"


async def test_who_asked_to_be_left_alone_is_told_once_she_is_back(cast: Cast) -> None:
    await cast.profiles.put(Profile("telegram", str(cast.person), stopped_at=NOON))
    await cast.tap(cast.head, f"h:py:{await cast.requested()}")
    assert await cast.proxies.tell() == 0
    await cast.profiles.delete("telegram", str(cast.person))
    assert await cast.proxies.tell() == 1
    assert len(cast.told(cast.person)) == 1


async def test_of_two_processes_one_tells(cast: Cast) -> None:
    request = await cast.requested()
    await away_from_channels(cast, request)
    kept = SqlProxies(cast.engine)
    assert await kept.told(request, Party.PERSON, NOON)
    assert not await kept.told(request, Party.PERSON, NOON)
    assert await cast.proxies.tell() == 1


async def test_an_operators_request_leaves_nobody_to_answer(cast: Cast) -> None:
    asked = Asked(cast.number, cast.person, REASON, REFERENCE)
    request = await cast.proxies.ask(OPERATOR, asked, REGENCY)
    shown = await cast.tap(cast.hr, f"h:pd:{request.id}")
    assert TEXTS("proxy.by_operator") in shown.text
    await cast.tap(cast.hr, f"h:py:{request.id}")
    assert await cast.proxies.tell() == 0
    assert len(cast.post.sent) == 1


# --- that requests wait ---

CALL = TEXTS("proxy.call", count=1)
WEEKEND, NIGHT = date(2026, 11, 28), time(20, 0)


def working(cast: Cast, day: date = date(2026, 11, 24), clock: time = time(9, 0)) -> None:
    """It is that moment, and one knows when people work."""
    cast.calendars[REGENCY] = calendar()
    cast.now = datetime.combine(day, clock, ZONE).timestamp()


async def test_the_head_is_told_once_a_day_how_many_requests_wait_and_no_names(cast: Cast) -> None:
    await cast.requested()
    working(cast)
    assert await cast.proxies.tell() == 1
    assert await cast.proxies.tell() == 0
    [(channel, to, reply)] = cast.post.sent
    assert (channel, to, reply.text) == ("telegram", str(cast.head), CALL)
    [row] = [row for row in await cast.rows(access_log) if row.action == CALLED]
    assert (row.person_id, row._mapping["count"]) == (cast.head, 1)
    assert TEXTS("proxy.waiting_title") in (await cast.tap(cast.head, labels(reply)[BUTTON])).text
    working(cast, date(2026, 11, 25))
    assert await cast.proxies.tell() == 1
    assert cast.told(cast.head) == [CALL, CALL]


@pytest.mark.parametrize(("day", "clock"), [(WEEKEND, time(9, 0)), (date(2026, 11, 24), NIGHT)])
async def test_nobody_is_called_outside_her_working_hours(cast: Cast, day: date, clock: time) -> None:
    await cast.requested()
    working(cast, day, clock)
    assert await cast.proxies.tell() == 0
    assert cast.post.sent == []


async def test_what_is_decided_calls_nobody(cast: Cast) -> None:
    await away_from_channels(cast, await cast.requested(), approved=False)
    working(cast)
    assert await cast.proxies.tell() == 1  # who asked, of the decision
    assert cast.told(cast.head) == cast.told(cast.hr) == []


@pytest.mark.parametrize("why", ["away", "unreached", "asked herself"])
async def test_hr_is_told_where_the_head_cannot_decide(cast: Cast, why: str) -> None:
    if why == "asked herself":
        held = Assignment(Role.UNIT_ADMIN, OFFICE, LONG_AGO)
        await cast.staff.appoint("test", await cast.entry(cast.head), held)
    await cast.requested(cast.head if why == "asked herself" else None)
    async with cast.engine.begin() as connection:
        if why == "away":
            leave = {"person_id": cast.head, "kind": "cuti", "since": date(2026, 11, 20), "until": None}
            await connection.execute(insert(absences), leave)
        if why == "unreached":
            await connection.execute(delete(identities).where(identities.c.person_id == cast.head))
    working(cast)
    assert await cast.proxies.tell() == 1
    assert cast.told(cast.hr) == [CALL]
    assert cast.told(cast.head) == []


async def test_of_two_processes_one_calls(cast: Cast) -> None:
    kept = SqlProxies(cast.engine)
    both = [kept.call(REGENCY, cast.head, 1, NOON, NOON + 5) for _ in range(2)]
    assert sorted(await asyncio.gather(*both)) == [False, True]


async def test_hr_is_told_once_a_day_how_many_tasks_wait_and_since_when(cast: Cast) -> None:
    await asked_of_hr(cast, date(2026, 11, 20))
    working(cast, clock=NIGHT)
    assert await cast.proxies.tell() == 0
    working(cast)
    assert [await cast.proxies.tell() for _ in range(2)] == [1, 0]
    [(_, to, reply)] = cast.post.sent
    assert (to, reply.text) == (str(cast.hr), waiting_since(date(2026, 11, 20)))
    assert TEXTS("hr.tasks_title") in (await cast.tap(cast.hr, labels(reply)[TEXTS("hr.tasks")])).text
    working(cast, date(2026, 11, 25))
    assert await cast.proxies.tell() == 1
    async with cast.engine.begin() as connection:
        await connection.execute(update(tasks).values(closed_at=1))
    working(cast, date(2026, 11, 26))
    assert await cast.proxies.tell() == 0


async def test_requests_and_tasks_come_in_one_message(cast: Cast) -> None:
    await cast.requested()
    await asked_of_hr(cast, date(2026, 11, 20))
    async with cast.engine.begin() as connection:
        await connection.execute(delete(identities).where(identities.c.person_id == cast.head))
    working(cast)
    assert await cast.proxies.tell() == 1
    [(_, to, reply)] = cast.post.sent
    assert (to, reply.text) == (str(cast.hr), f"{CALL}\n\n{waiting_since(date(2026, 11, 20))}")
    assert {TEXTS("hr.tasks"), BUTTON} <= set(labels(reply))


async def asked_of_hr(cast: Cast, day: date) -> None:
    """Somebody of the office has said that day that she does not understand the circular."""
    moment = int(datetime.combine(day, time(9, 0), ZONE).timestamp())
    values = {"regency": REGENCY, "campaign_id": cast.number, "person_id": cast.person, "at": moment}
    async with cast.engine.begin() as connection:
        await connection.execute(insert(tasks), values | {"kind": "not_understood"})


def waiting_since(day: date) -> str:
    return TEXTS("hr.tasks_wait", count=1, day=date_of(day, TEXTS))


async def test_who_may_decide_sees_in_hr_how_many_wait(cast: Cast) -> None:
    await cast.requested()
    for who, sees in ((cast.head, True), (cast.hr, True), (cast.admin, False), (cast.other_head, False)):
        shown = await cast.hr_chat.open(await cast.visit(who))
        assert (CALL in shown.text) == sees


# --- around ---


async def test_reasons_go_when_a_person_is_forgotten(cast: Cast) -> None:
    await cast.requested()
    async with cast.engine.begin() as connection:
        await forget(connection, cast.person)
    [row] = await cast.rows(proxy_requests)
    assert (row.reason, row.reference) == ("", "")


@pytest.mark.parametrize(
    "action", ["h:pa:1", "h:ps:x:1", "h:pc:1:2:3", "h:pw", "h:py:x", "h:pm:1", "h:pa:1:" + "9" * 40]
)
async def test_a_button_of_another_version_is_said_to_be_old(cast: Cast, action: str) -> None:
    shown = await cast.tap(cast.admin, action)
    assert shown.text in {TEXTS("hint.stale_button"), TEXTS("proxy.left")}


async def test_nothing_is_chosen_in_a_campaign_that_takes_nothing(cast: Cast) -> None:
    async with cast.engine.begin() as connection:
        await connection.execute(update(campaigns).values(state="cancelled"))
    listed = await cast.tap(cast.admin, f"h:m:{cast.number}:{OFFICE}:0")
    assert TEXTS("proxy.button_choose") not in labels(listed)
    assert (await cast.tap(cast.admin, cast.choose)).text == TEXTS("proxy.nothing_waits")
    assert (await cast.tap(cast.other_admin, cast.choose)).text == TEXTS("rights.refused")


async def test_where_nobody_is_left_to_choose_it_is_said(cast: Cast) -> None:
    await cast.press(cast.person, f"k:ack:{cast.number}")
    choice = await cast.tap(cast.admin, f"h:px:{cast.number}:{OFFICE}:0")
    assert choice.text == TEXTS("proxy.nobody_left")
    assert list(labels(choice)) == [UP]


async def test_what_waits_shows_the_end_of_the_number(cast: Cast) -> None:
    await cast.requested()
    [number] = [row.number for row in await cast.rows(people) if row.id == cast.person]
    assert f"Pegawai 1 ·{number[-4:]} (" in (await cast.tap(cast.head, "h:pw:0")).text


async def test_long_names_still_fit(cast: Cast) -> None:
    async with cast.engine.begin() as connection:
        await connection.execute(update(people).values(name="Nama yang panjang sekali " * 8))
    await cast.tap(cast.admin, f"h:pm:{cast.number}:{OFFICE}:0")
    await cast.tap(cast.admin, cast.choose)
    await cast.typed(cast.admin, "x" * LONGEST)
    check = await cast.typed(cast.admin, "y" * LONGEST)
    await cast.tap(cast.admin, labels(check)[TEXTS("proxy.button_send")])
    waiting = await cast.tap(cast.head, "h:pw:0")
    await cast.tap(cast.head, next(iter(labels(waiting).values())))
