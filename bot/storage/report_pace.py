"""When people acknowledged: how long it took them, how many were late, how many did on which day.

A million moments are never sorted: they are counted by quarters of an hour, which are few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.deadlines import late
from bot.campaigns.reports import Day, Pace, by_day, rank
from bot.storage.campaign_tables import campaigns, deliveries
from bot.storage.deadlines import DUE, OWING, Moved
from bot.storage.report_sums import CAMPAIGN, counting
from bot.storage.tables import absences

HALF = (1, 2)
NINE_OF_TEN = (9, 10)

_QUARTER = 900
"""Seconds. It lies within one day of any zone."""

SAID, SENT = deliveries.c.acknowledged_at, deliveries.c.sent_at

TOOK = case((SAID > SENT, SAID - SENT), else_=literal_column("0"))
"""Who said it at the assembly may have done so before her copy was sent."""

Holes = Mapping[str, Any]


async def pace(connection: AsyncConnection, campaign: int, unit: int | None, moved: Moved) -> Pace:
    """Exact. `unit`: of it and all below it; None: of the whole campaign."""
    holes = {"campaign": campaign, "unit": unit}
    done = and_(counting(unit), SAID.is_not(None))
    every, behind = await _behind(connection, done, holes, moved)
    measured, (half, ninety) = await _took(connection, and_(done, SENT.is_not(None)), holes)
    return Pace(measured, half, ninety, every - behind, behind)


async def days(connection: AsyncConnection, campaign: int, unit: int | None, zone: tzinfo) -> Sequence[Day]:
    holes = {"campaign": campaign, "unit": unit}
    sent, said = [await _by_day(connection, moment, counting(unit), holes, zone) for moment in (SENT, SAID)]
    return by_day(sent, said)


# --- how long it took ------------------------------------------------------------------------


async def _took(
    connection: AsyncConnection, done: ColumnElement[bool], holes: Holes
) -> tuple[int, list[int | None]]:
    """How many did both, and within how many seconds half and nine of ten of them."""
    counts = await _by_quarter(connection, TOOK, done, holes)
    measured = sum(count for _, count in counts)
    if not measured:
        return 0, [None, None]
    found: list[int | None] = []
    for share in (HALF, NINE_OF_TEN):
        quarter, place = _quarter_with(rank(share, measured), counts)
        low = quarter * _QUARTER
        within = select(TOOK).where(done, TOOK.between(low, low + _QUARTER - 1))
        query = within.order_by(TOOK).limit(1).offset(place)
        found.append(int((await connection.execute(query, holes)).scalar_one()))
    return measured, found


def _quarter_with(place: int, counts: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The quarter of an hour in which the value of this place lies, and its place there."""
    for quarter, count in counts:
        if place < count:
            return quarter, place
        place -= count
    raise AssertionError("the place is one of those that were counted")


async def _by_quarter(
    connection: AsyncConnection, seconds: ColumnElement[Any], which: ColumnElement[bool], holes: Holes
) -> list[tuple[int, int]]:
    """(quarter of an hour, how many of these deliveries), in order."""
    quarter = cast(seconds, BigInteger).op("/")(literal_column(str(_QUARTER))).label("quarter")
    query = select(quarter, func.count()).where(which).group_by(quarter)
    return sorted((int(at), int(count)) for at, count in await connection.execute(query, holes))


async def _by_day(
    connection: AsyncConnection,
    moment: ColumnElement[Any],
    which: ColumnElement[bool],
    holes: Holes,
    zone: tzinfo,
) -> dict[date, int]:
    found: dict[date, int] = {}
    for quarter, count in await _by_quarter(connection, moment, and_(which, moment.is_not(None)), holes):
        day = datetime.fromtimestamp(quarter * _QUARTER, zone).date()
        found[day] = found.get(day, 0) + count
    return found


# --- who was late ----------------------------------------------------------------------------


async def _behind(
    connection: AsyncConnection, done: ColumnElement[bool], holes: Holes, moved: Moved
) -> tuple[int, int]:
    """How many there are, and how many of them were late by their own deadlines."""
    after = func.coalesce(func.sum(case((SAID > DUE, 1), else_=0)), 0)
    beside = deliveries.join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
    query = select(func.count(), after).select_from(beside).where(done)
    every, over = (await connection.execute(query, holes)).one()
    excused = await _excused(connection, done, holes, moved) if over else 0
    return int(every), int(over) - excused


async def _excused(connection: AsyncConnection, done: ColumnElement[bool], holes: Holes, moved: Moved) -> int:
    """How many of those who were late by the ledger were not by their own deadlines. Looked at one by one:
    who was late and has leave that did not end before the campaign was made."""
    calendar = moved.deadlines.calendar
    if calendar is None:
        return 0
    opened = select(campaigns.c.created_at).where(campaigns.c.id == CAMPAIGN)
    first = (await connection.execute(opened, holes)).scalar_one()
    begun = datetime.fromtimestamp(first, calendar.zone).date()
    lasts = or_(absences.c.until.is_(None), absences.c.until > begun)
    leave = select(absences.c.person_id).where(lasts)
    query = (
        select(*OWING, SAID)
        .join(campaigns, campaigns.c.id == deliveries.c.campaign_id)
        .where(done, SAID > DUE, deliveries.c.person_id.in_(leave))
    )
    excused = 0
    async for row, own in moved.each(connection, query, holes):
        excused += not late(row.acknowledged_at, own.due)
    return excused
