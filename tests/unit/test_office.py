"""The office: whoever has no right is refused and changes nothing; what is done is noted; roles, absences and
secondments fit together."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from bot.people.office import Office
from bot.people.rights import Actor, RefusedError
from bot.people.staff import Assignment, Listed, PlacementKind, Role, Standing, Unit
from bot.people.unit_office import UnitOffice
from bot.problems import Problem
from bot.storage.tables import absences, access_log, assignments, people
from tests.staff_world import LONG_AGO, OPERATOR, TODAY, World

TOMORROW = TODAY + timedelta(days=1)
NEXT_WEEK = TODAY + timedelta(days=7)
NOBODY = 999_999


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    made = await World(database_url).build()
    await made.hire("satu/hr", "satu/badan")
    await made.hire("satu/kepala", "satu/dinas")
    await made.hire("satu/budi", "satu/upt", phone="+6280000000001", status="pns")
    await made.hire("satu/lain", "satu/badan")
    await made.hire("dua/hr", "dua/badan")
    await made.hire("dua/eka", "dua/upt")
    await made.give("satu/hr", Role.HR, "satu")
    await made.give("dua/hr", Role.HR, "dua")
    await made.give("satu/kepala", Role.UNIT_HEAD, "satu/dinas")
    yield made
    await made.engine.dispose()


def everything(person: int, unit: int, elsewhere: int, number: str) -> dict[str, dict[str, Any]]:
    """Arguments for every public method of both offices. `elsewhere`: another unit."""
    held = Assignment(Role.UNIT_ADMIN, unit, TODAY)
    return {
        "find_person": {"regency": "satu", "number": number},
        "find_unit": {"regency": "satu", "text": "upt"},
        "see_person": {"person": person},
        "see_unit": {"unit": unit},
        "roles": {"unit": unit},
        "appoint": {"person": person, "held": held},
        "renumber": {"person": person, "number": "N999"},
        "end_role": {"person": person, "role": Role.UNIT_HEAD, "unit": unit, "day": TODAY},
        "set_absence": {"person": person, "kind": "cuti", "since": TODAY, "until": TOMORROW},
        "end_absence": {"person": person, "day": TODAY},
        "second": {"person": person, "unit": unit, "since": TODAY, "until": TOMORROW},
        "end_secondment": {"person": person, "day": TODAY},
        "tree": {"unit": unit},
        "root": {"regency": "dua"},
        "add": {"unit": Unit(0, "satu", "Baru", unit)},
        "rename": {"unit": unit, "name": "Baru"},
        "set_pattern": {"unit": unit, "pattern": "lima_hari"},
        "set_kind": {"unit": unit, "kind": "dinas"},
        "move": {"unit": unit, "parent": elsewhere},
        "close": {"unit": unit},
    }


def offices(world: World) -> dict[str, Any]:
    """Every public method of both offices."""
    return {
        name: getattr(office, name)
        for office in (world.office, world.units)
        for name, _ in inspect.getmembers(type(office), inspect.isfunction)
        if not name.startswith("_")
    }


def test_every_public_method_of_the_offices_is_among_those_that_are_tried() -> None:
    public = {
        name
        for office in (Office, UnitOffice)
        for name, _ in inspect.getmembers(office, inspect.isfunction)
        if not name.startswith("_")
    }
    assert public == set(everything(1, 1, 1, ""))


@pytest.mark.parametrize("actor", ["an employee", "hr of another regency", "nobody of the roster"])
async def test_without_the_right_every_method_refuses_and_leaves_the_database_as_it_was(
    world: World, actor: str
) -> None:
    who = {
        "an employee": await world.actor("satu/lain"),
        "hr of another regency": await world.actor("dua/hr"),
        "nobody of the roster": Actor("job:stray"),
    }[actor]
    number = (await world.entry("satu/budi")).number
    tried = everything(world.person["satu/budi"], world.unit["satu/upt"], world.unit["satu/badan"], number)
    before = await world.dump()
    for name, method in offices(world).items():
        with pytest.raises(RefusedError):
            await method(who, **tried[name])
    assert await world.dump() == before


async def test_what_does_not_exist_is_refused_like_what_is_out_of_reach(world: World) -> None:
    who = await world.actor("dua/hr")
    before = await world.dump()
    there = everything(world.person["satu/budi"], world.unit["satu/upt"], world.unit["satu/badan"], "N2")
    missing = everything(NOBODY, NOBODY, NOBODY, "nobody's")
    for name, method in offices(world).items():
        lines = set()
        for arguments in (there[name], missing[name]):
            with pytest.raises(RefusedError) as caught:
                await method(who, **arguments)
            lines.add(str(caught.value))
        assert len(lines) == 1, name
    assert await world.dump() == before


async def test_the_operator_may_do_all_of_it(world: World) -> None:
    refused = []
    tried = everything(world.person["satu/budi"], world.unit["satu/sekolah"], world.unit["satu/badan"], "N2")
    for name, method in offices(world).items():
        try:
            await method(OPERATOR, **tried[name])
        except RefusedError:
            refused.append(name)
        except Problem:
            pass
    assert refused == []


# --- what is noted ---


async def test_who_looked_at_whom_is_noted_with_how_many(world: World) -> None:
    head = await world.actor("satu/kepala")
    budi, dinas = world.person["satu/budi"], world.unit["satu/dinas"]
    before = len(await world.rows(access_log))
    await world.office.see_person(head, budi)
    await world.office.see_unit(head, dinas)
    seen = [
        (row["actor"], row["action"], row["regency"], row["person_id"], row["unit_id"], row["count"])
        for row in (await world.rows(access_log))[before:]
    ]
    who = f"person:{world.person['satu/kepala']}"
    assert seen == [(who, "see_person", "satu", budi, None, None), (who, "see_unit", "satu", None, dinas, 2)]


async def test_a_look_at_oneself_is_not_noted_but_one_in_her_name_is(world: World) -> None:
    budi = await world.actor("satu/budi")
    before = len(await world.rows(access_log))
    await world.office.see_person(budi, world.person["satu/budi"])
    assert len(await world.rows(access_log)) == before
    by_operator = Actor(f"operator:test as {budi.name}", budi.person, budi.assignments)
    await world.office.see_person(by_operator, world.person["satu/budi"])
    assert (await world.rows(access_log))[-1]["actor"] == "operator:test as " + budi.name


async def test_a_change_is_noted_and_told_to_other_processes(world: World) -> None:
    from bot.storage.changes import staff_version

    async def version() -> int:
        async with world.engine.connect() as connection:
            return await staff_version(connection)

    before = await version()
    await world.office.set_absence(
        await world.actor("satu/kepala"), world.person["satu/budi"], "cuti", TODAY, NEXT_WEEK
    )
    note = (await world.rows(access_log))[-1]
    assert (note["action"], note["person_id"]) == ("absence.set", world.person["satu/budi"])
    assert await version() == before + 1


async def test_no_number_and_no_phone_reaches_the_access_log_or_an_error(world: World) -> None:
    budi = await world.entry("satu/budi")
    await world.office.see_person(OPERATOR, budi.id)
    await world.office.set_absence(OPERATOR, budi.id, "cuti", TODAY, NEXT_WEEK)
    with pytest.raises(Problem) as caught:
        await world.office.set_absence(OPERATOR, budi.id, "cuti", TODAY, NEXT_WEEK)
    logged = str(await world.rows(access_log)) + str(caught.value)
    assert budi.phone is not None
    assert budi.phone not in logged
    assert f"'{budi.number}'" not in logged


# --- finding ---


async def test_only_who_may_see_the_whole_regency_learns_that_a_number_is_nobodys(world: World) -> None:
    with pytest.raises(Problem) as told:
        await world.office.find_person(await world.actor("satu/hr"), "satu", "X")
    assert told.value.key == "staff.no_person"
    with pytest.raises(RefusedError):
        await world.office.find_person(await world.actor("satu/kepala"), "satu", "X")


async def test_a_head_finds_only_units_of_her_own(world: World) -> None:
    head = await world.actor("satu/kepala")
    assert (await world.office.find_unit(head, "satu", "sekolah")).id == world.unit["satu/sekolah"]
    for text in ("badan", "nonexistent"):
        with pytest.raises(RefusedError):
            await world.office.find_unit(head, "satu", text)


async def test_hr_finds_nobody_and_nothing_of_another_regency(world: World) -> None:
    hr, eka = await world.actor("satu/hr"), await world.entry("dua/eka")
    with pytest.raises(RefusedError):
        await world.office.find_person(hr, "dua", eka.number)
    with pytest.raises(RefusedError):
        await world.office.find_unit(hr, "dua", "upt")
    found = await world.staff.find_person("satu", eka.number)
    assert found is None


# --- roles ---


async def _key(work: Any) -> str:
    with pytest.raises(Problem) as caught:
        await work
    return caught.value.key


async def test_a_unit_has_one_definitive_head_at_a_time(world: World) -> None:
    hr, dinas, budi = await world.actor("satu/hr"), world.unit["satu/dinas"], world.person["satu/budi"]
    second = Assignment(Role.UNIT_HEAD, dinas, TODAY)
    before = await world.dump()
    assert await _key(world.office.appoint(hr, budi, second)) == "staff.head_taken"
    assert await world.dump() == before
    await world.office.end_role(hr, world.person["satu/kepala"], Role.UNIT_HEAD, dinas, TODAY)
    await world.office.appoint(hr, budi, second)
    assert (await world.staff.heads_of(dinas, TODAY)).acting == budi
    yesterday = TODAY - timedelta(days=1)
    assert (await world.staff.heads_of(dinas, yesterday)).acting == world.person["satu/kepala"]


async def test_acting_heads_act_on_their_days_and_the_head_on_the_others(world: World) -> None:
    hr, dinas = await world.actor("satu/hr"), world.unit["satu/dinas"]
    budi, lain = world.person["satu/budi"], world.person["satu/lain"]
    plh = Assignment(Role.UNIT_HEAD, dinas, TOMORROW, TODAY + timedelta(days=3), Standing.PLH)
    plt = Assignment(Role.UNIT_HEAD, dinas, TODAY, NEXT_WEEK, Standing.PLT)
    await world.office.appoint(hr, budi, plh)
    await world.office.appoint(hr, lain, plt)
    days = [TODAY + timedelta(days=step) for step in (-1, 0, 1, 2, 3, 7)]
    heads = [(await world.staff.heads_of(dinas, day)).acting for day in days]
    kepala = world.person["satu/kepala"]
    assert heads == [kepala, lain, budi, budi, lain, kepala]
    assert len((await world.staff.heads_of(dinas, TOMORROW)).held) == 3


@pytest.mark.parametrize(
    ("role", "unit", "span", "key"),
    [
        (Role.HR, "satu/dinas", {}, "staff.role_root"),
        (Role.OPERATOR, "satu", {}, "staff.role_no_unit"),
        (Role.UNIT_ADMIN, None, {}, "staff.role_needs_unit"),
        (Role.UNIT_ADMIN, "satu/upt", {"standing": Standing.PLT}, "staff.standing_role"),
        (Role.UNIT_HEAD, "satu/upt", {"standing": Standing.PLH}, "staff.standing_end"),
        (Role.UNIT_HEAD, "satu/upt", {"until": TODAY}, "staff.span"),
        (Role.UNIT_HEAD, "dua/upt", {}, "staff.other_regency"),
        (Role.EMPLOYEE, "satu/upt", {}, "staff.role_everybody"),
    ],
)
async def test_an_appointment_that_cannot_be_says_why(
    world: World, role: Role, unit: str | None, span: dict[str, Any], key: str
) -> None:
    held = Assignment(role, world.unit[unit] if unit else None, TODAY, **span)
    assert await _key(world.office.appoint(OPERATOR, world.person["satu/budi"], held)) == key


async def test_a_role_is_not_held_twice_and_not_by_one_who_has_left(world: World) -> None:
    upt = world.unit["satu/upt"]
    admin = Assignment(Role.UNIT_ADMIN, upt, TODAY)
    await world.office.appoint(OPERATOR, world.person["satu/budi"], admin)
    assert await _key(world.office.appoint(OPERATOR, world.person["satu/budi"], admin)) == "staff.role_taken"
    await world.office.appoint(OPERATOR, world.person["satu/lain"], admin)
    gone = await world.hire("satu/pergi", "satu/upt", left_on=TODAY)
    assert await _key(world.office.appoint(OPERATOR, gone, admin)) == "staff.left"


async def test_a_head_gives_roles_only_below_her_and_only_to_her_own_people(world: World) -> None:
    head = await world.actor("satu/kepala")
    own, beside = world.unit["satu/upt"], world.unit["satu/badan"]
    budi, lain = world.person["satu/budi"], world.person["satu/lain"]
    await world.office.appoint(head, budi, Assignment(Role.UNIT_ADMIN, own, TODAY))
    for person, held in (
        (budi, Assignment(Role.UNIT_ADMIN, beside, TODAY)),
        (lain, Assignment(Role.UNIT_ADMIN, own, TODAY)),
        (budi, Assignment(Role.UNIT_HEAD, own, TODAY)),
    ):
        with pytest.raises(RefusedError):
            await world.office.appoint(head, person, held)


async def test_an_ended_role_stays_on_record_and_ending_again_does_not_prolong_it(world: World) -> None:
    hr, kepala = await world.actor("satu/hr"), await world.entry("satu/kepala")
    [held] = await world.staff.roles_of(kepala.id, TODAY)
    await world.office.end_role(hr, kepala.id, Role.UNIT_HEAD, held.unit, TODAY)
    await world.staff.end_role("test", kepala, held, NEXT_WEEK)
    [row] = [row for row in await world.rows(assignments) if row["id"] == held.id]
    assert (row["since"], row["until"]) == (LONG_AGO, TODAY)
    assert (
        await _key(world.office.end_role(hr, kepala.id, Role.UNIT_HEAD, held.unit, TODAY)) == "staff.no_role"
    )


@pytest.mark.parametrize("round_", range(3))
async def test_of_appointments_made_at_once_one_is_kept(world: World, round_: int) -> None:
    upt, names = world.unit["satu/upt"], ("satu/budi", "satu/lain", "satu/hr")
    others = [World(world.url) for _ in names]
    held = Assignment(Role.UNIT_HEAD, upt, TODAY)
    done = await asyncio.gather(
        *(
            other.office.appoint(OPERATOR, world.person[name], held)
            for other, name in zip(others, names, strict=True)
        ),
        return_exceptions=True,
    )
    kept = [one for one in done if isinstance(one, int)]
    assert len(kept) == 1
    assert {one.key for one in done if isinstance(one, Problem)} == {"staff.head_taken"}
    assert len((await world.staff.heads_of(upt, TODAY)).held) == 1
    for other in others:
        await other.engine.dispose()


async def test_the_chain_of_superiors_skips_vacant_posts_and_those_of_the_same_person(world: World) -> None:
    kepala, budi, lain = (world.person[f"satu/{name}"] for name in ("kepala", "budi", "lain"))
    school, upt, dinas, root = (world.unit[key] for key in ("satu/sekolah", "satu/upt", "satu/dinas", "satu"))

    async def chain(unit: int) -> list[tuple[int, int]]:
        return [(one.unit, one.person) for one in await world.staff.superiors(unit, TODAY)]

    assert await chain(school) == [(dinas, kepala)]
    await world.give("satu/budi", Role.UNIT_HEAD, "satu/sekolah")
    await world.give("satu/lain", Role.UNIT_HEAD, "satu")
    await world.give(
        "satu/budi", Role.UNIT_HEAD, "satu/upt", since=TODAY, until=NEXT_WEEK, standing=Standing.PLT
    )
    assert await chain(school) == [(school, budi), (dinas, kepala), (root, lain)]
    assert await chain(upt) == [(upt, budi), (dinas, kepala), (root, lain)]
    assert await chain(root) == [(root, lain)]
    assert await chain(NOBODY) == []


# --- absences and secondments ---


async def test_leave_reaches_the_asker_and_ends_when_it_is_ended(world: World) -> None:
    head, budi = await world.actor("satu/kepala"), world.person["satu/budi"]
    await world.office.set_absence(head, budi, "cuti", TODAY, NEXT_WEEK)
    member = await world.staff.member(budi, TODAY)
    assert member is not None
    [absence] = member.asker().absences
    assert (absence.kind, absence.start, absence.end) == ("cuti", TODAY, NEXT_WEEK)
    await world.office.end_absence(head, budi, TOMORROW)
    [row] = await world.rows(absences)
    assert row["until"] == TOMORROW


async def test_leave_that_has_not_begun_is_cancelled_and_makes_room(world: World) -> None:
    head, budi = await world.actor("satu/kepala"), world.person["satu/budi"]
    await world.office.set_absence(head, budi, "cuti", TOMORROW, NEXT_WEEK)
    await world.office.end_absence(head, budi, TODAY)
    assert (await world.office.see_person(head, budi)).leaves == ()
    await world.office.set_absence(head, budi, "tugas_belajar", TOMORROW, None)
    assert await _key(world.office.set_absence(head, budi, "cuti", NEXT_WEEK, None)) == "staff.absence_taken"
    await world.office.end_absence(head, budi, NEXT_WEEK)
    await world.office.set_absence(head, budi, "cuti", NEXT_WEEK, None)


@pytest.mark.parametrize(
    ("kind", "until", "key"), [("libur", TOMORROW, "cli.unknown_name"), ("cuti", TODAY, "staff.span")]
)
async def test_a_wrong_absence_is_refused(world: World, kind: str, until: date, key: str) -> None:
    assert (
        await _key(world.office.set_absence(OPERATOR, world.person["satu/budi"], kind, TODAY, until)) == key
    )


async def test_without_an_absence_there_is_nothing_to_end(world: World) -> None:
    assert (
        await _key(world.office.end_absence(OPERATOR, world.person["satu/budi"], TODAY)) == "staff.no_absence"
    )


async def test_a_secondment_moves_where_she_works_for_its_days_only(world: World) -> None:
    hr, budi = await world.actor("satu/hr"), world.person["satu/budi"]
    badan, upt = world.unit["satu/badan"], world.unit["satu/upt"]
    await world.office.second(hr, budi, badan, TODAY, NEXT_WEEK)

    async def works(day: date) -> int:
        member = await world.staff.member(budi, day)
        assert member is not None
        assert upt in member.lineage
        return member.unit.id

    before, after = TODAY - timedelta(days=1), NEXT_WEEK
    assert [await works(day) for day in (before, TODAY, after)] == [upt, badan, upt]
    assert await _key(world.office.second(hr, budi, badan, TOMORROW, None)) == "staff.second_taken"
    assert await _key(world.office.second(hr, budi, upt, NEXT_WEEK, None)) == "staff.second_home"
    await world.office.end_secondment(hr, budi, TOMORROW)
    assert [await works(day) for day in (TODAY, TOMORROW)] == [badan, upt]
    assert await _key(world.office.end_secondment(hr, budi, TOMORROW)) == "staff.no_secondment"


async def test_nobody_is_seconded_to_another_regency(world: World) -> None:
    person, unit = world.person["satu/budi"], world.unit["dua/upt"]
    assert await _key(world.office.second(OPERATOR, person, unit, TODAY, None)) == "staff.other_regency"
    with pytest.raises(RefusedError):
        await world.office.second(await world.actor("satu/hr"), person, unit, TODAY, None)


# --- lists ---


async def test_pages_of_a_unit_hold_everybody_below_once_in_order(world: World) -> None:
    names = [f"satu/p{number:02}" for number in range(7)]
    for name in reversed(names):
        await world.hire(name, "satu/sekolah")
    await world.place(world.person["satu/p03"], "satu/upt", PlacementKind.SECONDMENT)
    await world.hire("satu/p_gone", "satu/sekolah", left_on=TODAY)
    seen: list[Listed] = []
    after, upt = None, world.unit["satu/upt"]
    while True:
        page = await world.office.see_unit(OPERATOR, upt, after, limit=3)
        seen += page.people
        after = page.following
        if after is None:
            break
    assert [one.person.name for one in seen] == ["satu/budi", *names]
    assert {one.person.name for one in seen if one.seconded} == {"satu/p03"}
    assert {one.unit_name for one in seen} == {"upt", "sekolah"}


async def test_the_page_of_a_regency_holds_its_own_people_alone(world: World) -> None:
    page = await world.office.see_unit(await world.actor("dua/hr"), world.unit["dua"])
    assert [one.person.name for one in page.people] == ["dua/eka", "dua/hr"]
    assert page.following is None


async def test_who_has_no_placement_is_listed_with_the_regency(world: World) -> None:
    await world.hire("dua/baru", None)
    page = await world.office.see_unit(await world.actor("dua/hr"), world.unit["dua"])
    [new] = [one for one in page.people if one.person.name == "dua/baru"]
    assert (new.unit, len(page.people)) == (world.unit["dua"], 3)


async def test_two_people_of_one_name_are_both_listed_across_pages(world: World) -> None:
    for _ in range(2):
        await world.hire("satu/sama", "satu/sekolah")
    school = world.unit["satu/sekolah"]
    first = await world.staff.people_in(school, TODAY, None, 1)
    second = await world.staff.people_in(school, TODAY, first.following, 1)
    assert first.people[0].person.id != second.people[0].person.id
    assert second.following is None


@pytest.mark.parametrize("unit", ["satu", "satu/upt"])
async def test_people_of_few_names_come_once_each_and_in_order_whatever_the_page(
    world: World, unit: str
) -> None:
    for number in range(23):
        person = await world.hire(f"satu/sama{number}", "satu/sekolah")
        async with world.engine.begin() as connection:
            named = update(people).where(people.c.id == person).values(name=f"Nama {number % 3}")
            await connection.execute(named)
        if number % 4 == 0:  # two secondments one after the other: she is listed once, where she works now
            await world.place(person, "satu/badan", PlacementKind.SECONDMENT, LONG_AGO, date(2021, 1, 1))
            await world.place(person, "satu/upt", PlacementKind.SECONDMENT, date(2026, 1, 1))
    for limit in (1, 2, 7, 100):
        seen: list[Listed] = []
        after = None
        while True:
            page = await world.staff.people_in(world.unit[unit], TODAY, after, limit)
            assert len(page.people) <= limit
            seen += page.people
            after = page.following
            if after is None:
                break
        order = [(one.person.name, one.person.id) for one in seen]
        assert order == sorted(set(order))
        staff = [one for one in seen if one.person.name.startswith("Nama")]
        assert len(staff) == 23
        assert {one.unit_name for one in staff if one.seconded} == {"upt"}
        assert sum(one.seconded for one in staff) == 6


async def test_a_page_of_a_list_is_one_statement_about_people_and_counts_nobody(world: World) -> None:
    said: list[str] = []

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(world.engine.sync_engine, "before_cursor_execute", heard)
    await world.staff.people_in(world.unit["satu"], TODAY, None, 2)
    event.remove(world.engine.sync_engine, "before_cursor_execute", heard)
    [page] = [statement for statement in said if "FROM people" in statement]
    assert "count(" not in page
