"""The log in the ledger: appended with the rows it speaks of, signed, proved, and silent about people."""

from __future__ import annotations

import asyncio
import json
from itertools import chain

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]  # the package has no types
from sqlalchemy import select, text, update

from bot.campaigns.evidence import (
    Entry,
    Event,
    Frontier,
    commitment,
    leaf_hash,
    perfect_subtrees,
    read_checkpoint,
    read_entry,
    subject_of,
)
from bot.problems import Problem
from bot.storage import evidence as log
from bot.storage.campaign_tables import evidence_checkpoints, evidence_events, evidence_head
from tests.unit.evidence_world import NOW, acknowledged, add, opened, signer

NUMBER, PHONE, NAME = "199001012015011001", "+6280000000001", "Sri Contoh"


# --- leaves ----------------------------------------------------------------------------------


def test_a_leaf_shows_when_what_and_which_campaign_and_nothing_of_whom_or_how() -> None:
    event = Event("proxy", NOW, 7, 123_456_789, {"reason": NAME, "number": NUMBER, "phone": PHONE})
    entry = Entry(1, event.at, event.kind, event.campaign, commitment(b"s" * 16, subject_of(event)))
    assert not any(secret in entry.text() for secret in (NUMBER, PHONE, NAME, "123456789"))
    assert set(json.loads(entry.text())) == {"at", "campaign", "commitment", "kind", "seq", "v"}


def test_the_same_content_gets_another_commitment_under_another_salt() -> None:
    subject = subject_of(acknowledged(1))
    assert commitment(b"a" * 16, subject) != commitment(b"b" * 16, subject)


@given(
    st.builds(
        Entry,
        st.integers(1, 2**53 - 1),
        st.integers(-(2**40), 2**40),
        st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
        st.none() | st.integers(0, 2**40),
        st.binary(min_size=32, max_size=32).map(bytes.hex),
    )
)
def test_a_leaf_reads_back_as_it_was_written(entry: Entry) -> None:
    assert read_entry(entry.text()) == entry
    assert entry.text().encode() == rfc8785.dumps(json.loads(entry.text()))


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), st.text() | st.integers()))
def test_what_is_committed_to_is_canonical_json_or_refused(details: dict[str, str | int]) -> None:
    try:
        subject = subject_of(Event("sent", NOW, 7, 1, details))
    except ValueError:
        assert any(isinstance(value, int) and abs(value) >= 2**53 for value in details.values())
    else:
        assert subject.encode() == rfc8785.dumps({"details": details, "person": 1})


