"""Who is reminded, when and how often; what the message says; what a crash leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from bot.campaigns import reminders as module
from bot.campaigns.campaign import Unreachable
from bot.campaigns.recipients import Pending, Recipient, Timetable
from bot.campaigns.reminders import Notice, chosen, page
from bot.campaigns.reminding import Own, Plan, stage_day
from bot.campaigns.sending import Halted, NotReached, NotTried, Refused, Uncertain
from bot.model import Absence
from bot.people.identity import Account
from bot.storage.campaign_tables import (
    acknowledgments,
    campaigns,
    deliveries,
    evidence_events,
    reminders,
    tasks,
)
from bot.storage.reminders import SqlReminders
from bot.storage.tables import absences, people, profiles, units, unreachable
from tests.policy_worlds import HOLIDAY, at, calendar
from tests.unit.reminder_world import FRIDAY, MONDAY, PLAN, TEXTS, THURSDAY, Lane, Office, ramadan, seconds

ANI, BUDI = "satu/ani", "satu/budi"
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
LATER = MONDAY + timedelta(days=60)


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    made = Office(database_url)
    yield made
    await made.engine.dispose()


# --- when ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "clock", "reminded"),
    [
        (MONDAY - timedelta(days=3), "09:00", False),  # a Friday: four working days before
        (MONDAY, "05:00", False),
        (MONDAY, "08:00", True),
        (MONDAY, "12:30", False),  # the break
        (MONDAY, "15:59", True),
        (MONDAY, "16:00", False),
        (MONDAY, "23:00", False),
        (WEDNESDAY, "10:00", True),
        (THURSDAY, "10:00", True),
        (FRIDAY, "10:00", True),
        (FRIDAY + timedelta(days=1), "10:00", False),  # a Saturday
    ],
)
async def test_people_are_reminded_on_their_stage_and_at_work(
    office: Office, day: date, clock: str, reminded: bool
) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    assert await office.at(day, clock) == (["ani"] if reminded else [])


async def test_each_stage_is_sent_once(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    days = [MONDAY + timedelta(days=n) for n in range(14)]
    got = [day for day in days for clock in ("08:00", "10:00", "15:00") if await office.at(day, clock)]
    assert got == [MONDAY, WEDNESDAY, THURSDAY, FRIDAY, MONDAY + timedelta(days=8)]


async def test_a_holiday_is_no_day_to_remind_on(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI, due=HOLIDAY, sent=HOLIDAY - timedelta(days=20))
    assert await office.at(HOLIDAY, "10:00") == []
    assert await office.at(HOLIDAY - timedelta(days=1), "10:00") == ["ani"]


async def test_nobody_on_leave_is_reminded_and_her_deadline_moves(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.leave(ANI, MONDAY, FRIDAY)
    await office.campaign(ANI)
    assert [await office.at(MONDAY + timedelta(days=n)) for n in range(4)] == [[]] * 4
    assert await office.at(FRIDAY) == ["ani"]
    assert "Batas: Rab" in office.lane.to("ani")[0].text  # four working days later


async def test_somebody_whose_leave_has_no_end_is_left_alone(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.leave(ANI, MONDAY, None)
    await office.campaign(ANI)
    assert [await office.at(MONDAY + timedelta(days=n)) for n in range(10)] == [[]] * 10


async def test_shift_staff_are_reminded_in_the_hours_of_the_office(office: Office) -> None:
    await office.opened()
    await office.employ(ANI, pattern="shift")
    await office.campaign(ANI)
    assert await office.at(MONDAY, "20:00") == []
    assert await office.at(MONDAY, "10:00") == ["ani"]


async def test_the_pattern_of_the_unit_above_counts(office: Office) -> None:
    """And one that the regency does not have any more is as none."""
    await office.opened()
    await office.employ(ANI, "satu/sekolah")
    async with office.engine.begin() as connection:
        above = update(units).where(units.c.id == office.unit["satu/dinas"])
        await connection.execute(above.values(pattern="lama"))
    await office.campaign(ANI)
    assert await office.at(MONDAY, "10:00") == ["ani"]


@pytest.mark.parametrize(
    ("clock", "reminded"), [("07:00", False), ("08:00", True), ("14:59", True), ("15:00", False)]
)
async def test_while_the_hours_of_ramadan_are_not_known_a_cautious_span_counts(
    office: Office, clock: str, reminded: bool
) -> None:
    await office.opened()
    office.calendar = ramadan(MONDAY, LATER)
    await office.employ(ANI)
    await office.campaign(ANI)
    assert await office.at(MONDAY, clock) == (["ani"] if reminded else [])


async def test_nobody_is_reminded_on_the_day_on_which_the_circular_came(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI, sent=WEDNESDAY)
    assert await office.at(WEDNESDAY, "10:00") == []
    assert await office.at(THURSDAY, "10:00") == ["ani"]


async def test_who_joined_later_has_a_deadline_of_her_own(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    async with office.engine.begin() as connection:
        await connection.execute(update(deliveries).values(due_at=seconds(LATER, "16:00")))
    assert await office.at(THURSDAY) == []
    assert await office.at(stage_day(Own(calendar()), LATER, -3) or LATER) == ["ani"]


# --- who -------------------------------------------------------------------------------------


async def _set(office: Office, table: Any, **values: Any) -> None:
    async with office.engine.begin() as connection:
        await connection.execute(update(table).values(values))


async def _put(office: Office, table: Any, **values: Any) -> None:
    async with office.engine.begin() as connection:
        await connection.execute(insert(table), values)


@pytest.mark.parametrize("state", ["draft", "tested", "approved", "paused", "cancelled"])
async def test_only_campaigns_that_run_or_are_done_remind(office: Office, state: str) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI, state=state)
    assert await office.at(MONDAY) == []
    await _set(office, campaigns, state="done")
    assert await office.at(MONDAY) == ["ani"]


@pytest.mark.parametrize("state", ["queued", "sending", "failed", "unreachable", "withdrawn"])
async def test_who_has_not_got_the_circular_is_not_reminded_of_it(office: Office, state: str) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI, delivery=state)
    assert await office.at(MONDAY) == []


async def test_who_has_acknowledged_is_not_reminded(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.employ(BUDI)
    campaign = await office.campaign(ANI, BUDI)
    await office.acknowledge(campaign, ANI)
    assert await office.at(MONDAY) == ["budi"]


async def test_an_acknowledgment_counts_for_the_version_wherever_it_was_given(office: Office) -> None:
    await office.opened()
    person = await office.employ(ANI)
    campaign = await office.campaign(ANI)
    values = {"version_id": 1, "person_id": person, "campaign_id": campaign, "at": 1, "proof": "words"}
    await _put(office, acknowledgments, **values)
    assert await office.at(MONDAY) == []
    await _set(office, acknowledgments, undone_at=2)
    assert await office.at(MONDAY) == ["ani"]


async def test_who_waits_for_an_answer_of_hr_is_not_reminded(office: Office) -> None:
    await office.opened()
    person = await office.employ(ANI)
    campaign = await office.campaign(ANI)
    values = {"regency": "satu", "campaign_id": campaign, "person_id": person, "kind": "not_for_me", "at": 1}
    await _put(office, tasks, **values)
    assert await office.at(MONDAY) == []
    await _set(office, tasks, closed_at=2)
    assert await office.at(MONDAY) == ["ani"]


@pytest.mark.parametrize("reason", ["no identity", "stopped", "blocked", "other channel", "left"])
async def test_who_cannot_or_will_not_be_written_to_is_not_reminded(office: Office, reason: str) -> None:
    await office.opened()
    await office.hire(ANI, "satu/dinas", left_on=MONDAY if reason == "left" else None)
    if reason != "no identity":
        await office.register(ANI, "whatsapp" if reason == "other channel" else "telegram")
    mine = {"channel": "telegram", "external_id": "ani"}
    if reason == "stopped":
        await _put(office, profiles, **mine, stopped_at=1, created_at=1, updated_at=1)
    if reason == "blocked":
        await _put(office, unreachable, channel="telegram", chat_id="ani", reason="blocked", since=1)
    await office.campaign(ANI)
    assert await office.at(MONDAY) == []
    assert await office.rows(reminders) == []


async def test_only_people_of_whom_a_stage_may_have_come_are_looked_at(office: Office) -> None:
    await office.opened()
    for name in (ANI, BUDI):
        await office.employ(name)
    await office.campaign(ANI)
    await office.campaign(BUDI, due=LATER)
    office.now = at(MONDAY, "09:00")
    first, second = await office.reminders().remind(), await office.reminders().remind()
    assert (first.looked_at, second.looked_at) == (1, 0)
    office.now = at(TUESDAY, "09:00")
    assert (await office.reminders().remind()).looked_at == 0


# --- one message -----------------------------------------------------------------------------


async def test_what_is_due_in_several_campaigns_comes_in_one_message(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    late = await office.campaign(ANI, due=FRIDAY - timedelta(days=14))
    soon = await office.campaign(ANI)
    assert await office.at(MONDAY) == ["ani"]
    [reply] = office.lane.to("ani")
    assert [row[0].action for row in reply.buttons] == [f"k:ack:{late}", f"k:ack:{soon}"]
    assert reply.text.index("SE 1/2026") < reply.text.index("SE 2/2026")
    assert await office.at(MONDAY, "14:00") == []


async def test_what_does_not_fit_is_counted_and_named_another_day(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    made = [await office.campaign(ANI, due=MONDAY + timedelta(days=n % 3)) for n in range(7)]
    assert await office.at(MONDAY) == ["ani"]
    [first] = office.lane.to("ani")
    assert len(first.buttons) == 5
    assert "dan 2 lagi" in first.text
    assert {row["campaign_id"] for row in await office.rows(reminders)} < set(made)
    assert await office.at(TUESDAY) == ["ani"]
    assert {row["campaign_id"] for row in await office.rows(reminders)} == set(made)


async def test_a_second_campaign_of_the_same_day_waits_until_tomorrow(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    assert await office.at(MONDAY, "08:00") == ["ani"]
    await office.campaign(ANI, due=TUESDAY)
    assert await office.at(MONDAY, "10:00") == []
    assert await office.at(TUESDAY, "10:00") == ["ani"]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_a_message_fits_a_phone_and_its_buttons_every_channel(language: str, count: int) -> None:
    subject, number = "Perihal yang panjang sekali " * 20, "800.1.6.2/" * 20
    moments = at(MONDAY, "16:00"), at(MONDAY, "08:00")
    long = [Pending(10**12 + n, subject, number, *moments) for n in range(count)]
    who = Recipient(1, "Ani", 1, (1,), account=Account("telegram", "1"))
    notice = Notice(who, tuple((pending, 0) for pending in long[:5]), max(count - 5, 0), at(MONDAY, "16:00"))
    reply = page(notice, Timetable(calendar(), PLAN, at(MONDAY, "09:00")), TEXTS[language])
    assert len(reply.text) <= 1024
    assert all(len(row) == 1 and len(row[0].label) <= 20 for row in reply.buttons)
    assert all(len(row[0].action.encode()) <= 64 for row in reply.buttons)


# --- once ------------------------------------------------------------------------------------


async def test_two_processes_remind_nobody_twice(office: Office) -> None:
    await office.opened()
    names = [f"satu/p{n}" for n in range(30)]
    for name in names:
        await office.employ(name)
    await office.campaign(*names)
    await office.campaign(*names)
    other = Office(office.url)
    other.lane, other.now = office.lane, office.now
    await asyncio.gather(*(one.reminders().remind() for one in (office, other, office)))
    assert office.lane.who == sorted(name.split("/")[1] for name in names)
    assert len(await office.rows(reminders)) == 60
    await other.engine.dispose()


class _KilledError(BaseException):
    """As if the process had ended there."""


async def test_after_a_crash_between_the_row_and_the_message_nothing_is_sent_again(office: Office) -> None:
    await office.opened()
    for name in (ANI, BUDI):
        await office.employ(name)
    campaign = await office.campaign(ANI, BUDI)
    office.lane.fails[0] = _KilledError()
    office.now = at(MONDAY, "09:00")
    with pytest.raises(_KilledError):
        await office.reminders().remind()
    office.lane.fails.clear()
    assert await office.at(MONDAY, "10:00") == []
    kept = SqlReminders(office.engine)
    assert await kept.unsettled(campaign, seconds(MONDAY, "11:00")) == 2  # nobody knows
    assert await kept.unsettled(campaign, seconds(MONDAY, "08:00")) == 0
    assert await office.at(WEDNESDAY) == ["ani", "budi"]


@pytest.mark.parametrize(
    ("fate", "word"),
    [
        (None, "sent"),
        (Uncertain(), "uncertain"),
        (Refused("x"), "failed"),
        (NotReached(Unreachable.BLOCKED), "unreachable"),
        (NotTried(), "not_sent"),
        (RuntimeError("x"), "uncertain"),
    ],
)
async def test_what_became_of_a_message_is_noted_and_stops_no_other(
    office: Office, fate: Any, word: str
) -> None:
    await office.opened()
    for name in (ANI, BUDI):
        await office.employ(name)
    await office.campaign(ANI, BUDI)
    office.lane.fails[0] = fate
    office.now = at(MONDAY, "09:00")
    done = await office.reminders().remind()
    assert done.outcomes == Counter([word, "sent"])
    kept = [word, "sent"] if word != "not_sent" else ["sent"]
    assert sorted(row["outcome"] for row in await office.rows(reminders)) == sorted(kept)
    events = [event["kind"] for event in await office.rows(evidence_events)]
    assert events == ["reminded"] * (2 if word in ("sent", "uncertain") else 1)
    assert await office.at(MONDAY, "14:00") == ([office.lane.who[0]] if word == "not_sent" else [])


async def test_a_reminder_is_written_before_the_message_goes_and_its_evidence_after(office: Office) -> None:
    await office.opened()
    person = await office.employ(ANI)
    campaign = await office.campaign(ANI)
    seen: list[tuple[Any, ...]] = []

    async def look() -> None:
        rows, events = await office.rows(reminders), await office.rows(evidence_events)
        seen.append((rows[0]["offset"], rows[0]["outcome"], len(events)))

    office.lane.before = look
    await office.at(MONDAY)
    assert seen == [(-3, None, 0)]
    [event] = await office.rows(evidence_events)
    assert (event["kind"], event["campaign_id"], event["person_id"]) == ("reminded", campaign, person)
    assert "ani" not in event["entry"]
    assert event["subject"] == f'{{"details":{{"stage":-3}},"person":{person}}}'


async def test_people_come_page_by_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: what is written ahead of the messages is never more than a page."""
    monkeypatch.setattr(module, "PAGE", 3)
    await office.opened()
    names = [f"satu/p{n}" for n in range(10)]
    for name in names:
        await office.employ(name)
    await office.campaign(*names)
    ahead: list[int] = []

    async def look() -> None:
        ahead.append(len(await office.rows(reminders)) - len(office.lane.sent))

    office.lane.before = look
    assert len(await office.at(MONDAY)) == 10
    assert max(ahead) <= 3


