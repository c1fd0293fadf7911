"""A regency's roster in the ledger: what is there, and one transaction that brings it to what a file says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, bindparam, case, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.people.rights import Action, Target
from bot.people.roster.changes import Change, Kind, LedgerPerson, LedgerUnit, PlannedUnit, UnitPlan
from bot.people.staff import PlacementKind
from bot.storage import staff_queries as queries
from bot.storage.access import note
from bot.storage.changes import staff_changed
from bot.storage.engine import insert_or, one_snapshot
from bot.storage.staff import lock
from bot.storage.tables import (
    access_log,
    assignments,
    codes,
    identities,
    people,
    placements,
    roster_imports,
    roster_mappings,
    unit_changes,
    units,
)
from bot.storage.trouble import plainly

if TYPE_CHECKING:
    from bot.people.roster.difference import (
        Difference,  # with all that reads files: a server needs none of it
    )

BATCH = 5_000
"""People read at once."""

AT_ONCE = 500
"""People or units named in one statement: databases limit its length."""


class SqlRoster:
    """Keeps `bot.people.roster.importing.RosterLedger`. `clock` gives seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    async def mapping(self, regency: str) -> str | None:
        with plainly():
            async with self._engine.connect() as connection:
                return await _mapping(connection, regency)

    async def target(self, regency: str) -> Target:
        with plainly():
            async with self._engine.connect() as connection:
                found = await connection.execute(queries.root_of(regency))
                return Target(frozenset(row.id for row in found))

    @asynccontextmanager
    async def reading(self, regency: str, day: date) -> AsyncIterator[SqlRosterReading]:
        with plainly():
            async with self._engine.connect() as connection:
                await one_snapshot(connection)
                yield SqlRosterReading(connection, regency, day)

    @asynccontextmanager
    async def writing(self, regency: str, day: date, by: str) -> AsyncIterator[SqlRosterWriting]:
        with plainly():
            async with self._engine.begin() as connection:
                if (await connection.execute(queries.root_of(regency))).first() is None:
                    await staff_changed(connection)  # two first imports: the second waits here
                await lock(connection, regency)
                yield SqlRosterWriting(connection, regency, day, by, int(self._clock()))


@dataclass(frozen=True, slots=True)
class SqlRosterReading:
    connection: AsyncConnection
    regency: str
    day: date

    async def units(self) -> Sequence[LedgerUnit]:
        query = select(units).where(units.c.regency == self.regency).order_by(units.c.id)
        return [
            LedgerUnit(row.id, row.parent_id, row.name, row.code, row.kind, row.closed_on is not None)
            for row in await self.connection.execute(query)
        ]

    async def people(self) -> AsyncIterator[Sequence[LedgerPerson]]:
        """By id, so that no cursor stays open and the order is that of every database."""
        last = 0
        while True:
            rows = (await self.connection.execute(_people(self.regency, last))).all()
            if not rows:
                return
            yield [self._person(row) for row in rows]
            last = rows[-1].id

    def _person(self, row: Any) -> LedgerPerson:
        left = row.left_on is not None and row.left_on <= self.day
        return LedgerPerson(
            row.id, row.number, row.name, row.status, row.phone, row.pattern, left, row.unit_id
        )


