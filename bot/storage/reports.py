"""The numbers and lists of campaigns.

Sums by unit come from `delivery_counts`, which is kept in step with the deliveries: a million of them are
never counted to show a status.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import Campaign, CampaignState, DeliveryState, Version
from bot.campaigns.reports import (
    CELLS,
    Addressee,
    Day,
    Group,
    Known,
    Pace,
    Tally,
    by_day,
    rank,
    states_of,
)
from bot.people.numbers import mask_number
from bot.people.staff import Unit
from bot.storage.access import note
from bot.storage.campaign_tables import (
    acknowledgments,
    campaigns,
    circular_versions,
    deliveries,
    delivery_counts,
)
from bot.storage.staff_queries import SUBTREE, holds
from bot.storage.tables import absences, people, units

CAMPAIGN: BindParameter[int] = bindparam("campaign", type_=BigInteger())

HALF = (1, 2)
NINE_OF_TEN = (9, 10)

_QUARTER = 900

AT_ONCE = 1_000
"""Rows of a list that are in memory at a time."""


class SqlReports:
    """Implements `bot.campaigns.reporting.Ledger`. `clock`: seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    async def campaign(self, campaign: int) -> Known | None:
        async with self._engine.connect() as connection:
            return await known(connection, campaign)

    async def campaigns(self, regency: str) -> Sequence[Known]:
        """The newest first."""
        query = _known().where(campaigns.c.regency == regency).order_by(campaigns.c.id.desc())
        async with self._engine.connect() as connection:
            return [_known_of(row) for row in await connection.execute(query)]

    async def regencies(self) -> Sequence[str]:
        """Those that have campaigns."""
        query = select(campaigns.c.regency).distinct().order_by(campaigns.c.regency)
        async with self._engine.connect() as connection:
            return list((await connection.scalars(query)).all())

    async def units(self, regency: str) -> dict[int, Unit]:
        async with self._engine.connect() as connection:
            return await tree_of(connection, regency)

    async def tallies(self, campaign: int) -> dict[int, Tally]:
        async with self._engine.connect() as connection:
            return await tallies(connection, campaign)

    async def people(
        self, campaign: int, group: Group, unit: int | None, day: date, after: int | None, limit: int
    ) -> Sequence[Addressee]:
        """Those of the group by name, after the person `after`."""
        query = _people(group, whole=unit is None, first=after is None)
        holes = {"campaign": campaign, "unit": unit, "day": day, "after": after, "most": limit}
        async with self._engine.connect() as connection:
            return [addressee_of(row) for row in await connection.execute(query, holes)]

    async def pace(self, campaign: int, unit: int | None) -> Pace:
        async with self._engine.connect() as connection:
            return await pace(connection, campaign, unit)

    async def days(self, campaign: int, unit: int | None, zone: tzinfo) -> Sequence[Day]:
        async with self._engine.connect() as connection:
            return await days(connection, campaign, unit, zone)

    async def looked(
        self,
        by: str,
        action: str,
        *,
        regency: str | None = None,
        unit: int | None = None,
        count: int | None = None,
    ) -> None:
        async with self._engine.begin() as connection:
            now = int(self._clock())
            await note(connection, now, by, action, regency=regency, unit=unit, count=count)


# --- campaigns and units ---------------------------------------------------------------------


async def known(connection: AsyncConnection, campaign: int) -> Known | None:
    row = (await connection.execute(_known().where(campaigns.c.id == campaign))).one_or_none()
    return _known_of(row) if row else None


_NAMES = ("id", "circular", "digest", "number", "dated", "subject", "issuer", "material", "replaces_id")


def _known() -> Select[Any]:
    table = circular_versions.c
    version = (table[name].label(f"v_{name}") for name in _NAMES)
    return select(campaigns, *version).join(circular_versions, table.id == campaigns.c.version_id)


def _known_of(row: Row[Any]) -> Known:
    return Known(
        Campaign(
            id=row.id,
            regency=row.regency,
            version=row.version_id,
            audience=row.audience,
            due=_moment(row.due_at),
            state=CampaignState(row.state),
            author=row.author,
            approver=row.approver,
            starts_at=None if row.starts_at is None else _moment(row.starts_at),
            quiz=bool(row.quiz),
        ),
        Version(
            id=row.v_id,
            regency=row.regency,
            circular=row.v_circular,
            digest=row.v_digest,
            number=row.v_number,
            dated=row.v_dated,
            subject=row.v_subject,
            issuer=row.v_issuer,
            material=bool(row.v_material),
            replaces=row.v_replaces_id,
        ),
    )


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


