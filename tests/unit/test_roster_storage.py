"""A roster brought into the ledger: all of it or nothing, with history, on every engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select, update

from bot.people.rights import Actor, RefusedError
from bot.people.roster.difference import Difference
from bot.people.roster.importing import carry_out, dry_run, kept_mapping
from bot.people.roster.mapping import from_plain
from bot.people.staff import Assignment, Role
from bot.problems import Problem
from bot.storage.changes import staff_version
from bot.storage.engine import LedgerEngine, open_engine
from bot.storage.migrate import ensure_current
from bot.storage.roster import SqlRoster, SqlRosterWriting
from bot.storage.staff import SqlStaff, lock
from bot.storage.tables import (
    access_log,
    assignments,
    codes,
    identities,
    metadata,
    people,
    placements,
    roster_imports,
    unit_changes,
    units,
)
from tests.rosters import HEADERS, NIPS, PPPK, REGENCY, TODAY, person, staged, texts, write_csv

NOW = 1_800_000_000
LATER = TODAY + timedelta(days=30)
OPERATOR = Actor("operator:uji", None, (Assignment(Role.OPERATOR, None, date.min),))

Rows = Sequence[Sequence[Any]]


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[LedgerEngine]:
    engine = open_engine(database_url, wait=0.3)
    await ensure_current(engine)
    yield engine
    await engine.dispose()


class World:
    """Imports rows, and says what the ledger has."""

    def __init__(self, engine: LedgerEngine, folder: Path) -> None:
        self.engine = engine
        self.ledger = SqlRoster(engine, lambda: NOW)
        self.folder = folder

    async def imports(
        self, rows: Rows, day: date = TODAY, headers: Sequence[str] = HEADERS, **options: bool
    ) -> dict[str, int]:
        """The counts that are not 0."""
        path = write_csv(self.folder / "r.csv", [headers, *rows])
        with staged(path, today=day) as read:
            return counted(await carry_out(read, self.ledger, OPERATOR, REGENCY, day, **options))

    async def would(self, rows: Rows, day: date = TODAY) -> dict[str, int]:
        with staged(write_csv(self.folder / "r.csv", [HEADERS, *rows]), today=day) as read:
            return counted(await dry_run(read, self.ledger, OPERATOR, REGENCY, day))

    async def rows(self, table: Table) -> list[Any]:
        """By id, where there is one."""
        order = [table.c.id] if "id" in table.c else []
        async with self.engine.connect() as connection:
            return list((await connection.execute(select(table).order_by(*order))).all())

    async def everything(self) -> dict[str, list[Any]]:
        """All tables but the logs, which an import without effect writes to."""
        skipped = {access_log.name, roster_imports.name}
        return {t.name: await self.rows(t) for t in metadata.sorted_tables if t.name not in skipped}

    async def add(self, table: Table, *rows: dict[str, Any]) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(insert(table), list(rows))

    async def id_of(self, number: str) -> int:
        return next(int(row.id) for row in await self.rows(people) if row.number == number)

    async def history(self, number: str) -> list[tuple[str, date, date | None]]:
        """Where the person was, from when, until when."""
        names = {row.id: row.name for row in await self.rows(units)}
        who = await self.id_of(number)
        return [
            (names[row.unit_id], row.since, row.until)
            for row in await self.rows(placements)
            if row.person_id == who
        ]


def counted(difference: Difference) -> dict[str, int]:
    counts = {kind.value: count for kind, count in difference.counts.items()}
    return {name: count for name, count in {**counts, "rejected": difference.rejected}.items() if count}


@pytest.fixture
def world(engine: LedgerEngine, tmp_path: Path) -> World:
    return World(engine, tmp_path)


MANY = [person(at) for at in range(30)]


async def test_the_first_import_makes_the_tree_and_places_everybody(world: World) -> None:
    rows = [person(1, phone="0800 0000 001"), person(2, agency="UPT Puskesmas Randu", unit="")]
    assert await world.imports(rows) == {"joined": 2}
    found = [(row.id, row.parent_id, row.name, row.kind) for row in await world.rows(units)]
    root, dinas, puskesmas, bidang = found
    assert root[1:] == (None, "Kabupaten Lumajang", None)
    assert dinas[1:] == (root[0], "Dinas Randu", "dinas")
    assert puskesmas[1:] == (root[0], "UPT Puskesmas Randu", "puskesmas")
    assert bidang[1:] == (dinas[0], "Bidang Satu", None)
    one, _ = await world.rows(people)
    assert (one.number, one.name, one.status, one.phone) == (NIPS[1], "Pegawai 1", "pns", "+628000000001")
    assert (one.regency, one.joined_on, one.left_on) == (REGENCY, TODAY, None)
    assert await world.history(NIPS[1]) == [("Bidang Satu", TODAY, None)]
    assert await world.history(NIPS[2]) == [("UPT Puskesmas Randu", TODAY, None)]


async def test_the_same_file_again_writes_nothing_but_that_it_was_imported(world: World) -> None:
    await world.imports(MANY)
    before = await world.everything()
    assert await world.imports(MANY, LATER) == {"unchanged": 30}
    assert await world.everything() == before
    first, second = await world.rows(roster_imports)
    assert (second.regency, second.digest, second.actor) == (REGENCY, "digest", "operator:uji")
    assert '"joined": 30' in first.counts
    assert '"unchanged": 30' in second.counts
    noted = [(row.actor, row.action, row.count) for row in await world.rows(access_log)]
    assert noted == [("operator:uji", "import_roster", 30)] * 2


async def test_a_dry_run_writes_nothing(world: World) -> None:
    assert await world.would(MANY) == {"joined": 30}
    assert await world.rows(people) == await world.rows(units) == await world.rows(access_log) == []


async def test_a_move_closes_the_old_placement_and_opens_a_new_one(world: World) -> None:
    await world.imports(MANY)
    moved = [*MANY[:1], person(1, agency="Kecamatan Randu", unit=""), *MANY[2:]]
    assert await world.would(moved, LATER) == {"moved": 1, "unchanged": 29}
    assert await world.imports(moved, LATER) == {"moved": 1, "unchanged": 29}
    assert await world.history(NIPS[1]) == [("Bidang Satu", TODAY, LATER), ("Kecamatan Randu", LATER, None)]
    assert await world.history(NIPS[2]) == [("Bidang Satu", TODAY, None)]
    assert await world.imports(moved, LATER) == {"unchanged": 30}


async def test_what_changed_of_a_person_is_written_and_nothing_else(world: World) -> None:
    await world.imports(MANY)
    changed = [person(0, name="Nama Baru", phone="0800 0000 009"), *MANY[1:]]
    assert await world.imports(changed, LATER) == {"changed": 1, "unchanged": 29}
    one, two = (await world.rows(people))[:2]
    assert (one.name, one.phone, two.phone) == ("Nama Baru", "+628000000009", None)
    assert len(await world.rows(placements)) == 30


async def test_a_phone_that_cannot_be_read_leaves_the_old_one_and_a_blank_cell_removes_it(
    world: World,
) -> None:
    rows = [person(at, phone=f"0800 0000 00{at}") for at in (1, 2, 3)]
    await world.imports(rows)
    assert await world.imports([row[:5] for row in rows], headers=HEADERS[:5]) == {"unchanged": 3}
    rows[0][5], rows[1][5] = "8,12E+10", ""
    assert await world.imports(rows) == {"changed": 1, "unchanged": 2}
    assert [row.phone for row in await world.rows(people)] == ["+628000000001", None, "+628000000003"]


async def leave_everywhere(world: World, who: int) -> None:
    """Gives the person all that somebody can hold."""
    one = next(row.unit_id for row in await world.rows(placements) if row.person_id == who)
    account = {"channel": "telegram", "external_id": "7", "person_id": who, "linked_at": NOW, "how": "code"}
    await world.add(identities, account)
    code = {"person_id": who, "issued_by": "operator:uji", "issued_at": NOW, "expires_at": NOW + 60}
    await world.add(codes, {**code, "digest": "live"}, {**code, "digest": "over", "expires_at": NOW - 1})
    role = {"person_id": who, "unit_id": one, "standing": "definitif", "granted_by": "x", "granted_at": NOW}
    await world.add(
        assignments,
        {**role, "role": "admin_unit", "since": TODAY, "until": None},
        {**role, "role": "kepala_unit", "since": LATER + timedelta(days=9), "until": None},
        {**role, "role": "hr", "since": TODAY, "until": TODAY + timedelta(days=1)},
    )
    lent = {"person_id": who, "unit_id": one, "kind": "secondment", "since": TODAY, "until": None}
    await world.add(placements, lent)


async def test_somebody_who_leaves_keeps_her_history_and_nothing_that_opens_a_door(world: World) -> None:
    await world.imports(MANY)
    who = await world.id_of(NIPS[0])
    await leave_everywhere(world, who)
    assert await world.imports(MANY[1:], LATER) == {"left": 1, "unchanged": 29}
    assert next(row for row in await world.rows(people) if row.id == who).left_on == LATER
    assert await world.rows(identities) == []
    assert {row.digest: row.revoked_at for row in await world.rows(codes)} == {"live": NOW, "over": None}
    day = timedelta(days=1)
    assert [row.until for row in await world.rows(assignments)] == [LATER, LATER + 9 * day, TODAY + day]
    assert [until for _, _, until in await world.history(NIPS[0])] == [LATER, LATER]
    told = {row.action for row in await world.rows(access_log) if row.person_id == who}
    ended = {"role.ended.admin_unit", "role.ended.kepala_unit"}
    assert told == {"identity.code_revoked", "identity.unlinked", *ended}


async def test_somebody_who_returns_is_the_person_she_was(world: World) -> None:
    await world.imports(MANY)
    who = await world.id_of(NIPS[0])
    await world.imports(MANY[1:], LATER)
    again = LATER + timedelta(days=30)
    assert await world.imports([person(0, agency="Dinas Baru"), *MANY[1:]], again) == {
        "joined": 1,
        "unchanged": 29,
    }
    assert await world.id_of(NIPS[0]) == who
    found = next(row for row in await world.rows(people) if row.id == who)
    assert (found.joined_on, found.left_on) == (TODAY, None)
    assert await world.history(NIPS[0]) == [("Bidang Satu", TODAY, LATER), ("Bidang Satu", again, None)]


HONORARY = ["HL-7", "Sekar", "Honorer", "Dinas Randu", "Bidang Satu", "0800 0000 007"]
APPOINTED = [PPPK, "Sekar, S.E.", "PPPK", "Dinas Randu", "Bidang Satu", "+62 800-0000-007"]


async def alike(world: World, rows: Rows) -> list[tuple[str, str, str]]:
    """The pairs of a dry run: old number, new number, what they share."""
    with staged(write_csv(world.folder / "r.csv", [HEADERS, *rows]), today=LATER) as read:
        found = await dry_run(read, world.ledger, OPERATOR, REGENCY, LATER)
        assert len(list(found.alike())) == found.resembling
        return [(pair.old_number, pair.number, pair.by) for pair in found.alike()]


async def test_who_leaves_and_joins_with_one_phone_may_be_the_same_person(world: World) -> None:
    await world.imports([*MANY, HONORARY])
    assert await alike(world, [*MANY, HONORARY]) == []
    assert await alike(world, [*MANY, APPOINTED]) == [("HL7", PPPK, "phone")]
    other = [*APPOINTED[:5], "0800 0000 008"]
    assert await alike(world, [*MANY, other]) == []


async def test_so_may_who_has_the_same_name_and_day_of_birth(world: World) -> None:
    """A PPPK who became PNS: the numbers begin alike."""
    pns = f"{PPPK[:8]}202503{PPPK[14:]}"
    await world.imports([*MANY, [*APPOINTED[:5], ""]])
    named_so = [pns, "SEKAR", "PNS", "Dinas Randu", "Bidang Satu", ""]
    assert await alike(world, [*MANY, named_so]) == [(PPPK, pns, "birth")]
    assert await alike(world, [*MANY, [pns, "Sekarwati", *named_so[2:]]]) == []


async def test_with_her_new_number_she_is_the_person_she_was(world: World) -> None:
    await world.imports([*MANY, HONORARY])
    before, past = await world.id_of("HL7"), await world.history("HL7")
    account = {"channel": "telegram", "external_id": "7", "linked_at": NOW, "how": "contact"}
    await world.add(identities, {**account, "person_id": before})
    staff = SqlStaff(world.engine, lambda: NOW)
    person = await staff.person(before)
    assert person is not None
    await staff.renumber("operator:uji", person, PPPK)
    assert await world.imports([*MANY, APPOINTED], LATER) == {"changed": 1, "unchanged": 30}
    assert (await world.id_of(PPPK), await world.history(PPPK)) == (before, past)
    assert [row.person_id for row in await world.rows(identities)] == [before]
    assert "renumbered" in [row.action for row in await world.rows(access_log)]


async def test_a_number_that_somebody_has_is_not_given_again(world: World) -> None:
    await world.imports([*MANY, HONORARY])
    staff = SqlStaff(world.engine, lambda: NOW)
    person = await staff.find_person(REGENCY, "HL7")
    assert person is not None
    with pytest.raises(Problem) as caught:
        await staff.renumber("operator:uji", person, NIPS[3])
    assert caught.value.key == "staff.number_taken"
    assert await staff.find_person(REGENCY, "HL7") == person


async def test_leaving_and_returning_on_one_day_is_possible(world: World) -> None:
    await world.imports(MANY)
    await world.imports(MANY[1:])
    await world.imports(MANY)
    assert await world.history(NIPS[0]) == [("Bidang Satu", TODAY, TODAY), ("Bidang Satu", TODAY, None)]


async def test_a_roster_that_removes_more_than_a_tenth_is_refused_whole(world: World) -> None:
    await world.imports(MANY)
    before = await world.everything(), await world.rows(roster_imports), await world.rows(access_log)
    with pytest.raises(Problem) as caught:
        await world.imports([*MANY[:26], person(99)], LATER)
    assert caught.value.key == "roster.many_leavers"
    assert caught.value.line(texts()).startswith("Daftar ini mengeluarkan 4 dari 30 pegawai")
    assert before == (
        await world.everything(),
        await world.rows(roster_imports),
        await world.rows(access_log),
    )
    assert await world.would(MANY[:26], LATER) == {"left": 4, "unchanged": 26}
    assert await world.imports(MANY[:27], LATER) == {"left": 3, "unchanged": 27}
    accepted = await world.imports(MANY[:20], LATER, accept_leavers=True)
    assert accepted == {"left": 7, "unchanged": 20}


async def test_nobody_leaves_because_of_a_row_that_was_rejected(world: World) -> None:
    await world.imports(MANY)
    wrong_status, lost_number, mistyped = person(0), person(1), person(2)
    wrong_status[2], lost_number[0], mistyped[0] = "Astronot", "1,98501E+17", NIPS[2][:17]
    rows = [wrong_status, lost_number, mistyped, *MANY[3:]]
    assert await world.imports(rows, LATER) == {"rejected": 3, "unchanged": 27}


async def test_a_unit_that_lost_its_staff_is_kept(world: World) -> None:
    await world.imports([*MANY, person(40, agency="Dinas Kosong", unit="")])
    await world.imports(MANY)
    assert "Dinas Kosong" in {row.name for row in await world.rows(units)}


async def test_a_unit_with_a_code_keeps_its_people_through_a_new_name(world: World) -> None:
    headers = (*HEADERS, "Kode Unit")
    await world.imports([[*row, "K-1"] for row in MANY], headers=headers)
    old = next(row for row in await world.rows(units) if row.code == "K-1")
    renamed = [[*row[:4], "Bidang Dua", "", "K-1"] for row in MANY]
    assert await world.imports(renamed, headers=headers) == {"unchanged": 30}
    assert next(row for row in await world.rows(units) if row.id == old.id).name == "Bidang Dua"
    [change] = await world.rows(unit_changes)
    assert (change.unit_id, change.name, change.actor, change.at) == (
        old.id,
        "Bidang Satu",
        "operator:uji",
        NOW,
    )


async def test_a_closed_unit_in_which_people_work_is_open_again(world: World) -> None:
    await world.imports(MANY)
    async with world.engine.begin() as connection:
        await connection.execute(update(units).where(units.c.name == "Bidang Satu").values(closed_on=TODAY))
    await world.imports(MANY)
    assert [row.closed_on for row in await world.rows(units)] == [None] * 3


async def test_another_regency_is_not_touched(world: World) -> None:
    stranger = {"regency": "pamekasan", "number": NIPS[0], "name": "Lain", "joined_on": TODAY}
    await world.add(people, {**stranger, "updated_at": NOW})
    assert await world.imports(MANY) == {"joined": 30}
    other = next(row for row in await world.rows(people) if row.regency == "pamekasan")
    assert (other.name, other.left_on) == ("Lain", None)


async def test_other_processes_are_told_of_a_change_and_only_of_one(world: World) -> None:
    async def version() -> int:
        async with world.engine.connect() as connection:
            return await staff_version(connection)

    await world.imports(MANY)
    first = await version()
    assert first > 0
    await world.imports(MANY)
    assert await version() == first
    await world.imports([person(0, name="Nama Baru"), *MANY[1:]])
    assert await version() > first


async def test_the_mapping_is_kept_for_the_next_file(world: World) -> None:
    assert await world.ledger.mapping(REGENCY) is None
    await world.imports(MANY, keep_mapping=False)
    assert await world.ledger.mapping(REGENCY) is None
    await world.imports(MANY)
    columns = {"nomor": "NIP", "nama": "Nama", "status": "Status Kepegawaian", "telepon": "No. HP"}
    kept = kept_mapping(await world.ledger.mapping(REGENCY))
    assert kept == from_plain({"kolom": columns, "unit": ["Perangkat Daerah", "Unit Kerja"]})


async def test_somebody_without_the_right_learns_nothing(world: World, tmp_path: Path) -> None:
    await world.imports(MANY)
    [root] = [row.id for row in await world.rows(units) if row.parent_id is None]
    for role, place, allowed in (
        (Role.HR, root, True),
        (Role.HR, root + 1000, False),
        (Role.UNIT_HEAD, root, False),
        (Role.UNIT_ADMIN, root, False),
        (Role.EMPLOYEE, root, False),
    ):
        actor = Actor("person:1", 1, (Assignment(role, place, date.min),))
        with staged(write_csv(tmp_path / "r.csv", [HEADERS, *MANY])) as read:
            for work in (dry_run, carry_out):
                if allowed:
                    await work(read, world.ledger, actor, REGENCY, TODAY)
                    continue
                with pytest.raises(RefusedError):
                    await work(read, world.ledger, actor, REGENCY, TODAY)


async def test_a_roster_larger_than_a_batch_is_brought_in_whole(world: World) -> None:
    rows = [
        [f"T{at}", f"Orang {at}", "Non ASN", f"Dinas {at % 700}", f"Bidang {at}", ""] for at in range(6_000)
    ]
    assert await world.imports(rows) == {"joined": 6_000}
    assert await world.imports(rows) == {"unchanged": 6_000}
    async with world.engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(units))).scalar_one() == 6_701


# --- nothing half applied --------------------------------------------------------------------


async def test_an_error_at_the_end_undoes_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.imports(MANY)
    before = await world.everything()

    async def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(SqlRosterWriting, "_log", fail)
    with pytest.raises(RuntimeError):
        await world.imports([person(0, agency="Dinas Baru"), *MANY[2:], person(50)], LATER)
    assert await world.everything() == before


KILLED = """
import asyncio, os, signal, sys
from datetime import date
from pathlib import Path
from bot.people.rights import Actor
from bot.people.roster.importing import carry_out
from bot.people.staff import Assignment, Role
from bot.storage.engine import open_engine
from bot.storage.roster import SqlRoster, SqlRosterWriting
from tests.rosters import REGENCY, TODAY, staged

