"""The reminders in the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, case, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.evidence import Event
from bot.campaigns.recipients import Pending
from bot.campaigns.reminders import Choose, Notice, Settled, Wanted
from bot.storage.campaign_tables import campaigns, deliveries, reminders
from bot.storage.evidence import append
from bot.storage.recipients import (
    WAITED_FOR,
    Trees,
    arrived,
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
            )
            .correlate(deliveries)
            .scalar_subquery()
        )
        ends_later = or_(absences.c.until.is_(None), absences.c.until > wanted.today)
        away = exists().where(absences.c.person_id == people.c.id, ends_later).correlate(people)
        only = [] if wanted.campaign is None else [campaigns.c.id == wanted.campaign]
        waits = (
            exists()
            .where(deliveries.c.person_id == people.c.id, arrived(), unanswered(), or_(stage > last, away))
            .where(*only)
            .correlate(people)
        )
        today = (
            exists()
            .where(reminders.c.person_id == people.c.id, reminders.c.day == wanted.today)
            .correlate(people)
        )
        query = (
            select(people.c.id)
            .where(people.c.regency == wanted.regency, people.c.id > after, waits, ~today, reached(channels))
            .order_by(people.c.id)
            .limit(most)
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalars().all()

    async def remind(
        self, among: Sequence[int], wanted: Wanted, channels: Sequence[str], at: int, choose: Choose
    ) -> Sequence[Notice]:
        async with self._engine.begin() as connection:
            # Whoever else reminds these people waits here, and then sees what was written.
            lock = select(people.c.id).where(people.c.id.in_(among)).order_by(people.c.id)
            await connection.execute(lock.with_for_update(key_share=True))
            free = await self._free(connection, among, wanted)
            tree = await self._trees.of(connection, wanted.regency)
            who = await recipients(connection, tree, free, wanted.today, channels)
            waits = await _pending(connection, list(who), wanted.campaign)
            chosen = [choose(who[person], pending) for person, pending in waits.items()]
            notices = [notice for notice in chosen if notice is not None]
            await _write(connection, notices, wanted, at)
        return notices

    async def _free(self, connection: AsyncConnection, among: Sequence[int], wanted: Wanted) -> list[int]:
        """Those of them who were not reminded today."""
        today = select(reminders.c.person_id).where(
            reminders.c.person_id.in_(among), reminders.c.day == wanted.today
        )
        taken = set((await connection.execute(today)).scalars())
        return [person for person in among if person not in taken]

    async def settle(self, settled: Sequence[Settled]) -> None:
        rows = [
            {"campaign": pending.campaign, "person": notice.who.person, "stage": stage, "word": word}
            for notice, word in settled
            for pending, stage in notice.stages
        ]
        if not rows:
            return
        its = reminders.c
        change = update(reminders).where(
            its.campaign_id == bindparam("campaign"),
            its.person_id == bindparam("person"),
            its.offset == bindparam("stage"),
        )
        async with self._engine.begin() as connection:
            await connection.execute(change.values(outcome=bindparam("word")), rows)

    async def unsettled(self, campaign: int, before: int) -> int:
        """How many reminders were handed on before that moment (seconds since 1970) without anybody knowing
        whether they arrived."""
        unknown = or_(reminders.c.outcome.is_(None), reminders.c.outcome == "uncertain")
        query = select(func.count()).where(
            reminders.c.campaign_id == campaign, reminders.c.at < before, unknown
        )
        async with self._engine.connect() as connection:
            return int((await connection.execute(query)).scalar_one())


async def _pending(
    connection: AsyncConnection, among: Sequence[int], campaign: int | None
) -> Mapping[int, list[Pending]]:
    done: dict[tuple[int, int], set[int]] = defaultdict(set)
    over = select(reminders.c.campaign_id, reminders.c.person_id, reminders.c.offset)
    for row in await connection.execute(over.where(reminders.c.person_id.in_(among))):
        done[row.campaign_id, row.person_id].add(row.offset)
    found: dict[int, list[Pending]] = defaultdict(list)
    for row in await connection.execute(pending_query(among, arrived(), campaign)):
        before = frozenset(done.get((row.campaign_id, row.person_id), ()))
        found[row.person_id].append(pending_of(row, done=before))
    return found


async def _write(connection: AsyncConnection, notices: Sequence[Notice], wanted: Wanted, at: int) -> None:
    named = [(notice.who.person, pending, stage) for notice in notices for pending, stage in notice.stages]
    if not named:
        return
    rows = [
        {"campaign_id": pending.campaign, "person_id": person, "offset": stage}
        for person, pending, stage in named
    ]
    await connection.execute(insert(reminders), [row | {"day": wanted.today, "at": at} for row in rows])
    events = [Event("reminded", at, p.campaign, person, {"stage": stage}) for person, p, stage in named]
    await append(connection, events)
