"""What a campaign has reached: sums over the tree, who is missing, how long reading takes, who may see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.deadlines import Away, Deadlines
from bot.campaigns.recipients import Pending, Recipient, Timetable
from bot.campaigns.reminding import Plan
from bot.campaigns.reporting import Reporting, View
from bot.campaigns.reports import CELLS, Group, Pace, Tally, group_of, rank, states_of, summed, tops, tree
from bot.model import Absence
from bot.people.rights import Action, Actor, RefusedError
from bot.people.staff import Assignment, Role, Unit
from bot.problems import Problem
from bot.storage.campaign_tables import deliveries, delivery_counts
from bot.storage.reports import SqlReports
from bot.storage.tables import absences, access_log, people
from tests.campaign_rows import DAY, campaign, deliver, version
from tests.policy_worlds import calendar
from tests.staff_world import LONG_AGO, NOW, OPERATOR, TODAY, World

ZONE = ZoneInfo("Asia/Jakarta")
UNREACHABLE, FAILED = DeliveryState.UNREACHABLE, DeliveryState.FAILED
UNCERTAIN, WITHDRAWN = DeliveryState.UNCERTAIN, DeliveryState.WITHDRAWN
QUEUED = DeliveryState.QUEUED

STAFF: dict[str, dict[str, Any]] = {
    "satu/dewi": {"unit": "satu/dinas"},
    "satu/guru": {"unit": "satu/sekolah", "said": NOW + 60},
    "satu/murid": {"unit": "satu/sekolah", "state": UNREACHABLE, "reason": "blocked"},
    "satu/upi": {"unit": "satu/upt", "said": NOW + 3 * DAY},
    "satu/lain": {"unit": "satu/upt_lain", "state": UNCERTAIN},
    "satu/badu": {"unit": "satu/badan", "state": QUEUED},
    "satu/gagal": {"unit": "satu/badan", "state": FAILED, "reason": "refused"},
    "satu/pergi": {"unit": "satu/badan", "state": WITHDRAWN},
    "satu/akhir": {"unit": "satu/badan", "said": NOW + 8 * DAY},
}


@dataclass
class Reported:
    world: World
    number: int
    reporting: Reporting
    version: int

    async def view(self, actor: Actor = OPERATOR) -> View:
        return await self.reporting.view(actor, self.number)

    async def names(self, actor: Actor, group: Group, unit: str) -> list[str]:
        view = await self.view(actor)
        page = await self.reporting.people(actor, view, group, self.world.unit[unit])
        assert page.total == len(page.people)
        return [one.name for one in page.people]


def reporting(world: World, now: int = NOW) -> Reporting:
    ledger = SqlReports(world.engine, lambda: float(now))
    today = datetime.fromtimestamp(now, ZONE).date()
    return Reporting(ledger, lambda _: today, lambda _: ZONE, lambda _: calendar())


async def away(world: World, name: str, since: date, until: date | None) -> None:
    row = {"person_id": world.person[name], "kind": "cuti", "since": since, "until": until}
    async with world.engine.begin() as connection:
        await connection.execute(insert(absences), row)


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[World]:
    world = await World(database_url).build()
    yield world
    await world.engine.dispose()


@pytest.fixture
async def running(empty: World) -> Reported:
    """A campaign with something of everything; heads, an admin and HR to look at it."""
    for name, row in STAFF.items():
        await empty.hire(name, str(row["unit"]))
    for name, unit in (("satu/kepala", "satu/dinas"), ("satu/admin", "satu/upt"), ("satu/hr", "satu/badan")):
        await empty.hire(name, unit)
    await empty.hire("dua/hr", "dua")
    await empty.give("satu/kepala", Role.UNIT_HEAD, "satu/dinas")
    await empty.give("satu/admin", Role.UNIT_ADMIN, "satu/upt")
    await empty.give("satu/hr", Role.HR, "satu")
    await empty.give("dua/hr", Role.HR, "dua")
    of = await version(empty)
    number = await campaign(empty, of)
    await deliver(empty, number, STAFF, of)
    return Reported(empty, number, reporting(empty), of)


# --- the groups, purely ---


def test_every_delivery_belongs_to_one_group_and_a_withdrawn_one_to_none() -> None:
    for state, done in CELLS:
        group = group_of(state, done)
        assert (group is None) == (state is WITHDRAWN)
        assert (group is Group.ACKNOWLEDGED) == (done and state is not WITHDRAWN)
        assert group is None or state in states_of(group)


def test_whom_nothing_reaches_is_never_counted_as_somebody_who_does_not_answer() -> None:
    assert {state for state in DeliveryState if group_of(state, False) is Group.UNREACHABLE} == {
        UNREACHABLE,
        FAILED,
    }
    assert set(states_of(Group.MISSING)) == {DeliveryState.SENT, UNCERTAIN}


@given(st.lists(st.tuples(*[st.integers(0, 99)] * len(CELLS)), max_size=5))
def test_the_groups_of_a_sum_add_up_to_the_addressed(cells: list[tuple[int, ...]]) -> None:
    total = summed(map(Tally, cells))
    assert total.addressed == sum(Tally(some).addressed for some in cells)
    assert sum(total.of(group) for group in Group) == total.addressed


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_within_the_median_lies_half_and_within_the_other_nine_of_ten(values: list[int]) -> None:
    values.sort()
    for above, below in ((1, 2), (9, 10)):
        found = values[rank((above, below), len(values))]
        assert sum(value <= found for value in values) * below >= above * len(values)
        assert sum(value < found for value in values) * below < above * len(values)


@given(st.integers(0, 2**32))
def test_the_sums_of_a_random_tree_are_those_of_walking_up_from_every_unit(seed: int) -> None:
    chosen = Random(seed)
    units = {1: Unit(1, "r", "Regency")}
    for number in range(2, chosen.randint(3, 30)):
        units[number] = Unit(number, "r", f"U{chosen.randint(1, 9)}", chosen.choice(list(units)))
    own = {unit: Tally((chosen.randint(0, 3),) * len(CELLS)) for unit in chosen.sample(list(units), 2)}
    expected = dict.fromkeys(units, 0)
    for unit, tally in own.items():
        step: int | None = unit
        while step is not None:
            expected[step] += tally.addressed
            step = units[step].parent
    found = {row.unit.id: row.total.addressed for row in tree(units, own, 1)}
    assert found == {unit: count for unit, count in expected.items() if count or unit == 1}


def test_who_heads_two_units_sees_both_and_of_one_within_the_other_only_the_higher() -> None:
    units = {1: Unit(1, "r", "R"), 2: Unit(2, "r", "B", 1), 3: Unit(3, "r", "A", 1), 4: Unit(4, "r", "C", 2)}
    held = tuple(Assignment(Role.UNIT_HEAD, unit, LONG_AGO) for unit in (4, 2, 3, 77))
    assert tops(Actor("person:1", 1, held), Action.SEE_CAMPAIGN, units) == (3, 2)
    assert tops(Actor("person:1", 1), Action.SEE_CAMPAIGN, units) == ()


# --- status ---


async def test_the_status_of_a_unit_has_the_sums_of_all_below_it(running: Reported) -> None:
    status = await running.reporting.status(OPERATOR, running.number)
    found = {row.unit.name: (row.total.addressed, row.own.addressed, row.depth) for row in status.parts[0]}
    assert found == {
        "Kabupaten Satu": (8, 0, 0),
        "badan": (3, 3, 1),
        "dinas": (5, 1, 1),
        "upt": (3, 1, 2),
        "sekolah": (2, 2, 3),
        "upt_lain": (1, 1, 2),
    }
    assert [status.total.of(group) for group in Group] == [3, 2, 1, 2]
    assert status.total.states()["sent"] == {"acknowledged": 3, "open": 1}
    assert status.total.share == 3 / 8


async def test_the_status_is_that_of_counting_the_deliveries(running: Reported) -> None:
    own = await SqlReports(running.world.engine, lambda: NOW).tallies(running.number)
    expected: dict[int, list[int]] = {}
    for row in await running.world.rows(deliveries):
        cell = (DeliveryState(row["state"]), row["acknowledged_at"] is not None)
        expected.setdefault(row["unit_id"], [0] * len(CELLS))[CELLS.index(cell)] += 1
    assert {unit: list(tally.cells) for unit, tally in own.items()} == expected


async def test_a_campaign_without_anybody_has_a_status_of_nobody(empty: World) -> None:
    number = await campaign(empty, await version(empty))
    status = await reporting(empty).status(OPERATOR, number)
    assert [row.unit.name for row in status.parts[0]] == ["Kabupaten Satu"]
    assert status.total == Tally()
    assert status.total.share is None
    view = await reporting(empty).view(OPERATOR, number)
    assert await reporting(empty).pace(OPERATOR, view, empty.unit["satu"]) == Pace()
    assert await reporting(empty).days(OPERATOR, view, empty.unit["satu"]) == []
    page = await reporting(empty).people(OPERATOR, view, Group.MISSING, empty.unit["satu"])
    assert (page.people, page.total, page.following) == ((), 0, None)


async def test_counts_that_fell_to_zero_are_as_if_they_had_never_been(running: Reported) -> None:
    async with running.world.engine.begin() as connection:
        key = {"unit_id": running.world.unit["satu/upt"], "state": "queued", "acknowledged": False}
        await connection.execute(insert(delivery_counts), key | {"campaign_id": running.number, "count": 0})
    assert (await running.reporting.status(OPERATOR, running.number)).total.addressed == 8


async def test_a_unit_renamed_and_moved_during_the_campaign_takes_its_numbers_along(
    running: Reported,
) -> None:
    world = running.world
    await world.units.rename(OPERATOR, world.unit["satu/upt"], "UPT Baru")
    await world.units.move(OPERATOR, world.unit["satu/upt"], world.unit["satu/badan"])
    status = await running.reporting.status(OPERATOR, running.number)
    found = {row.unit.name: row.total.addressed for row in status.parts[0]}
    assert (found["badan"], found["dinas"], found["UPT Baru"]) == (6, 2, 3)
    assert status.total.addressed == 8
    assert await running.names(OPERATOR, Group.ACKNOWLEDGED, "satu/badan") == [
        "satu/akhir",
        "satu/guru",
        "satu/upi",
    ]


async def test_a_unit_closed_during_the_campaign_still_shows_whom_it_had(running: Reported) -> None:
    from sqlalchemy import update

    from bot.storage.tables import units

    async with running.world.engine.begin() as connection:
        gone = update(units).where(units.c.id == running.world.unit["satu/sekolah"])
        await connection.execute(gone.values(closed_on=TODAY))
    status = await running.reporting.status(OPERATOR, running.number)
    assert "sekolah" in {row.unit.name for row in status.parts[0]}
    assert await running.names(OPERATOR, Group.UNREACHABLE, "satu/upt") == ["satu/murid"]


# --- who is missing ---


async def test_the_missing_the_waiting_and_the_unreachable_are_three_lists(running: Reported) -> None:
    lists = {group: await running.names(OPERATOR, group, "satu") for group in Group}
    assert lists == {
        Group.ACKNOWLEDGED: ["satu/akhir", "satu/guru", "satu/upi"],
        Group.MISSING: ["satu/dewi", "satu/lain"],
        Group.WAITING: ["satu/badu"],
        Group.UNREACHABLE: ["satu/gagal", "satu/murid"],
    }


async def test_a_list_masks_numbers_and_says_why_nothing_arrives(running: Reported) -> None:
    world = running.world
    await world.hire("satu/nip", "satu/badan", number="199901012024011001")
    await deliver(
        world,
        running.number,
        {"satu/nip": {"unit": "satu", "state": UNREACHABLE, "reason": "never_started", "due": NOW + DAY}},
    )
    view = await running.view()
    page = await running.reporting.people(OPERATOR, view, Group.UNREACHABLE, world.unit["satu"])
    [found] = [one for one in page.people if one.name == "satu/nip"]
    assert found.number.endswith("1001")
    assert "1999" not in found.number
    assert (found.reason, found.due, found.sent) == ("never_started", NOW + DAY, None)
    assert {one.name: one.reason for one in page.people}["satu/murid"] == "blocked"


async def test_who_is_on_leave_today_is_marked_in_the_list(running: Reported) -> None:
    async with running.world.engine.begin() as connection:
        person = running.world.person["satu/dewi"]
        span = {"since": TODAY, "until": TODAY + timedelta(days=1)}
        await connection.execute(insert(absences), {"person_id": person, "kind": "cuti"} | span)
    view = await running.view()
    page = await running.reporting.people(OPERATOR, view, Group.MISSING, running.world.unit["satu"])
    assert {one.name: one.away for one in page.people} == {"satu/dewi": True, "satu/lain": False}


async def test_the_ten_thousandth_row_is_on_its_page_and_no_row_is_on_two(empty: World) -> None:
    number = await campaign(empty, await version(empty))
    unit = empty.unit["satu/badan"]
    count = 10_003
    async with empty.engine.begin() as connection:
        staff = [
            {
                "id": n,
                "regency": "satu",
                "number": f"N{n}",
                "name": f"Nama {n % 100:02}",
                "joined_on": LONG_AGO,
            }
            | {"updated_at": NOW}
            for n in range(1, count + 1)
        ]
        await connection.execute(insert(people), staff)
        copy = {"campaign_id": number, "unit_id": unit, "state": "sent", "attempts": 1, "added_at": NOW}
        await connection.execute(insert(deliveries), [copy | {"person_id": row["id"]} for row in staff])
        key = {"campaign_id": number, "unit_id": unit, "state": "sent", "acknowledged": False}
        await connection.execute(insert(delivery_counts), key | {"count": count})
    report = reporting(empty)
    view = await report.view(OPERATOR, number)
    seen: list[int] = []
    after = None
    while True:
        page = await report.people(OPERATOR, view, Group.MISSING, unit, after, 1_000)
        seen += [one.person for one in page.people]
        assert page.total == count
        after = page.following
        if after is None:
            break
    assert seen == sorted(range(1, count + 1), key=lambda n: (n % 100, n))
    assert seen[9_999] == sorted(range(1, count + 1), key=lambda n: (n % 100, n))[9_999]


# --- time ---


async def test_pace_is_that_of_those_who_got_it_and_said_so(running: Reported) -> None:
    view = await running.view()
    pace = await running.reporting.pace(OPERATOR, view, running.world.unit["satu"])
    assert pace == Pace(3, 3 * DAY, 8 * DAY, in_time=2, late=1)
    below = await running.reporting.pace(OPERATOR, view, running.world.unit["satu/upt"])
    assert below == Pace(2, 60, 3 * DAY, in_time=2)


async def test_pace_is_exact_for_any_times(empty: World) -> None:
    chosen = Random(5)
    number = await campaign(empty, await version(empty))
    times = [chosen.choice((chosen.randint(0, 5_000), chosen.randint(890, 910))) for _ in range(137)]
    rows = {f"satu/p{at}": {"unit": "satu/badan", "said": NOW + took} for at, took in enumerate(times)}
    for name in rows:
        await empty.hire(name, "satu/badan")
    await deliver(empty, number, rows)
    view = await reporting(empty).view(OPERATOR, number)
    pace = await reporting(empty).pace(OPERATOR, view, empty.unit["satu"])
    times.sort()
    assert (pace.measured, pace.median, pace.ninety) == (137, times[68], times[123])


async def test_her_own_deadline_decides_whether_she_was_in_time(running: Reported) -> None:
    await running.world.hire("satu/baru", "satu/upt_lain")
    late = {"unit": "satu/upt_lain", "said": NOW + 9 * DAY, "due": NOW + 10 * DAY}
    await deliver(running.world, running.number, {"satu/baru": late | {"state": DeliveryState.FAILED}})
    view = await running.view()
    pace = await running.reporting.pace(OPERATOR, view, running.world.unit["satu/upt_lain"])
    assert pace == Pace(0, None, None, in_time=1)  # never sent to her: read at the assembly, there is no time


async def test_leave_moves_the_deadline_by_which_she_was_in_time_or_late(running: Reported) -> None:
    world, view = running.world, await running.view()
    later = reporting(world, NOW + 20 * DAY)
    view = await later.view(OPERATOR, running.number)

    async def late() -> tuple[int, int]:
        pace = await later.pace(OPERATOR, view, world.unit["satu"])
        assert pace.in_time + pace.late == 3
        return pace.late, (await later.pace(OPERATOR, view, world.unit["satu/badan"])).late

    assert await late() == (1, 1)
    await away(world, "satu/akhir", TODAY - timedelta(days=30), TODAY - timedelta(days=20))  # long before
    await away(world, "satu/akhir", TODAY + timedelta(days=9), None)  # after the deadline
    assert await late() == (1, 1)
    await away(world, "satu/akhir", date(2026, 11, 28), date(2026, 11, 30))  # a weekend takes no working day
    assert await late() == (1, 1)


async def test_who_was_on_leave_within_the_time_is_not_late_by_what_it_took(running: Reported) -> None:
    world = running.world
    for at in range(1, 1_003):  # more than one page of those who are looked at
        world.person[f"satu/p{at}"] = 10_000 + at
    async with world.engine.begin() as connection:
        staff = [{"id": 10_000 + at, "number": f"P{at}", "name": f"p{at}"} for at in range(1, 1_003)]
        shared = {"regency": "satu", "joined_on": LONG_AGO, "updated_at": NOW}
        await connection.execute(insert(people), [row | shared for row in staff])
        gone = {"kind": "cuti", "since": date(2026, 11, 25), "until": date(2026, 11, 27)}
        await connection.execute(insert(absences), [{"person_id": row["id"]} | gone for row in staff])
    soon, later = NOW + 9 * DAY, NOW + 9 * DAY + 1  # her own deadline is Wednesday, 2 December, and counts
    rows = {f"satu/p{at}": {"unit": "satu", "said": later if at == 7 else soon} for at in range(1, 1_003)}
    await deliver(world, running.number, rows)
    report = reporting(world, NOW + 20 * DAY)
    view = await report.view(OPERATOR, running.number)
    pace = await report.pace(OPERATOR, view, world.unit["satu"])
    assert (pace.in_time, pace.late) == (2 + 1_001, 1 + 1)
    await away(world, "satu/p7", date(2026, 11, 30), None)
    assert (await report.pace(OPERATOR, view, world.unit["satu"])).late == 1


async def test_the_overdue_of_a_list_are_those_whose_own_deadline_is_over(running: Reported) -> None:
    world = running.world
    await world.hire("satu/sakit", "satu/upt_lain")
    await deliver(world, running.number, {"satu/sakit": {"unit": "satu/upt_lain"}})
    await away(world, "satu/lain", date(2026, 11, 24), date(2026, 11, 27))
    await away(world, "satu/sakit", date(2026, 11, 24), None)
    unit = world.unit["satu"]
    for days, overdue in ((6, set()), (8, {"satu/dewi"}), (12, {"satu/dewi", "satu/lain"})):
        report = reporting(world, NOW + days * DAY)
        view = await report.view(OPERATOR, running.number)
        page = await report.people(OPERATOR, view, Group.MISSING, unit)
        assert {one.name for one in page.people if one.overdue} == overdue
        assert {one.name: one.due for one in page.people} == {
            "satu/dewi": NOW + 7 * DAY,
            "satu/lain": NOW + 10 * DAY,
            "satu/sakit": None,
        }
        unreached = await report.people(OPERATOR, view, Group.UNREACHABLE, unit)
        assert not any(one.overdue for one in unreached.people)


SPANS = st.tuples(st.integers(-20, 20), st.none() | st.integers(1, 20))


@given(
    st.lists(SPANS, max_size=3), st.integers(-10, 10), st.integers(0, 15), st.sampled_from([None, "kantor"])
)
def test_reports_and_reminders_know_the_same_deadline(
    spans: list[tuple[int, int | None]], begun: int, due: int, pattern: str | None
) -> None:
    """`spans`: first day from today, and how long."""
    first = [TODAY + timedelta(days=start) for start, _ in spans]
    absent = tuple(
        Absence("cuti", day, None if long is None else day + timedelta(days=long))
        for day, (_, long) in zip(first, spans, strict=True)
    )
    sent, until = NOW + begun * DAY, NOW + due * DAY
    found = Deadlines("satu", TODAY, calendar()).of(until, sent, Away(pattern, absent) if absent else None)
    times = Timetable(calendar(), Plan(), datetime.fromtimestamp(NOW, UTC))
    pending = Pending(1, "", None, datetime.fromtimestamp(until, UTC), datetime.fromtimestamp(sent, UTC))
    hers = times.due(Recipient(1, "", 1, (1,), pattern, absent), pending)
    assert found == (None if hers is None else int(hers.timestamp()))


async def test_who_said_so_before_her_copy_was_sent_took_no_time(running: Reported) -> None:
    await running.world.hire("satu/apel", "satu/upt_lain")
    await deliver(
        running.world,
        running.number,
        {"satu/apel": {"unit": "satu/upt_lain", "state": QUEUED, "sent": NOW + 50, "said": NOW}},
    )
    view = await running.view()
    pace = await running.reporting.pace(OPERATOR, view, running.world.unit["satu/upt_lain"])
    assert (pace.measured, pace.median, pace.ninety) == (1, 0, 0)


async def test_days_are_those_of_the_regency_and_not_of_utc(running: Reported) -> None:
    evening = int(datetime(2026, 11, 23, 17, 5, tzinfo=UTC).timestamp())  # 00.05 of the 24th in Java
    of = await version(running.world, digest="other")
    number = await campaign(running.world, of)
    await deliver(
        running.world,
        number,
        {
            "satu/guru": {"unit": "satu/sekolah", "sent": evening - 600, "said": evening},
            "satu/dewi": {"unit": "satu/dinas", "sent": evening},
        },
    )
    view = await running.reporting.view(OPERATOR, number)
    days = await running.reporting.days(OPERATOR, view, running.world.unit["satu"])
    assert [(day.day, day.sent, day.acknowledged) for day in days] == [
        (date(2026, 11, 23), 1, 0),
        (date(2026, 11, 24), 1, 1),
    ]
    school = await running.reporting.days(OPERATOR, view, running.world.unit["satu/sekolah"])
    assert sum(day.sent for day in school) == 1


async def test_campaigns_are_compared_over_the_same_unit(running: Reported) -> None:
    other = await campaign(running.world, running.version)
    await deliver(running.world, other, {"satu/guru": {"unit": "satu/sekolah", "said": NOW + 5}})
    unit = running.world.unit["satu/sekolah"]
    both = await running.reporting.compared(OPERATOR, [running.number, other], unit)
    assert [(one.known.campaign.id, one.total.addressed, one.pace.median) for one in both] == [
        (running.number, 2, 60),
        (other, 1, 5),
    ]


# --- rights ---


async def test_a_head_sees_only_his_subtree(running: Reported) -> None:
    head = await running.world.actor("satu/kepala")
    status = await running.reporting.status(head, running.number)
    assert [row.unit.name for row in status.parts[0]] == ["dinas", "upt", "sekolah", "upt_lain"]
    assert status.total.addressed == 5
    view = await running.view(head)
    for unit in ("satu", "satu/badan"):
        place = running.world.unit[unit]
        for refused in (
            running.reporting.status(head, running.number, place),
            running.reporting.people(head, view, Group.MISSING, place),
            running.reporting.pace(head, view, place),
            running.reporting.days(head, view, place),
            running.reporting.compared(head, [running.number], place),
        ):
            with pytest.raises(RefusedError):
                await refused
    assert await running.names(head, Group.MISSING, "satu/dinas") == ["satu/dewi", "satu/lain"]


async def test_an_admin_of_a_unit_sees_the_unit_and_hr_her_regency(running: Reported) -> None:
    admin = await running.world.actor("satu/admin")
    assert (await running.reporting.status(admin, running.number)).total.addressed == 3
    assert await running.names(admin, Group.UNREACHABLE, "satu/sekolah") == ["satu/murid"]
    hr = await running.world.actor("satu/hr")
    assert (await running.reporting.status(hr, running.number)).total.addressed == 8


@pytest.mark.parametrize("name", ["dua/hr", "satu/dewi"])
async def test_hr_of_another_regency_and_a_plain_employee_see_nothing(running: Reported, name: str) -> None:
    actor = await running.world.actor(name)
    with pytest.raises(RefusedError):
        await running.view(actor)
    with pytest.raises(RefusedError):
        await running.reporting.view(actor, 999)
    with pytest.raises(RefusedError):
        await running.reporting.campaigns(actor, "satu")


async def test_only_who_may_see_everything_is_told_that_there_is_no_such_campaign(running: Reported) -> None:
    with pytest.raises(RefusedError):
        await running.reporting.view(await running.world.actor("satu/hr"), 999)
    with pytest.raises(Problem) as caught:
        await running.reporting.view(OPERATOR, 999)
    assert caught.value.key == "campaign.unknown"


async def test_looking_is_noted_with_who_looked_and_at_how_many(running: Reported) -> None:
    head = await running.world.actor("satu/kepala")
    await running.names(head, Group.MISSING, "satu/dinas")
    async with running.world.engine.connect() as connection:
        [row] = await connection.execute(
            select(access_log).where(access_log.c.action == Action.SEE_CAMPAIGN.value)
        )
    seen: tuple[Any, ...] = (row.actor, row.regency, row.unit_id, row.count)
    assert seen == (
        f"person:{running.world.person['satu/kepala']}",
        "satu",
        running.world.unit["satu/dinas"],
        2,
    )


async def test_the_list_of_campaigns_has_the_newest_first_each_with_what_the_actor_sees(
    running: Reported,
) -> None:
    later = await campaign(running.world, running.version)
    head = await running.world.actor("satu/kepala")
    found = await running.reporting.campaigns(head, "satu")
    assert [(known.campaign.id, tally.addressed) for known, tally in found] == [
        (later, 0),
        (running.number, 5),
    ]
    assert await running.reporting.campaigns(OPERATOR, "dua") == []
