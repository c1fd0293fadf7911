"""The staff in the ledger: a person as she is today, the tree of units and its history, names of units."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.staff import Assignment, Branch, PlacementKind, Role, Unit, in_force, meeting
from bot.people.unit_names import matching, only, path_of
from bot.problems import Problem
from bot.storage.tables import placements, unit_changes, units
from tests.staff_world import LONG_AGO, NOW, OPERATOR, TODAY, World

NEXT_WEEK = TODAY + timedelta(days=7)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    made = await World(database_url).build()
    await made.hire("satu/budi", "satu/sekolah", status="pns")
    yield made
    await made.engine.dispose()


async def _key(work: object) -> str:
    with pytest.raises(Problem) as caught:
        await work  # type: ignore[misc]
    return caught.value.key


# --- spans of days ---

days = st.dates(date(2026, 1, 1), date(2026, 2, 1))
spans = st.builds(lambda since, until: Assignment(Role.HR, 1, since, until), days, st.none() | days)


@given(spans, spans)
def test_two_spans_meet_exactly_if_some_day_is_in_both(one: Assignment, other: Assignment) -> None:
    every = [date(2026, 1, 1) + timedelta(days=step) for step in range(40)]
    shared = any(in_force((one,), day) and in_force((other,), day) for day in every)
    assert bool(meeting((one,), other.since, other.until)) is shared


# --- a person today ---


async def test_a_member_has_what_the_nearest_unit_above_her_says(world: World) -> None:
    budi, unit = world.person["satu/budi"], world.unit
    await world.units.set_pattern(OPERATOR, unit["satu/dinas"], "enam_hari")
    await world.units.set_kind(OPERATOR, unit["satu/dinas"], "dinas")
    member = await world.staff.member(budi, TODAY)
    assert member is not None
    assert (member.unit.name, member.pattern, member.kind) == ("sekolah", "enam_hari", "dinas")
    names = ("satu/sekolah", "satu/upt", "satu/dinas", "satu")
    assert member.lineage == tuple(unit[name] for name in names)
    await world.units.set_pattern(OPERATOR, unit["satu/upt"], "lima_hari")
    await world.units.set_kind(OPERATOR, unit["satu/sekolah"], "sekolah")
    nearer = await world.staff.member(budi, TODAY)
    assert nearer is not None
    asker = nearer.asker()
    assert (asker.regency, asker.status, asker.unit, asker.pattern) == ("satu", "pns", "sekolah", "lima_hari")


async def test_her_own_pattern_goes_before_that_of_the_unit(world: World) -> None:
    own = await world.hire("satu/sif", "satu/sekolah", pattern="enam_hari")
    await world.units.set_pattern(OPERATOR, world.unit["satu/sekolah"], "lima_hari")
    member = await world.staff.member(own, TODAY)
    assert member is not None
    assert member.pattern == "enam_hari"


async def test_while_seconded_she_has_the_pattern_and_kind_of_where_she_works(world: World) -> None:
    budi, unit = world.person["satu/budi"], world.unit
    await world.units.set_pattern(OPERATOR, unit["satu/sekolah"], "enam_hari")
    await world.units.set_kind(OPERATOR, unit["satu/badan"], "dinas")
    await world.office.second(OPERATOR, budi, unit["satu/badan"], TODAY, NEXT_WEEK)
    away, home = await world.staff.member(budi, TODAY), await world.staff.member(budi, NEXT_WEEK)
    assert away is not None
    assert home is not None
    assert (away.unit.name, away.pattern, away.kind) == ("badan", None, "dinas")
    names = ("satu/badan", "satu", "satu/sekolah", "satu/upt", "satu/dinas")
    assert away.lineage == tuple(unit[name] for name in names)
    assert (home.unit.name, home.pattern, home.kind) == ("sekolah", "enam_hari", None)


async def test_who_has_left_is_no_member_from_that_day(world: World) -> None:
    gone = await world.hire("satu/pergi", "satu/upt", left_on=TODAY)
    assert await world.staff.member(gone, TODAY) is None
    assert await world.staff.member(gone, TODAY - timedelta(days=1)) is not None
    assert await world.staff.member(999_999, TODAY) is None


async def test_without_a_placement_she_belongs_to_the_regency(world: World) -> None:
    new = await world.hire("satu/baru", None)
    member = await world.staff.member(new, TODAY)
    assert member is not None
    assert (member.unit.id, member.lineage) == (world.unit["satu"], (world.unit["satu"],))


async def test_assignments_of_a_member_are_those_in_force_that_day(world: World) -> None:
    await world.give("satu/budi", Role.UNIT_ADMIN, "satu/upt", since=TODAY, until=NEXT_WEEK)
    held = []
    for day in (TODAY - timedelta(days=1), TODAY, NEXT_WEEK):
        member = await world.staff.member(world.person["satu/budi"], day)
        assert member is not None
        held.append(len(member.assignments))
    assert held == [0, 1, 0]


# --- the tree ---


async def test_the_subtree_of_a_unit_is_it_and_all_below_and_of_a_regency_all_of_it(world: World) -> None:
    unit = world.unit
    dinas = ("satu/dinas", "satu/upt", "satu/sekolah", "satu/upt_lain")
    assert set(await world.staff.subtree(unit["satu/dinas"])) == {unit[name] for name in dinas}
    assert await world.staff.subtree(unit["satu/sekolah"]) == (unit["satu/sekolah"],)
    own = {key for name, key in unit.items() if name.split("/")[0] == "satu"}
    assert set(await world.staff.subtree(unit["satu"])) == own
    assert await world.staff.subtree(999_999) == ()


async def test_the_tree_counts_people_where_they_belong_and_the_totals_add_up(world: World) -> None:
    await world.hire("satu/ani", "satu/upt")
    await world.hire("satu/pergi", "satu/upt", left_on=TODAY)
    await world.hire("dua/eka", "dua/upt")
    await world.office.second(OPERATOR, world.person["satu/ani"], world.unit["satu/badan"], TODAY, None)
    found = [(b.depth, b.unit.name, b.own, b.total) for b in await world.staff.units("satu", TODAY)]
    assert found == [
        (0, "Kabupaten Satu", 0, 2),
        (1, "badan", 0, 0),
        (1, "dinas", 0, 2),
        (2, "upt", 1, 2),
        (3, "sekolah", 1, 1),
        (2, "upt_lain", 0, 0),
    ]


async def test_a_part_of_the_tree_is_shown_from_its_own_top(world: World) -> None:
    head = await world.hire("satu/kepala", "satu/upt")
    await world.give("satu/kepala", Role.UNIT_HEAD, "satu/upt")
    who = await world.staff.actor(head, TODAY)
    shown: tuple[Branch, ...] = await world.units.tree(who, world.unit["satu/upt"])
    assert [(b.depth, b.unit.name) for b in shown] == [(0, "upt"), (1, "sekolah")]


async def test_moving_and_renaming_keep_what_was_before_and_who_was_there(world: World) -> None:
    unit, before = world.unit, await world.rows(placements)
    await world.units.move(OPERATOR, unit["satu/upt"], unit["satu/badan"])
    await world.units.rename(OPERATOR, unit["satu/upt"], "  UPT   Baru ")
    history = [
        (row["unit_id"], row["at"], row["actor"], row["parent_id"], row["name"])
        for row in await world.rows(unit_changes)
    ]
    assert history == [
        (unit["satu/upt"], NOW, OPERATOR.name, unit["satu/dinas"], "upt"),
        (unit["satu/upt"], NOW, OPERATOR.name, unit["satu/badan"], "upt"),
    ]
    assert await world.rows(placements) == before
    assert await world.staff.path(unit["satu/sekolah"]) == "badan / UPT Baru / sekolah"
    several = {unit["satu/sekolah"], unit["satu/badan"]}
    assert await world.staff.paths(several) == {one: await world.staff.path(one) for one in several}
    assert await world.staff.paths(()) == {}


@pytest.mark.parametrize(
    ("moved", "under", "key"),
    [
        ("satu/dinas", "satu/dinas", "staff.cycle"),
        ("satu/dinas", "satu/sekolah", "staff.cycle"),
        ("satu", "satu/badan", "staff.root_fixed"),
        ("satu/dinas", "dua/badan", "staff.other_regency"),
    ],
)
async def test_a_unit_never_comes_below_itself_or_into_another_regency(
    world: World, moved: str, under: str, key: str
) -> None:
    before = await world.dump()
    assert await _key(world.units.move(OPERATOR, world.unit[moved], world.unit[under])) == key
    assert await world.dump() == before


async def test_of_two_moves_at_once_that_would_make_a_circle_one_is_refused(world: World) -> None:
    badan, dinas = world.unit["satu/badan"], world.unit["satu/dinas"]
    other = World(world.url)
    done = await asyncio.gather(
        world.units.move(OPERATOR, badan, dinas),
        other.units.move(OPERATOR, dinas, badan),
        return_exceptions=True,
    )
    await other.engine.dispose()
    assert sorted(one.key for one in done if isinstance(one, Problem)) == ["staff.cycle"]
    assert len(await world.staff.units("satu", TODAY)) == 6


async def test_only_an_empty_unit_is_closed_and_its_roles_end(world: World) -> None:
    unit = world.unit
    assert await _key(world.units.close(OPERATOR, unit["satu/upt"])) == "staff.not_empty"
    assert await _key(world.units.close(OPERATOR, unit["satu/sekolah"])) == "staff.not_empty"
    assert await _key(world.units.close(OPERATOR, unit["satu"])) == "staff.root_fixed"
    await world.give("satu/budi", Role.UNIT_HEAD, "satu/badan")
    await world.units.close(OPERATOR, unit["satu/badan"])
    assert (await world.staff.heads_of(unit["satu/badan"], TODAY)).acting is None
    assert (await world.staff.heads_of(unit["satu/badan"], LONG_AGO)).acting == world.person["satu/budi"]
    assert "badan" not in {branch.unit.name for branch in await world.staff.units("satu", TODAY)}
    assert await _key(world.units.move(OPERATOR, unit["satu/upt"], unit["satu/badan"])) == "staff.unit_gone"


async def test_somebody_still_to_come_keeps_a_unit_open(world: World) -> None:
    await world.office.second(OPERATOR, world.person["satu/budi"], world.unit["satu/badan"], NEXT_WEEK, None)
    assert await _key(world.units.close(OPERATOR, world.unit["satu/badan"])) == "staff.not_empty"


async def test_a_closed_unit_that_is_added_again_has_its_history_back(world: World) -> None:
    badan = world.unit["satu/badan"]
    await world.units.close(OPERATOR, badan)
    again = Unit(0, "satu", "Badan", world.unit["satu"], "dinas", None, "B1")
    assert await world.units.add(OPERATOR, again) == badan
    found = await world.staff.find_unit("satu", "b1")
    assert found == replace(again, id=badan)


async def test_siblings_have_different_names_and_others_need_not(world: World) -> None:
    unit = world.unit
    new = Unit(0, "satu", "UPT", unit["satu/dinas"])
    assert await _key(world.units.add(OPERATOR, new)) == "staff.name_taken"
    assert await _key(world.units.rename(OPERATOR, unit["satu/badan"], "dinas")) == "staff.name_taken"
    added = await world.units.add(OPERATOR, replace(new, parent=unit["satu/badan"]))
    assert await _key(world.units.move(OPERATOR, added, unit["satu/dinas"])) == "staff.name_taken"


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "bell\a"])
async def test_a_name_that_nobody_can_read_is_refused(world: World, name: str) -> None:
    assert await _key(world.units.rename(OPERATOR, world.unit["satu/badan"], name)) == "staff.bad_name"


async def test_an_unknown_kind_or_pattern_is_refused_with_the_known_ones(world: World) -> None:
    badan = world.unit["satu/badan"]
    for work in (world.units.set_kind(OPERATOR, badan, "x"), world.units.set_pattern(OPERATOR, badan, "x")):
        with pytest.raises(Problem) as caught:
            await work
        assert caught.value.values["known"] in ("dinas, sekolah", "lima_hari, enam_hari")


async def test_a_regency_has_one_root_however_often_it_is_registered(world: World) -> None:
    assert await world.units.root(OPERATOR, "satu") == world.unit["satu"]
    roots = [row for row in await world.rows(units) if row["parent_id"] is None]
    assert len(roots) == 2


async def test_the_first_change_of_all_may_be_made_twice_at_once(database_url: str) -> None:
    first, second = await World(database_url).build(), World(database_url)
    await asyncio.gather(
        first.units.rename(OPERATOR, first.unit["satu/badan"], "A"),
        second.units.rename(OPERATOR, first.unit["dua/badan"], "B"),
    )
    for world in (first, second):
        await world.engine.dispose()


async def test_a_second_secondment_in_force_shows_where_she_works_last(world: World) -> None:
    budi = world.person["satu/budi"]
    await world.place(budi, "satu/badan", PlacementKind.SECONDMENT, TODAY - timedelta(days=9))
    await world.place(budi, "satu/upt_lain", PlacementKind.SECONDMENT, TODAY - timedelta(days=2))
    member = await world.staff.member(budi, TODAY)
    assert member is not None
    assert member.unit.name == "upt_lain"


# --- names of units ---

FEW = [
    Unit(1, "satu", "Kabupaten Satu"),
    Unit(2, "satu", "Dinas Pendidikan", 1, code="1.01"),
    Unit(3, "satu", "Dinas Kesehatan", 1, code="1.02"),
    Unit(4, "satu", "UPT Utara", 2),
    Unit(5, "satu", "UPT Utara", 3),
    Unit(6, "satu", "SDN 1", 4),
    Unit(7, "satu", "SDN 1/2", 4),
]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("1.02", [3]),
        ("dinas  PENDIDIKAN", [2]),
        ("upt utara", [4, 5]),
        ("dinas kesehatan/upt utara", [5]),
        ("upt utara / sdn 1", [6]),
        ("kesehatan / upt utara", []),
        ("sdn 1/2", [7]),
        ("sdn", []),
        ("", []),
    ],
)
def test_a_unit_is_found_by_code_name_or_the_end_of_its_path(text: str, ids: list[int]) -> None:
    assert [unit.id for unit in matching(FEW, text).values()] == ids


def test_an_ambiguous_name_lists_the_candidates_and_their_paths_are_unambiguous() -> None:
    with pytest.raises(Problem) as caught:
        only(matching(FEW, "upt utara"), "satu", "upt utara")
    assert caught.value.values["candidates"] == "Dinas Kesehatan / UPT Utara; Dinas Pendidikan / UPT Utara"
    known = {unit.id: unit for unit in FEW}
    assert all(only(matching(FEW, path_of(u.id, known)), "satu", "").id == u.id for u in FEW)


async def test_a_unit_is_found_in_its_own_regency_only(world: World) -> None:
    assert (await world.staff.find_unit("dua", "upt")).id == world.unit["dua/upt"]
    assert await _key(world.staff.find_unit("dua", "Kabupaten Satu")) == "staff.no_unit"
