"""Who may do what, on whom: every role, action and scope, against a table written from the issue and not from
the code; purely, and with actors and targets as both databases give them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product

import pytest

from bot.people.rights import Action, Actor, RefusedError, Target, may, require
from bot.people.staff import Assignment, Role, Standing
from tests.staff_world import LONG_AGO, TODAY, World

# Where the target stands to the unit over which the role is held. The actor herself works beside it, so that
# what she may do to herself is not hidden by what she may do there.
SCOPES = {
    "o": "satu/upt",  # own unit
    "b": "satu/sekolah",  # below
    "s": "satu/upt_lain",  # beside
    "a": "satu/dinas",  # above
    "x": "dua/upt",  # another regency
    "m": None,  # myself
    "n": None,  # nobody: what belongs to no unit
}

ALLOWED = """
action            pegawai  admin_unit  kepala_unit  hr      pengelola
see_person        m        obm         obm          obsam   obsaxmn
see_unit          -        ob          ob           obsam   obsaxmn
export_person     m        m           m            obsam   obsaxmn
erase_person      -        -           -            obsam   obsaxmn
acknowledge       m        m           m            m       m
issue_code        -        ob          -            obsam   obsaxmn
unlink            m        obm         m            obsam   obsaxmn
set_absence       -        ob          ob           obsam   obsaxmn
second            -        -           -            obsam   obsaxmn
appoint_admin     -        -           ob           obsam   obsaxmn
appoint_head      -        -           -            obsam   obsaxmn
appoint_hr        -        -           -            -       obsaxmn
appoint_operator  -        -           -            -       obsaxmn
edit_unit         -        -           -            obsam   obsaxmn
import_roster     -        -           -            obsam   obsaxmn
see_counters      -        -           -            obsam   obsaxmn
add_circular      -        -           -            obsam   obsaxmn
create_campaign   -        -           -            obsam   obsaxmn
approve_campaign  -        -           ob           obsam   obsaxmn
run_campaign      -        -           -            obsam   obsaxmn
see_campaign      -        ob          ob           obsam   obsaxmn
export_campaign   -        -           ob           obsam   obsaxmn
proxy_request     -        ob          -            obsam   obsaxmn
proxy_approve     -        -           ob           obsam   obsaxmn
open_assembly     -        ob          ob           obsam   obsaxmn
handle_tasks      -        -           -            obsam   obsaxmn
"""
"""The scopes in which a holder of the role may do it. HR holds the role over the whole regency, so that all
of it is hers; the operator over everything."""


def table() -> dict[tuple[str, str, str], bool]:
    (_, *roles), *rows = (line.split() for line in ALLOWED.strip().splitlines())
    return {
        (role, action, scope): scope in scopes
        for action, *cells in rows
        for role, scopes in zip(roles, cells, strict=True)
        for scope in SCOPES
    }


EXPECTED = table()
ME = 7

# The same tree as numbers: the regency 1, the dinas 2, the upt 3, the school 4, the upt beside 5.
HELD = {"pegawai": None, "admin_unit": 3, "kepala_unit": 3, "hr": 1, "pengelola": None}
TARGETS = {
    "o": Target(frozenset({1, 2, 3}), 50),
    "b": Target(frozenset({1, 2, 3, 4}), 51),
    "s": Target(frozenset({1, 2, 5}), 52),
    "a": Target(frozenset({1, 2}), 53),
    "x": Target(frozenset({101, 102, 103}), 54),
    "m": Target(frozenset({1, 2, 5}), ME),
    "n": Target(),
}


def actor(role: str, standing: Standing = Standing.DEFINITIVE) -> Actor:
    held = () if role == "pegawai" else (Assignment(Role(role), HELD[role], LONG_AGO, standing=standing),)
    return Actor(f"person:{ME}", ME, held)


def test_the_expectations_name_every_role_action_and_scope() -> None:
    assert set(EXPECTED) == set(product(Role, Action, SCOPES))
    assert sum(EXPECTED.values()) not in (0, len(EXPECTED))


@pytest.mark.parametrize(("role", "action"), list(product(Role, Action)))
def test_a_role_reaches_as_far_as_the_table_says_and_no_farther(role: Role, action: Action) -> None:
    reached = "".join(scope for scope in SCOPES if may(actor(role), action, TARGETS[scope]))
    assert reached == "".join(scope for scope in SCOPES if EXPECTED[role, action, scope])


@pytest.mark.parametrize("standing", Standing)
def test_an_acting_head_may_do_what_the_head_may(standing: Standing) -> None:
    for action, scope in product(Action, SCOPES):
        allowed = may(actor("kepala_unit", standing), action, TARGETS[scope])
        assert allowed is EXPECTED["kepala_unit", action, scope]


def test_refusing_raises_an_error_that_says_nothing_of_the_target() -> None:
    with pytest.raises(RefusedError) as caught:
        require(actor("pegawai"), Action.SEE_PERSON, TARGETS["o"])
    assert caught.value.values == {}
    require(actor("pegawai"), Action.SEE_PERSON, TARGETS["m"])


# --- a code hands over the roles ---

GIVEN_BY = {
    Role.UNIT_ADMIN: {"hr", "pengelola"},
    Role.UNIT_HEAD: {"hr", "pengelola"},
    Role.HR: {"pengelola"},
    Role.OPERATOR: {"pengelola"},
}


@pytest.mark.parametrize("held", GIVEN_BY)
def test_a_code_for_a_holder_of_a_role_needs_the_right_to_give_that_role(held: Role) -> None:
    target = Target(TARGETS["o"].units, 50, frozenset({held}))
    able = {role.value for role in Role if may(actor(role), Action.ISSUE_CODE, target)}
    assert able == GIVEN_BY[held]


def test_a_code_for_oneself_hands_over_nothing_new() -> None:
    myself = Target(frozenset({1, 2, 3}), ME, frozenset({Role.UNIT_ADMIN}))
    assert may(actor("admin_unit"), Action.ISSUE_CODE, myself)
    assert not may(actor("kepala_unit"), Action.ISSUE_CODE, myself)


# --- with the actors and targets of a database ---


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    made = await World(database_url).build()
    for role in Role:
        await made.hire(f"satu/{role.value}", "satu/upt_lain")
    for scope, unit in SCOPES.items():
        if unit is not None:
            await made.hire(f"{unit.split('/')[0]}/at_{scope}", unit)
    await made.give("satu/admin_unit", Role.UNIT_ADMIN, "satu/upt")
    await made.give("satu/kepala_unit", Role.UNIT_HEAD, "satu/upt")
    await made.give("satu/hr", Role.HR, "satu")
    await made.give("satu/pengelola", Role.OPERATOR, None)
    yield made
    await made.engine.dispose()


async def test_on_people_of_a_database_the_table_holds_exactly(world: World) -> None:
    found: dict[tuple[str, str, str], bool] = {}
    for role, (scope, unit) in product(Role, SCOPES.items()):
        who = await world.actor(f"satu/{role.value}")
        key = f"{unit.split('/')[0]}/at_{scope}" if unit else f"satu/{role.value}"
        target = await world.staff.target_of(world.person[key], TODAY) if scope != "n" else Target()
        found |= {(role.value, action.value, scope): may(who, action, target) for action in Action}
    assert found == EXPECTED


async def test_on_units_of_a_database_the_table_holds_exactly(world: World) -> None:
    for role, (scope, unit) in product(Role, SCOPES.items()):
        if unit is None:
            continue
        who = await world.actor(f"satu/{role.value}")
        target = await world.staff.unit_target(world.unit[unit])
        found = {action for action in Action if may(who, action, target)}
        assert found == {action for action in Action if EXPECTED[role, action, scope]}


async def test_a_role_gives_nothing_before_its_first_day_and_from_its_end(world: World) -> None:
    from datetime import timedelta

    await world.hire("satu/plh", "satu/badan")
    last = TODAY + timedelta(days=2)
    await world.give("satu/plh", Role.UNIT_HEAD, "satu/badan", since=TODAY, until=last, standing=Standing.PLH)
    target = await world.staff.unit_target(world.unit["satu/badan"])
    days = [TODAY + timedelta(days=step) for step in (-1, 0, 1, 2)]
    held = [
        may(await world.staff.actor(world.person["satu/plh"], day), Action.SEE_UNIT, target) for day in days
    ]
    assert held == [False, True, True, False]


async def test_who_has_left_the_staff_has_no_roles_but_is_still_within_reach_of_hr(world: World) -> None:
    await world.hire("satu/pergi", "satu/upt", left_on=TODAY)
    await world.give("satu/pergi", Role.HR, "satu")
    assert (await world.actor("satu/pergi")).assignments == ()
    await world.hire("satu/lama", None, left_on=LONG_AGO)
    target = await world.staff.target_of(world.person["satu/lama"], TODAY)
    assert may(await world.actor("satu/hr"), Action.ERASE_PERSON, target)
    assert not may(await world.actor("satu/kepala_unit"), Action.SEE_PERSON, target)


async def test_somebody_seconded_is_in_reach_of_both_heads(world: World) -> None:
    from bot.people.staff import PlacementKind

    person = await world.hire("satu/pinjam", "satu/badan")
    who = await world.actor("satu/kepala_unit")
    assert not may(who, Action.SEE_PERSON, await world.staff.target_of(person, TODAY))
    await world.place(person, "satu/sekolah", PlacementKind.SECONDMENT)
    target = await world.staff.target_of(person, TODAY)
    assert may(who, Action.SEE_PERSON, target)
    assert {world.unit[f"satu/{name}"] for name in ("badan", "sekolah", "upt", "dinas")} < target.units
