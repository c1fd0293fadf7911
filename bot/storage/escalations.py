"""Who was told of whom, in the ledger: the overdue to superiors, the unreachable to admins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, case, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.carrying import NOT_SENT, WENT_OUT
from bot.campaigns.digests import Entry, Kind
from bot.campaigns.escalation import Choose, Posts, Waiting, Wanted
from bot.campaigns.evidence import Event
from bot.campaigns.recipients import Pending, Recipient
from bot.people.rights import Actor
from bot.people.staff import Assignment, Role
from bot.storage.access import note
from bot.storage.campaign_tables import campaigns, deliveries, escalations, worklists
from bot.storage.engine import insert_or
from bot.storage.evidence import append
from bot.storage.recipients import (
    ARRIVED,
    AT_ONCE,
    WAITED_FOR,
    Tree,
    Trees,
    arrived,
    due_at,
    pending_of,
    pending_query,
    reached,
    recipients,
    unanswered,
)
from bot.storage.staff_queries import holds, serves
from bot.storage.staff_reading import assignment_of
from bot.storage.tables import assignments, people

POSTS = (Role.UNIT_HEAD.value, Role.UNIT_ADMIN.value, Role.HR.value)

TWO_DAYS = 2 * 86_400

MISSED = frozenset({NOT_SENT, DeliveryState.UNREACHABLE.value})
"""Words of a digest that certainly nobody has got, and that she or another is to get yet."""

TABLES: Mapping[Kind, Table] = {Kind.OVERDUE: escalations, Kind.UNREACHABLE: worklists}
NOTED = {Kind.OVERDUE: "escalated", Kind.UNREACHABLE: "worklist"}


class SqlEscalations:
    """Keeps `bot.campaigns.escalation.Kept`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._trees = Trees()

    async def regencies(self) -> Sequence[str]:
        query = select(campaigns.c.regency).where(campaigns.c.state.in_(WAITED_FOR)).distinct()
        async with self._engine.connect() as connection:
            return sorted((await connection.execute(query)).scalars())

    async def posts(self, wanted: Wanted) -> Posts:
        query = (
            select(assignments)
            .join(people, people.c.id == assignments.c.person_id)
            .where(people.c.regency == wanted.regency, assignments.c.role.in_(POSTS))
            .where(holds(assignments, wanted.today), serves(wanted.today))
        )
        held: dict[int, list[tuple[int, Assignment]]] = defaultdict(list)
        async with self._engine.connect() as connection:
            for row in await connection.execute(query):
                held[row.unit_id].append((row.person_id, assignment_of(row)))
        return Posts(wanted.today, held)

    async def recipients(self, wanted: Wanted, among: Sequence[int]) -> Mapping[int, Recipient]:
        async with self._engine.connect() as connection:
            tree = await self._trees.of(connection, wanted.regency)
            return await recipients(connection, tree, among, wanted.today, wanted.channels)

    async def told_today(self, wanted: Wanted) -> frozenset[int]:
        table = TABLES[wanted.kind].c
        query = select(table.told_id).where(_today(table.at, wanted), table.told_id.is_not(None))
        async with self._engine.connect() as connection:
            return frozenset((await connection.execute(query.distinct())).scalars())

    async def candidates(self, wanted: Wanted, after: int, most: int) -> Sequence[int]:
        overdue = wanted.kind is Kind.OVERDUE
        which = _overdue(wanted) if overdue else _unlisted()
        waits = (
            exists()
            .where(deliveries.c.person_id == people.c.id, unanswered(), state_of(wanted.kind), which)
            .correlate(people)
        )
        can = reached(wanted.channels)
        query = (
            select(people.c.id)
            .where(people.c.regency == wanted.regency, people.c.id > after, serves(wanted.today))
            .where(waits, can if overdue else ~can)
            .order_by(people.c.id)
            .limit(most)
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalars().all()

    async def waiting(self, wanted: Wanted, among: Sequence[int]) -> Waiting:
        async with self._engine.connect() as connection:
            tree = await self._trees.of(connection, wanted.regency)
            return await _waiting(connection, tree, wanted, among)

    async def nobody(self, wanted: Wanted, keys: Sequence[tuple[int, int, int]], at: int) -> None:
        rows = [
            {"person_id": person, "campaign_id": campaign, "level": level, "told_id": None, "at": at}
            for person, campaign, level in keys
        ]
        async with self._engine.begin() as connection:
            await connection.execute(insert_or(self._engine, escalations), rows)

    async def tell(
        self, wanted: Wanted, told: Actor, among: Sequence[int], at: int, choose: Choose
    ) -> Sequence[Entry]:
        assert told.person is not None
        table = TABLES[wanted.kind]
        async with self._engine.begin() as connection:
            # Whoever else tells her, or of them, waits here, and then sees what was written.
            locked = select(people.c.id).where(people.c.id.in_([told.person, *among])).order_by(people.c.id)
            await connection.execute(locked.with_for_update(key_share=True))
            today = (table.c.told_id == told.person) & _today(table.c.at, wanted)
            if (await connection.execute(select(func.count()).where(today))).scalar_one():
                return ()
            tree = await self._trees.of(connection, wanted.regency)
            entries = choose(await _waiting(connection, tree, wanted, among))
            await _write(connection, wanted, told, entries, at)
        return entries

    async def settle(self, wanted: Wanted, told: Actor, entries: Sequence[Entry], word: str, at: int) -> None:
        table, overdue = TABLES[wanted.kind], wanted.kind is Kind.OVERDUE
        its = [table.c.campaign_id == bindparam("campaign"), table.c.person_id == bindparam("person")]
        its += [escalations.c.level == bindparam("step")] if overdue else []
        rows = [
            {"campaign": e.pending.campaign, "person": e.who.person} | ({"step": e.level} if overdue else {})
            for e in entries
        ]
        change = (
            delete(table).where(*its) if word in MISSED else update(table).where(*its).values(outcome=word)
        )
        async with self._engine.begin() as connection:
            await connection.execute(change, rows)
            if word in WENT_OUT:
                await _note(connection, wanted, told, entries, at)


# --- which -----------------------------------------------------------------------------------


def state_of(kind: Kind) -> ColumnElement[bool]:
    if kind is Kind.OVERDUE:
        return arrived()
    return deliveries.c.state.in_((*ARRIVED, DeliveryState.UNREACHABLE.value))


def _today(moment: ColumnElement[int], wanted: Wanted) -> ColumnElement[bool]:
    """Or the day after, by a clock that was put back since; not weeks after."""
    return moment.between(wanted.midnight, wanted.midnight + TWO_DAYS)


def _overdue(wanted: Wanted) -> ColumnElement[bool]:
    """A level may have come that is not over."""
    come = case(*((due_at() < before, level) for level, before in wanted.overdue), else_=0)
    last = (
        select(func.coalesce(func.max(escalations.c.level), 0))
        .where(
            escalations.c.campaign_id == deliveries.c.campaign_id,
            escalations.c.person_id == deliveries.c.person_id,
        )
        .correlate(deliveries)
        .scalar_subquery()
    )
    return come > last


def _unlisted() -> ColumnElement[bool]:
    listed = (worklists.c.campaign_id == deliveries.c.campaign_id) & (
        worklists.c.person_id == deliveries.c.person_id
    )
    return ~exists().where(listed).correlate(deliveries)


async def _waiting(
    connection: AsyncConnection, tree: Tree, wanted: Wanted, among: Sequence[int]
) -> dict[int, tuple[Recipient, Sequence[Pending]]]:
    found: dict[int, tuple[Recipient, Sequence[Pending]]] = {}
    for start in range(0, len(among), AT_ONCE):
        some = among[start : start + AT_ONCE]
        who = await recipients(connection, tree, some, wanted.today, wanted.channels)
        over = await _over(connection, wanted.kind, some)
        pending: dict[int, list[Pending]] = defaultdict(list)
        for row in await connection.execute(pending_query(list(who), state_of(wanted.kind), None)):
            pending[row.person_id].append(pending_of(row, **over.get((row.campaign_id, row.person_id), {})))
        found |= {person: (who[person], several) for person, several in pending.items()}
    return found


async def _over(
    connection: AsyncConnection, kind: Kind, some: Sequence[int]
) -> Mapping[tuple[int, int], dict[str, Any]]:
    """(campaign, person) → what `Pending` says of the levels that are over."""
    if kind is Kind.UNREACHABLE:
        listed = select(worklists).where(worklists.c.person_id.in_(some))
        rows = await connection.execute(listed)
        return {(row.campaign_id, row.person_id): {"done": frozenset({0})} for row in rows}
    query = select(escalations).where(escalations.c.person_id.in_(some)).order_by(escalations.c.level)
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for row in await connection.execute(query):
        before = found.get((row.campaign_id, row.person_id), {"done": frozenset(), "told": ()})
        told = (row.told_id,) if row.told_id is not None else ()
        found[row.campaign_id, row.person_id] = {
            "done": before["done"] | {row.level},
            "told": before["told"] + told,
            "last": datetime.fromtimestamp(row.at, UTC),
        }
    return found


# --- writing ---------------------------------------------------------------------------------


async def _write(
    connection: AsyncConnection, wanted: Wanted, told: Actor, entries: Sequence[Entry], at: int
) -> None:
    if not entries:
        return
    overdue = wanted.kind is Kind.OVERDUE
    rows = [
        {"campaign_id": e.pending.campaign, "person_id": e.who.person, "told_id": told.person, "at": at}
        | ({"level": e.level} if overdue else {})
        for e in entries
    ]
    await connection.execute(insert(TABLES[wanted.kind]), rows)


async def _note(
    connection: AsyncConnection, wanted: Wanted, told: Actor, entries: Sequence[Entry], at: int
) -> None:
    """Who has seen names, and of whom it was told."""
    shown = len({entry.who.person for entry in entries})
    unit = next((held.unit for held in told.assignments), None)
    await note(connection, at, told.name, NOTED[wanted.kind], regency=wanted.regency, unit=unit, count=shown)
    if wanted.kind is Kind.OVERDUE:
        await append(
            connection,
            [Event("escalated", at, e.pending.campaign, e.who.person, {"level": e.level}) for e in entries],
        )
