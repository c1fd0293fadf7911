"""Two small regencies with people and roles, for the tests of the staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import insert, select

from bot.people.office import Bureau, Office
from bot.people.rights import Actor
from bot.people.staff import Assignment, Person, PlacementKind, Role
from bot.people.unit_office import UnitOffice
from bot.storage.engine import open_engine
from bot.storage.migrate import ensure_current
from bot.storage.staff import SqlStaff
from bot.storage.tables import metadata, people, placements, units
from bot.vocabulary import Wording

TODAY = date(2026, 11, 23)
LONG_AGO = date(2020, 1, 1)
NOW = 1_795_400_000

OPERATOR = Actor("operator:test", None, (Assignment(Role.OPERATOR, None, date.min),))

TREE = ("dinas", "upt", "sekolah"), ("dinas", "upt_lain"), ("badan",)
"""Paths below the regency."""


class FewIds:
    """What policies/ would offer."""

    def regencies(self) -> Mapping[str, str]:
        return {"satu": "Kabupaten Satu", "dua": "Kabupaten Dua"}

    def units(self) -> Mapping[str, Wording]:
        return {"dinas": {"id": "Dinas"}, "sekolah": {"id": "Sekolah"}}

    def patterns(self, regency: str) -> Mapping[str, Wording]:
        return {"lima_hari": {"id": "5 hari"}, "enam_hari": {"id": "6 hari"}}


@dataclass
class World:
    """`unit["satu/upt"]` and `person["satu/budi"]` are ids."""

    url: str
    unit: dict[str, int] = field(default_factory=dict)
    person: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = open_engine(self.url)
        self.staff = SqlStaff(self.engine, lambda: float(NOW))
        self.bureau = Bureau(self.staff, FewIds(), lambda _: TODAY, ("cuti", "tugas_belajar"))
        self.office = Office(self.bureau)
        self.units = UnitOffice(self.bureau)

    async def build(self) -> World:
        await ensure_current(self.engine)
        for regency, name in FewIds().regencies().items():
            self.unit[regency] = await self.staff.add_root("test", regency, name)
            for path in TREE:
                await self._branch(regency, path)
        return self

    async def _branch(self, regency: str, path: tuple[str, ...]) -> None:
        parent = self.unit[regency]
        for name in path:
            key = f"{regency}/{name}"
            if key not in self.unit:
                values = {"regency": regency, "parent_id": parent, "name": name}
                self.unit[key] = await self._add(units, **values)
            parent = self.unit[key]

    async def _add(self, table: Any, **values: object) -> int:
        async with self.engine.begin() as connection:
            done = await connection.execute(insert(table).returning(table.c.id), values)
            return int(done.scalar_one())

    async def hire(self, name: str, unit: str | None, **values: object) -> int:
        """A person of the regency before the slash, placed in the unit ("satu/upt"). The name is the key."""
        regency = name.split("/")[0]
        entry = {"regency": regency, "number": f"N{len(self.person)}", "name": name, "joined_on": LONG_AGO}
        person = await self._add(people, **(entry | {"updated_at": NOW} | values))
        self.person[name] = person
        if unit is not None:
            await self.place(person, unit)
        return person

    async def place(
        self,
        person: int,
        unit: str,
        kind: PlacementKind = PlacementKind.PRIMARY,
        since: date = LONG_AGO,
        until: date | None = None,
    ) -> int:
        where = {"person_id": person, "unit_id": self.unit[unit], "kind": kind.value}
        return await self._add(placements, since=since, until=until, **where)

    async def give(self, name: str, role: Role, unit: str | None, **span: Any) -> int:
        """A role, since long ago unless said otherwise."""
        place = None if unit is None else self.unit[unit]
        held = Assignment(role, place, **({"since": LONG_AGO} | span))
        return await self.staff.appoint("test", await self.entry(name), held)

    async def entry(self, name: str) -> Person:
        found = await self.staff.person(self.person[name])
        assert found is not None
        return found

    async def actor(self, name: str) -> Actor:
        return await self.staff.actor(self.person[name], TODAY)

    async def rows(self, table: Any) -> list[dict[str, Any]]:
        async with self.engine.connect() as connection:
            found = await connection.execute(select(table).order_by(*table.primary_key.columns))
            return [dict(row._mapping) for row in found]

    async def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that the database holds."""
        return {table.name: await self.rows(table) for table in metadata.sorted_tables}
