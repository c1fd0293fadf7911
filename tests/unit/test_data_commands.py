"""`edaran backup`, `restore`, `retention`, `person export`, `person erase`: done by hand, on both engines."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import typer
from click.testing import Result
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from bot.catalogues import load_catalogues
from bot.commands import data
from bot.commands.shared import operator
from bot.people.rights import Actor, RefusedError
from bot.problems import Problem
from bot.storage.campaign_tables import campaigns, deliveries
from bot.storage.engine import open_engine
from bot.storage.migrate import migrate
from tests.ledgers import NIP, PHONE, fill, snapshot

T = TypeVar("T")
TEXTS = load_catalogues()["id"]

app = typer.Typer(pretty_exceptions_enable=False)
person = typer.Typer()
for command in (data.backup, data.restore, data.retention):
    app.command()(command)
person.command("export")(data.person_export)
person.command("erase")(data.person_erase)
app.add_typer(person, name="person")


def _with(url: str, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = open_engine(url)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _seen(url: str) -> dict[str, list[dict[str, Any]]]:
    return _with(url, snapshot)


@pytest.fixture
def url(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a filled ledger, which the settings name."""

    async def prepare(engine: AsyncEngine) -> None:
        await migrate(engine)
        await fill(engine)

    _with(database_url, prepare)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDARAN_DATABASE__URL", database_url)
    return database_url


def edaran(*words: str, **how: Any) -> Result:
    return CliRunner().invoke(app, words, **how)


def problem(*words: str) -> str:
    found = edaran(*words).exception
    assert isinstance(found, Problem)
    return found.line(TEXTS)


def test_a_backup_is_restored_only_over_data_when_told_to(url: str, tmp_path: Path) -> None:
    done = edaran("backup", "saved")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "saved" in done.stderr
    before = _seen(url)
    assert "--replace" in problem("restore", "saved")
    assert _seen(url) == before
    assert edaran("restore", "saved", "--replace").exit_code == 0
    assert [row["action"] for row in _seen(url)["access_log"]][-1] == "restore"


def test_a_restore_says_which_campaigns_wait_and_what_to_do_next(url: str) -> None:
    async def run(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(update(campaigns).values(state="running"))
            await connection.execute(update(deliveries).values(state="queued", acknowledged_at=None))

    _with(url, run)
    edaran("backup", "saved")
    told = edaran("restore", "saved", "--replace").stderr
    assert "Dijeda: 1 kampanye yang sedang berjalan (nomor 1)." in told
    assert "Belum pasti terkirim: 1 kiriman di kampanye nomor 1." in told
    assert "`edaran campaign requeue 1`" in told
    assert "`edaran campaign resume 1`" in told
    assert "pengingat bisa terkirim lagi" in told
    seen = _seen(url)
    assert (seen["campaigns"][0]["state"], seen["deliveries"][0]["state"]) == ("paused", "uncertain")


def test_a_backup_brings_back_an_empty_installation(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edaran("backup", "saved")
    fresh = f"sqlite:///{tmp_path}/fresh/edaran.db"
    monkeypatch.setenv("EDARAN_DATABASE__URL", fresh)
    assert edaran("restore", "saved").exit_code == 0
    assert _seen(fresh)["people"] == _seen(url)["people"]


def test_a_file_that_is_no_backup_is_one_clear_line(url: str, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    assert "letter" in problem("restore", "letter", "--replace")
    assert "missing" in problem("restore", "missing", "--replace")
    assert "letter" in problem("backup", "letter")


def test_everything_about_a_person_is_one_json_document_and_the_look_is_noted(url: str) -> None:
    done = edaran("person", "export", f"a/{NIP}")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["entry"]["phone"] == PHONE
    last = _seen(url)["access_log"][-1]
    assert (last["actor"], last["action"], last["person_id"]) == (operator().name, "export_person", 1)


def test_an_exported_file_is_readable_by_its_owner_and_replaces_none(url: str, tmp_path: Path) -> None:
    assert edaran("person", "export", "1", "-o", "ani.json").exit_code == 0
    assert stat.S_IMODE((tmp_path / "ani.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "ani.json").read_text())["entry"]["number"] == NIP
    assert "ani.json" in problem("person", "export", "1", "-o", "ani.json")


def test_erasing_asks_first_and_says_what_goes_and_what_stays(url: str) -> None:
    assert edaran("person", "erase", "1", input="n\n").exit_code == 1
    assert _seen(url)["people"][0]["phone"] == PHONE
    done = edaran("person", "erase", "1", input="y\n")
    assert done.exit_code == 0
    assert TEXTS("erase.gone_phone") in done.stderr
    assert TEXTS("erase.stays_entry") in done.stderr
    assert NIP not in done.stderr
    assert _seen(url)["people"][0]["phone"] is None


def test_erasing_as_json_is_one_document(url: str) -> None:
    done = json.loads(edaran("person", "erase", "2", "--yes", "--json").stdout)
    assert "name" in done["gone"]
    assert done["until"] is None


@pytest.mark.parametrize("command", [("export",), ("erase", "--yes")])
def test_nobody_is_one_clear_line(url: str, command: tuple[str, ...]) -> None:
    assert problem("person", *command, "a/HL-000") == TEXTS("staff.no_person")


@pytest.mark.parametrize("command", [("export",), ("erase", "--yes")])
def test_both_ask_the_table_of_rights(
    url: str, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "operator", lambda: Actor("nobody"))
    before = _seen(url)
    assert isinstance(edaran("person", *command, "1").exception, RefusedError)
    assert _seen(url) == before


def test_retention_by_hand_says_what_it_removed(url: str) -> None:
    done = edaran("retention")
    assert done.exit_code == 0
    assert TEXTS("retention.line", what=TEXTS("retention.what_people"), number=1) in done.stderr
    again = json.loads(edaran("retention", "--json").stdout)
    assert set(again.values()) == {0}


def test_the_periods_are_settings(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_RETENTION__LEAVERS", "36500")
    assert json.loads(edaran("retention", "--json").stdout)["people"] == 0
    monkeypatch.setenv("EDARAN_RETENTION__LEAVERS", "0")
    assert "EDARAN_RETENTION__LEAVERS" in problem("retention")


@pytest.mark.parametrize(
    "command", [("backup", "x"), ("restore", "x"), ("retention",), ("person", "export", "1")]
)
def test_a_database_that_cannot_be_reached_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDARAN_DATABASE__URL", "postgresql://secret:hush@127.0.0.1:9/nothing")
    line = problem(*command)
    assert "EDARAN_DATABASE__URL" in line
    assert "hush" not in line
    assert "\n" not in line


def test_the_commands_import_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = ("sqlalchemy", "aiogram", "alembic", "openpyxl", "pydantic")
    probe = f"import sys, bot.commands.data; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
