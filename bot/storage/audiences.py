"""Reads the people of a regency page by page, with what an audience expression looks at in them: memory stays
the same however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.addressing import Standing, Terms, resolver
from bot.campaigns.audience import Addressee, AnyOf, Both, Either, Expression, Matches, Not, bind, parse
from bot.campaigns.campaign import CampaignState, DeliveryState
from bot.campaigns.change import Change
from bot.people.staff import PlacementKind, Role, Unit
from bot.storage.campaign_tables import acknowledgments, campaigns, deliveries
from bot.storage.staff_queries import DAY, OPEN_UNITS, ROOT, holds
from bot.storage.staff_reading import unit_of
from bot.storage.superseding import asked_anew
from bot.storage.tables import absences, assignments, identities, people, placements, units

MOST = 2_000
"""People in memory at a time."""

AT_ONCE = 500
"""Numbers in one statement."""

EMPLOYEE = frozenset({Role.EMPLOYEE.value})
"""What everybody is."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whom the expression means. `unit`: where she works."""

    person: int
    unit: int
    standing: Standing


Page: TypeAlias = tuple[range, list[Found]]
"""The ids that a page of people covers, and those of them whom the expression means."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `version`: who is asked for it by another campaign is not asked again. `change`:
    only whom it concerns; None: everybody."""

    regency: str
    version: int | None
    matches: Matches
    change: Change | None = None


async def bound(connection: AsyncConnection, text: str, regency: str, terms: Terms, day: date) -> Matches:
    """The expression's test. Raises Problem for one that cannot be read, or a name that is not known."""
    expression = parse(text)
    rows = await connection.execute(OPEN_UNITS, {"regency": regency, "day": day})
    numbers = await _known(connection, regency, list(_numbers(expression)))
    return bind(expression, resolver(terms, regency, map(unit_of, rows), numbers))


def _numbers(expression: Expression) -> Iterable[str]:
    match expression:
        case AnyOf("orang", values):
            yield from values
        case Not(part):
            yield from _numbers(part)
        case Both(parts) | Either(parts):
            for part in parts:
                yield from _numbers(part)


async def _known(connection: AsyncConnection, regency: str, typed: Sequence[str]) -> dict[str, str]:
    bare = {text.replace(" ", ""): text for text in typed}
    found: dict[str, str] = {}
    for at in range(0, len(bare), AT_ONCE):
        some = people.c.number.in_(list(bare)[at : at + AT_ONCE])
        rows = await connection.execute(select(people.c.number).where(people.c.regency == regency, some))
        found |= {bare[row.number]: row.number for row in rows}
    return found


# --- the people ------------------------------------------------------------------------------