@pytest.mark.parametrize(
    "text_",
    ["", "[]", "{}", "7", '{"at":1}', '{"at":1,"campaign":1,"commitment":"","kind":"x","seq":true,"v":1}'],
)
def test_what_is_no_leaf_is_refused(text_: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # json's own error is one, too
        read_entry(text_)


@pytest.mark.parametrize(("kind", "name"), [("Sent", "proof"), ("", "proof"), ("sent", "No Name")])
def test_an_event_whose_names_are_not_plain_is_refused(kind: str, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        Event(kind, NOW, details={name: 1})


# --- the tree --------------------------------------------------------------------------------


@given(st.integers(0, 300))
def test_the_frontier_has_the_root_that_pymerkle_computes(size: int) -> None:
    tree, frontier = InmemoryTree("sha256"), Frontier()
    for number in range(size):
        tree.append_entry(f"{number}".encode())
        frontier.push(leaf_hash(f"{number}"))
    assert frontier.root() == tree.get_root()


@given(st.integers(0, 1_000), st.integers(0, 300))
def test_a_frontier_taken_up_again_goes_on_as_if_it_had_not_stopped(before: int, more: int) -> None:
    whole = Frontier()
    nodes: dict[tuple[int, int], bytes] = {}
    for number in range(before * 64 % 2_048):
        nodes |= {(level, place): root for level, place, root in whole.push(leaf_hash(str(number)))}
    taken = Frontier(whole.size, [nodes[key] for key in perfect_subtrees(whole.size)])
    for number in range(more):
        assert whole.push(leaf_hash(str(number))) == taken.push(leaf_hash(str(number)))
    assert whole.root() == taken.root()


# --- appending -------------------------------------------------------------------------------


async def test_events_are_numbered_without_a_gap_and_go_with_their_transaction(database_url: str) -> None:
    async with opened(database_url) as engine:
        assert list(await add(engine, [acknowledged(1), acknowledged(2)])) == [1, 2]
        async with engine.connect() as connection:
            assert list(await log.append(connection, [acknowledged(3)])) == [3]
            await connection.rollback()
        assert list(await add(engine, [acknowledged(4)])) == [3]
        assert list(await add(engine, [])) == []
        async with engine.connect() as connection:
            seqs = (await connection.execute(select(evidence_events.c.seq))).scalars().all()
        assert sorted(seqs) == [1, 2, 3]


async def test_many_who_append_at_once_leave_no_gap_and_no_double(database_url: str) -> None:
    async def worker(number: int) -> list[int]:
        got: list[int] = []
        for turn in range(10):
            batch = [acknowledged(number * 100 + turn)] * (1 + turn % 3)
            got += await add(engine, batch)
        return got

    async with opened(database_url) as engine:
        numbers = sorted(chain.from_iterable(await asyncio.gather(*map(worker, range(8)))))
        assert numbers == list(range(1, len(numbers) + 1))
        async with engine.connect() as connection:
            assert (await connection.execute(select(evidence_head.c.size))).scalar_one() == len(numbers)
            rows = (await connection.execute(select(evidence_events.c.seq, evidence_events.c.entry))).all()
    assert {row.seq: read_entry(row.entry).seq for row in rows} == {n: n for n in numbers}


async def test_the_ledger_keeps_salts_of_their_own_for_equal_events(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, [acknowledged(1)] * 50)
        async with engine.connect() as connection:
            salts = (await connection.execute(select(evidence_events.c.salt))).scalars().all()
    assert len({bytes(salt) for salt in salts}) == 50


# --- checkpoints -----------------------------------------------------------------------------


async def test_an_empty_log_has_no_checkpoint(database_url: str) -> None:
    async with opened(database_url) as engine:
        assert await log.checkpoint(engine, signer(), NOW) is None


@pytest.mark.parametrize("sizes", [(1,), (63, 1), (64, 64), (65, 1, 200), (1_300,)])
async def test_a_checkpoint_signs_the_root_over_all_events(database_url: str, sizes: tuple[int, ...]) -> None:
    async with opened(database_url) as engine:
        for size in sizes:
            await add(engine, map(acknowledged, range(size)))
            made = await log.checkpoint(engine, signer(), NOW)
        async with engine.connect() as connection:
            query = select(evidence_events.c.entry).order_by(evidence_events.c.seq)
            entries = (await connection.execute(query)).scalars().all()
    tree = InmemoryTree("sha256")
    tree.append_entries([entry.encode() for entry in entries])
    assert made is not None
    assert (made.size, made.root) == (sum(sizes), tree.get_root().hex())
    assert signer().public.signed(made.content(), made.signature)
    assert read_checkpoint(made.text()) == made


async def test_nothing_new_makes_no_new_checkpoint(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, [acknowledged(1)])
        first = await log.checkpoint(engine, signer(), NOW)
        assert await log.checkpoint(engine, signer(), NOW + 60) == first


async def test_two_checkpoints_at_once_agree(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, map(acknowledged, range(200)))
        made = await asyncio.gather(*(log.checkpoint(engine, signer(), NOW) for _ in range(4)))
        assert len(set(made)) == 1
        async with engine.connect() as connection:
            kept = (await connection.execute(select(evidence_checkpoints))).all()
        assert len(kept) == 1


async def test_a_log_that_was_cut_is_not_signed_again(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, map(acknowledged, range(10)))
        await log.checkpoint(engine, signer(), NOW)
        await add(engine, map(acknowledged, range(10)))
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM evidence_events WHERE seq > 15"))
        with pytest.raises(Problem, match=r"evidence\.history seq=16"):
            await log.checkpoint(engine, signer(), NOW + 1)


async def test_a_log_that_was_changed_after_signing_is_not_signed_again(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, map(acknowledged, range(10)))
        await log.checkpoint(engine, signer(), NOW)
        await add(engine, [acknowledged(11)])
        async with engine.begin() as connection:
            changed = evidence_events.c.seq == 4
            await connection.execute(update(evidence_events).where(changed).values(entry="{}"))
        with pytest.raises(Problem, match=r"evidence\.history"):
            await log.checkpoint(engine, signer(), NOW + 1)


# --- receipts and forgetting -----------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 64, 65, 700])
async def test_every_event_gets_a_receipt_that_holds(database_url: str, size: int) -> None:
    async with opened(database_url) as engine:
        await add(engine, map(acknowledged, range(size)))
        await log.checkpoint(engine, signer(), NOW)
        for person in {0, size // 3, size // 2, size - 1}:
            made = await log.receipt(engine, person, person + 1)
            assert made.holds()
            assert json.loads(made.subject)["person"] == person
            assert made.key == signer().public


async def test_a_receipt_is_under_the_first_checkpoint_after_the_event(database_url: str) -> None:
    async with opened(database_url) as engine:
        for part in range(3):
            await add(engine, [acknowledged(part)])
            await log.checkpoint(engine, signer(), NOW + part)
        assert (await log.receipt(engine, 1, 2)).checkpoint.size == 2


async def test_a_receipt_is_only_for_the_person_it_speaks_of(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, [acknowledged(1)])
        with pytest.raises(Problem, match=r"evidence\.not_yet"):
            await log.receipt(engine, 1, 1)
        await log.checkpoint(engine, signer(), NOW)
        for person, seq in ((2, 1), (1, 2)):
            with pytest.raises(Problem, match=r"evidence\.no_event"):
                await log.receipt(engine, person, seq)


async def test_no_receipt_is_given_from_a_log_that_was_changed(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, map(acknowledged, range(3)))
        await log.checkpoint(engine, signer(), NOW)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE evidence_events SET entry = '{}' WHERE seq = 2"))
        with pytest.raises(Problem, match=r"evidence\.history"):
            await log.receipt(engine, 0, 1)
        with pytest.raises(Problem, match=r"evidence\.history"):
            await log.receipt(engine, 1, 2)


async def test_a_forgotten_person_leaves_commitments_that_say_nothing_in_a_tree_that_holds(
    database_url: str,
) -> None:
    async with opened(database_url) as engine:
        await add(engine, [acknowledged(person) for person in (1, 2, 1)])
        before = await log.checkpoint(engine, signer(), NOW)
        async with engine.begin() as connection:
            assert await log.forget(connection, 1) == 2
            assert await log.events_of(connection, 1) == []
            rows = (await connection.execute(select(evidence_events).order_by(evidence_events.c.seq))).all()
        assert [(row.person_id, row.salt, row.subject) for row in rows[::2]] == [(None, None, None)] * 2
        assert rows[1].person_id == 2
        tree = Frontier()
        for row in rows:
            tree.push(leaf_hash(row.entry))
        assert before is not None
        assert tree.root().hex() == before.root
        with pytest.raises(Problem, match=r"evidence\.no_event"):
            await log.receipt(engine, 1, 1)
        assert (await log.receipt(engine, 2, 2)).holds()


async def test_a_person_sees_her_events_in_order(database_url: str) -> None:
    async with opened(database_url) as engine:
        await add(engine, [acknowledged(2), acknowledged(1), Event("undone", NOW, 7, 2)])
        async with engine.connect() as connection:
            found = await log.events_of(connection, 2)
    assert [(one.seq, one.kind) for one in found] == [(1, "acknowledged"), (3, "undone")]
