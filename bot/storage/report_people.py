"""Lists of the people of a campaign: a page of a group by name, and everybody for a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.deadlines import late
from bot.campaigns.reports import Addressee, Group, states_of
from bot.people.numbers import mask_number
from bot.storage.campaign_tables import acknowledgments, campaigns, deliveries, whatsapp_sent
from bot.storage.deadlines import OWING, Moved, Own
from bot.storage.report_sums import CAMPAIGN, COUNTING, TOLD
from bot.storage.staff_queries import SUBTREE
from bot.storage.tables import people, units

D = deliveries.c

# --- a page of a group -----------------------------------------------------------------------


async def page(
    connection: AsyncConnection,
    campaign: int,
    group: Group,
    unit: int | None,
    moved: Moved,
    after: int | None,
    limit: int,
    now: int,
) -> Sequence[Addressee]:
    """Those of the group by name, after the person `after`. `unit`: of it and all below it; None: all."""
    query = _page(group, whole=unit is None, first=after is None)
    holes = {"campaign": campaign, "unit": unit, "after": after, "most": limit}
    rows = (await connection.execute(query, holes)).all()
    own = await moved.of(connection, rows)
    return [_addressee(row, group, hers, now) for row, hers in zip(rows, own, strict=True)]


@cache
def _page(group: Group, *, whole: bool, first: bool) -> Select[Any]:
    """Holes: campaign, most; unit unless `whole`; after unless `first`."""
    query = (
        select(*OWING, people.c.name, people.c.number, D.unit_id, D.state, D.reason, D.sent_at)
        .select_from(deliveries)
        .join(people, people.c.id == D.person_id)
        .join(campaigns, campaigns.c.id == D.campaign_id)
        .where(D.campaign_id == CAMPAIGN, _in(group))
        .order_by(people.c.name, people.c.id)
        .limit(bindparam("most", type_=Integer()))
    )
    if not whole:
        query = query.where(D.unit_id.in_(SUBTREE))
    if not first:
        before = people.alias("before")
        mark: BindParameter[int] = bindparam("after", type_=BigInteger())
        name = select(before.c.name).where(before.c.id == mark).scalar_subquery()
        query = query.where(tuple_(people.c.name, people.c.id) > tuple_(name, mark))
    return query


def _in(group: Group) -> ColumnElement[bool]:
    said = D.acknowledged_at
    done = said.is_not(None) if group is Group.ACKNOWLEDGED else said.is_(None)
    return and_(done, D.state.in_([state.value for state in states_of(group)]))


def _addressee(row: Row[Any], group: Group, own: Own, now: int) -> Addressee:
    return Addressee(
        person=row.person_id,
        name=row.name,
        number=mask_number(row.number),
        unit=row.unit_id,
        group=group,
        state=DeliveryState(row.state),
        reason=row.reason,
        sent=row.sent_at,
        due=own.due,
        away=own.away,
        overdue=group is Group.MISSING and late(now, own.due),
    )


# --- everybody, for a file -------------------------------------------------------------------


def everybody(
    connection: AsyncConnection, campaign: int, top: int, moved: Moved
) -> AsyncIterator[tuple[Any, Own]]:
    """The deliveries that count, of `top` and all below it, each with her own deadline: by section (the units
    right below `top`), by unit, by name. Read as they are used."""
    return moved.each(connection, _everybody(top), {"campaign": campaign})


def _everybody(top: int) -> Select[Any]:
    line, section = _sections(top), units.alias("of_section")
    standing = and_(
        acknowledgments.c.version_id == campaigns.c.version_id,
        acknowledgments.c.person_id == D.person_id,
        acknowledgments.c.undone_at.is_(None),
    )
    person = (people.c.name, people.c.number, people.c.status)
    delivery = (D.unit_id, D.state, D.reason, D.channel, D.sent_at, D.acknowledged_at)
    told = whatsapp_sent.c.state.label("told")
    return (
        select(line.c.section, *OWING, *person, *delivery, acknowledgments.c.proof, told)
        .select_from(deliveries)
        .join(line, line.c.id == D.unit_id)
        .join(section, section.c.id == line.c.section)
        .join(units, units.c.id == D.unit_id)
        .join(people, people.c.id == D.person_id)
        .join(campaigns, campaigns.c.id == D.campaign_id)
        .outerjoin(acknowledgments, standing)
        .outerjoin(whatsapp_sent, TOLD)
        .where(COUNTING)
        .order_by(section.c.id != top, section.c.name, section.c.id)
        .order_by(units.c.name, units.c.id, people.c.name, people.c.id)
    )


def _sections(top: int) -> CTE:
    """unit → the unit right below `top` that it belongs to; `top` itself to itself."""
    first = select(units.c.id, units.c.id.label("section"))
    base = first.where(or_(units.c.id == top, units.c.parent_id == top)).cte("line", recursive=True)
    below = select(units.c.id, base.c.section).join(base, units.c.parent_id == base.c.id)
    return base.union(below.where(base.c.id != top))
