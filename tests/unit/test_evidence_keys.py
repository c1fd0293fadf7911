"""Keys and receipts: a private file, signatures that anybody can check, keys that follow one another."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.receipts import MARK, Receipt, picture, read_receipt
from bot.campaigns.signing import KeyRecord, believed, read_public, read_signer, record_of, unendorsed
from bot.problems import Problem
from bot.storage import bundle
from bot.storage import evidence as log
from bot.storage.key_files import is_beside, prepare, put_in_place, read_signer_at, set_aside, signer_at
from bot.storage.signing_key import signer_of
from tests.unit.evidence_world import NOW, acknowledged, add, checked, kinds, opened, signer

# --- the file --------------------------------------------------------------------------------


def test_the_key_is_made_on_first_use_for_its_owner_only_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "new" / "evidence.key"
    first = signer_at(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signer_at(path).key_id == first.key_id
    assert [file.name for file in path.parent.iterdir()] == ["evidence.key"]


def test_processes_that_start_together_use_one_key(tmp_path: Path) -> None:
    path = tmp_path / "evidence.key"
    with ThreadPoolExecutor(8) as pool:
        keys = {made.key_id for made in pool.map(signer_at, [path] * 8)}
    assert len(keys) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "evidence.key"
    signer_at(path)
    path.chmod(mode)
    with pytest.raises(Problem, match=r"evidence\.key_open"):
        signer_at(path)


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAA\n"])
def test_what_is_no_key_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "evidence.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Problem, match=r"evidence\.key_broken"):
        signer_at(path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match=r"evidence\.key_unreadable"):
        signer_at(tmp_path / "file" / "evidence.key")


def test_a_new_key_waits_beside_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "evidence.key"
    old = signer_at(path)
    new, beside = prepare(path)
    assert signer_at(path).key_id == old.key_id
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    beside.replace(path)
    assert signer_at(path).key_id == new.key_id


# --- the file and the ledger -----------------------------------------------------------------


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with opened(f"sqlite:///{tmp_path}/ledger.db") as made:
        await add(made, [acknowledged(1)])
        yield made


async def test_the_first_key_is_made_where_the_ledger_knows_none(engine: AsyncEngine, tmp_path: Path) -> None:
    path = tmp_path / "evidence.key"
    first = await signer_of(engine, path)
    await log.checkpoint(engine, first, NOW)
    assert (await signer_of(engine, path)).key_id == first.key_id


async def test_a_key_that_the_ledger_knows_is_never_made_anew(engine: AsyncEngine, tmp_path: Path) -> None:
    path = tmp_path / "evidence.key"
    await log.checkpoint(engine, await signer_of(engine, path), NOW)
    path.unlink()
    with pytest.raises(Problem, match=r"evidence\.key_missing"):
        await signer_of(engine, path)
    assert not path.exists()
    signer_at(path)
    with pytest.raises(Problem, match=r"evidence\.key_other"):
        await signer_of(engine, path)


@pytest.mark.parametrize("later", [0, 5, -5])
async def test_a_key_that_was_replaced_signs_no_more(engine: AsyncEngine, tmp_path: Path, later: int) -> None:
    path = tmp_path / "evidence.key"
    old = await signer_of(engine, path)
    await log.checkpoint(engine, old, NOW)
    before = path.read_bytes()
    new, beside = prepare(path)
    await log.succeed(engine, old, new, NOW + later)
    put_in_place(beside, path)
    assert (await signer_of(engine, path)).key_id == new.key_id
    path.write_bytes(before)
    with pytest.raises(Problem, match=r"evidence\.key_other"):
        await signer_of(engine, path)


async def test_a_replacement_that_was_cut_short_is_brought_to_its_end(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    path = tmp_path / "evidence.key"
    old = await signer_of(engine, path)
    new, beside = prepare(path)
    await log.succeed(engine, old, new, NOW)
    assert (await signer_of(engine, path)).key_id == new.key_id
    assert not beside.exists()
    put_in_place(beside, path)  # of the process that was slower
    assert signer_at(path).key_id == new.key_id


async def test_no_key_is_lost_for_one_that_comes_to_its_place(engine: AsyncEngine, tmp_path: Path) -> None:
    """The ledger is older than the key that lies there, as after a restore."""
    path = tmp_path / "evidence.key"
    old = await signer_of(engine, path)
    await log.succeed(engine, None, old, NOW)
    set_aside(path)
    newer = signer_at(path)
    copy = tmp_path / "evidence.key.bak"  # somebody's own
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o600)
    assert (await signer_of(engine, path)).key_id == old.key_id
    assert read_signer_at(path).key_id == old.key_id
    beside = [file for file in tmp_path.iterdir() if is_beside(file, path)]
    assert [read_signer_at(file).key_id for file in beside] == [newer.key_id]
    assert copy.exists()


@pytest.mark.parametrize("later", [0, 5, -5])
async def test_after_a_loss_the_new_key_is_the_one_that_signs(
    engine: AsyncEngine, tmp_path: Path, later: int
) -> None:
    path = tmp_path / "evidence.key"
    old = await signer_of(engine, path)
    await log.checkpoint(engine, old, NOW)
    new, beside = prepare(path)
    await log.succeed(engine, None, new, NOW + later)
    aside = set_aside(path)
    put_in_place(beside, path)
    assert aside is not None
    assert signer_at(aside).key_id == old.key_id
    assert (await signer_of(engine, path)).key_id == new.key_id


def test_a_key_is_named_that_no_earlier_one_endorses() -> None:
    first, second, third, fourth = (signer(number) for number in range(1, 5))
    chain = [record_of(first, 1), record_of(second, 2, first)]
    assert unendorsed(chain) == []
    assert unendorsed(chain[::-1]) == []
    assert unendorsed([]) == []
    alone = [*chain, record_of(third, 3), record_of(fourth, 4, third)]
    assert unendorsed(alone) == [third.key_id]
    forged = replace(record_of(third, 3, fourth), endorsed_by=first.key_id)
    assert unendorsed([*chain, forged]) == [third.key_id]
    circle = [record_of(third, 3, fourth), record_of(fourth, 4, third)]
    assert unendorsed([*chain, *circle]) == [third.key_id]


# --- signing ---------------------------------------------------------------------------------


def test_a_signer_does_not_show_its_key() -> None:
    made = signer()
    secret = base64.b64encode(bytes([1]) * 32).decode()
    assert secret not in repr(made) + str(vars(made))
    assert "01" * 32 not in repr(made)
    assert read_signer(made.pem()).key_id == made.key_id
    assert read_public(made.public.pem().encode()) == made.public


# --- whose signature counts ------------------------------------------------------------------


def test_keys_that_follow_one_another_are_believed_by_who_knows_the_first() -> None:
    records = [
        record_of(signer(1), 1),
        record_of(signer(2), 2, signer(1)),
        record_of(signer(3), 3, signer(2)),
    ]
    assert set(believed(records, [signer(1).public])) == {signer(n).key_id for n in (1, 2, 3)}
    assert set(believed(records[::-1], [signer(2).public])) == {signer(n).key_id for n in (2, 3)}


def test_a_key_is_not_believed_because_it_says_who_endorsed_it() -> None:
    forged = record_of(signer(9), 2, signer(8))
    claimed = KeyRecord(forged.key_id, forged.public_key, 2, signer(1).key_id, forged.endorsement)
    assert set(believed([record_of(signer(1), 1), claimed], [signer(1).public])) == {signer(1).key_id}


def test_a_name_that_is_trusted_cannot_be_given_to_another_key() -> None:
    other = KeyRecord(signer(1).key_id, signer(9).public.raw.hex(), 1)
    assert believed([other], pinned=[signer(1).key_id]) == {}


async def test_after_a_rotation_old_and_new_checkpoints_hold(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "bukti.db"
    async with opened(database_url) as engine:
        await add(engine, [acknowledged(1)])
        first = await log.checkpoint(engine, signer(1), NOW)
        old = await log.receipt(engine, 1, 1)
        await log.succeed(engine, signer(1), signer(2), NOW + 1)
        await add(engine, [acknowledged(2)])
        await bundle.export(engine, signer(2), path, NOW + 2)
        assert (await log.receipt(engine, 2, 2)).key == signer(2).public
        assert (await log.receipt(engine, 1, 1)).key == signer(1).public
    assert old.holds()
    assert first is not None
    for given_ in ([signer(1).public], [signer(2).public], []):
        assert checked(path, given_, [first]).findings == []
    assert "key_unknown" in kinds(checked(path, [signer(3).public]))


async def test_a_key_that_nobody_endorsed_is_not_believed_by_who_knows_the_first(
    sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "bukti.db"
    async with opened(sqlite_url) as engine:
        await add(engine, [acknowledged(1)])
        await log.checkpoint(engine, signer(1), NOW)
        await bundle.export(engine, signer(2), path, NOW + 2)  # the first key was lost
    assert checked(path).findings == []
    assert kinds(checked(path, [signer(1).public])) == {"key_unknown"}
    assert checked(path, [signer(1).public, signer(2).public]).findings == []


# --- receipts --------------------------------------------------------------------------------


@pytest.fixture
async def receipt(sqlite_url: str) -> Receipt:
    async with opened(sqlite_url) as engine:
        await add(engine, map(acknowledged, range(100)))
        await log.checkpoint(engine, signer(), NOW)
        return await log.receipt(engine, 37, 38)


def test_a_receipt_is_read_back_from_text_broken_over_lines(receipt: Receipt) -> None:
    word = receipt.token()
    broken = "Tanda terima\n" + "\n".join(word[at : at + 60] for at in range(0, len(word), 60)) + "\n"
    back = read_receipt(broken)
    assert back.holds()
    assert (back.entry, back.checkpoint, back.subject) == (receipt.entry, receipt.checkpoint, receipt.subject)
    assert json.loads(back.subject) == {"details": {"proof": "button", "version": "ab" * 32}, "person": 37}


def test_a_receipt_has_a_short_code_that_names_its_event(receipt: Receipt) -> None:
    seq, *rest = receipt.code().split("-")
    assert (seq, len("".join(rest))) == ("38", 12)


@given(st.data())
def test_a_receipt_with_any_letter_changed_does_not_hold(data: st.DataObject) -> None:
    word = _sample()
    at = data.draw(st.integers(len(MARK), len(word) - 1))
    letter = data.draw(
        st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").filter(lambda new: new != word[at])
    )
    with suppress(ValueError):  # not a receipt any more
        assert not read_receipt(word[:at] + letter + word[at + 1 :]).holds()


@given(st.text() | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").map(MARK.__add__))
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with suppress(ValueError):
        assert not read_receipt(text).holds()


_SAMPLE: list[str] = []


def _sample() -> str:
    """One receipt for all examples."""
    if not _SAMPLE:
        from pymerkle import InmemoryTree  # type: ignore[import-untyped]  # the package has no types

        from bot.campaigns.evidence import entry_of, subject_of

        event, salt = acknowledged(5), b"s" * 16
        entry = entry_of(event, 5, salt, subject_of(event))
        tree = InmemoryTree("sha256")
        tree.append_entries([entry.text().encode() if n == 5 else b"%d" % n for n in range(1, 21)])
        made = signer().checkpoint(20, tree.get_root(), NOW)
        receipt = Receipt(entry, salt, subject_of(event), tree.prove_inclusion(5), made, signer().public)
        assert receipt.holds()
        _SAMPLE.append(receipt.token())
    return _SAMPLE[0]


def test_a_receipt_fits_a_code_that_a_phone_can_read(receipt: Receipt) -> None:
    assert picture(receipt, "svg").lstrip().startswith(b"<?xml")
    assert picture(receipt, "png").startswith(b"\x89PNG")
    assert (
        len(receipt.token()) < 1_852
    )  # version 25 at the lowest correction: modules still of a visible size