@dataclass(frozen=True, slots=True)
class SqlRosterWriting(SqlRosterReading):
    """An open transaction on one regency."""

    by: str
    at: int

    async def keep_mapping(self, mapping: str) -> None:
        if await _mapping(self.connection, self.regency) != mapping:
            values = {"regency": self.regency, "mapping": mapping, "updated_at": self.at}
            kept = insert_or(self.connection.engine, roster_mappings, replace=("mapping", "updated_at"))
            await self.connection.execute(kept, values)

    async def apply(self, difference: Difference, digest: str) -> None:
        if not difference.changes_nothing:
            ids = await self._write_units(difference.plan)
            for batch in difference.batches(Kind.JOINED):
                await self._join(batch, ids)
            for batch in difference.batches(Kind.MOVED):
                await self._move(batch, ids)
            for batch in difference.batches(Kind.CHANGED):
                await self._change(batch)
            for batch in difference.batches(Kind.LEFT, AT_ONCE):
                await self._leave([change.person for change in batch if change.person is not None])
            await staff_changed(self.connection)
        await self._log(difference, digest)

    async def _log(self, difference: Difference, digest: str) -> None:
        counts = {kind.value: count for kind, count in difference.counts.items()}
        values = {"regency": self.regency, "digest": digest, "at": self.at, "actor": self.by}
        written = json.dumps({**counts, "rejected": difference.rejected})
        await self.connection.execute(insert(roster_imports), {**values, "counts": written})
        read = sum(counts.values()) + difference.rejected
        await note(self.connection, self.at, self.by, Action.IMPORT_ROSTER, regency=self.regency, count=read)

    # --- units ---

    async def _write_units(self, plan: UnitPlan) -> Mapping[int, int]:
        """The ledger's id of every unit of the file, by index. Level by level: a unit needs the id of the one
        above."""
        ids = {unit.index: unit.known.id for unit in plan if unit.known}
        for level in _levels(plan):
            for some in _chunks([unit for unit in level if unit.is_new]):
                statement = insert(units).returning(units.c.id, sort_by_parameter_order=True)
                made = await self.connection.execute(statement, [self._unit(unit, ids) for unit in some])
                ids.update(zip((unit.index for unit in some), made.scalars(), strict=True))
            for unit in level:
                if unit.known and unit.changed:
                    await self._rewrite(unit, unit.known, ids)
        return ids

    def _unit(self, unit: PlannedUnit, ids: Mapping[int, int]) -> dict[str, Any]:
        above = None if unit.parent is None else ids[unit.parent]
        values = {"name": unit.name, "code": unit.code, "kind": unit.kind}
        return {"regency": self.regency, "parent_id": above, **values}

    async def _rewrite(self, unit: PlannedUnit, old: LedgerUnit, ids: Mapping[int, int]) -> None:
        """Keeps what it was. A closed one is open again: people work there."""
        row = (await self.connection.execute(select(units).where(units.c.id == old.id))).one()
        before = {"name": row.name, "kind": row.kind, "pattern": row.pattern, "parent_id": row.parent_id}
        remembered = {"unit_id": old.id, "at": self.at, "actor": self.by, **before}
        await self.connection.execute(insert(unit_changes), remembered)
        values = {**self._unit(unit, ids), "closed_on": None}
        await self.connection.execute(update(units).where(units.c.id == old.id).values(values))

    # --- people ---

    async def _join(self, batch: Sequence[Change], ids: Mapping[int, int]) -> None:
        """Somebody who comes back keeps her entry, and with it her history."""
        await self._rewrite_people([change for change in batch if change.person is not None])
        new = [change for change in batch if change.person is None]
        known = {change.number: change.person for change in batch if change.person is not None}
        known |= await self._add_people(new)
        await self._place(batch, known, ids)

    async def _add_people(self, new: Sequence[Change]) -> dict[str, int]:
        """The ids by number."""
        if not new:
            return {}
        shared = {"regency": self.regency, "joined_on": self.day, "updated_at": self.at}
        rows = [{**shared, "number": change.number, **_entry(change)} for change in new]
        made = await self.connection.execute(insert(people).returning(people.c.id, people.c.number), rows)
        return {row.number: row.id for row in made}

    async def _move(self, batch: Sequence[Change], ids: Mapping[int, int]) -> None:
        await self._rewrite_people([change for change in batch if change.differing])
        known = {change.number: change.person for change in batch if change.person is not None}
        await self._place(batch, known, ids)

    async def _change(self, batch: Sequence[Change]) -> None:
        await self._rewrite_people(batch)

    async def _rewrite_people(self, batch: Sequence[Change]) -> None:
        if not batch:
            return
        names = ("name", "status", "phone", "pattern")
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        statement = update(people).where(people.c.id == bindparam("person"))
        rows = [
            {"person": change.person, **{f"new_{name}": value for name, value in _entry(change).items()}}
            for change in batch
        ]
        await self.connection.execute(statement.values(**new, left_on=None, updated_at=self.at), rows)

    async def _place(self, batch: Sequence[Change], known: Mapping[str, int], ids: Mapping[int, int]) -> None:
        """Ends the placement that is open, where there is one, and opens the new one."""
        moving = [known[change.number] for change in batch if change.old_unit is not None]
        primary = (placements.c.kind == PlacementKind.PRIMARY) & placements.c.until.is_(None)
        for some in _chunks(moving):
            ended = update(placements).where(placements.c.person_id.in_(some), primary)
            await self.connection.execute(ended.values(until=_end(placements, self.day)))
        rows = [
            {
                "person_id": known[change.number],
                "unit_id": ids[change.unit],
                "kind": PlacementKind.PRIMARY.value,
                "since": self.day,
            }
            for change in batch
            if change.unit is not None
        ]
        await self.connection.execute(insert(placements), rows)

    # --- leaving ---

    async def _leave(self, gone: Sequence[int]) -> None:
        """Her entry, her history and what she acknowledged stay. In the order in which other transactions
        lock: the person, her codes, her accounts."""
        values = {"left_on": self.day, "updated_at": self.at}
        await self.connection.execute(update(people).where(people.c.id.in_(gone)).values(values))
        await self._revoke(gone)
        await self._unlink(gone)
        for table in (placements, assignments):
            held = table.c.person_id.in_(gone) & queries.unfinished(table, self.day)
            if table is assignments:
                roles = await self.connection.execute(select(table.c.person_id, table.c.role).where(held))
                await self._note((row.person_id, f"role.ended.{row.role}") for row in roles.all())
            await self.connection.execute(update(table).where(held).values(until=_end(table, self.day)))

    async def _revoke(self, gone: Sequence[int]) -> None:
        unused = codes.c.used_at.is_(None) & codes.c.revoked_at.is_(None)
        live = codes.c.person_id.in_(gone) & unused & (codes.c.expires_at > self.at)
        found = (await self.connection.execute(select(codes.c.person_id).where(live))).scalars().all()
        await self.connection.execute(update(codes).where(live).values(revoked_at=self.at))
        await self._note((person, "identity.code_revoked") for person in found)

    async def _unlink(self, gone: Sequence[int]) -> None:
        theirs = identities.c.person_id.in_(gone)
        query = select(identities.c.person_id).where(theirs)
        found = (await self.connection.execute(query)).scalars().all()
        await self.connection.execute(delete(identities).where(theirs))
        await self._note((person, "identity.unlinked") for person in found)

    async def _note(self, done: Iterable[tuple[int, str]]) -> None:
        """What happened to whom, as `note` writes it, many at once."""
        shared = {"at": self.at, "actor": self.by, "regency": self.regency}
        rows = [{**shared, "person_id": person, "action": action} for person, action in done]
        if rows:
            await self.connection.execute(insert(access_log), rows)


