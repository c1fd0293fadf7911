"""`edaran evidence`: what it says and with which status, from the command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import insert
from typer.testing import CliRunner

from bot.campaigns.bundle import EVENTS
from bot.campaigns.receipts import read_receipt
from bot.campaigns.signing import read_public
from bot.catalogues import load_catalogues
from bot.commands.evidence import evidence_app
from bot.people.rights import RefusedError
from bot.problems import Problem
from bot.storage import evidence as log
from bot.storage.store import open_store
from bot.storage.tables import metadata, people, placements, units
from tests.unit.evidence_world import NOW, TABLES, acknowledged, add, damage, exported, opened, signer

TEXTS = load_catalogues()["id"]
NUMBER, COLLEAGUE = "199001012015011001", "199002022015022002"


def said(*arguments: str | Path, status: int = 0) -> str:
    """What the command wrote on standard output. It is run where there is no ledger and no setting."""
    result: Result = CliRunner().invoke(evidence_app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.stdout


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("EDARAN_")]:
        monkeypatch.delenv(name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(exported(tmp_path_factory.mktemp("bundle")))


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(original, tmp_path / "bukti.db"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "kunci.pem"
    file.write_text(signer().public.pem())
    return file


# --- verifying -------------------------------------------------------------------------------


def test_a_bundle_that_holds_is_said_to_hold_and_the_key_to_be_compared(path: Path, tmp_path: Path) -> None:
    text = said("verify", path)
    assert text.startswith("Utuh: 41 peristiwa, 3 pos pemeriksaan")
    assert signer().key_id in text
    assert "--key" in text
    assert list((tmp_path / "here").iterdir()) == []


def test_with_the_key_nothing_is_left_to_compare(path: Path, key: Path) -> None:
    assert "--key" not in said("verify", path, "--key", key)


def test_a_changed_event_is_said_in_indonesian_with_its_number_kind_and_moment(path: Path) -> None:
    damage(path, f"UPDATE {EVENTS} SET entry = replace(entry, '\"at\":1', '\"at\":2') WHERE seq = 17")
    text = said("verify", path, status=1)
    assert "Peristiwa ke-17 (diakui sudah dibaca, " in text
    assert "diubah: isinya tidak cocok dengan sidiknya." in text
    assert "Tidak utuh: " in text


def test_as_json_it_is_one_document(path: Path) -> None:
    assert json.loads(said("verify", path, "--json"))["ok"] is True
    damage(path, f"DELETE FROM {EVENTS} WHERE seq = 5")
    document = json.loads(said("verify", path, "--json", status=1))
    assert document["ok"] is False
    first = document["findings"][0]
    assert (first["kind"], first["event"]) in {("missing_one", 5), ("table_changed", None)}
    assert "Peristiwa ke-5 hilang." in [finding["text"] for finding in document["findings"]]


def test_every_finding_can_be_said_in_both_languages(path: Path) -> None:
    damage(path, f"UPDATE {EVENTS} SET entry = 'x' WHERE seq < 3", f"DELETE FROM {EVENTS} WHERE seq > 30")
    for language in ("id", "en"):
        assert len(said("verify", path, "--language", language, status=1).splitlines()) > 4


async def test_a_kept_checkpoint_or_receipt_finds_a_tail_that_was_cut(tmp_path: Path, path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/longer.db") as engine:
        await add(engine, map(acknowledged, range(60)))
        kept = await log.checkpoint(engine, signer(), NOW)
        receipt = await log.receipt(engine, 59, 60)
    assert kept is not None
    for name, text in {"pos.json": kept.text(), "terima.txt": receipt.token()}.items():
        (tmp_path / name).write_text(text)
        found = await asyncio.to_thread(said, "verify", path, "--checkpoint", tmp_path / name, status=1)
        assert "Ekornya dipotong: pos pemeriksaan yang Anda bawa menjamin 60 peristiwa" in found


def test_a_receipt_is_verified_like_a_bundle(tmp_path: Path, key: Path, receipt: Path) -> None:
    text = said("verify", receipt, "--key", key)
    assert text.startswith("Sah: peristiwa ke-8 (diakui sudah dibaca, ")
    assert '"person":7' in text
    assert json.loads(said("verify", receipt, "--json"))["subject"]["person"] == 7
    other = tmp_path / "lain.pem"
    other.write_text(signer(5).public.pem())
    assert "bukan kunci yang Anda percaya" in said("verify", receipt, "--key", other, status=1)


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    async def made() -> str:
        async with opened(f"sqlite:///{tmp_path}/ledger.db") as engine:
            await add(engine, map(acknowledged, range(9)))
            await log.checkpoint(engine, signer(), NOW)
            return (await log.receipt(engine, 7, 8)).token()

    file = tmp_path / "terima.txt"
    file.write_text(asyncio.run(made()))
    return file


@pytest.mark.parametrize("content", [b"", b"text", b"SQLite format 2", bytes(100)])
def test_a_file_that_is_no_evidence_is_wrong_input(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(Problem, match=r"evidence\.no_bundle"):
        said("verify", tmp_path / "file")


@pytest.mark.parametrize(
    ("option", "problem"), [("--checkpoint", "no_checkpoint_file"), ("--key", "no_key_file")]
)
def test_a_wrong_companion_is_wrong_input(path: Path, option: str, problem: str) -> None:
    with pytest.raises(Problem, match=problem):
        said("verify", path, option, path)


def test_a_file_that_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"cli\.no_file"):
        said("verify", tmp_path / "none.db")


def test_a_torn_file_is_found(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9_000])
    assert "Berkasnya rusak" in said("verify", path, status=1)


def test_another_sqlite_file_does_not_hold(tmp_path: Path) -> None:
    damage(tmp_path / "other.db", "CREATE TABLE t (a)")
    assert "tidak disegel" in said("verify", tmp_path / "other.db", status=1)


# --- with a ledger ---------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ledger with one employee, who acknowledged something."""
    address = f"sqlite:///{tmp_path}/edaran.db"
    monkeypatch.setenv("EDARAN_DATABASE__URL", address)
    monkeypatch.setenv("EDARAN_EVIDENCE__KEY", str(tmp_path / "evidence.key"))

    async def fill() -> None:
        await (await open_store(address)).close()
        async with opened(address) as engine, engine.begin() as connection:
            await connection.run_sync(lambda c: metadata.create_all(c, TABLES))
            unit = {"id": 1, "regency": "lumajang", "name": "Kabupaten", "parent_id": None}
            await connection.execute(insert(units), unit)
            for person, number in ((3, NUMBER), (4, COLLEAGUE)):
                row = {"id": person, "regency": "lumajang", "number": number, "name": "Sri Contoh"}
                await connection.execute(
                    insert(people), row | {"joined_on": date(2026, 1, 1), "updated_at": NOW}
                )
                place = {"person_id": person, "unit_id": 1, "kind": "primary", "since": date(2026, 1, 1)}
                await connection.execute(insert(placements), place)
            await log.append(connection, [acknowledged(3)])

    asyncio.run(fill())
    return address


