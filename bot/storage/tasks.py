"""What people ask HR to look at: in the ledger without a word of what they wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.acknowledging import OPEN
from bot.campaigns.campaign import RELEASED, DeliveryState
from bot.campaigns.tasks import Kind, Task
from bot.people.numbers import mask_number
from bot.storage.access import note
from bot.storage.campaign_row import state_of
from bot.storage.campaign_tables import campaigns, deliveries, tasks
from bot.storage.delivery_changes import change, event, locked
from bot.storage.evidence import append
from bot.storage.tables import people, units
from bot.storage.trouble import plainly

T, D = tasks.c, deliveries.c


class SqlTasks:
    """Keeps `bot.campaigns.tasks.Tasks`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, person: int, campaign: int, kind: Kind, at: int) -> bool:
        with plainly():
            async with self._engine.begin() as connection:
                regency = await _regency(connection, person, campaign)
                if regency is None:
                    return False
                same = (T.person_id == person, T.campaign_id == campaign, T.kind == kind.value)
                waiting = select(T.id).where(*same, T.closed_at.is_(None))
                if (await connection.execute(waiting)).first() is None:
                    values = {"person_id": person, "campaign_id": campaign, "kind": kind.value, "at": at}
                    await connection.execute(insert(tasks).values(values | {"regency": regency}))
                return True

    async def waiting(self, regency: str, after: int, most: int) -> Sequence[Task]:
        query = (
            _SHOWN.where(T.regency == regency, T.closed_at.is_(None), T.id > after).order_by(T.id).limit(most)
        )
        with plainly():
            async with self._engine.connect() as connection:
                return [_task(row) for row in await connection.execute(query)]

    async def asking(self, campaign: int) -> frozenset[int]:
        """The people with a task of this campaign that waits."""
        query = select(T.person_id).where(T.campaign_id == campaign, T.closed_at.is_(None))
        with plainly():
            async with self._engine.connect() as connection:
                return frozenset(await connection.scalars(query))

    async def find(self, task: int) -> Task | None:
        query = _SHOWN.where(T.id == task)
        with plainly():
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
                return _task(row) if row else None

    async def close(self, task: int, by: str, at: int, *, release: bool = False) -> bool:
        closing = update(tasks).where(T.id == task, T.closed_at.is_(None)).returning(T.regency, T.person_id)
        with plainly():
            async with self._engine.begin() as connection:
                if release:
                    await _release(connection, task, at)
                row = (await connection.execute(closing.values(closed_at=at, closed_by=by))).one_or_none()
                if row is not None:
                    await note(
                        connection,
                        at,
                        by,
                        "acknowledging.task_closed",
                        regency=row.regency,
                        person=row.person_id,
                    )
                return row is not None

    async def seen(self, regency: str, by: str, at: int, count: int) -> None:
        with plainly():
            async with self._engine.begin() as connection:
                await note(connection, at, by, "acknowledging.tasks_listed", regency=regency, count=count)


async def _regency(connection: AsyncConnection, person: int, campaign: int) -> str | None:
    """Of the campaign, if it has a delivery for her, which is locked: two taps make one task."""
    query = (
        select(campaigns.c.regency)
        .join(deliveries, deliveries.c.campaign_id == campaigns.c.id)
        .where(deliveries.c.campaign_id == campaign, deliveries.c.person_id == person)
        .where(campaigns.c.state.in_(OPEN), deliveries.c.state != DeliveryState.WITHDRAWN)
        .with_for_update(of=deliveries)
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def _release(connection: AsyncConnection, task: int, at: int) -> None:
    """Unless she has acknowledged, or somebody was quicker."""
    open_one = select(T.campaign_id, T.person_id).where(T.id == task, T.closed_at.is_(None))
    row = (await connection.execute(open_one)).one_or_none()
    if row is None:
        return
    await state_of(connection, row.campaign_id, lock=True)
    waits = (D.person_id == row.person_id, D.state != DeliveryState.WITHDRAWN, D.acknowledged_at.is_(None))
    rows = await locked(connection, row.campaign_id, *waits)
    await change(connection, row.campaign_id, rows, {"state": DeliveryState.WITHDRAWN, "reason": RELEASED})
    said = [event("withdrawn", at, row.campaign_id, one.person_id, reason=RELEASED) for one in rows]
    await append(connection, said)


_SHOWN: Select[Any] = (
    select(tasks, people.c.name, people.c.number, units.c.name.label("unit"))
    .join(people, people.c.id == T.person_id)
    .join(deliveries, and_(D.campaign_id == T.campaign_id, D.person_id == T.person_id), isouter=True)
    .join(units, units.c.id == D.unit_id, isouter=True)
)


def _task(row: Any) -> Task:
    return Task(
        row.id,
        row.regency,
        row.campaign_id,
        row.person_id,
        row.name,
        Kind(row.kind),
        row.at,
        mask_number(row.number),
        row.unit or "",
    )
