"""What people do with the tree of units. As in `office.py`, every method asks `rights` before it acts."""

from __future__ import annotations

from dataclasses import replace

from bot.people.office import Bureau
from bot.people.rights import Action, Actor, Target, require
from bot.people.staff import Branch, Unit
from bot.problems import Problem

LONGEST = 200
"""Letters of a name or a code."""


class UnitOffice:
    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau
        self._staff = bureau.staff

    async def tree(self, actor: Actor, unit: int) -> tuple[Branch, ...]:
        """The unit and all below it, with how many people they have."""
        found = await self._bureau.unit(actor, Action.SEE_UNIT, unit)
        branches = await self._staff.units(found.regency, self._bureau.today(found.regency))
        shown = _below(branches, unit)
        count = shown[0].total if shown else 0
        await self._staff.looked(actor.name, Action.SEE_UNIT, regency=found.regency, unit=unit, count=count)
        return shown

    async def root(self, actor: Actor, regency: str) -> int:
        """The regency itself, registered now if it was not. Only for the operator."""
        require(actor, Action.EDIT_UNIT, Target())
        self._bureau.check("kabupaten", regency, self._bureau.known.regencies())
        return await self._staff.add_root(actor.name, regency, self._bureau.known.regencies()[regency])

    async def add(self, actor: Actor, unit: Unit) -> int:
        """Below `unit.parent`; `unit.id` does not count. The id of the new unit."""
        parent = await self._bureau.unit(actor, Action.EDIT_UNIT, unit.parent or 0)
        self._check_kinds(unit, parent.regency)
        new = replace(unit, regency=parent.regency, name=_named(unit.name), code=_coded(unit.code))
        return await self._staff.add_unit(actor.name, new)

    async def rename(self, actor: Actor, unit: int, name: str) -> None:
        found = await self._bureau.unit(actor, Action.EDIT_UNIT, unit)
        await self._staff.edit_unit(actor.name, replace(found, name=_named(name)))

    async def set_pattern(self, actor: Actor, unit: int, pattern: str | None) -> None:
        """None: that of the unit above."""
        found = await self._bureau.unit(actor, Action.EDIT_UNIT, unit)
        changed = replace(found, pattern=pattern)
        self._check_kinds(changed, found.regency)
        await self._staff.edit_unit(actor.name, changed)

    async def set_kind(self, actor: Actor, unit: int, kind: str | None) -> None:
        """None: that of the unit above."""
        found = await self._bureau.unit(actor, Action.EDIT_UNIT, unit)
        changed = replace(found, kind=kind)
        self._check_kinds(changed, found.regency)
        await self._staff.edit_unit(actor.name, changed)

    async def move(self, actor: Actor, unit: int, parent: int) -> None:
        """With all that is below it, to another place of the same regency."""
        found = await self._bureau.unit(actor, Action.EDIT_UNIT, unit)
        there = await self._bureau.unit(actor, Action.EDIT_UNIT, parent)
        if there.regency != found.regency:
            raise Problem("staff.other_regency")
        await self._staff.move_unit(actor.name, found, parent)

    async def close(self, actor: Actor, unit: int) -> None:
        """From today on; only a unit without people and without units below it."""
        found = await self._bureau.unit(actor, Action.EDIT_UNIT, unit)
        await self._staff.close_unit(actor.name, found, self._bureau.today(found.regency))

    def _check_kinds(self, unit: Unit, regency: str) -> None:
        self._bureau.check("jenis unit", unit.kind, self._bureau.known.units())
        self._bureau.check("pola", unit.pattern, self._bureau.known.patterns(regency))


def _below(branches: tuple[Branch, ...], unit: int) -> tuple[Branch, ...]:
    """The unit's part of the tree, its depth counted from it."""
    inside: set[int] = set()
    found: list[Branch] = []
    for branch in branches:
        if branch.unit.id == unit or branch.unit.parent in inside:
            inside.add(branch.unit.id)
            found.append(branch)
    return tuple(replace(branch, depth=branch.depth - found[0].depth) for branch in found)


def _named(name: str) -> str:
    tidy = " ".join(name.split())
    if not tidy.isprintable() or not 0 < len(tidy) <= LONGEST:
        raise Problem("staff.bad_name", longest=LONGEST)
    return tidy


def _coded(code: str | None) -> str | None:
    return _named(code) if code else None