def test_a_checkpoint_and_the_public_key_are_written_for_keeping(tmp_path: Path, ledger: str) -> None:
    said("checkpoint", "-o", tmp_path / "pos.json")
    said("key", "-o", tmp_path / "kunci.pem")
    said("export", "-o", tmp_path / "bukti.db")
    text = said(
        "verify",
        tmp_path / "bukti.db",
        "--key",
        tmp_path / "kunci.pem",
        "--checkpoint",
        tmp_path / "pos.json",
    )
    assert text.startswith("Utuh: 2 peristiwa, 2 pos pemeriksaan")
    assert (tmp_path / "evidence.key").stat().st_mode & 0o777 == 0o600


def test_after_a_rotation_the_first_public_key_still_verifies(tmp_path: Path, ledger: str) -> None:
    said("key", "-o", tmp_path / "kunci.pem")
    said("checkpoint", "-o", tmp_path / "pos.json")
    said("rotate")
    said("export", "-o", tmp_path / "bukti.db")
    said("verify", tmp_path / "bukti.db", "--key", tmp_path / "kunci.pem")
    said("verify", tmp_path / "bukti.db", "--checkpoint", tmp_path / "pos.json")
    assert said("key") != (tmp_path / "kunci.pem").read_text()
    assert sorted(file.name for file in tmp_path.glob("evidence.key*")) == ["evidence.key"]