async def tree_of(connection: AsyncConnection, regency: str) -> dict[int, Unit]:
    """All units of the regency, closed ones too: their people may still owe an answer."""
    found = units.c
    columns = (found.id, found.regency, found.name, found.parent_id, found.kind, found.pattern, found.code)
    rows = (await connection.execute(select(*columns).where(found.regency == regency))).all()
    return {row[0]: Unit(*row) for row in rows}


# --- sums ------------------------------------------------------------------------------------


@cache
def _tallies() -> Select[Any]:
    """A row a unit, a column a cell: the database puts the cells of a unit side by side."""
    kept = delivery_counts.c
    columns = (
        func.sum(case((and_(kept.state == state.value, kept.acknowledged.is_(done)), kept.count), else_=0))
        for state, done in CELLS
    )
    wanted = (kept.campaign_id == CAMPAIGN) & (kept.count != 0)
    return select(kept.unit_id, *columns).where(wanted).group_by(kept.unit_id)


async def tallies(connection: AsyncConnection, campaign: int) -> dict[int, Tally]:
    """Of the units that have deliveries."""
    rows = (await connection.execute(_tallies(), {"campaign": campaign})).all()
    return {row[0]: Tally(tuple(row[1:])) for row in rows}


# --- people ----------------------------------------------------------------------------------

DUE = func.coalesce(deliveries.c.due_at, campaigns.c.due_at)

COUNTED = deliveries.c.state != DeliveryState.WITHDRAWN.value


def in_group(group: Group) -> ColumnElement[bool]:
    said = deliveries.c.acknowledged_at
    done = said.is_not(None) if group is Group.ACKNOWLEDGED else said.is_(None)
    return and_(done, deliveries.c.state.in_([state.value for state in states_of(group)]))


@cache
def _people(group: Group, *, whole: bool, first: bool) -> Select[Any]:
    """Holes: campaign, day, most; unit unless `whole`; after unless `first`."""
    away = exists().where(absences.c.person_id == people.c.id, holds(absences))
    query = (
        select(
            people.c.id,
            people.c.name,
            people.c.number,
            deliveries.c.unit_id,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.sent_at,
            DUE.label("due"),
            away.label("away"),
            literal(group.value).label("group"),
        )
        .select_from(deliveries)
        .join(people, people.c.id == deliveries.c.person_id)
        .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .where(deliveries.c.campaign_id == CAMPAIGN, in_group(group))
        .order_by(people.c.name, people.c.id)
        .limit(bindparam("most", type_=Integer()))
    )
    if not whole:
        query = query.where(deliveries.c.unit_id.in_(SUBTREE))
    if not first:
        before = people.alias("before")
        mark: BindParameter[int] = bindparam("after", type_=BigInteger())
        name = select(before.c.name).where(before.c.id == mark).scalar_subquery()
        query = query.where(tuple_(people.c.name, people.c.id) > tuple_(name, mark))
    return query


def addressee_of(row: Row[Any]) -> Addressee:
    return Addressee(
        person=row.id,
        name=row.name,
        number=mask_number(row.number),
        unit=row.unit_id,
        group=Group(row.group),
        state=DeliveryState(row.state),
        reason=row.reason,
        sent=row.sent_at,
        due=row.due,
        away=bool(row.away),
    )


# --- time ------------------------------------------------------------------------------------


def _within(unit: int | None) -> list[ColumnElement[bool]]:
    below = [] if unit is None else [deliveries.c.unit_id.in_(SUBTREE)]
    return [deliveries.c.campaign_id == CAMPAIGN, COUNTED, *below]