# --- parts -----------------------------------------------------------------------------------


async def _mapping(connection: AsyncConnection, regency: str) -> str | None:
    query = select(roster_mappings.c.mapping).where(roster_mappings.c.regency == regency)
    return (await connection.execute(query)).scalar_one_or_none()


def _people(regency: str, after: int) -> Any:
    here = (placements.c.kind == PlacementKind.PRIMARY) & placements.c.until.is_(None)
    joined = people.outerjoin(placements, (placements.c.person_id == people.c.id) & here)
    return (
        select(people, placements.c.unit_id)
        .select_from(joined)
        .where(people.c.regency == regency, people.c.id > after)
        .order_by(people.c.id)
        .limit(BATCH)
    )


def _entry(change: Change) -> dict[str, str | None]:
    return {
        "name": change.name,
        "status": change.status,
        "phone": change.phone,
        "pattern": change.pattern,
    }


def _end(table: Table, day: date) -> Any:
    """What has not begun by `day` never does."""
    return case((table.c.since > day, table.c.since), else_=day)


def _levels(plan: UnitPlan) -> list[list[PlannedUnit]]:
    """The units by their depth in the file's tree."""
    depths: dict[int, int] = {}
    levels: list[list[PlannedUnit]] = []
    for unit in plan:
        depths[unit.index] = 0 if unit.parent is None else depths[unit.parent] + 1
        if depths[unit.index] == len(levels):
            levels.append([])
        levels[depths[unit.index]].append(unit)
    return levels


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))