def test_an_employee_s_receipt_is_text_and_a_picture(tmp_path: Path, ledger: str) -> None:
    listed = said("receipt", NUMBER, "--regency", "lumajang")
    assert listed.split()[0] == "1"
    text = said("receipt", NUMBER, "--regency", "lumajang", "--event", "1", "--qr", tmp_path / "terima.png")
    assert text.startswith("Tanda terima 1-")
    assert NUMBER not in text
    assert "Sri Contoh" not in text
    assert read_receipt(text).holds()
    assert (tmp_path / "terima.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "terima.txt").write_text(text)
    assert said("verify", tmp_path / "terima.txt").startswith("Sah: ")


def test_looking_at_somebody_s_events_is_noted(tmp_path: Path, ledger: str) -> None:
    said("receipt", NUMBER, "--regency", "lumajang")
    with sqlite3.connect(tmp_path / "edaran.db") as connection:
        noted = connection.execute("SELECT person_id FROM access_log WHERE action = 'evidence.receipt'")
        assert noted.fetchall() == [(3,)]


def test_an_employee_may_not_have_another_s_receipt(ledger: str) -> None:
    arguments = ("receipt", NUMBER, "--regency", "lumajang", "--as")
    assert said(*arguments, NUMBER)
    with pytest.raises(RefusedError):
        said(*arguments, COLLEAGUE)


@pytest.mark.parametrize("command", ["checkpoint", "key", "export", "receipt"])
def test_without_the_key_that_the_ledger_knows_nothing_is_signed(
    tmp_path: Path, ledger: str, command: str
) -> None:
    said("checkpoint")
    arguments: dict[str, tuple[str | Path, ...]] = {
        "export": ("-o", tmp_path / "bukti.db"),
        "receipt": (NUMBER, "--regency", "lumajang", "--event", "1"),
    }
    kept = (tmp_path / "evidence.key").read_bytes()
    (tmp_path / "evidence.key").unlink()
    with pytest.raises(Problem, match=r"evidence\.key_missing") as caught:
        said(command, *arguments.get(command, ()))
    assert "edaran evidence rotate --lost" in caught.value.line(TEXTS)
    assert not (tmp_path / "evidence.key").exists()
    assert not (tmp_path / "bukti.db").exists()
    (tmp_path / "evidence.key").write_bytes(kept)
    (tmp_path / "evidence.key").chmod(0o600)
    said(command, *arguments.get(command, ()))


def test_a_lost_key_is_replaced_openly_and_a_reader_is_told(tmp_path: Path, ledger: str) -> None:
    said("checkpoint")
    (tmp_path / "evidence.key").unlink()
    said("rotate", "--lost")
    said("export", "-o", tmp_path / "bukti.db")
    told = said("verify", tmp_path / "bukti.db")
    new = read_public(said("key").encode()).key_id
    assert f"Tidak disahkan kunci sebelumnya: {new}." in told
    assert json.loads(said("verify", tmp_path / "bukti.db", "--json"))["unendorsed"] == [new]
    (tmp_path / "kunci.pem").write_text(said("key"))
    assert "Tidak disahkan" not in said("verify", tmp_path / "bukti.db", "--key", tmp_path / "kunci.pem")


def test_a_campaign_that_there_is_not_is_exported_nowhere(tmp_path: Path, ledger: str) -> None:
    with pytest.raises(Problem, match=r"campaign\.unknown"):
        said("export", "--campaign", "99", "-o", tmp_path / "bukti.db")
    assert not (tmp_path / "bukti.db").exists()
    with sqlite3.connect(tmp_path / "edaran.db") as connection:
        noted = connection.execute("SELECT 1 FROM access_log WHERE action = 'evidence.exported'")
        assert noted.fetchall() == []


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path, ledger: str) -> None:
    (tmp_path / "berkas").write_text("")
    place = tmp_path / "berkas" / "pos"
    receipt = ("receipt", NUMBER, "--regency", "lumajang", "--event", "1", "--qr", place)
    for arguments in (("checkpoint", "-o", place), ("key", "-o", place), ("export", "-o", place), receipt):
        with pytest.raises(Problem, match=r"report\.not_written"):
            said(*arguments)


def test_her_events_are_told_in_the_zone_of_her_regency(ledger: str) -> None:
    for arguments in ((), ("--event", "1")):
        text = said("receipt", NUMBER, "--regency", "lumajang", *arguments)
        assert " WIB" in text
        assert "UTC" not in text


def test_a_strange_key_is_said_once(tmp_path: Path, path: Path) -> None:
    (tmp_path / "lain.pem").write_text(signer(5).public.pem())
    text = said("verify", path, "--key", tmp_path / "lain.pem", status=1)
    assert text.count("bukan kunci yang Anda percaya") == 1
    assert "Tidak utuh: 1 temuan" in text


@pytest.mark.parametrize(
    "change",
    [
        "name = x'8a' WHERE name = 'evidence_keys'",
        "name = CAST(x'8a8b' AS TEXT) WHERE name = 'evidence_keys'",
        "sql = replace(sql, '\"size\"', CAST(x'22e52273' AS TEXT)) WHERE name = 'evidence_checkpoints'",
        "sql = replace(sql, 'PRIMARY KEY', '') WHERE name = 'evidence_events'",
    ],
)
def test_a_file_whose_own_structure_was_falsified_is_found(path: Path, change: str) -> None:
    damage(path, "PRAGMA writable_schema = ON", f"UPDATE sqlite_master SET {change}")
    assert said("verify", path, status=1)
