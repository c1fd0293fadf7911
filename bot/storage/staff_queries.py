"""The statements about staff: trees by recursive queries, spans of days.

Built once, with holes for `person`, `unit`, `regency` and `day`: putting such a statement together costs more
than the database needs to answer it.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from bot.people.staff import PlacementKind, Role
from bot.storage.tables import absences, assignments, people, placements, units

DEEPEST = 50
"""Steps of a lineage that are followed: far more than any office has, an end even if the data had a cycle."""

Day: TypeAlias = date | BindParameter[date]

PERSON = bindparam("person", type_=BigInteger())
PEOPLE = bindparam("people", type_=BigInteger(), expanding=True)
UNITS = bindparam("units", type_=BigInteger(), expanding=True)
UNIT = bindparam("unit", type_=BigInteger())
REGENCY = bindparam("regency", type_=Text())
DAY = bindparam("day", type_=Date())


# --- spans of days ---


def holds(table: Table, day: Day = DAY) -> ColumnElement[bool]:
    """The row's span of days has `day` in it."""
    return (table.c.since <= day) & (table.c.until.is_(None) | (table.c.until > day))


def unfinished(table: Table, day: Day = DAY) -> ColumnElement[bool]:
    """The row's span of days is not over on `day`, and is not empty."""
    return table.c.until.is_(None) | ((table.c.until > day) & (table.c.until > table.c.since))


def serves(day: Day = DAY) -> ColumnElement[bool]:
    """The person belongs to the staff on `day`."""
    return people.c.left_on.is_(None) | (people.c.left_on > day)


# --- trees ---


def _upwards(start: Select[Any]) -> CTE:
    """Units and all above them, with their `depth` from 0, and whatever else `start` selects. `start` selects
    `id` and `parent_id` first."""
    base = start.add_columns(literal(0).label("depth")).cte("up", recursive=True)
    kept = [column.label(name) for name, column in base.c.items()][2:-1]
    step = (
        select(units.c.id, units.c.parent_id, *kept, (base.c.depth + 1).label("depth"))
        .join(base, units.c.id == base.c.parent_id)
        .where(base.c.depth < DEEPEST)
    )
    return base.union_all(step)


def _below() -> Select[Any]:
    """`unit` and all below it. For a regency a plain look-up, without climbing its tree: one of the two parts
    is always empty. UNION, not UNION ALL: it ends even if the data had a cycle."""
    is_root = units.c.parent_id.is_(None)
    regency = select(units.c.regency).where(units.c.id == UNIT, is_root).scalar_subquery()
    base = select(units.c.id).where(units.c.id == UNIT, ~is_root).cte("below", recursive=True)
    below = base.union(select(units.c.id).join(base, units.c.parent_id == base.c.id))
    whole = select(units.c.id).where(units.c.regency == regency)
    return select(union_all(whole, select(below.c.id)).subquery().c.id)


_UNIT_LINEAGE = _upwards(select(units.c.id, units.c.parent_id).where(units.c.id == UNIT))
_LINEAGES = _upwards(
    select(
        units.c.id,
        units.c.parent_id,
        placements.c.kind,
        placements.c.since,
        placements.c.person_id.label("of"),
    )
    .join(placements, placements.c.unit_id == units.c.id)
    .where(placements.c.person_id.in_(PEOPLE), holds(placements))
)
_PERSON_LINEAGE = _upwards(
    select(units.c.id, units.c.parent_id, placements.c.kind, placements.c.since)
    .join(placements, placements.c.unit_id == units.c.id)
    .where(placements.c.person_id == PERSON, holds(placements))
)

SUBTREE = _below()
_listed = SUBTREE.subquery()
SUBTREE_LIST = select(func.aggregate_strings(cast(_listed.c.id, Text()), ","))
"""The same as one text, null for nobody's unit: of a thousand rows the handing over takes longer than the
finding."""

_UNITS_LINEAGES = _upwards(select(units.c.id, units.c.parent_id).where(units.c.id.in_(UNITS)))

LINEAGE = select(_UNIT_LINEAGE.c.id)
LINEAGE_UNITS = select(units).join(_UNIT_LINEAGE, _UNIT_LINEAGE.c.id == units.c.id)
LINEAGES_UNITS = select(units).where(units.c.id.in_(select(_UNITS_LINEAGES.c.id)))
"""Several units, and all above them, each once."""


def root_of(regency: str | BindParameter[str] = REGENCY) -> Select[Any]:
    return select(units).where(units.c.regency == regency, units.c.parent_id.is_(None))


ROOT = root_of()
OPEN_UNITS = select(units).where(units.c.regency == REGENCY, units.c.closed_on.is_(None))


# --- a person ---

HELD = (
    select(assignments)
    .join(people, people.c.id == assignments.c.person_id)
    .where(assignments.c.person_id == PERSON, holds(assignments), serves())
)
"""The roles that a person holds on `day`; none once she has left."""

