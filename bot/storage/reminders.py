"""The reminders in the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.carrying import NOT_SENT, WENT_OUT
from bot.campaigns.evidence import Event
from bot.campaigns.recipients import Pending
from bot.campaigns.reminders import Choose, Notice, Settled, Wanted
from bot.storage.campaign_tables import campaigns, deliveries, reminders
from bot.storage.engine import insert_or
from bot.storage.evidence import append
from bot.storage.recipients import (
    WAITED_FOR,
    Trees,
    arrived,
    begun_at,
    due_at,
    pending_of,
    pending_query,
    reached,
    recipients,
    unanswered,
)
from bot.storage.tables import absences, people

NONE = -1_000_000
"""Less than any offset."""

RECENT = timedelta(days=45)
"""Leave that ended no longer ago may have moved a deadline after reminders were given: who had any is looked
at."""

HOURS = 3_600
LATELY = (12 * HOURS, 36 * HOURS)
"""Seconds before now, and after: who was reminded within them is left alone. Something lies after now where
the clock was put back, even by a day; where it had been weeks ahead, nobody is to be left alone for weeks."""


class SqlReminders:
    """Keeps `bot.campaigns.reminders.Kept`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._trees = Trees()

    async def regencies(self) -> Sequence[str]:
        query = select(campaigns.c.regency).where(campaigns.c.state.in_(WAITED_FOR)).distinct()
        async with self._engine.connect() as connection:
            return sorted((await connection.execute(query)).scalars())

    async def waiting(self, wanted: Wanted, channels: Sequence[str], after: int, most: int) -> Sequence[int]:
        """One look-up a person of the regency in the index of her deliveries, however many campaigns."""
        stage = case(*((due_at() < before, offset) for offset, before in wanted.reach), else_=NONE)
        last = (
            select(func.coalesce(func.max(reminders.c.offset), NONE))
            .where(
                reminders.c.campaign_id == deliveries.c.campaign_id,
                reminders.c.person_id == deliveries.c.person_id,
                reminders.c.day <= wanted.today,
                reminders.c.at >= begun_at(),  # else it was the time before that she was addressed
            )
            .correlate(deliveries)
            .scalar_subquery()
        )
        not_long_over = or_(absences.c.until.is_(None), absences.c.until > wanted.today - RECENT)
        away = exists().where(absences.c.person_id == people.c.id, not_long_over).correlate(people)
        only = [] if wanted.campaign is None else [campaigns.c.id == wanted.campaign]
        waits = (
            exists()
            .where(deliveries.c.person_id == people.c.id, arrived(), unanswered(), or_(stage > last, away))
            .where(*only)
            .correlate(people)
        )
        lately = exists().where(reminders.c.person_id == people.c.id, _lately(wanted)).correlate(people)
        query = (
            select(people.c.id)
            .where(people.c.regency == wanted.regency, people.c.id > after, waits, ~lately, reached(channels))
            .order_by(people.c.id)
            .limit(most)
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalars().all()

    async def remind(
        self, among: Sequence[int], wanted: Wanted, channels: Sequence[str], choose: Choose
    ) -> Sequence[Notice]:
        async with self._engine.begin() as connection:
            # Whoever else reminds these people waits here, and then sees what was written.
            lock = select(people.c.id).where(people.c.id.in_(among)).order_by(people.c.id)
            await connection.execute(lock.with_for_update(key_share=True))
            free = await self._free(connection, among, wanted)
            tree = await self._trees.of(connection, wanted.regency)
            who = await recipients(connection, tree, free, wanted.today, channels)
            waits = await _pending(connection, list(who), wanted)
            chosen = [choose(who[person], pending) for person, pending in waits.items()]
            notices = [notice for notice in chosen if notice is not None]
            await self._write(connection, notices, wanted)
        return notices

    async def _write(self, connection: AsyncConnection, notices: Sequence[Notice], wanted: Wanted) -> None:
        """A stage that was given for an earlier deadline is given anew."""
        rows: list[dict[str, Any]] = [
            {"campaign_id": pending.campaign, "person_id": notice.who.person, "offset": stage}
            | {"day": wanted.today, "at": wanted.at, "outcome": None}
            for notice in notices
            for pending, stage in notice.stages
        ]
        if rows:
            again = insert_or(self._engine, reminders, replace=("day", "at", "outcome"))
            await connection.execute(again, rows)

    async def _free(self, connection: AsyncConnection, among: Sequence[int], wanted: Wanted) -> list[int]:
        """Those of them who were not reminded today, nor lately."""
        query = select(reminders.c.person_id).where(reminders.c.person_id.in_(among), _lately(wanted))
        taken = set((await connection.execute(query)).scalars())
        return [person for person in among if person not in taken]

    async def settle(self, settled: Sequence[Settled], at: int) -> None:
        named = [
            (p, notice.who.person, stage, word) for notice, word in settled for p, stage in notice.stages
        ]
        back: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        for pending, person, stage, word in named:
            key = {"campaign": pending.campaign, "person": person, "stage": stage}
            (back if word == NOT_SENT else known).append(key if word == NOT_SENT else key | {"word": word})
        events = [
            Event("reminded", at, pending.campaign, person, {"stage": stage})
            for pending, person, stage, word in named
            if word in WENT_OUT
        ]
        async with self._engine.begin() as connection:
            if back:
                await connection.execute(delete(reminders).where(_THIS), back)
            if known:
                change = update(reminders).where(_THIS).values(outcome=bindparam("word"))
                await connection.execute(change, known)
            await append(connection, events)

    async def unsettled(self, campaign: int, before: int) -> int:
        """How many reminders were handed on before that moment (seconds since 1970) without anybody knowing
        whether they arrived."""
        unknown = or_(reminders.c.outcome.is_(None), reminders.c.outcome == "uncertain")
        query = select(func.count()).where(
            reminders.c.campaign_id == campaign, reminders.c.at < before, unknown
        )
        async with self._engine.connect() as connection:
            return int((await connection.execute(query)).scalar_one())


_THIS = and_(
    reminders.c.campaign_id == bindparam("campaign"),
    reminders.c.person_id == bindparam("person"),
    reminders.c.offset == bindparam("stage"),
)


def _lately(wanted: Wanted) -> ColumnElement[bool]:
    before, after = LATELY
    span = reminders.c.at.between(wanted.at - before, wanted.at + after)
    return or_(reminders.c.day == wanted.today, span)


async def _pending(
    connection: AsyncConnection, among: Sequence[int], wanted: Wanted
) -> Mapping[int, list[Pending]]:
    given: dict[tuple[int, int], list[tuple[int, date]]] = defaultdict(list)
    its = reminders.c
    # What was given on a day that has not come was given by a clock that was wrong.
    query = select(its.campaign_id, its.person_id, its.offset, its.day).where(
        its.person_id.in_(among), its.day <= wanted.today
    )
    for row in await connection.execute(query):
        given[row.campaign_id, row.person_id].append((row.offset, row.day))
    found: dict[int, list[Pending]] = defaultdict(list)
    for row in await connection.execute(pending_query(among, arrived(), wanted.campaign)):
        days = tuple(given.get((row.campaign_id, row.person_id), ()))
        found[row.person_id].append(pending_of(row, days=days))
    return found
