"""Acknowledgments in the ledger. Those that come at the same time share one commit, because a commit's flush
costs more than everything else: when everybody taps at once, everybody still gets an answer at once.

The row, the marks on the deliveries, their counts and the evidence are one transaction. Transactions lock in
one order: the deliveries by campaign and person, the counts, the evidence.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.acknowledging import Copy, Decided, Entry, Outcome, VersionRef, Wish, decide
from bot.campaigns.campaign import Proof
from bot.campaigns.evidence import Event
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_tables import acknowledgments, campaigns, circular_versions, deliveries
from bot.storage.engine import add_rows, set_rows
from bot.storage.evidence import append
from bot.storage.recipients import begun_at, due_at
from bot.storage.trouble import plainly

MOST = 400
"""Acknowledgments in one transaction; others wait for their rows and for the evidence meanwhile."""

TRIES = 3
"""Of a transaction that met another one in a circle, or was a moment behind another process."""

AGAIN = {"40P01", "40001"}
"""PostgreSQL's deadlock and serialization failure."""

A, C, D, V = acknowledgments.c, campaigns.c, deliveries.c, circular_versions.c


class _Group:
    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.written: asyncio.Task[Sequence[Outcome]] | None = None


class SqlAcknowledgments:
    """Keeps `bot.campaigns.ports.Acknowledgments`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._group: _Group | None = None
        self._writing = asyncio.Lock()

    async def take(self, wish: Wish) -> Outcome:
        """Returns when it is durable. Raises Problem: it is not, and nothing of it is."""
        group = self._group
        if group is None:
            group = self._group = _Group()
            group.written = asyncio.ensure_future(self._write(group))
        place = len(group.wishes)
        group.wishes.append(wish)
        if len(group.wishes) >= MOST:
            self._group = None
        assert group.written is not None
        # Who gives up waiting does not undo what the others wait for.
        return (await asyncio.shield(group.written))[place]

    async def _write(self, group: _Group) -> Sequence[Outcome]:
        """Writes all that has gathered when its turn comes; what comes meanwhile waits for the next."""
        async with self._writing:
            if self._group is group:
                self._group = None
            with plainly():
                return await self._committed(group.wishes)

    async def _committed(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        for left in reversed(range(TRIES)):
            try:
                async with self._engine.begin() as connection:
                    outcomes, events = await apply(connection, wishes)
                    await append(connection, events)
                return outcomes
            except DBAPIError as error:
                if not left or not _passing(error):
                    raise
        raise AssertionError("unreachable")


def _passing(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in AGAIN


async def apply(
    connection: AsyncConnection, wishes: Sequence[Wish]
) -> tuple[Sequence[Outcome], Sequence[Event]]:
    """Within the caller's transaction. The events are the caller's to append, last of all."""
    versions = await _versions(connection, {wish.campaign for wish in wishes})
    people, ids = {wish.person for wish in wishes}, {version.id for version in versions.values()}
    if not ids:
        return decide(wishes, versions, (), ()).outcomes, ()
    copies = await _copies(connection, people, ids)
    decided = decide(wishes, versions, copies, await _standing(connection, people, ids))
    await _put(connection, decided)
    return decided.outcomes, decided.events


# --- reading ---------------------------------------------------------------------------------


async def _versions(connection: AsyncConnection, ids: set[int]) -> dict[int, VersionRef]:
    query = (
        select(C.id, C.version_id, V.digest)
        .join(circular_versions, V.id == C.version_id)
        .where(C.id.in_(sorted(ids)))
    )
    rows = await connection.execute(query)
    return {row.id: VersionRef(row.version_id, row.digest) for row in rows}


async def _copies(connection: AsyncConnection, people: set[int], versions: set[int]) -> list[Copy]:
    """Locked: who acknowledges or undoes for the same person and version waits here."""
    query = (
        select(
            D.person_id,
            C.version_id,
            D.campaign_id,
            C.state.label("campaign_state"),
            D.unit_id,
            D.state,
            due_at(),
            begun_at(),
            D.acknowledged_at,
        )
        .join(campaigns, C.id == D.campaign_id)
        .where(D.person_id.in_(sorted(people)), C.version_id.in_(sorted(versions)))
        .order_by(D.campaign_id, D.person_id)
        .with_for_update(of=deliveries)
    )
    return [Copy(*row) for row in await connection.execute(query)]


async def _standing(connection: AsyncConnection, people: set[int], versions: set[int]) -> list[Entry]:
    """A statement of its own, after the locks: it sees what those have done who had them before."""
    query = select(acknowledgments).where(
        A.person_id.in_(sorted(people)), A.version_id.in_(sorted(versions)), A.undone_at.is_(None)
    )
    return [entry_of(row) for row in await connection.execute(query)]


def entry_of(row: Any) -> Entry:
    return Entry(
        version=row.version_id,
        person=row.person_id,
        campaign=row.campaign_id,
        at=row.at,
        proof=Proof(row.proof),
        channel=row.channel,
        undone_at=row.undone_at,
        id=row.id,
    )


# --- writing ---------------------------------------------------------------------------------

_UNDO = update(acknowledgments).where(A.id == bindparam("of")).values(undone_at=bindparam("then"))


async def _put(connection: AsyncConnection, decided: Decided) -> None:
    undone = [{"of": entry.id, "then": entry.undone_at} for entry in decided.entries if entry.id is not None]
    if undone:
        await connection.execute(_UNDO, undone)
    new = [_row(entry) for entry in decided.entries if entry.id is None]
    await add_rows(connection, acknowledgments, new)
    marks = [
        {"campaign_id": copy.campaign, "person_id": copy.person, "acknowledged_at": at}
        for copy, at in decided.marks
    ]
    await set_rows(connection, deliveries, marks)
    await _count(connection, decided)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "version_id": entry.version,
        "person_id": entry.person,
        "campaign_id": entry.campaign,
        "at": entry.at,
        "proof": entry.proof.value,
        "channel": entry.channel,
        "undone_at": entry.undone_at,
    }


async def _count(connection: AsyncConnection, decided: Decided) -> None:
    changes: defaultdict[int, Counter[Cell]] = defaultdict(Counter)
    for copy, at in decided.marks:
        before, after = copy.acknowledged_at is not None, at is not None
        changes[copy.campaign][Cell(copy.unit, copy.state, before)] -= 1
        changes[copy.campaign][Cell(copy.unit, copy.state, after)] += 1
    for campaign, change in sorted(changes.items()):
        await move(connection, campaign, change)