_ROLES = HELD.subquery()
TARGET = select(
    union_all(
        select(_PERSON_LINEAGE.c.id, null().label("role")),
        select(literal(0).label("id"), _ROLES.c.role),
    ).subquery()
)
"""The units of a person's lineages (role null), and the roles that she holds."""

_own_regency = select(people.c.regency).where(people.c.id == PERSON).scalar_subquery()
ROOT_OF_PERSON = select(units.c.id).where(units.c.regency == _own_regency, units.c.parent_id.is_(None))


def _members() -> Select[Any]:
    up, unit = _LINEAGES, units.alias("unit")
    own = (column.label(f"unit_{column.name}") for column in unit.c)
    lineage = (
        select(*own, up.c.of, up.c.kind.label("how"), up.c.depth, up.c.since)
        .join(unit, unit.c.id == up.c.id)
        .subquery("lineage")
    )
    both = people.outerjoin(lineage, lineage.c.of == people.c.id)
    return select(people, lineage).select_from(both).where(people.c.id.in_(PEOPLE), serves())


MEMBERS = _members()
"""People beside each unit of their lineages; one row without a unit for who has no placement that day."""

ABSENCES_OF = select(absences).where(absences.c.person_id.in_(PEOPLE)).order_by(absences.c.since)
HELD_BY = (
    select(assignments)
    .join(people, people.c.id == assignments.c.person_id)
    .where(assignments.c.person_id.in_(PEOPLE), holds(assignments), serves())
)

ABSENCES = select(absences).where(absences.c.person_id == PERSON).order_by(absences.c.since)
UPCOMING_ROLES = (
    select(assignments)
    .where(assignments.c.person_id == PERSON, unfinished(assignments))
    .order_by(assignments.c.since)
)


# --- heads and other roles over units ---

_HEADS = (
    select(assignments)
    .join(people, people.c.id == assignments.c.person_id)
    .where(assignments.c.role == Role.UNIT_HEAD, holds(assignments), serves())
)
HEADS_OF = _HEADS.where(assignments.c.unit_id == UNIT)
HEADS_ABOVE = _HEADS.join(_UNIT_LINEAGE, _UNIT_LINEAGE.c.id == assignments.c.unit_id).order_by(
    _UNIT_LINEAGE.c.depth
)

_held = (column.label(f"role_{column.name}") for column in assignments.c)
_HOLDERS = (
    select(people, *_held)
    .join(assignments, assignments.c.person_id == people.c.id)
    .where(unfinished(assignments), serves())
    .order_by(assignments.c.unit_id, assignments.c.since, assignments.c.id)
)
HOLDERS_BELOW = _HOLDERS.where(assignments.c.unit_id.in_(SUBTREE))
OPERATORS = _HOLDERS.where(assignments.c.unit_id.is_(None), people.c.regency == REGENCY)


# --- lists ---

_in_subtree = select(placements.c.person_id).where(placements.c.unit_id.in_(SUBTREE), holds(placements))
OF_UNIT = people.c.id.in_(_in_subtree) & serves()
OF_REGENCY = (people.c.regency == REGENCY) & serves()
"""The people of a unit and of what is below it; those of a whole regency, with a placement or without."""


PERSON_COLUMNS = ("id", "regency", "number", "name", "status", "phone", "pattern", "left_on")
"""As `bot.people.staff.Person` has them."""


@cache
def people_page(*, whole: bool, first: bool) -> Select[Any]:
    """People by name: `PERSON_COLUMNS`, and the unit where each works on `day` (null: without a placement).
    Holes: day, most; regency if `whole`, else unit; unless `first` after_name and after_id."""
    wanted = select(*(people.c[name] for name in PERSON_COLUMNS)).where(OF_REGENCY if whole else OF_UNIT)
    if not first:
        mark = bindparam("after_name", type_=Text()), bindparam("after_id", type_=BigInteger())
        wanted = wanted.where(tuple_(people.c.name, people.c.id) > tuple_(*mark))
    wanted = wanted.order_by(people.c.name, people.c.id).limit(bindparam("most", type_=Integer()))
    page = wanted.subquery("page")  # places are looked up for those of the page only
    own: Any = placements.alias("own")
    place = placements.alias("place")
    working = (
        select(own.c.id)
        .where(own.c.person_id == page.c.id, holds(own))
        .order_by((own.c.kind == PlacementKind.SECONDMENT).desc(), own.c.since.desc(), own.c.id.desc())
        .limit(1)
        .correlate(page)
        .scalar_subquery()
    )
    return (
        select(page, place.c.kind, units.c.id.label("place_id"), units.c.name.label("place"))
        .select_from(page)
        .outerjoin(place, place.c.id == working)
        .outerjoin(units, units.c.id == place.c.unit_id)
        .order_by(page.c.name, page.c.id)
    )


OWN_COUNTS = (
    select(placements.c.unit_id, func.count().label("own"))
    .join(people, people.c.id == placements.c.person_id)
    .where(
        people.c.regency == REGENCY,
        placements.c.kind == PlacementKind.PRIMARY,
        holds(placements),
        serves(),
    )
    .group_by(placements.c.unit_id)
)