async def pace(connection: AsyncConnection, campaign: int, unit: int | None) -> Pace:
    """Exact, without sorting them all: counted by quarters of an hour first, then ordered within one."""
    holes = {"campaign": campaign, "unit": unit}
    said, sent = deliveries.c.acknowledged_at, deliveries.c.sent_at
    done = [*_within(unit), said.is_not(None)]
    late = func.coalesce(func.sum(case((said > DUE, 1), else_=0)), 0)
    counting = select(func.count(), late).select_from(
        deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
    )
    every, behind = (await connection.execute(counting.where(*done), holes)).one()
    # Who said it at the assembly may have done so before her copy was sent.
    took = case((said > sent, said - sent), else_=literal_column("0"))
    quarter = _quarter(took)
    grouped = select(quarter.label("quarter"), func.count()).where(*done, sent.is_not(None)).group_by(quarter)
    counts = sorted((int(row[0]), int(row[1])) for row in await connection.execute(grouped, holes))
    measured = sum(count for _, count in counts)
    found: list[int | None] = []
    for share in (HALF, NINE_OF_TEN):
        place = _quarter_with(rank(share, measured), counts) if measured else None
        if place is None:
            found.append(None)
            continue
        low = place[0] * _QUARTER
        within = select(took).where(*done, sent.is_not(None), took >= low, took < low + _QUARTER)
        query = within.order_by(took).limit(1).offset(place[1])
        found.append(int((await connection.execute(query, holes)).scalar_one()))
    return Pace(measured, found[0], found[1], every - int(behind), int(behind))


def _quarter_with(place: int, counts: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The quarter of an hour in which the value of this place lies, and its place there."""
    for quarter, count in counts:
        if place < count:
            return quarter, place
        place -= count
    return None


def _quarter(seconds: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(seconds, BigInteger).op("/")(literal_column(str(_QUARTER)))


async def days(connection: AsyncConnection, campaign: int, unit: int | None, zone: tzinfo) -> Sequence[Day]:
    sent = await _by_day(connection, deliveries.c.sent_at, campaign, unit, zone)
    said = await _by_day(connection, deliveries.c.acknowledged_at, campaign, unit, zone)
    return by_day(sent, said)


async def _by_day(
    connection: AsyncConnection, column: ColumnElement[Any], campaign: int, unit: int | None, zone: tzinfo
) -> dict[date, int]:
    """Counted by quarters of an hour, which are few, and which lie within one day of any zone."""
    quarter = _quarter(column)
    query = select(quarter.label("quarter"), func.count().label("number")).group_by(quarter)
    query = query.where(*_within(unit), column.is_not(None))
    found: dict[date, int] = {}
    for row in await connection.execute(query, {"campaign": campaign, "unit": unit}):
        day = _moment(row.quarter * _QUARTER).astimezone(zone).date()
        found[day] = found.get(day, 0) + row.number
    return found


# --- everybody, for a file -------------------------------------------------------------------


def _sections(top: int) -> Any:
    """unit → the unit right below `top` that it belongs to; `top` itself to itself."""
    first = select(units.c.id, units.c.id.label("section"))
    base = first.where(or_(units.c.id == top, units.c.parent_id == top)).cte("line", recursive=True)
    below = select(units.c.id, base.c.section).join(base, units.c.parent_id == base.c.id)
    return base.union(below.where(base.c.id != top))


async def everybody(connection: AsyncConnection, campaign: int, top: int) -> AsyncIterator[Any]:
    """The deliveries that count, of `top` and all below it: by section (the units right below `top`), by
    unit, by name. Read as they are used: memory stays the same however many there are."""
    line = _sections(top)
    section = units.alias("of_section")
    standing = and_(
        acknowledgments.c.version_id == campaigns.c.version_id,
        acknowledgments.c.person_id == deliveries.c.person_id,
        acknowledgments.c.undone_at.is_(None),
    )
    query = (
        select(
            line.c.section,
            deliveries.c.person_id,
            people.c.name,
            people.c.number,
            people.c.status,
            deliveries.c.unit_id,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.channel,
            deliveries.c.sent_at,
            deliveries.c.acknowledged_at,
            acknowledgments.c.proof,
            DUE.label("due"),
        )
        .select_from(deliveries)
        .join(line, line.c.id == deliveries.c.unit_id)
        .join(section, section.c.id == line.c.section)
        .join(units, units.c.id == deliveries.c.unit_id)
        .join(people, people.c.id == deliveries.c.person_id)
        .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .outerjoin(acknowledgments, standing)
        .where(deliveries.c.campaign_id == CAMPAIGN, COUNTED)
        .order_by(section.c.id != top, section.c.name, section.c.id)
        .order_by(units.c.name, units.c.id, people.c.name, people.c.id)
    )
    async with connection.stream(query, {"campaign": campaign}) as rows:
        async for some in rows.partitions(AT_ONCE):
            for row in some:
                yield row
