"""The evidence in the ledger: events appended beside the rows they speak of, checkpoints, receipts,
forgetting."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.evidence import (
    SALT_BYTES,
    Checkpoint,
    Event,
    Frontier,
    Node,
    entry_of,
    leaf_hash,
    read_entry,
    subject_of,
)
from bot.campaigns.receipts import Receipt
from bot.campaigns.signing import KeyRecord, PublicKey, Signer, record_of
from bot.problems import Problem
from bot.storage.campaign_tables import evidence_checkpoints, evidence_events, evidence_head, evidence_keys
from bot.storage.engine import add_rows, insert_or
from bot.storage.evidence_tree import CHUNK, LedgerTree, entries_after, known_frontier, write_nodes

HEAD = 1


async def append(connection: AsyncConnection, events: Sequence[Event]) -> Sequence[int]:
    """Adds leaves within the caller's transaction; their numbers, without a gap. Call it last: from here to
    the end of the transaction every other writer of evidence waits."""
    if not events:
        return ()
    first = await _claim(connection, len(events)) - len(events) + 1
    salts = secrets.token_bytes(SALT_BYTES * len(events))
    rows = [
        _row(event, first + place, salts[place * SALT_BYTES :][:SALT_BYTES])
        for place, event in enumerate(events)
    ]
    await add_rows(connection, evidence_events, rows)
    return range(first, first + len(events))


def _row(event: Event, seq: int, salt: bytes) -> dict[str, Any]:
    subject = subject_of(event)
    return {
        "seq": seq,
        "at": event.at,
        "kind": event.kind,
        "campaign_id": event.campaign,
        "person_id": event.person,
        "salt": salt,
        "subject": subject,
        "entry": entry_of(event, seq, salt, subject).text(),
    }


async def _claim(connection: AsyncConnection, count: int) -> int:
    """The size of the log with `count` leaves more. Takes the lock of the one row that all writers share."""
    head = evidence_head.c
    grow = update(evidence_head).where(head.id == HEAD).values(size=head.size + count).returning(head.size)
    size = (await connection.execute(grow)).scalar_one_or_none()
    if size is None:
        first = insert_or(connection.engine, evidence_head)
        await connection.execute(first, {"id": HEAD, "size": 0})
        size = (await connection.execute(grow)).scalar_one()
    return int(size)


async def forget(connection: AsyncConnection, person: int) -> int:
    """Erases whom and what the person's events speak of; how many there were. Their leaves stay, and say
    nothing any more."""
    nothing = {"person_id": None, "salt": None, "subject": None}
    erased = update(evidence_events).where(evidence_events.c.person_id == person).values(nothing)
    return (await connection.execute(erased)).rowcount


# --- checkpoints -----------------------------------------------------------------------------


async def checkpoint(engine: AsyncEngine, signer: Signer, now: int) -> Checkpoint | None:
    """Signs the log as it stands; the last checkpoint where nothing happened since, None: nothing ever did.
    Raises Problem ("evidence.history") where the log is not the one that was signed before."""
    async with engine.connect() as connection:
        size = (await connection.execute(select(evidence_head.c.size))).scalar_one_or_none() or 0
        last = await _last(connection)
    if size == 0 or (last is not None and last.size >= size):
        return last
    tree = await _grown(engine, size, last)
    made = signer.checkpoint(size, tree.root(), now)
    async with engine.begin() as connection:
        await _register(connection, record_of(signer, now))
        await connection.execute(insert_or(engine, evidence_checkpoints), asdict(made))
    return made


async def _grown(engine: AsyncEngine, size: int, last: Checkpoint | None) -> Frontier:
    """The tree over `size` leaves; what is new of its nodes is written on the way."""
    async with engine.connect() as connection:
        tree = await known_frontier(connection)
    while tree.size < size:
        await write_nodes(engine, await _push(engine, tree, min(size, tree.size + CHUNK), last))
    return tree


async def _push(engine: AsyncEngine, tree: Frontier, size: int, last: Checkpoint | None) -> list[Node]:
    nodes: list[Node] = []
    async with engine.connect() as connection:
        while tree.size < size:
            page = await entries_after(connection, tree.size, size)
            if not page:
                raise Problem("evidence.history", seq=tree.size + 1)
            for entry in page:
                nodes += tree.push(leaf_hash(entry))
                if last is not None and tree.size == last.size and tree.root().hex() != last.root:
                    raise Problem("evidence.history", seq=last.size)
    return nodes


async def _last(connection: AsyncConnection) -> Checkpoint | None:
    table = evidence_checkpoints
    row = (await connection.execute(select(table).order_by(table.c.size.desc()).limit(1))).one_or_none()
    return Checkpoint(**row._mapping) if row is not None else None


async def _register(connection: AsyncConnection, record: KeyRecord) -> None:
    await connection.execute(insert_or(connection.engine, evidence_keys), asdict(record))


async def succeed(engine: AsyncEngine, old: Signer | None, new: Signer, now: int) -> None:
    """Notes that `new` signs from now on, endorsed by `old`: what the old key has signed goes on to hold.
    None: the old one is lost, and nobody endorses the new one."""
    async with engine.begin() as connection:
        if old is not None:
            await _register(connection, record_of(old, now))
        latest = await connection.scalar(select(func.max(evidence_keys.c.at))) or 0
        at = max(now, latest + (old is None))  # it is the newest one, whatever the clock says
        await _register(connection, record_of(new, at, old))


# --- receipts --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Noted:
    """An event about a person, as she may be shown it."""

    seq: int
    at: int
    kind: str
    campaign: int | None


async def events_of(connection: AsyncConnection, person: int) -> Sequence[Noted]:
    """The events that speak of a person, the oldest first; none where they are forgotten."""
    events = evidence_events.c
    query = select(events.seq, events.at, events.kind, events.campaign_id).where(events.person_id == person)
    return [Noted(*row) for row in await connection.execute(query.order_by(events.seq))]


async def receipt(engine: AsyncEngine, person: int, seq: int) -> Receipt:
    """The receipt for an event of the person's, under the first checkpoint that covers it. Raises Problem: it
    is not hers ("evidence.no_event", which does not say whether it exists), no checkpoint covers it yet
    ("evidence.not_yet"), or the log was changed ("evidence.history")."""
    async with engine.connect() as connection:
        event = await _event(connection, person, seq)
        covering = await _covering(connection, seq)
        keys = evidence_keys.c
        found = select(keys.public_key).where(keys.key_id == covering.key_id)
        public = (await connection.execute(found)).scalar_one()
        proof = await connection.run_sync(lambda c: LedgerTree(c, covering.size).prove_inclusion(seq))
    try:
        entry = read_entry(event.entry)
    except (TypeError, ValueError) as error:
        raise Problem("evidence.history", seq=seq) from error
    key = PublicKey(bytes.fromhex(public))
    made = Receipt(entry, bytes(event.salt), event.subject, proof, covering, key)
    if not made.holds():
        raise Problem("evidence.history", seq=seq)
    return made


async def _event(connection: AsyncConnection, person: int, seq: int) -> Any:
    events = evidence_events.c
    hers = (events.seq == seq) & (events.person_id == person) & events.salt.is_not(None)
    query = select(events.entry, events.salt, events.subject).where(hers)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Problem("evidence.no_event", seq=seq)
    return row


async def _covering(connection: AsyncConnection, seq: int) -> Checkpoint:
    table = evidence_checkpoints
    query = select(table).where(table.c.size >= seq).order_by(table.c.size).limit(1)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Problem("evidence.not_yet", seq=seq)
    return Checkpoint(**row._mapping)