async def die(*_):
    print("wrote", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

SqlRosterWriting._log = die
actor = Actor("operator:uji", None, (Assignment(Role.OPERATOR, None, date.min),))

async def main(url, path):
    with staged(Path(path)) as read:
        await carry_out(read, SqlRoster(open_engine(url), lambda: 0), actor, REGENCY, TODAY)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_process_killed_in_the_middle_leaves_nothing(
    world: World, database_url: str, tmp_path: Path
) -> None:
    await world.imports(MANY)
    before = await world.everything()
    path = write_csv(tmp_path / "next.csv", [HEADERS, person(0, agency="Dinas Baru"), *MANY[2:], person(50)])
    command = [sys.executable, "-c", KILLED, database_url, str(path)]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.returncode) == ("wrote\n", -signal.SIGKILL), done.stderr
    assert await world.everything() == before
    assert list(temporary.iterdir()) == []  # the rows that were staged are gone too
    assert await world.imports(MANY) == {"unchanged": 30}


async def test_a_database_that_is_locked_is_named_and_stays_as_it_was(
    world: World, database_url: str
) -> None:
    await world.imports(MANY)
    before = await world.everything()
    other = open_engine(database_url)
    async with other.begin() as connection:
        await lock(connection, REGENCY)
        with pytest.raises(Problem, match=r"store\.locked"):
            await world.imports([person(0, name="Nama Baru"), *MANY[1:]], LATER)
        assert await world.would(MANY) == {"unchanged": 30}
    await other.dispose()
    assert await world.everything() == before
    assert await world.imports(MANY) == {"unchanged": 30}
