"""`edaran code`: sheets, revoking, unlinking, with a real ledger."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result as Outcome
from sqlalchemy import insert, select
from typer.testing import CliRunner

from bot.commands.codes import code_app
from bot.model import Sender
from bot.people.identity import Account, Identity, Result
from bot.problems import Problem
from bot.storage.store import Store, open_store
from bot.storage.tables import access_log, assignments, people, placements, units

SINCE = date(2020, 1, 1)
NUMBERS = {n: f"{n:018}" for n in range(1, 6)}
"""Persons 1 and 2 in SDN 1, 3 in SDN 2 (both below Dinas), 4 in the regency itself, 5 has left."""
PLACES = {1: 11, 2: 11, 3: 12, 4: 1, 5: 11}


class Ledger:
    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, work: Any) -> Any:
        async def opened() -> Any:
            store = await open_store(self.url)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(opened())

    def use(self, code: str, account: str) -> Result:
        """Somebody types a code on the account."""

        async def work(store: Store) -> Result:
            day_of = lambda *_: date(2026, 11, 23)  # noqa: E731
            identity = Identity(store.identities, store.staff, day_of, time.time)
            return (await identity.by_code(Sender("telegram", account), code)).result

        result: Result = self.do(work)
        return result

    def log(self) -> list[tuple[str, int | None]]:
        async def work(store: Store) -> list[tuple[str, int | None]]:
            async with store._engine.connect() as connection:
                rows = await connection.execute(select(access_log).order_by(access_log.c.id))
                return [(row.action, row.person_id) for row in rows]

        found: list[tuple[str, int | None]] = self.do(work)
        return found


@pytest.fixture
def ledger(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("EDARAN_DATABASE__URL", sqlite_url)
    made = Ledger(sqlite_url)
    made.do(fill)
    return made


async def fill(store: Store) -> None:
    tree = [(1, None, "Kabupaten"), (10, 1, "Dinas"), (11, 10, "SDN 1"), (12, 10, "SDN 2")]
    async with store._engine.begin() as connection:
        for unit, parent, name in tree:
            row = {"id": unit, "regency": "lumajang", "name": name, "parent_id": parent}
            await connection.execute(insert(units), [row])
        for n, number in NUMBERS.items():
            person = {
                "id": n,
                "regency": "lumajang",
                "number": number,
                "name": f"Pegawai {n}",
                "status": "pns",
            }
            days = {"joined_on": SINCE, "updated_at": 0, "left_on": date(2021, 1, 1) if n == 5 else None}
            await connection.execute(insert(people), [person | days])
            place = {"person_id": n, "unit_id": PLACES[n], "kind": "primary", "since": SINCE}
            await connection.execute(insert(placements), [place])


def run(*arguments: str) -> Outcome:
    return CliRunner().invoke(code_app, [*arguments, "--regency", "lumajang"])


def issue(
    tmp_path: Path, *arguments: str, name: str = "lembar.html", bot: str = "edaran_contoh_bot"
) -> Outcome:
    return run("issue", "--bot", bot, "-o", str(tmp_path / name), *arguments)


def codes_in(tmp_path: Path, name: str = "lembar.html") -> dict[str, str]:
    """Name → code, as printed."""
    shown = (tmp_path / name).read_text()
    return dict(re.findall(r'class="name">(.+?)<.*?class="code">(.+?)<', shown))


def problem(outcome: Outcome) -> str:
    assert isinstance(outcome.exception, Problem), outcome.exception
    return outcome.exception.key


def test_a_unit_gets_a_sheet_for_everybody_below_it_that_only_its_owner_can_read(
    ledger: Ledger, tmp_path: Path
) -> None:
    outcome = issue(tmp_path, "--unit", "Dinas")
    assert outcome.exit_code == 0, outcome.exception
    assert list(codes_in(tmp_path)) == ["Pegawai 1", "Pegawai 2", "Pegawai 3"]
    assert (tmp_path / "lembar.html").stat().st_mode & 0o077 == 0
    issued = [person for action, person in ledger.log() if action == "identity.code_issued"]
    assert issued == [1, 2, 3]


def test_a_printed_code_works_once(ledger: Ledger, tmp_path: Path) -> None:
    issue(tmp_path)
    code = codes_in(tmp_path)["Pegawai 4"]
    assert [ledger.use(code, "7"), ledger.use(code, "8")] == [Result.LINKED, Result.WRONG]


def test_who_is_linked_needs_no_code_but_can_have_one_by_name(ledger: Ledger, tmp_path: Path) -> None:
    issue(tmp_path, "--unit", "SDN 1")
    ledger.use(codes_in(tmp_path)["Pegawai 1"], "7")
    issue(tmp_path, "--unit", "SDN 1", name="2.html")
    assert list(codes_in(tmp_path, "2.html")) == ["Pegawai 2"]
    issue(tmp_path, "--person", NUMBERS[1], name="3.html")
    assert ledger.use(codes_in(tmp_path, "3.html")["Pegawai 1"], "8") is Result.LINKED


def test_a_second_sheet_makes_the_first_worthless(ledger: Ledger, tmp_path: Path) -> None:
    issue(tmp_path)
    issue(tmp_path, name="2.html")
    assert ledger.use(codes_in(tmp_path)["Pegawai 1"], "7") is Result.WRONG


def test_revoking_kills_what_was_not_used(ledger: Ledger, tmp_path: Path) -> None:
    issue(tmp_path)
    assert "3 kode" in run("revoke", "--unit", "Dinas").output
    found = codes_in(tmp_path)
    assert ledger.use(found["Pegawai 1"], "7") is Result.WRONG
    assert ledger.use(found["Pegawai 4"], "7") is Result.LINKED


def test_a_stolen_account_is_unlinked(ledger: Ledger, tmp_path: Path) -> None:
    issue(tmp_path)
    ledger.use(codes_in(tmp_path)["Pegawai 1"], "7")
    assert "1 akun" in run("unlink", "--person", NUMBERS[1]).output
    holder = ledger.do(lambda store: store.identities.holder(Account("telegram", "7")))
    assert holder is None


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["--unit", "Dinas", "--person", NUMBERS[1]], "code.unit_or_person"),
        (["--unit", "Tidak Ada"], "staff.no_unit"),
        (["--person", "999"], "staff.no_person"),
        (["--person", NUMBERS[5]], "staff.left"),
        (["--as", NUMBERS[1]], "rights.refused"),
    ],
)
def test_what_cannot_be_is_one_clear_line_and_leaves_no_file(
    ledger: Ledger, tmp_path: Path, arguments: list[str], key: str
) -> None:
    assert problem(issue(tmp_path, *arguments)) == key
    assert not (tmp_path / "lembar.html").exists()
    assert [action for action, _ in ledger.log() if action.startswith("identity.")] == []


def test_a_sheet_is_never_written_over_and_a_missing_folder_is_named(ledger: Ledger, tmp_path: Path) -> None:
    issue(tmp_path)
    before = (tmp_path / "lembar.html").read_text()
    assert problem(issue(tmp_path)) == "code.file_exists"
    assert (tmp_path / "lembar.html").read_text() == before
    assert problem(issue(tmp_path, name="tiada/lembar.html")) == "code.no_file"
    assert ledger.use(codes_in(tmp_path)["Pegawai 1"], "7") is Result.LINKED  # its codes still live


@pytest.mark.parametrize("bot", ["edaran bot", "a", "bot/../x", '"><script>'])
def test_a_username_that_cannot_be_one_is_refused(ledger: Ledger, tmp_path: Path, bot: str) -> None:
    assert problem(issue(tmp_path, bot=bot)) == "code.bad_bot"


def test_nobody_left_to_link_is_said(ledger: Ledger, tmp_path: Path) -> None:
    issue(tmp_path, "--unit", "SDN 2")
    ledger.use(codes_in(tmp_path)["Pegawai 3"], "7")
    assert problem(issue(tmp_path, "--unit", "SDN 2", name="2.html")) == "code.nobody"


def test_a_unit_admin_acts_in_her_unit_only(ledger: Ledger, tmp_path: Path) -> None:

    async def appoint(store: Store) -> None:
        held = {"person_id": 1, "role": "admin_unit", "unit_id": 11, "standing": "definitif", "since": SINCE}
        async with store._engine.begin() as connection:
            await connection.execute(insert(assignments), [{**held, "granted_by": "test", "granted_at": 0}])

    ledger.do(appoint)
    acting = ("--as", NUMBERS[1])
    assert issue(tmp_path, "--unit", "SDN 1", *acting).exit_code == 0
    assert list(codes_in(tmp_path)) == ["Pegawai 1", "Pegawai 2"]
    assert problem(issue(tmp_path, "--unit", "SDN 2", *acting, name="2.html")) == "rights.refused"
    assert problem(run("unlink", "--person", NUMBERS[3], *acting)) == "rights.refused"