async def test_when_working_time_ends_during_a_pass_it_stops(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 1)
    await office.opened()
    for name in (ANI, BUDI):
        await office.employ(name)
    await office.campaign(ANI, BUDI)

    async def slow() -> None:
        office.now = at(MONDAY, "16:00")

    office.lane.before = slow
    assert await office.at(MONDAY, "15:59") == ["ani"]
    office.lane.before = None
    assert await office.at(TUESDAY) == ["budi"]


async def test_without_stages_nobody_is_reminded(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    office.now = at(MONDAY, "09:00")
    assert (await office.reminders(plan=Plan(offsets=())).remind()).looked_at == 0


async def test_one_campaign_alone_can_be_reminded_of(office: Office) -> None:
    await office.opened()
    for name in (ANI, BUDI):
        await office.employ(name)
    await office.campaign(ANI)
    second = await office.campaign(BUDI)
    office.now = at(MONDAY, "09:00")
    await office.reminders().remind(second)
    assert office.lane.who == ["budi"]


# --- what was not sent, and deadlines that move ------------------------------------------------


async def test_what_was_not_sent_is_tried_again_the_same_day(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    office.lane.fails[0] = NotTried()
    assert await office.at(THURSDAY, "09:00") == ["ani"]
    assert await office.rows(reminders) == await office.rows(evidence_events) == []
    office.lane.fails.clear()
    assert await office.at(THURSDAY, "13:30") == ["ani"]
    assert await office.at(THURSDAY, "14:00") == []
    [row] = await office.rows(reminders)
    assert (row["offset"], row["day"], row["outcome"]) == (0, THURSDAY, "sent")
    assert len(await office.rows(evidence_events)) == 1


async def test_while_nobody_knows_whether_it_was_sent_a_second_process_sends_nothing(office: Office) -> None:
    """Also where it turns out not to have been: then the next pass tries."""
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    other = Office(office.url)
    other.now = at(MONDAY, "09:00")
    met: list[int] = []

    async def meanwhile() -> None:
        met.append((await other.reminders(Lane()).remind()).messages)

    office.lane.before, office.lane.fails = meanwhile, {0: NotTried()}
    await office.at(MONDAY)
    await other.engine.dispose()
    assert met == [0]
    office.lane.before, office.lane.fails = None, {}
    assert await office.at(MONDAY, "10:00") == ["ani"]


async def test_leave_registered_afterwards_moves_the_reminders_too(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI, due=MONDAY)
    assert await office.at(MONDAY) == await office.at(TUESDAY) == ["ani"]  # 0 and +1
    await office.leave(ANI, MONDAY - timedelta(days=10), MONDAY)  # six of her working days
    days = [MONDAY + timedelta(days=n) for n in range(2, 24)]
    due = MONDAY + timedelta(days=8)
    assert [day for day in days if await office.at(day)] == [
        THURSDAY,
        due - timedelta(days=1),
        due,
        due + timedelta(days=1),
        due + timedelta(days=3),
    ]
    assert len(await office.rows(reminders)) == 5
    assert len(await office.rows(evidence_events)) == 7


async def test_who_is_addressed_again_is_reminded_again(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI)
    for n in range(9):
        await office.at(MONDAY + timedelta(days=n))
    due = MONDAY + timedelta(days=35)
    again = {"due_at": seconds(due, "16:00"), "sent_at": seconds(MONDAY + timedelta(days=14), "09:00")}
    await _set(office, deliveries, **again)
    days = [MONDAY + timedelta(days=n) for n in range(15, 45)]
    reminded = [day for day in days if await office.at(day)]
    assert reminded == [stage_day(Own(calendar()), due, offset) for offset in PLAN.offsets]


async def test_a_clock_that_was_weeks_ahead_silences_nobody(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    due = MONDAY + timedelta(days=21)
    await office.campaign(ANI, due=due)
    assert await office.at(MONDAY + timedelta(days=28)) == ["ani"]
    days = [MONDAY + timedelta(days=n) for n in range(1, 27)]
    reminded = [day for day in days if await office.at(day)]
    assert reminded == [stage_day(Own(calendar()), due, offset) for offset in PLAN.offsets]


async def test_a_clock_put_back_by_a_day_brings_no_second_message(office: Office) -> None:
    await office.opened()
    await office.employ(ANI)
    await office.campaign(ANI, due=FRIDAY)
    assert await office.at(THURSDAY, "09:00") == ["ani"]
    await office.campaign(ANI, due=FRIDAY)
    assert await office.at(WEDNESDAY, "10:00") == []
    assert await office.at(THURSDAY, "10:00") == []
    assert await office.at(FRIDAY, "09:00") == ["ani"]


# --- properties ------------------------------------------------------------------------------

DAYS = st.integers(0, 40)
LEAVES = st.lists(st.tuples(DAYS, st.integers(1, 12)), max_size=3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(5, 35), st.integers(0, 12)), min_size=1, max_size=8),
    LEAVES,
    st.sampled_from(("kantor", "shift", "unknown", None)),
    st.lists(st.tuples(DAYS, st.integers(0, 23), st.sampled_from((0, 30, 59))), min_size=20, max_size=80),
)
def test_no_message_ever_goes_out_outside_her_working_time_nor_two_a_day(
    circulars: list[tuple[int, int]],
    leaves: list[tuple[int, int]],
    pattern: str | None,
    moments: list[tuple[int, int, int]],
) -> None:
    """Over a month with a holiday, passes at any hour: whatever is chosen is in time, one a day, no stage
    twice, and never for somebody who is away."""
    start = HOLIDAY - timedelta(days=15)
    away = tuple(Absence("cuti", start + timedelta(days=a), start + timedelta(days=a + n)) for a, n in leaves)
    who = Recipient(1, "Ani", 1, (1,), pattern, away, Account("telegram", "1"))
    done: dict[int, set[int]] = {n: set() for n in range(len(circulars))}
    days: set[date] = set()
    for day, hour, minute in sorted(moments):
        now = at(start + timedelta(days=day), f"{hour}:{minute}")
        if now.date() in days:
            continue
        pending = [_pending(n, start, *one, done[n]) for n, one in enumerate(circulars)]
        notice = chosen(who, pending, Timetable(calendar(), PLAN, now))
        if notice is None:
            continue
        days.add(now.date())
        _check(notice, now, away)
        for one, stage in notice.stages:
            assert stage not in done[one.campaign]
            done[one.campaign].add(stage)


def _pending(number: int, start: date, due: int, sent: int, done: set[int]) -> Pending:
    moments = at(start + timedelta(days=due), "16:00"), at(start + timedelta(days=sent), "09:00")
    return Pending(number, "x", None, *moments, frozenset(done))


def _check(notice: Notice, now: datetime, away: tuple[Absence, ...]) -> None:
    assert now < notice.until <= at(now.date(), "16:00")
    assert "08:00" <= f"{now:%H:%M}" < "16:00"
    assert not "12:00" <= f"{now:%H:%M}" < "13:00"
    assert now.weekday() < 5
    assert now.date() != HOLIDAY
    assert not any(a.start <= now.date() and (a.end is None or now.date() < a.end) for a in away)
    assert all(one.sent.date() < now.date() for one, _ in notice.stages)


async def test_everybody_can_be_found_whom_the_pure_rules_would_remind(office: Office) -> None:
    """The query that narrows down whom to look at leaves nobody out."""
    await office.opened()
    names = [f"satu/q{n}" for n in range(24)]
    for n, name in enumerate(names):
        await office.employ(name, pattern=(None, "shift")[n % 2])
        if n % 3 == 0:
            await office.leave(
                name, MONDAY + timedelta(days=n % 5), MONDAY + timedelta(days=n % 5 + n % 4 + 1)
            )
        await office.campaign(name, due=MONDAY + timedelta(days=n))
    for day in (MONDAY + timedelta(days=n) for n in range(0, 30, 3)):
        expected = await _by_the_rules(office, day)
        assert await office.at(day, "10:00") == expected


async def _by_the_rules(office: Office, day: date) -> list[str]:
    times = Timetable(calendar(), PLAN, at(day, "10:00"))
    sent = at(MONDAY - timedelta(days=14), "09:00")
    done = {(row["campaign_id"], row["offset"]) for row in await office.rows(reminders)}
    away = await office.rows(absences)
    found = []
    for n, row in enumerate(await office.rows(people)):
        leaves = tuple(Absence("cuti", a["since"], a["until"]) for a in away if a["person_id"] == row["id"])
        who = Recipient(row["id"], "", 1, (1,), row["pattern"], leaves, Account("telegram", "1"))
        over = frozenset(offset for campaign, offset in done if campaign == n + 1)
        due = at(MONDAY + timedelta(days=n), "16:00")
        if chosen(who, [Pending(n + 1, "", None, due, sent, over)], times) is not None:
            found.append(row["name"].split("/")[1])
    return sorted(found)


async def test_what_one_channel_refuses_is_not_offered_to_it_all_day(office: Office) -> None:
    """Though the other one has no money left, say."""
    await office.opened()
    await office.employ(ANI)
    await office.register(ANI, "whatsapp")
    office.lane.channels = frozenset({"telegram", "whatsapp"})
    await office.campaign(ANI)
    office.now = at(MONDAY, "09:00")
    office.lane.fails = {0: Refused("x"), 1: Halted("budget")}
    assert (await office.reminders().remind()).outcomes == Counter(["failed"])
    office.lane.fails = {}
    assert await office.at(MONDAY, "14:00") == []
