"""Changes to the staff. Each method is one transaction: it takes the lock of the regency, looks whether the
change can be, makes it, notes who made it, and tells other processes. It raises Problem, and changes nothing,
where the change cannot be. Rights are not asked here: `bot.people` does, before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.people.appointing import check_free
from bot.people.staff import (
    Assignment,
    Leave,
    Person,
    Placement,
    PlacementKind,
    Unit,
    meeting,
)
from bot.problems import Problem
from bot.storage import staff_queries as queries
from bot.storage.access import note
from bot.storage.changes import staff_changed
from bot.storage.staff_reading import assignment_of, unit_of
from bot.storage.tables import absences, assignments, people, placements, unit_changes, units


async def lock(connection: AsyncConnection, regency: str) -> None:
    """Until the transaction ends, nobody else changes units, roles and absences of the regency: what is seen
    from now on is still so when it is acted on. Comes first in a transaction."""
    root = (units.c.regency == regency) & units.c.parent_id.is_(None)
    locked = await connection.execute(update(units).where(root).values(name=units.c.name))
    if locked.rowcount == 0:  # nothing of it is registered yet: the first to do so makes all others wait
        await staff_changed(connection)


@dataclass(frozen=True, slots=True)
class _Change:
    """An open transaction on one regency."""

    connection: AsyncConnection
    regency: str
    by: str
    at: int

    async def rows(self, statement: Select[Any], **holes: object) -> list[Any]:
        return list((await self.connection.execute(statement, holes)).all())

    async def add(self, table: Any, **values: object) -> int:
        done = await self.connection.execute(insert(table).returning(table.c.id), values)
        return int(done.scalar_one())

    async def set(self, table: Any, identity: int, **values: object) -> None:
        await self.connection.execute(update(table).where(table.c.id == identity).values(**values))

    async def end(self, table: Any, identity: int, since: date, day: date) -> None:
        """Ends a span of days at `day`, or at its start if that is later; one that ended before stays so."""
        still = table.c.until.is_(None) | (table.c.until > day)
        ended = update(table).where(table.c.id == identity, still).values(until=max(day, since))
        await self.connection.execute(ended)

    async def note(self, action: str, *, person: int | None = None, unit: int | None = None) -> None:
        await note(self.connection, self.at, self.by, action, regency=self.regency, person=person, unit=unit)

    async def unit(self, unit: int) -> Unit:
        """Raises Problem if it does not exist or is closed."""
        found = await self.rows(select(units).where(units.c.id == unit, units.c.closed_on.is_(None)))
        if not found or found[0].regency != self.regency:
            raise Problem("staff.unit_gone")
        return unit_of(found[0])

    async def remember(self, unit: Unit) -> None:
        """Keeps what the unit was before it is changed."""
        before = {"parent_id": unit.parent, "name": unit.name, "kind": unit.kind, "pattern": unit.pattern}
        await self.add(unit_changes, unit_id=unit.id, at=self.at, actor=self.by, **before)

    async def check_name(self, parent: int | None, name: str, own: int | None = None) -> None:
        """That no other unit that exists has this name under the same one."""
        for unit in await self.rows(_siblings(parent).where(units.c.closed_on.is_(None))):
            if unit.id != own and unit.name.casefold() == name.casefold():
                raise Problem("staff.name_taken", name=unit.name)


class StaffWriting:
    """`by` is the `Actor.name` of who makes the change; `day` is today in the regency."""

    _engine: AsyncEngine
    _clock: Callable[[], float]

    @asynccontextmanager
    async def _change(self, regency: str, by: str) -> AsyncIterator[_Change]:
        async with self._engine.begin() as connection:
            await lock(connection, regency)
            yield _Change(connection, regency, by, int(self._clock()))
            await staff_changed(connection)

    # --- roles ---

    async def appoint(self, by: str, person: Person, held: Assignment) -> int:
        """The id of the new assignment."""
        async with self._change(person.regency, by) as change:
            if held.unit is not None:
                await change.unit(held.unit)
            same = select(assignments).where(
                assignments.c.role == held.role, assignments.c.unit_id == held.unit
            )
            serving = same.join(people, people.c.id == assignments.c.person_id).where(
                queries.serves(held.since)
            )
            rows = await change.rows(serving)
            check_free([(row.person_id, assignment_of(row)) for row in rows], person.id, held)
            values = {"since": held.since, "until": held.until, "granted_by": by, "granted_at": change.at}
            unit, role = held.unit, held.role.value
            await change.note(f"role.granted.{role}", person=person.id, unit=unit)
            return await change.add(
                assignments,
                person_id=person.id,
                role=role,
                unit_id=unit,
                standing=held.standing.value,
                **values,
            )

    async def end_role(self, by: str, person: Person, held: Assignment, day: date) -> None:
        """`day` is the first day without it; one that has not begun by then never does."""
        async with self._change(person.regency, by) as change:
            await change.end(assignments, held.id, held.since, day)
            await change.note(f"role.ended.{held.role.value}", person=person.id, unit=held.unit)

    # --- absences and secondments ---

    async def add_absence(self, by: str, person: Person, leave: Leave) -> int:
        async with self._change(person.regency, by) as change:
            rows = await change.rows(select(absences).where(absences.c.person_id == person.id))
            _refuse(meeting([_leave(row) for row in rows], leave.since, leave.until), "staff.absence_taken")
            await change.note("absence.set", person=person.id)
            values = {"kind": leave.kind, "since": leave.since, "until": leave.until}
            return await change.add(absences, person_id=person.id, **values)

    async def end_absence(self, by: str, person: Person, leave: Leave, day: date) -> None:
        """`day` is the first day back; an absence that has not begun by then never does."""
        async with self._change(person.regency, by) as change:
            await change.end(absences, leave.id, leave.since, day)
            await change.note("absence.ended", person=person.id)

    async def second(self, by: str, person: Person, unit: int, since: date, until: date | None) -> int:
        async with self._change(person.regency, by) as change:
            await change.unit(unit)
            rows = await change.rows(select(placements).where(placements.c.person_id == person.id))
            spans = meeting([_placement(row) for row in rows], since, until)
            if any(span.unit == unit for span in spans if span.kind is PlacementKind.PRIMARY):
                raise Problem("staff.second_home")
            _refuse([span for span in spans if span.kind is PlacementKind.SECONDMENT], "staff.second_taken")
            await change.note("secondment.set", person=person.id, unit=unit)
            kind = PlacementKind.SECONDMENT.value
            return await change.add(
                placements, person_id=person.id, unit_id=unit, kind=kind, since=since, until=until
            )

    async def end_secondment(self, by: str, person: Person, day: date) -> None:
        """Ends the secondment in force on `day`, the first day back. Raises Problem if there is none."""
        async with self._change(person.regency, by) as change:
            lent = (placements.c.person_id == person.id) & (placements.c.kind == PlacementKind.SECONDMENT)
            rows = await change.rows(select(placements).where(lent, queries.unfinished(placements, day)))
            if not rows:
                raise Problem("staff.no_secondment")
            first = min(rows, key=lambda row: row.since)
            await change.end(placements, first.id, first.since, day)
            await change.note("secondment.ended", person=person.id, unit=first.unit_id)

    # --- another number ---

    async def renumber(self, by: str, person: Person, number: str) -> None:
        """Raises Problem if somebody of the regency, even one who left, has the number."""
        async with self._change(person.regency, by) as change:
            same = (people.c.regency == person.regency) & (people.c.number == number)
            if await change.rows(select(people.c.id).where(same)):
                raise Problem("staff.number_taken")
            await change.set(people, person.id, number=number, updated_at=change.at)
            await change.note("renumbered", person=person.id)

    # --- units ---

    async def add_root(self, by: str, regency: str, name: str) -> int:
        """The regency itself: the one there is, or a new one."""
        async with self._change(regency, by) as change:
            rows = await change.rows(queries.root_of(regency))
            if rows:
                return int(rows[0].id)
            root = await change.add(units, regency=regency, name=name)
            await change.note("unit.added", unit=root)
            return root

    async def add_unit(self, by: str, unit: Unit) -> int:
        """`unit.id` does not count. A closed unit of that name in that place is opened again: its history is
        this one's."""
        async with self._change(unit.regency, by) as change:
            await change.unit(unit.parent or 0)
            await change.check_name(unit.parent, unit.name)
            values = {"name": unit.name, "code": unit.code, "kind": unit.kind, "pattern": unit.pattern}
            for row in await change.rows(_siblings(unit.parent)):
                if row.name.casefold() == unit.name.casefold():
                    await change.remember(unit_of(row))
                    await change.set(units, row.id, closed_on=None, **values)
                    await change.note("unit.reopened", unit=row.id)
                    return int(row.id)
            added = await change.add(units, regency=unit.regency, parent_id=unit.parent, **values)
            await change.note("unit.added", unit=added)
            return added

    async def edit_unit(self, by: str, unit: Unit) -> None:
        """Gives the unit of this id these name, code, kind and pattern; its place stays."""
        async with self._change(unit.regency, by) as change:
            before = await change.unit(unit.id)
            await change.check_name(before.parent, unit.name, unit.id)
            await change.remember(before)
            values = {"name": unit.name, "code": unit.code, "kind": unit.kind, "pattern": unit.pattern}
            await change.set(units, unit.id, **values)
            await change.note("unit.edited", unit=unit.id)

    async def move_unit(self, by: str, unit: Unit, parent: int) -> None:
        """With all that is below it. Raises Problem for a parent that lies below the unit itself."""
        async with self._change(unit.regency, by) as change:
            before = await change.unit(unit.id)
            await change.unit(parent)
            if before.parent is None:
                raise Problem("staff.root_fixed")
            if parent in {row.id for row in await change.rows(queries.SUBTREE, unit=unit.id)}:
                raise Problem("staff.cycle")
            await change.check_name(parent, before.name, unit.id)
            await change.remember(before)
            await change.set(units, unit.id, parent_id=parent)
            await change.note("unit.moved", unit=unit.id)

    async def close_unit(self, by: str, unit: Unit, day: date) -> None:
        """Only an empty one: without units below and without people, that day or later. The roles held over
        it end."""
        async with self._change(unit.regency, by) as change:
            before = await change.unit(unit.id)
            if before.parent is None:
                raise Problem("staff.root_fixed")
            await _check_empty(change, unit.id, day)
            await change.remember(before)
            await change.set(units, unit.id, closed_on=day)
            held = select(assignments).where(
                assignments.c.unit_id == unit.id, queries.unfinished(assignments, day)
            )
            for row in await change.rows(held):
                await change.end(assignments, row.id, row.since, day)
            await change.note("unit.closed", unit=unit.id)


def _refuse(spans: Any, key: str) -> None:
    for span in spans:
        raise Problem(key, since=span.since, until=span.until or "…")


async def _check_empty(change: _Change, unit: int, day: date) -> None:
    below = _siblings(unit).where(units.c.closed_on.is_(None)).subquery()
    there = (placements.c.unit_id == unit) & queries.unfinished(placements, day)
    staying = (
        select(placements.c.id)
        .join(people, people.c.id == placements.c.person_id)
        .where(there, queries.serves(day))
        .subquery()
    )
    [[units_below]] = await change.rows(select(func.count()).select_from(below))
    [[people_there]] = await change.rows(select(func.count()).select_from(staying))
    if units_below or people_there:
        raise Problem("staff.not_empty", units=units_below, people=people_there)


def _siblings(parent: int | None) -> Select[Any]:
    return select(units).where(units.c.parent_id == parent)


def _leave(row: Any) -> Leave:
    return Leave(row.person_id, row.kind, row.since, row.until, row.id)


def _placement(row: Any) -> Placement:
    return Placement(row.person_id, row.unit_id, PlacementKind(row.kind), row.since, row.until)
