"""Whatever is changed in a bundle is found, and said: which event, and what is wrong with it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.campaigns.bundle import CHECKPOINTS, EVENTS, KEYS, OPENINGS, SEAL, Seal, read_seal
from bot.campaigns.evidence import Frontier, leaf_hash
from bot.problems import Problem
from bot.storage import bundle
from bot.storage import evidence as log
from tests.unit.evidence_world import (
    CAMPAIGN,
    NOW,
    acknowledged,
    add,
    checked,
    damage,
    exported,
    kinds,
    named,
    opened,
    signer,
)

TABLES = (EVENTS, OPENINGS, CHECKPOINTS, KEYS, SEAL)
COUNT = 41
"""Events of the bundle: forty, and that it was exported."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(exported(tmp_path_factory.mktemp("bundle")))


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(original, tmp_path / "copy.db"))


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def content(path: Path) -> list[Any]:
    """All that a reader can see of a file, in its order."""
    names = rows(path, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")
    tables = [rows(path, f'SELECT * FROM "{name}"') for kind, name, *_ in names if kind == "table"]
    return [names, tables, rows(path, "PRAGMA user_version"), rows(path, "PRAGMA application_id")]


# --- what holds ------------------------------------------------------------------------------


def test_an_untouched_bundle_holds(path: Path) -> None:
    report = checked(path, whole=True)
    assert report.findings == []
    assert (report.events, report.checkpoints, report.pinned) == (COUNT, 3, False)
    assert report.keys == (signer().key_id,)
    assert checked(path, [signer().public]).pinned


async def test_a_campaign_s_bundle_opens_only_its_own_contents(tmp_path: Path) -> None:
    path = await exported(tmp_path, campaign=CAMPAIGN)
    opened_ = {seq for (seq,) in rows(path, f"SELECT seq FROM {OPENINGS}")}
    whose = {
        seq
        for seq, entry in rows(path, f"SELECT seq, entry FROM {EVENTS}")
        if json.loads(entry)["campaign"] == CAMPAIGN
    }
    assert opened_ == whose
    assert 0 < len(opened_) < COUNT
    assert checked(path).findings == []


def test_a_bundle_is_readable_by_its_owner_only(original: Path) -> None:
    assert original.stat().st_mode & 0o777 == 0o600


def test_a_bundle_names_nobody_outside_what_it_opens(original: Path) -> None:
    for (entry,) in rows(original, f"SELECT entry FROM {EVENTS}"):
        assert set(json.loads(entry)) == {"at", "campaign", "commitment", "kind", "seq", "v"}


async def test_a_forgotten_person_s_events_are_counted_and_the_bundle_holds(
    database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "bukti.db"
    async with opened(database_url) as engine:
        await add(engine, [acknowledged(n % 4) for n in range(20)])
        await log.checkpoint(engine, signer(), NOW)
        async with engine.begin() as connection:
            await log.forget(connection, 3)
        await bundle.export(engine, signer(), path, NOW)
    report = checked(path)
    assert (report.findings, report.forgotten) == ([], 5)
    assert rows(path, f"SELECT count(*) FROM {OPENINGS} WHERE salt IS NULL AND subject IS NULL") == [(5,)]


async def test_tables_of_a_report_in_the_same_file_are_sealed_too(tmp_path: Path) -> None:
    path = tmp_path / "laporan.db"
    damage(path, "CREATE TABLE status (unit TEXT, sent INTEGER)", "INSERT INTO status VALUES ('RSUD', 7)")
    async with opened(f"sqlite:///{tmp_path}/ledger.db") as engine:
        await add(engine, [acknowledged(1)])
        await bundle.export(engine, signer(), path, NOW)
    assert checked(path).findings == []
    damage(path, "UPDATE status SET sent = 8")
    assert [finding.values["table"] for finding in checked(path).findings] == ["status"]


async def test_evidence_is_not_added_to_a_file_twice(original: Path, tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/ledger.db") as engine:
        with pytest.raises(Problem, match=r"evidence\.exists"):
            await bundle.export(engine, signer(), original, NOW)


# --- each kind of damage is named ------------------------------------------------------------

CHANGED = (
    f'UPDATE {EVENTS} SET entry = replace(entry, \'"kind":"acknowledged\', \'"kind":"undone\') WHERE seq = 17'
)


def test_a_changed_event_is_named(path: Path) -> None:
    damage(path, CHANGED)
    report = checked(path)
    assert named(report, "changed") == [17]
    assert kinds(report) == {"changed", "root", "seal_elsewhere"}


def test_a_changed_event_whose_hash_was_made_to_fit_is_found_between_its_checkpoints(path: Path) -> None:
    damage(path, CHANGED)
    [(entry,)] = rows(path, f"SELECT entry FROM {EVENTS} WHERE seq = 17")
    damage(path, f"UPDATE {EVENTS} SET hash = x'{leaf_hash(entry).hex()}' WHERE seq = 17")
    report = checked(path)
    assert kinds(report) == {"root", "seal_elsewhere"}
    assert report.findings[0].values == {"first": 1, "last": 20}


def test_a_dropped_event_is_named(path: Path) -> None:
    damage(path, f"DELETE FROM {EVENTS} WHERE seq = 23", f"DELETE FROM {OPENINGS} WHERE seq = 23")
    report = checked(path)
    assert named(report, "missing_one") == [23]
    assert {"root", "table_changed"} <= kinds(report)


def test_a_dropped_event_is_named_even_if_the_rest_is_renumbered(path: Path) -> None:
    damage(
        path,
        f"DELETE FROM {EVENTS} WHERE seq = 23",
        f"UPDATE {EVENTS} SET seq = seq - 1 - 1000 WHERE seq > 23",
        f"UPDATE {EVENTS} SET seq = seq + 1000 WHERE seq < 0",
    )
    assert named(checked(path), "missing_one") == [23]


def test_several_dropped_events_are_named_as_a_stretch(path: Path) -> None:
    damage(path, f"DELETE FROM {EVENTS} WHERE seq BETWEEN 5 AND 9")
    [finding] = [finding for finding in checked(path).findings if finding.kind == "missing"]
    assert finding.values == {"first": 5, "last": 9}


def test_swapped_events_are_both_named(path: Path) -> None:
    damage(
        path,
        f"UPDATE {EVENTS} SET seq = -1 WHERE seq = 8",
        f"UPDATE {EVENTS} SET seq = 8 WHERE seq = 30",
        f"UPDATE {EVENTS} SET seq = 30 WHERE seq = -1",
    )
    report = checked(path)
    assert sorted(named(report, "moved"), key=str) == [30, 8]
    assert {finding.values["row"] for finding in report.findings if finding.kind == "moved"} == {8, 30}


def test_an_inserted_event_is_placed(path: Path) -> None:
    damage(
        path,
        f"UPDATE {EVENTS} SET seq = seq + 1000 WHERE seq >= 12",
        f"UPDATE {EVENTS} SET seq = seq - 999 WHERE seq > 1000",
        f"INSERT INTO {EVENTS} SELECT 12, entry, hash FROM {EVENTS} WHERE seq = 13",
    )
    [finding] = [finding for finding in checked(path).findings if finding.kind == "inserted"]
    assert (finding.values["row"], finding.values["count"]) == (12, 1)


def test_an_event_added_at_the_end_is_named(path: Path) -> None:
    [(entry, last)] = rows(path, f"SELECT entry, seq FROM {EVENTS} ORDER BY seq DESC LIMIT 1")
    forged = entry.replace(f'"seq":{last}', f'"seq":{last + 1}')
    damage(path, f"INSERT INTO {EVENTS} VALUES ({last + 1}, '{forged}', x'{leaf_hash(forged).hex()}')")
    [finding] = [finding for finding in checked(path).findings if finding.kind == "uncovered"]
    assert finding.values == {"first": last + 1, "last": last + 1}


def test_a_cut_tail_is_found_by_the_checkpoints_of_the_bundle(path: Path) -> None:
    damage(path, f"DELETE FROM {EVENTS} WHERE seq > 30", f"DELETE FROM {OPENINGS} WHERE seq > 30")
    [finding] = [finding for finding in checked(path).findings if finding.kind == "tail"]
    assert finding.values == {"signed": COUNT, "size": 30, "lost": COUNT - 30}


@pytest.mark.parametrize("table", [OPENINGS, CHECKPOINTS, KEYS])
def test_a_row_dropped_from_another_table_is_found(path: Path, table: str) -> None:
    damage(path, f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})")
    findings = checked(path).findings
    assert any(f.kind == "table_changed" and f.values["table"] == table for f in findings) or table == KEYS
    assert findings


def test_a_changed_content_is_named(path: Path) -> None:
    damage(path, f"UPDATE {OPENINGS} SET subject = replace(subject, 'button', 'words') WHERE seq = 3")
    assert named(checked(path), "opening_changed") == [3]


def test_a_content_passed_off_as_forgotten_is_found(path: Path) -> None:
    damage(path, f"UPDATE {OPENINGS} SET subject = NULL, salt = NULL WHERE seq = 3")
    assert kinds(checked(path)) == {"table_changed"}


def test_a_removed_content_is_named(path: Path) -> None:
    damage(path, f"DELETE FROM {OPENINGS} WHERE seq = 3")
    assert named(checked(path), "opening_missing") == [3]


def test_a_forged_signature_is_named(path: Path) -> None:
    damage(path, f"UPDATE {CHECKPOINTS} SET signature = '{'00' * 64}' WHERE size = 40")
    report = checked(path)
    [finding] = [finding for finding in report.findings if finding.kind == "checkpoint_forged"]
    assert finding.values == {"size": 40, "signer": signer().key_id}


def test_a_bundle_without_its_seal_or_with_two_is_refused(path: Path) -> None:
    damage(path, f"INSERT INTO {SEAL} SELECT 2, content, signature FROM {SEAL}")
    assert "seal_missing" in kinds(checked(path))
    damage(path, f"DELETE FROM {SEAL}")
    assert "seal_missing" in kinds(checked(path))


def test_a_table_that_is_gone_is_named(path: Path) -> None:
    damage(path, f"DROP TABLE {CHECKPOINTS}")
    assert {"table_dropped", "schema_changed", "no_checkpoint"} <= kinds(checked(path))


def test_a_view_in_the_place_of_the_events_is_found(path: Path) -> None:
    damage(
        path,
        f"ALTER TABLE {EVENTS} RENAME TO hidden",
        f"CREATE VIEW {EVENTS} AS SELECT seq, entry, hash FROM hidden",
    )
    assert {"table_added", "schema_changed"} <= kinds(checked(path))


def test_findings_beyond_what_anybody_reads_are_only_counted(path: Path) -> None:
    damage(
        path,
        f"WITH RECURSIVE n(i) AS (SELECT 100 UNION SELECT i + 1 FROM n WHERE i < 900) "
        f"INSERT INTO {EVENTS} SELECT i, 'x', x'00' FROM n",
    )
    report = checked(path)
    assert len(report.findings) == 200
    assert report.more > 600


# --- what an attacker with a key of her own cannot do ----------------------------------------


async def forged_log(folder: Path, number: int, count: int = 40) -> Path:
    """A bundle that fits together in itself, signed by another key."""
    async with opened(f"sqlite:///{folder}/forged.db") as engine:
        await add(engine, map(acknowledged, range(count)))
        await bundle.export(engine, signer(number), folder / "forged-bundle.db", NOW)
    return folder / "forged-bundle.db"


async def test_a_bundle_signed_by_a_stranger_is_refused_by_who_knows_the_key(tmp_path: Path) -> None:
    path = await forged_log(tmp_path, 9)
    assert checked(path).findings == []
    assert not checked(path).pinned
    assert "key_unknown" in kinds(checked(path, [signer().public]))


async def test_a_history_written_anew_with_the_right_key_contradicts_a_kept_checkpoint(
    tmp_path: Path,
) -> None:
    async with opened(f"sqlite:///{tmp_path}/ledger.db") as engine:
        await add(engine, [acknowledged(99 - n) for n in range(30)])
        kept = await log.checkpoint(engine, signer(), NOW)
    assert kept is not None
    path = await forged_log(tmp_path, 1)
    report = checked(path, held=[kept])
    assert kinds(report) == {"rewritten"}
    assert report.findings[0].values == {"first": 1, "last": 30}


async def test_a_tail_cut_off_with_the_right_key_contradicts_a_kept_checkpoint(tmp_path: Path) -> None:
    people = list(map(acknowledged, range(60)))
    async with opened(f"sqlite:///{tmp_path}/ledger.db") as engine:
        await add(engine, people)
        kept = await log.checkpoint(engine, signer(), NOW)
    assert kept is not None
    report = checked(await forged_log(tmp_path, 1), held=[kept])
    [finding] = report.findings
    assert (finding.kind, finding.values) == ("truncated", {"held": 60, "size": COUNT, "lost": 60 - COUNT})


async def test_a_checkpoint_kept_earlier_agrees_with_a_log_that_only_grew(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/ledger.db") as engine:
        await add(engine, map(acknowledged, range(70)))
        kept = await log.checkpoint(engine, signer(), NOW)
        await add(engine, map(acknowledged, range(70)))
        await bundle.export(engine, signer(), tmp_path / "bukti.db", NOW)
    assert kept is not None
    report = checked(tmp_path / "bukti.db", held=[kept])
    assert (report.findings, report.pinned) == ([], True)


# --- any single change -----------------------------------------------------------------------

cells: st.SearchStrategy[Any] = st.none() | st.integers(-5, 99) | st.text(max_size=9) | st.binary(max_size=9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_any_cell_that_is_changed_is_found(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    path = Path(shutil.copy(original, tmp_path / "copy.db"))
    table = data.draw(st.sampled_from(TABLES))
    names = [name for _, name, *_ in rows(path, f"PRAGMA table_info({table})")]
    column = data.draw(st.sampled_from(names))
    row = data.draw(st.sampled_from([seq for (seq,) in rows(path, f"SELECT rowid FROM {table}")]))
    [(old,)] = rows(path, f"SELECT {column} FROM {table} WHERE rowid = {row}")
    new = data.draw(similar(old) | cells)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
        except (sqlite3.IntegrityError, OverflowError):
            return  # SQLite itself refuses such a value there
    assert bool(checked(path).findings) == (content(path) != content(original))


def similar(value: Any) -> st.SearchStrategy[Any]:
    """A value that differs from this one in one place."""
    if isinstance(value, int):
        return st.sampled_from((value + 1, value - 1, value ^ 4))
    if isinstance(value, str) and value:
        return st.tuples(st.integers(0, len(value) - 1), st.sampled_from('0f7a, "A{')).map(
            lambda at: value[: at[0]] + at[1] + value[at[0] + 1 :]
        )
    if isinstance(value, bytes) and value:
        return st.tuples(st.integers(0, len(value) - 1), st.integers(1, 255)).map(
            lambda at: value[: at[0]] + bytes([value[at[0]] ^ at[1]]) + value[at[0] + 1 :]
        )
    return cells


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_row_that_is_dropped_doubled_or_swapped_is_found(
    original: Path, tmp_path: Path, data: st.DataObject
) -> None:
    path = Path(shutil.copy(original, tmp_path / "copy.db"))
    table = data.draw(st.sampled_from(TABLES))
    key = rows(path, f"PRAGMA table_info({table})")[0][1]
    ids = [seq for (seq,) in rows(path, f"SELECT rowid FROM {table}")]
    one, other = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
    rest = ", ".join(name for _, name, *_ in rows(path, f"PRAGMA table_info({table})")[1:])
    how: Sequence[str] = data.draw(
        st.sampled_from(
            [
                (f"DELETE FROM {table} WHERE rowid = {one}",),
                (f"INSERT INTO {table} ({key}, {rest}) SELECT 999, {rest} FROM {table} WHERE rowid = {one}",),
                (
                    f"UPDATE {table} SET {key} = -1 WHERE {key} = {one}",
                    f"UPDATE {table} SET {key} = {one} WHERE {key} = {other}",
                    f"UPDATE {table} SET {key} = {other} WHERE {key} = -1",
                ),
            ]
        )
    )
    damage(path, *how)
    assert bool(checked(path).findings) == (content(path) != content(original))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_any_byte_of_the_file_that_is_changed_is_found_or_changes_nothing_that_can_be_read(
    original: Path, tmp_path: Path, data: st.DataObject
) -> None:
    raw = bytearray(original.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "copy.db"
    path.write_bytes(raw)
    try:
        found = bool(checked(path, whole=True).findings)
    except (sqlite3.DatabaseError, Problem):
        return  # said as damaged
    assert found or content(path) == content(original)


def test_every_single_event_that_is_dropped_is_named(original: Path, tmp_path: Path) -> None:
    for seq in range(1, COUNT):
        path = Path(shutil.copy(original, tmp_path / "copy.db"))
        damage(path, f"DELETE FROM {EVENTS} WHERE seq = {seq}")
        assert named(checked(path), "missing_one") == [seq]


def test_the_bundle_gives_the_root_that_its_seal_has(original: Path) -> None:
    tree = Frontier()
    for (entry,) in rows(original, f"SELECT entry FROM {EVENTS} ORDER BY seq"):
        tree.push(leaf_hash(entry))
    [(sealed,)] = rows(original, f"SELECT content FROM {SEAL}")
    assert json.loads(sealed)["root"] == tree.root().hex()
    assert Seal(1, None, "k", "r", 2, {}).content() == (
        b'{"at":1,"campaign":null,"key":"k","root":"r","size":2,"tables":{},"type":"seal"}'
    )


@pytest.mark.parametrize(
    "content",
    [
        replace(Seal(1, None, "k", "r", 2, {}), key_id=["k"]).content().decode(),  # type: ignore[arg-type]
        replace(Seal(1, None, "k", "r", 2, {}), size="2").content().decode(),  # type: ignore[arg-type]
        "[" * 100_000,
        "{}",
        "",
    ],
)
def test_what_is_no_seal_is_said_to_be_none(content: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # JSON has its own
        read_seal(content)
