"""What the ledger knows of the staff: people, units, roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Absence
from bot.people.rights import Actor, Target
from bot.people.staff import (
    Assignment,
    Branch,
    Cursor,
    Heads,
    Leave,
    Listed,
    Member,
    Page,
    Person,
    PlacementKind,
    Role,
    Standing,
    Superior,
    Unit,
    head_on,
)
from bot.people.unit_names import matching, only, path_of
from bot.storage import staff_queries as queries
from bot.storage.access import note
from bot.storage.engine import looking
from bot.storage.gathering import Gathering
from bot.storage.tables import people, units

Rows = Sequence[Row[Any]]
Parts = tuple[Rows, Rows, Rows]
"""Of a member: her lineages, absences and roles."""


class StaffReading:
    """Each method: one to three statements. Days are in the regency's zone, `clock` is in seconds."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._looking = looking(engine)
        self._clock = clock
        self._members = Gathering(self._read_members)

    async def _rows(self, *statements: Select[Any], **holes: object) -> list[Rows]:
        """What each statement gives; all see the same state of the database or a later one."""
        async with self._looking.connect() as connection:
            return [(await connection.execute(statement, holes)).all() for statement in statements]

    # --- one person ---

    async def person(self, person: int) -> Person | None:
        """Also one who has left."""
        [rows] = await self._rows(select(people).where(people.c.id == person))
        return person_of(rows[0]) if rows else None

    async def find_person(self, regency: str, number: str) -> Person | None:
        """By NIP, NI PPPK or the regency's own number, as the roster has it. Also one who has left."""
        where = (people.c.regency == regency) & (people.c.number == number)
        [rows] = await self._rows(select(people).where(where))
        return person_of(rows[0]) if rows else None

    async def member(self, person: int, day: date) -> Member | None:
        """What answering and rights depend on that day. None: no such person, or she has left. Somebody
        without a placement that day belongs to the regency itself."""
        found = await self._members.get((person, day))
        return await self._member(*found) if found else None

    async def _read_members(self, asked: Sequence[tuple[int, date]]) -> Mapping[tuple[int, date], Parts]:
        found: dict[tuple[int, date], Parts] = {}
        for day in {day for _, day in asked}:
            those = [person for person, on in asked if on == day]
            statements = (queries.MEMBERS, queries.ABSENCES_OF, queries.HELD_BY)
            lineages, *others = await self._rows(*statements, people=those, day=day)
            leaves, held = (_grouped(rows, "person_id") for rows in others)
            for person, rows in _grouped(lineages, "id").items():
                found[person, day] = rows, leaves.get(person, ()), held.get(person, ())
        return found

    async def _member(self, lineage: Rows, leaves: Rows, held: Rows) -> Member | None:
        if lineage[0].unit_id is None:
            root = await self.root(lineage[0].regency)
            placed = [root] if root else []
        else:
            placed = _ordered(lineage)
        if not placed:
            return None
        who = person_of(lineage[0])
        near = _working(lineage, placed)
        return Member(
            who,
            placed[0],
            tuple(dict.fromkeys(unit.id for unit in placed)),
            who.pattern or next((unit.pattern for unit in near if unit.pattern), None),
            next((unit.kind for unit in near if unit.kind), None),
            tuple(Absence(row.kind, row.since, row.until) for row in leaves),
            tuple(map(assignment_of, held)),
        )

    async def actor(self, person: int, day: date) -> Actor:
        """The person with the roles that she holds that day; none once she has left."""
        [rows] = await self._rows(queries.HELD, person=person, day=day)
        return Actor(f"person:{person}", person, tuple(map(assignment_of, rows)))

    async def target_of(self, person: int, day: date) -> Target:
        """Empty for somebody who does not exist."""
        [rows] = await self._rows(queries.TARGET, person=person, day=day)
        found = frozenset(row.id for row in rows if row.role is None)
        roles = frozenset(Role(row.role) for row in rows if row.role is not None)
        return Target(found or await self._root_of(person), person, roles)

    async def _root_of(self, person: int) -> frozenset[int]:
        [rows] = await self._rows(queries.ROOT_OF_PERSON, person=person)
        return frozenset(row.id for row in rows)

    async def leaves_of(self, person: int) -> tuple[Leave, ...]:
        [rows] = await self._rows(queries.ABSENCES, person=person)
        return tuple(Leave(row.person_id, row.kind, row.since, row.until, row.id) for row in rows)

    # --- one unit ---

    async def unit(self, unit: int) -> Unit | None:
        """Also one that is closed."""
        [rows] = await self._rows(select(units).where(units.c.id == unit))
        return unit_of(rows[0]) if rows else None

    async def root(self, regency: str) -> Unit | None:
        """The regency itself. None: nothing is registered of it yet."""
        [rows] = await self._rows(queries.ROOT, regency=regency)
        return unit_of(rows[0]) if rows else None

    async def unit_target(self, unit: int) -> Target:
        """Empty for a unit that does not exist."""
        [rows] = await self._rows(queries.LINEAGE, unit=unit)
        return Target(frozenset(row.id for row in rows))

    async def subtree(self, unit: int) -> tuple[int, ...]:
        """The unit and all below it, closed ones too. Empty for a unit that does not exist."""
        async with self._looking.connect() as connection:
            found = await connection.scalar(queries.SUBTREE_LIST, {"unit": unit})
        return tuple(map(int, found.split(","))) if found else ()

    async def heads_of(self, unit: int, day: date) -> Heads:
        [rows] = await self._rows(queries.HEADS_OF, unit=unit, day=day)
        held = tuple((row.person_id, assignment_of(row)) for row in rows)
        return Heads(head_on(held, day), held)

    async def superiors(self, unit: int, day: date) -> tuple[Superior, ...]:
        """Who acts as head of the unit, of the one above, and so on to the regency; vacant posts are skipped,
        and of posts that the same person holds only the lowest is named. The head of the unit herself is the
        first one."""
        [rows] = await self._rows(queries.HEADS_ABOVE, unit=unit, day=day)
        posts: dict[int, list[tuple[int, Assignment]]] = {}
        for row in rows:
            posts.setdefault(row.unit_id, []).append((row.person_id, assignment_of(row)))
        chain: dict[int, Superior] = {}
        for post, held in posts.items():
            person = head_on(held, day)
            if person is not None:
                chain.setdefault(person, Superior(post, person))
        return tuple(chain.values())

    async def roles_in(self, unit: int, day: date) -> tuple[tuple[Person, Assignment], ...]:
        """The roles held over the unit and over those below, on that day or later; for the regency itself
        those of its people too who are operators."""
        found = await self.unit(unit)
        if found is None:
            return ()
        over = [queries.HOLDERS_BELOW, *([queries.OPERATORS] if found.parent is None else [])]
        several = await self._rows(*over, unit=unit, regency=found.regency, day=day)
        return tuple((person_of(row), assignment_of(row, "role_")) for rows in several for row in rows)

    async def roles_of(self, person: int, day: date) -> tuple[Assignment, ...]:
        """Those that the person holds that day or will hold later."""
        [rows] = await self._rows(queries.UPCOMING_ROLES, person=person, day=day)
        return tuple(map(assignment_of, rows))

    # --- lists ---

    async def people_in(self, unit: int, day: date, after: Cursor | None = None, limit: int = 50) -> Page:
        """Those who work in the unit or below it that day, by name. `after`: a page's `following`."""
        found = await self.unit(unit)
        if found is None:
            return Page(())
        page = queries.people_page(whole=found.parent is None, first=after is None)
        name, person = after or (None, None)
        holes = {"unit": unit, "regency": found.regency, "day": day, "most": limit + 1}
        [rows] = await self._rows(page, after_name=name, after_id=person, **holes)
        shown = tuple(_listed(row, found) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(shown, (last.name, last.id) if last is not None else None)

    async def units(self, regency: str, day: date) -> tuple[Branch, ...]:
        """The regency's tree that day: a unit before those below it, siblings by name; no closed ones."""
        found, own = await self._rows(queries.OPEN_UNITS, queries.OWN_COUNTS, regency=regency, day=day)
        return _tree([unit_of(row) for row in found], {row.unit_id: row.own for row in own})

    async def find_unit(self, regency: str, text: str) -> Unit:
        """By code, by name, or by the end of its path ("Dinas Pendidikan / SDN 1"). Raises Problem if there
        is none, or several, naming them."""
        return only(await self.units_matching(regency, text), regency, text)

    async def units_matching(self, regency: str, text: str) -> dict[str, Unit]:
        """The units that the text can mean, by their paths."""
        [rows] = await self._rows(queries.OPEN_UNITS, regency=regency)
        return matching([unit_of(row) for row in rows], text)

    async def path(self, unit: int) -> str:
        """The names from below the regency down to the unit."""
        [rows] = await self._rows(queries.LINEAGE_UNITS, unit=unit)
        return path_of(unit, {row.id: unit_of(row) for row in rows})

    async def paths(self, wanted: Collection[int]) -> dict[int, str]:
        """As `path`, of several units at once."""
        [rows] = await self._rows(queries.LINEAGES_UNITS, units=list(wanted))
        known = {row.id: unit_of(row) for row in rows}
        return {unit: path_of(unit, known) for unit in wanted}

    # --- the access log ---

    async def looked(
        self,
        by: str,
        action: str,
        *,
        regency: str | None = None,
        person: int | None = None,
        unit: int | None = None,
        count: int | None = None,
    ) -> None:
        """Notes that `by` (an `Actor.name`) saw what is named."""
        async with self._engine.begin() as connection:
            now = int(self._clock())
            await note(connection, now, by, action, regency=regency, person=person, unit=unit, count=count)


def person_of(row: Row[Any]) -> Person:
    return Person(row.id, row.regency, row.number, row.name, row.status, row.phone, row.pattern, row.left_on)


def _listed(row: Row[Any], top: Unit) -> Listed:
    """Somebody without a placement is listed with `top`, the regency."""
    *own, kind, place, name = tuple[Any, ...](row)
    if place is None:
        return Listed(Person(*own), top.id, top.name)
    return Listed(Person(*own), place, name, kind == PlacementKind.SECONDMENT)


def unit_of(row: Row[Any], prefix: str = "") -> Unit:
    value = {
        name: row._mapping[f"{prefix}{name}"] for name in ("id", "regency", "name", "kind", "pattern", "code")
    }
    return Unit(parent=row._mapping[f"{prefix}parent_id"], **value)


def assignment_of(row: Row[Any], prefix: str = "") -> Assignment:
    names = ("role", "unit_id", "since", "until", "standing", "id")
    role, unit, since, until, standing, identity = (row._mapping[prefix + name] for name in names)
    return Assignment(Role(role), unit, since, until, Standing(standing), identity)


def _grouped(rows: Rows, column: str) -> dict[int, list[Row[Any]]]:
    groups: dict[int, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(getattr(row, column), []).append(row)
    return groups


def _ordered(lineage: Rows) -> list[Unit]:
    """The units of all placements, those of where she works first."""
    first = _works_by(lineage)
    return [unit_of(row, "unit_") for row in sorted(lineage, key=lambda row: (first(row), row.depth))]


def _works_by(lineage: Rows) -> Callable[[Row[Any]], int]:
    """The rank of a row's placement: 0 for the one where the person works, the latest secondment if any."""
    spans = {(row.how == PlacementKind.SECONDMENT, row.since) for row in lineage}
    ranks = {span: rank for rank, span in enumerate(sorted(spans, reverse=True))}
    return lambda row: ranks[row.how == PlacementKind.SECONDMENT, row.since]


def _working(lineage: Rows, placed: list[Unit]) -> list[Unit]:
    """The units from the one where she works to the root."""
    by_id = {unit.id: unit for unit in placed}
    line = [placed[0]]
    while (above := by_id.get(line[-1].parent or 0)) is not None and above not in line:
        line.append(above)
    return line


def _tree(found: Sequence[Unit], own: Mapping[int, int]) -> tuple[Branch, ...]:
    children: dict[int | None, list[Unit]] = {}
    for unit in sorted(found, key=lambda unit: unit.name.casefold(), reverse=True):
        children.setdefault(unit.parent, []).append(unit)
    order: list[tuple[Unit, int]] = []
    waiting = [(unit, 0) for unit in children.get(None, ())]
    while waiting:
        unit, depth = waiting.pop()
        order.append((unit, depth))
        waiting += [(child, depth + 1) for child in children.get(unit.id, ())]
    totals = Counter({unit.id: own.get(unit.id, 0) for unit in found})
    for unit, _ in reversed(order):
        if unit.parent is not None:
            totals[unit.parent] += totals[unit.id]
    return tuple(Branch(unit, depth, own.get(unit.id, 0), totals[unit.id]) for unit, depth in order)
