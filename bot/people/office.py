"""What people do with the staff: see it, give and take roles, register absences and secondments.

Every method takes the actor, makes the target, asks `rights`, and only then acts; what was seen or changed is
noted with the actor. `unit_office.py` does the same for the tree of units.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.people.appointing import check_post, check_span
from bot.people.rights import APPOINTING, Action, Actor, RefusedError, Target, may, require
from bot.people.staff import (
    Assignment,
    Branch,
    Cursor,
    Leave,
    Member,
    Page,
    Person,
    Role,
    Unit,
)
from bot.people.unit_names import only
from bot.problems import Problem
from bot.vocabulary import Wording


class Staff(Protocol):
    """Where the staff is kept. A changing method is one transaction: it looks whether the change can be,
    makes it and notes it under `by`; it raises Problem, and changes nothing, where it cannot be."""

    async def person(self, person: int) -> Person | None: ...
    async def find_person(self, regency: str, number: str) -> Person | None: ...
    async def member(self, person: int, day: date) -> Member | None: ...
    async def target_of(self, person: int, day: date) -> Target: ...
    async def leaves_of(self, person: int) -> tuple[Leave, ...]: ...
    async def roles_of(self, person: int, day: date) -> tuple[Assignment, ...]: ...

    async def unit(self, unit: int) -> Unit | None: ...
    async def root(self, regency: str) -> Unit | None: ...
    async def unit_target(self, unit: int) -> Target: ...
    async def units_matching(self, regency: str, text: str) -> dict[str, Unit]: ...
    async def units(self, regency: str, day: date) -> tuple[Branch, ...]: ...
    async def path(self, unit: int) -> str: ...
    async def people_in(self, unit: int, day: date, after: Cursor | None = None, limit: int = 50) -> Page: ...
    async def roles_in(self, unit: int, day: date) -> tuple[tuple[Person, Assignment], ...]: ...

    async def looked(
        self,
        by: str,
        action: str,
        *,
        regency: str | None = None,
        person: int | None = None,
        unit: int | None = None,
        count: int | None = None,
    ) -> None: ...

    async def appoint(self, by: str, person: Person, held: Assignment) -> int: ...
    async def end_role(self, by: str, person: Person, held: Assignment, day: date) -> None: ...
    async def add_absence(self, by: str, person: Person, leave: Leave) -> int: ...
    async def end_absence(self, by: str, person: Person, leave: Leave, day: date) -> None: ...
    async def second(self, by: str, person: Person, unit: int, since: date, until: date | None) -> int: ...
    async def end_secondment(self, by: str, person: Person, day: date) -> None: ...
    async def renumber(self, by: str, person: Person, number: str) -> None: ...
    async def add_root(self, by: str, regency: str, name: str) -> int: ...
    async def add_unit(self, by: str, unit: Unit) -> int: ...
    async def edit_unit(self, by: str, unit: Unit) -> None: ...
    async def move_unit(self, by: str, unit: Unit, parent: int) -> None: ...
    async def close_unit(self, by: str, unit: Unit, day: date) -> None: ...


class Known(Protocol):
    """The ids of policies/ that may be used."""

    def regencies(self) -> Mapping[str, str]:
        """Id → full name."""

    def units(self) -> Mapping[str, Wording]:
        """Unit classes."""

    def patterns(self, regency: str) -> Mapping[str, Wording]:
        """Working patterns."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """A person as those with a right to it see her. `member` None: she has left. `path`: her unit's place in
    the tree. `roles`, `leaves`: in force or to come."""

    person: Person
    member: Member | None
    path: str
    roles: tuple[Assignment, ...]
    leaves: tuple[Leave, ...]


@dataclass(frozen=True, slots=True)
class Bureau:
    """What acting on staff needs. `today` gives the day in a regency; `absences`: the known kinds."""

    staff: Staff
    known: Known
    today: Callable[[str], date]
    absences: Collection[str]

    async def target(self, person: Person) -> Target:
        return await self.staff.target_of(person.id, self.today(person.regency))

    async def reached(self, actor: Actor, action: Action, person: int) -> Person:
        """The person, if the actor may do this to her. Raises RefusedError, whether or not she exists; only
        somebody who may do it to everybody is told that she does not."""
        found = await self.staff.person(person)
        require(actor, action, await self.target(found) if found else Target(person=person))
        if found is None:
            raise Problem("staff.no_person")
        return found

    async def unit(self, actor: Actor, action: Action, unit: int) -> Unit:
        """As `reached`, of a unit."""
        require(actor, action, await self.staff.unit_target(unit))
        found = await self.staff.unit(unit)
        if found is None:
            raise Problem("staff.unit_gone")
        return found

    def check(self, kind: str, value: str | None, known: Collection[str]) -> None:
        if value is not None and value not in known:
            raise Problem("cli.unknown_name", kind=kind, value=value, known=", ".join(known))

    async def sees_all(self, actor: Actor, regency: str) -> bool:
        """Whether the actor may see everybody of the regency, and so learn who is not of it."""
        root = await self.staff.root(regency)
        return may(actor, Action.SEE_UNIT, Target(frozenset({root.id}) if root else frozenset()))


class Office:
    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau
        self._staff = bureau.staff

    # --- finding and seeing ---

    async def find_person(self, actor: Actor, regency: str, number: str) -> Person:
        """By number. Only who may see the whole regency is told that it is nobody's."""
        found = await self._staff.find_person(regency, number)
        if found is None:
            if await self._bureau.sees_all(actor, regency):
                raise Problem("staff.no_person")
            raise RefusedError(Action.SEE_PERSON)
        require(actor, Action.SEE_PERSON, await self._bureau.target(found))
        return found

    async def find_unit(self, actor: Actor, regency: str, text: str) -> Unit:
        """By code, name or path, among the units that the actor may see."""
        found = await self._staff.units_matching(regency, text)
        if not await self._bureau.sees_all(actor, regency):
            found = {path: unit for path, unit in found.items() if await self._sees(actor, unit)}
            if not found:
                raise RefusedError(Action.SEE_UNIT)
        return only(found, regency, text)

    async def _sees(self, actor: Actor, unit: Unit) -> bool:
        return may(actor, Action.SEE_UNIT, await self._staff.unit_target(unit.id))

    async def see_person(self, actor: Actor, person: int) -> Dossier:
        found = await self._bureau.reached(actor, Action.SEE_PERSON, person)
        day = self._bureau.today(found.regency)
        member = await self._staff.member(person, day)
        path = await self._staff.path(member.unit.id) if member else ""
        leaves = [leave for leave in await self._staff.leaves_of(person) if not _over(leave, day)]
        await self._saw(actor, Action.SEE_PERSON, found)
        return Dossier(found, member, path, await self._staff.roles_of(person, day), tuple(leaves))

    async def see_unit(self, actor: Actor, unit: int, after: Cursor | None = None, limit: int = 50) -> Page:
        """The people of the unit and of what is below it, a page by name."""
        found = await self._bureau.unit(actor, Action.SEE_UNIT, unit)
        page = await self._staff.people_in(unit, self._bureau.today(found.regency), after, limit)
        await self._listed(actor, found, len(page.people))
        return page

    async def roles(self, actor: Actor, unit: int) -> tuple[tuple[Person, Assignment], ...]:
        """The roles over the unit and over what is below it, in force or to come."""
        found = await self._bureau.unit(actor, Action.SEE_UNIT, unit)
        held = await self._staff.roles_in(unit, self._bureau.today(found.regency))
        await self._listed(actor, found, len(held))
        return held

    async def _saw(self, actor: Actor, action: Action, person: Person) -> None:
        """Nobody need be told that she looked at herself."""
        if actor.name != f"person:{person.id}":
            await self._staff.looked(actor.name, action, regency=person.regency, person=person.id)

    async def _listed(self, actor: Actor, unit: Unit, count: int) -> None:
        await self._staff.looked(actor.name, Action.SEE_UNIT, regency=unit.regency, unit=unit.id, count=count)

    # --- roles ---

    async def appoint(self, actor: Actor, person: int, held: Assignment) -> int:
        """Gives the role; the id of the assignment. The actor needs the right over the unit, and must be able
        to see the person."""
        found = await self._bureau.reached(actor, Action.SEE_PERSON, person)
        unit = await self._post(actor, held)
        check_post(held, unit)
        if unit is not None and unit.regency != found.regency:
            raise Problem("staff.other_regency")
        if found.left is not None and found.left <= self._bureau.today(found.regency):
            raise Problem("staff.left")
        return await self._staff.appoint(actor.name, found, held)

    async def end_role(self, actor: Actor, person: int, role: Role, unit: int | None, day: date) -> None:
        """Ends the roles of this kind that the person holds over the unit; `day`: the first one without."""
        found = await self._bureau.reached(actor, Action.SEE_PERSON, person)
        await self._post(actor, Assignment(role, unit, day))
        held = await self._staff.roles_of(person, min(day, self._bureau.today(found.regency)))
        ending = [one for one in held if one.role is role and one.unit == unit]
        if not ending:
            raise Problem("staff.no_role", role=role)
        for one in ending:
            await self._staff.end_role(actor.name, found, one, day)

    async def _post(self, actor: Actor, held: Assignment) -> Unit | None:
        """The unit over which the role is given or taken, if the actor may do that."""
        action = APPOINTING.get(held.role)
        if action is None:
            raise Problem("staff.role_everybody")
        if held.unit is None:
            require(actor, action, Target())
            return None
        return await self._bureau.unit(actor, action, held.unit)

    # --- absences and secondments ---

    async def set_absence(self, actor: Actor, person: int, kind: str, since: date, until: date | None) -> int:
        """`until`: the first day back, None: not known."""
        found = await self._bureau.reached(actor, Action.SET_ABSENCE, person)
        self._bureau.check("jenis", kind, self._bureau.absences)
        check_span(since, until)
        return await self._staff.add_absence(actor.name, found, Leave(person, kind, since, until))

    async def end_absence(self, actor: Actor, person: int, day: date) -> Leave:
        """Ends the absence in force on `day`, or else the next one, at `day`, the first day back: one that
        has not begun never does. Says which one it was."""
        found = await self._bureau.reached(actor, Action.SET_ABSENCE, person)
        ahead = [leave for leave in await self._staff.leaves_of(person) if not _over(leave, day)]
        if not ahead:
            raise Problem("staff.no_absence")
        first = min(ahead, key=lambda leave: leave.since)
        await self._staff.end_absence(actor.name, found, first, day)
        return first

    async def second(self, actor: Actor, person: int, unit: int, since: date, until: date | None) -> int:
        """To another unit of the regency, for a time. `until`: the first day back, None: not known."""
        found = await self._bureau.reached(actor, Action.SECOND, person)
        there = await self._bureau.unit(actor, Action.SECOND, unit)
        if there.regency != found.regency:
            raise Problem("staff.other_regency")
        check_span(since, until)
        return await self._staff.second(actor.name, found, unit, since, until)

    async def end_secondment(self, actor: Actor, person: int, day: date) -> None:
        """`day`: the first day back."""
        found = await self._bureau.reached(actor, Action.SECOND, person)
        await self._staff.end_secondment(actor.name, found, day)

    # --- another number ---

    async def renumber(self, actor: Actor, person: int, number: str) -> None:
        """She stays who she was, with all that is kept of her: only the number is another one from now on.
        For those who may import rosters, which go by it."""
        found = await self._bureau.reached(actor, Action.IMPORT_ROSTER, person)
        await self._staff.renumber(actor.name, found, number)


def _over(leave: Leave, day: date) -> bool:
    """Ended, or never begun."""
    return leave.until is not None and (leave.until <= day or leave.until <= leave.since)
