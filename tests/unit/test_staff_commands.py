"""`edaran unit`, `edaran person`, `edaran role`: what they print, and with whose rights they act."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import typer
from click.testing import Result
from sqlalchemy import insert
from typer.testing import CliRunner

from bot.app import catalogues
from bot.commands.people import person_app, role_app
from bot.commands.units import unit_app
from bot.people.rights import RefusedError
from bot.problems import Problem
from bot.storage.store import Store, open_store
from bot.storage.tables import access_log, people, placements, units
from tests.staff_world import LONG_AGO, NOW

REGENCY = "lumajang"
NIP, PHONE = "199901012024011001", "+6280000000001"

app = typer.Typer()
for name, group in (("unit", unit_app), ("person", person_app), ("role", role_app)):
    app.add_typer(group, name=name)


@pytest.fixture(autouse=True)
def ledger(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EDARAN_DATABASE__URL", sqlite_url)
    return sqlite_url


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--regency", REGENCY])


def ran(*arguments: str) -> str:
    """What a command printed on standard output; it must have done its work."""
    result = invoke(*arguments)
    assert result.exit_code == 0, repr(result.exception)
    return result.stdout


def problem(*arguments: str) -> str:
    """The key of what went wrong; its line must not have a hole."""
    result = invoke(*arguments)
    assert isinstance(result.exception, Problem)
    assert result.exception.line(catalogues()["id"])
    assert result.exception.line(catalogues()["en"])
    return result.exception.key


def in_ledger(url: str, work: Callable[[Store], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        store = await open_store(url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


@pytest.fixture
def staffed(ledger: str) -> str:
    """Two agencies, a school, and a teacher with NIP and phone; B1 works in the other agency."""
    ran("unit", "add", "Dinas Pendidikan", "--code", "1.01", "--kind", "dinas")
    ran("unit", "add", "SDN 1", "--under", "1.01", "--kind", "sekolah", "--pattern", "lima_hari")
    ran("unit", "add", "BKPSDM")
    hire(ledger, NIP, "Guru Contoh", "SDN 1", phone=PHONE)
    hire(ledger, "B1", "Staf Contoh", "BKPSDM")
    return ledger


def hire(url: str, number: str, name: str, unit: str, **values: object) -> None:
    async def work(store: Store) -> None:
        entry = {"regency": REGENCY, "number": number, "name": name, "joined_on": LONG_AGO, "updated_at": NOW}
        where = (await store.staff.find_unit(REGENCY, unit)).id
        async with store._engine.begin() as connection:
            done = await connection.execute(insert(people).returning(people.c.id), entry | values)
            place = {"person_id": done.scalar_one(), "unit_id": where, "kind": "primary", "since": LONG_AGO}
            await connection.execute(insert(placements), place)

    in_ledger(url, work)


def rows(url: str, table: Any) -> list[Any]:
    async def work(store: Store) -> list[Any]:
        async with store._engine.connect() as connection:
            return list((await connection.execute(table.select())).all())

    found: list[Any] = in_ledger(url, work)
    return found


def test_the_tree_is_listed_with_counts_for_people_and_for_programs(staffed: str) -> None:
    lines = ran("unit", "list").splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "Kabupaten Lumajang",
        "  BKPSDM",
        "  Dinas Pendidikan [1.01 · dinas]",
        "    SDN 1 [sekolah · lima_hari]",
    ]
    document = json.loads(ran("unit", "list", "--json"))
    assert [(unit["name"], unit["people"], unit["total"]) for unit in document][-2:] == [
        ("Dinas Pendidikan", 0, 1),
        ("SDN 1", 1, 1),
    ]
    assert len(ran("unit", "list", "--unit", "1.01").splitlines()) == 2


def test_a_unit_is_renamed_moved_given_a_pattern_and_closed(staffed: str) -> None:
    ran("unit", "rename", "SDN 1", "SDN Satu")
    ran("unit", "move", "SDN Satu", "--under", "BKPSDM")
    ran("unit", "pattern", "SDN Satu")
    ran("unit", "kind", "SDN Satu")
    ran("unit", "close", "Dinas Pendidikan")
    lines = [line.split(":")[0] for line in ran("unit", "list").splitlines()]
    assert lines == ["Kabupaten Lumajang", "  BKPSDM", "    SDN Satu"]


def test_a_person_is_shown_with_number_and_phone_masked(staffed: str) -> None:
    texts = [ran("person", "show", NIP), ran("person", "show", " 19990101 202401 1 001 ", "--json")]
    for text in texts:
        assert "Guru Contoh" in text
        assert "Dinas Pendidikan / SDN 1" in text
        assert NIP not in text
        assert PHONE not in text
    assert json.loads(texts[1])["pattern"] == "lima_hari"


def test_only_a_head_has_a_standing_and_an_end_is_the_last_day(staffed: str) -> None:
    ran("role", "grant", NIP, "admin_unit", "--unit", "SDN 1", "--since", "2098-01-01")
    span = ("--since", "2099-01-01", "--through", "2099-12-31")
    ran("role", "grant", NIP, "kepala_unit", "--unit", "SDN 1", "--standing", "plh", *span)
    ran("person", "leave", NIP, *span)
    for lines in (ran("role", "list").splitlines(), ran("person", "show", NIP).splitlines()):
        [admin] = [line for line in lines if "admin_unit" in line]
        assert "definitif" not in admin
        assert admin.endswith("sejak Rab 1 Jan 2098")
        [head] = [line for line in lines if "kepala_unit" in line]
        assert "(plh)" in head
        assert head.endswith("1 Jan 2099 sampai Kam 31 Des 2099")
    [leave] = [line for line in ran("person", "show", NIP).splitlines() if "cuti" in line]
    assert leave.endswith("sampai Kam 31 Des 2099")


def test_without_a_kind_it_is_the_usual_leave(staffed: str) -> None:
    ran("person", "leave", NIP, "--since", "2099-01-04")
    [leave] = json.loads(ran("person", "show", NIP, "--json"))["absences"]
    assert leave["kind"] == "cuti"


def test_a_new_number_is_checked_and_then_hers(staffed: str) -> None:
    assert problem("person", "renumber", "B1", "199013012024211001") == "roster.reject_number_birth"
    assert problem("person", "renumber", "B1", NIP) == "staff.number_taken"
    assert problem("person", "renumber", "B2", "B3") == "staff.no_person"
    ran("person", "renumber", "B1", "1990 0101 202421 1 001")
    assert json.loads(ran("person", "show", "199001012024211001", "--json"))["name"] == "Staf Contoh"
    assert problem("person", "show", "B1") == "staff.no_person"


def test_a_head_may_not_give_numbers(staffed: str) -> None:
    ran("role", "grant", NIP, "kepala_unit", "--unit", "BKPSDM")
    result = invoke("person", "renumber", "B1", "B3", "--as", NIP)
    assert isinstance(result.exception, RefusedError)


def test_leave_and_secondment_are_set_and_ended(staffed: str) -> None:
    ran("person", "leave", NIP, "--kind", "cuti", "--since", "2099-01-04", "--through", "2099-01-05")
    [leave] = json.loads(ran("person", "show", NIP, "--json"))["absences"]
    assert (leave["since"], leave["until"]) == ("2099-01-04", "2099-01-06")
    ran("person", "back", NIP)
    assert json.loads(ran("person", "show", NIP, "--json"))["absences"] == []
    ran("person", "second", NIP, "BKPSDM")
    assert json.loads(ran("person", "show", NIP, "--json"))["unit"] == "BKPSDM"
    ran("person", "return", NIP)
    assert json.loads(ran("person", "show", NIP, "--json"))["unit"] == "Dinas Pendidikan / SDN 1"


def test_roles_are_granted_listed_and_ended(staffed: str) -> None:
    ran("role", "grant", NIP, "kepala_unit", "--unit", "1.01", "--standing", "plt", "--since", "2026-01-01")
    ran("role", "grant", "B1", "hr", "--since", "2026-01-01")
    ran("role", "grant", "B1", "pengelola")
    listed = json.loads(ran("role", "list", "--json"))
    assert {(role["role"], role["standing"], role["unit"]) for role in listed} == {
        ("pengelola", "definitif", None),
        ("hr", "definitif", "Kabupaten Lumajang"),
        ("kepala_unit", "plt", "Dinas Pendidikan"),
    }
    assert NIP not in ran("role", "list")
    ran("role", "end", NIP, "kepala_unit", "--unit", "1.01")
    assert len(ran("role", "list").splitlines()) == 2


def test_acting_as_an_employee_has_her_rights_and_the_log_names_both(staffed: str) -> None:
    ran("role", "grant", NIP, "kepala_unit", "--unit", "1.01", "--since", "2026-01-01")
    assert len(ran("unit", "list", "--unit", "SDN 1", "--as", NIP).splitlines()) == 1
    actor = rows(staffed, access_log)[-1].actor
    assert actor.startswith("operator:")
    assert " as person:" in actor
    before = rows(staffed, units)
    for arguments in (
        ("unit", "list"),
        ("unit", "add", "X"),
        ("unit", "rename", "SDN 1", "X"),
        ("person", "show", "B1"),
        ("person", "show", "nobody"),
        ("role", "grant", NIP, "hr"),
    ):
        assert isinstance(invoke(*arguments, "--as", NIP).exception, RefusedError)
    assert rows(staffed, units) == before


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("person", "show", "nobody"), "staff.no_person"),
        (("unit", "rename", "nothing", "X"), "staff.no_unit"),
        (("unit", "add", "X", "--kind", "kapal"), "cli.unknown_name"),
        (("unit", "pattern", "SDN 1", "besok"), "cli.unknown_name"),
        (("unit", "close", "SDN 1"), "staff.not_empty"),
        (("role", "grant", NIP, "raja", "--unit", "1.01"), "cli.unknown_name"),
        (("role", "grant", NIP, "kepala_unit", "--unit", "1.01", "--standing", "x"), "cli.unknown_name"),
        (("role", "grant", NIP, "kepala_unit"), "staff.role_needs_unit"),
        (("role", "end", NIP, "hr"), "staff.no_role"),
        (("person", "leave", NIP, "--kind", "x"), "cli.unknown_name"),
        (("person", "back", NIP), "staff.no_absence"),
        (("person", "return", NIP), "staff.no_secondment"),
        (("unit", "list", "--as", "nobody"), "staff.no_person"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(staffed: str, arguments: tuple[str, ...], key: str) -> None:
    assert problem(*arguments) == key


def test_a_regency_that_is_not_registered_is_named_with_the_known_ones() -> None:
    result = CliRunner().invoke(app, ["unit", "list", "--regency", "atlantis"])
    assert isinstance(result.exception, Problem)
    assert REGENCY in str(result.exception.values["known"])


def test_a_regency_without_units_says_how_to_begin() -> None:
    assert problem("unit", "list") == "staff.no_regency"