def _exists(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(condition)


def _elsewhere() -> ColumnElement[bool]:
    """Another campaign brings her this version, or one that has replaced it; or she has acknowledged it."""
    version: BindParameter[int] = bindparam("version", type_=BigInteger())
    campaign: BindParameter[int] = bindparam("campaign", type_=BigInteger())
    delivered = and_(
        deliveries.c.person_id == people.c.id,
        deliveries.c.campaign_id != campaign,
        deliveries.c.state != DeliveryState.WITHDRAWN,
        campaigns.c.id == deliveries.c.campaign_id,
        campaigns.c.version_id == version,
        campaigns.c.state != CampaignState.CANCELLED,
    )
    acknowledged = and_(
        acknowledgments.c.person_id == people.c.id,
        acknowledgments.c.version_id == version,
        acknowledgments.c.undone_at.is_(None),
    )
    return or_(_exists(delivered), _exists(acknowledged), asked_anew(version, people.c.id))


def _placed() -> ColumnElement[bool]:
    """The placements of today; of somebody who has left, those of her last day."""
    last = and_(
        people.c.left_on <= DAY,
        placements.c.since < people.c.left_on,
        or_(placements.c.until.is_(None), placements.c.until >= people.c.left_on),
    )
    serving = and_(or_(people.c.left_on.is_(None), people.c.left_on > DAY), holds(placements))
    return and_(placements.c.person_id == people.c.id, or_(last, serving))


@cache
def _page() -> Select[Any]:
    some = (
        select(people.c.id)
        .where(people.c.regency == bindparam("regency"), people.c.id > bindparam("after"))
        .order_by(people.c.id)
        .limit(bindparam("limit"))
        .subquery("some")
    )
    away = and_(absences.c.person_id == people.c.id, holds(absences))
    return (
        select(
            people.c.id,
            people.c.number,
            people.c.status,
            people.c.pattern,
            (people.c.left_on <= DAY).label("gone"),
            _exists(away).label("away"),
            _exists(identities.c.person_id == people.c.id).label("linked"),
            _elsewhere().label("elsewhere"),
            placements.c.unit_id,
            placements.c.kind,
            placements.c.since,
        )
        .select_from(people.join(some, some.c.id == people.c.id).outerjoin(placements, _placed()))
        .order_by(people.c.id)
    )


class People:
    """The people of one regency on one day. `campaign`: the one that is being made or kept, 0: none yet."""

    def __init__(self, regency: str, terms: Terms, day: date, campaign: int = 0) -> None:
        self._regency = regency
        self._terms = terms
        self._holes: dict[str, Any] = {"regency": regency, "day": day, "campaign": campaign}
        self._units: dict[int, Unit] = {}
        self._above: dict[int, frozenset[int]] = {}
        self._kinds: dict[int, frozenset[str]] = {}
        self._patterns: dict[int, str | None] = {}
        self._root = 0

    async def pages(self, connection: AsyncConnection, wanted: Wanted) -> AsyncIterator[Page]:
        """All of them, in the order of their ids."""
        roles = await self._prepare(connection)
        holes = self._holes | {"version": wanted.version or 0, "limit": MOST}
        concerned = cache(wanted.change.concerns) if wanted.change else None
        after = 0
        while True:
            rows = (await connection.execute(_page(), holes | {"after": after})).all()
            if not rows:
                return
            covered = range(after + 1, rows[-1].id + 1)
            after = rows[-1].id
            found = []
            for _, lines in groupby(rows, key=lambda row: row.id):
                placed = self._by_work(list(lines))
                who = self._addressee(placed, roles)
                if wanted.matches(who):
                    unit = placed[0].unit_id or self._root
                    told = concerned is None or concerned(who.status, self._kind(unit), who.pattern)
                    found.append(Found(placed[0].id, unit, _standing(placed[0], told)))
            yield covered, found

    async def _prepare(self, connection: AsyncConnection) -> Mapping[int, frozenset[str]]:
        """Reads the tree; gives the roles people hold."""
        tree = select(units).where(units.c.regency == self._regency)  # closed ones too
        self._units = {row.id: unit_of(row) for row in await connection.execute(tree)}
        root = (await connection.execute(ROOT, self._holes)).first()
        self._root = root.id if root else 0
        held = (
            select(assignments.c.person_id, assignments.c.role)
            .join(people, people.c.id == assignments.c.person_id)
            .where(people.c.regency == self._regency, holds(assignments))
        )
        roles: dict[int, frozenset[str]] = {}
        for row in await connection.execute(held, self._holes):
            roles[row.person_id] = roles.get(row.person_id, EMPLOYEE) | {row.role}
        return roles

    def _addressee(self, placed: Sequence[Row[Any]], roles: Mapping[int, frozenset[str]]) -> Addressee:
        """`placed`: her row beside each of her placements, that of where she works first."""
        one = placed[0]
        places = [row.unit_id for row in placed if row.unit_id is not None] or [self._root]
        return Addressee(
            number=one.number,
            status=one.status,
            pattern=one.pattern or self._pattern(places[0]) or self._terms.default_pattern,
            units=_joined([self._lineage(place) for place in places]),
            kinds=_joined([self._kinds_of(place) for place in places]),
            roles=roles.get(one.id, EMPLOYEE),
        )

    @staticmethod
    def _by_work(rows: list[Row[Any]]) -> list[Row[Any]]:
        """The latest secondment first, then the primary placement."""
        if len(rows) == 1:
            return rows
        return sorted(rows, key=lambda r: (r.kind == PlacementKind.SECONDMENT, r.since), reverse=True)

    def _line(self, unit: int | None) -> Iterable[Unit]:
        seen = 0
        while unit is not None and (found := self._units.get(unit)) is not None and seen < len(self._units):
            yield found
            unit = found.parent
            seen += 1

    def _lineage(self, unit: int) -> frozenset[int]:
        if unit not in self._above:
            self._above[unit] = frozenset(above.id for above in self._line(unit))
        return self._above[unit]

    def _kinds_of(self, unit: int) -> frozenset[str]:
        if unit not in self._kinds:
            line = (kind for above in self._line(unit) for kind in self._terms.wider(above.kind))
            self._kinds[unit] = frozenset(line)
        return self._kinds[unit]

    def _kind(self, unit: int) -> str | None:
        return next((above.kind for above in self._line(unit) if above.kind), None)

    def _pattern(self, unit: int) -> str | None:
        if unit not in self._patterns:
            line = (above.pattern for above in self._line(unit) if above.pattern)
            self._patterns[unit] = next(line, None)
        return self._patterns[unit]


def _joined(sets: Sequence[frozenset[T]]) -> frozenset[T]:
    return sets[0] if len(sets) == 1 else frozenset[T]().union(*sets)


def _standing(row: Row[Any], concerned: bool) -> Standing:
    if row.gone:
        return Standing.LEFT
    if not concerned:
        return Standing.UNCONCERNED
    if row.elsewhere:
        return Standing.ASKED
    if row.away:
        return Standing.LEAVE
    return Standing.REACHABLE if row.linked else Standing.UNREGISTERED
