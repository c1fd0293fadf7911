"""Acknowledgments by proxy in the ledger: asked for by one, decided by another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.acknowledging import OPEN, Result, Wish
from bot.campaigns.campaign import DeliveryState, Proof
from bot.campaigns.proxies import Asked, Candidate, Party, Request, asker_of
from bot.people.numbers import mask_number
from bot.people.staff import Role
from bot.problems import Problem
from bot.storage.access import note
from bot.storage.acknowledgments import apply
from bot.storage.campaign_tables import campaigns, deliveries, proxy_requests, tasks
from bot.storage.evidence import append
from bot.storage.staff_queries import holds, serves
from bot.storage.tables import access_log, assignments, identities, people, units
from bot.storage.trouble import plainly

CALLER, CALLED = "job:proxies", "acknowledging.proxies_wait"
"""In the access log, where it is seen who was told today that requests, or tasks, wait for her."""

P, C, D = proxy_requests.c, campaigns.c, deliveries.c


class SqlProxies:
    """Keeps `bot.campaigns.proxies.Proxies`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def candidate(self, campaign: int, person: int) -> Candidate | None:
        query = (
            select(D.acknowledged_at, D.state, C.state.label("campaign_state"), C.regency)
            .add_columns(people.c.name, people.c.number)
            .join(campaigns, C.id == D.campaign_id)
            .join(people, people.c.id == D.person_id)
            .where(D.campaign_id == campaign, D.person_id == person)
        )
        with plainly():
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
                if row is None:
                    return None
                counts = row.state != DeliveryState.WITHDRAWN and row.campaign_state in OPEN
                waits = counts and row.acknowledged_at is None
                requested = await _requested(connection, campaign, person)
                return Candidate(row.name, mask_number(row.number), row.regency, waits, requested)

    async def ask(self, asked: Asked, by: str, at: int) -> Request:
        with plainly():
            async with self._engine.begin() as connection:
                await _check(connection, asked)
                values = {"campaign_id": asked.campaign, "person_id": asked.person, "reason": asked.reason}
                values |= {"reference": asked.reference, "requested_by": by, "requested_at": at}
                made = await connection.execute(insert(proxy_requests).values(values).returning(P.id))
                found = await _find(connection, int(made.scalar_one()))
                assert found is not None
                await note(
                    connection,
                    at,
                    by,
                    "acknowledging.proxy_asked",
                    regency=found.regency,
                    person=found.person,
                )
                return found

    async def find(self, request: int) -> Request | None:
        with plainly():
            async with self._engine.connect() as connection:
                return await _find(connection, request)

    async def waiting(self, regency: str, after: int, most: int) -> Sequence[Request]:
        undecided = _SHOWN.where(C.regency == regency, P.decided_at.is_(None), P.id > after)
        with plainly():
            async with self._engine.connect() as connection:
                rows = await connection.execute(undecided.order_by(P.id).limit(most))
                return await _with_askers(connection, [_request(row) for row in rows])

    async def waiting_in(self) -> Sequence[str]:
        asked = select(C.regency).join(proxy_requests, P.campaign_id == C.id).where(P.decided_at.is_(None))
        query = asked.union(select(tasks.c.regency).where(tasks.c.closed_at.is_(None)))
        with plainly():
            async with self._engine.connect() as connection:
                return sorted((await connection.execute(query)).scalars())

    async def tasks(self, regency: str) -> tuple[int, int]:
        its = tasks.c
        still_open = select(func.count(), func.coalesce(func.min(its.at), 0)).where(
            its.regency == regency, its.closed_at.is_(None)
        )
        with plainly():
            async with self._engine.connect() as connection:
                count, since = (await connection.execute(still_open)).one()
                return int(count), int(since)

    async def hr(self, regency: str, day: date) -> Sequence[int]:
        held = assignments.c
        over = select(units.c.id).where(units.c.regency == regency, units.c.parent_id.is_(None))
        query = (
            select(held.person_id)
            .join(people, people.c.id == held.person_id)
            .where(held.role == Role.HR, held.unit_id.in_(over), holds(assignments, day), serves(day))
        )
        with plainly():
            async with self._engine.connect() as connection:
                return sorted(set((await connection.execute(query)).scalars()))

    async def call(self, regency: str, person: int, count: int, since: int, at: int) -> bool:
        log = access_log.c
        before = select(log.id).where(log.person_id == person, log.action == CALLED, log.at >= since)
        with plainly():
            async with self._engine.begin() as connection:
                # Whoever else tells her waits here, and then sees that it was done.
                lock = select(people.c.id).where(people.c.id == person)
                await connection.execute(lock.with_for_update(key_share=True))
                if (await connection.execute(before.limit(1))).first() is not None:
                    return False
                await note(connection, at, CALLER, CALLED, regency=regency, person=person, count=count)
                return True

    async def decide(self, request: int, by: str, at: int, approved: bool) -> bool:
        deciding = update(proxy_requests).where(P.id == request, P.decided_at.is_(None)).returning(P.id)
        values = {"decided_by": by, "decided_at": at, "approved": approved}
        with plainly():
            async with self._engine.begin() as connection:
                if (await connection.execute(deciding.values(values))).one_or_none() is None:
                    raise Problem("proxy.decided", request=request)
                found = await _find(connection, request)
                assert found is not None
                what = "acknowledging.proxy_approved" if approved else "acknowledging.proxy_refused"
                await note(connection, at, by, what, regency=found.regency, person=found.person)
                recorded = approved and await _acknowledge(connection, found, at)
                nobody = {} if recorded else {"person_told_at": at}
                nobody |= {} if asker_of(found.by) else {"asker_told_at": at}
                if nobody:
                    await connection.execute(update(proxy_requests).where(P.id == request).values(nobody))
                return recorded

    async def untold(self, after: int, most: int) -> Sequence[Request]:
        reached = exists().where(identities.c.person_id == P.person_id)
        somebody = or_(P.asker_told_at.is_(None), and_(P.person_told_at.is_(None), reached))
        query = _SHOWN.where(P.decided_at.is_not(None), somebody, P.id > after).order_by(P.id).limit(most)
        with plainly():
            async with self._engine.connect() as connection:
                return [_request(row) for row in await connection.execute(query)]

    async def told(self, request: int, party: Party, at: int) -> bool:
        column = _TOLD[party]
        noting = update(proxy_requests).where(P.id == request, column.is_(None), P.decided_at.is_not(None))
        with plainly():
            async with self._engine.begin() as connection:
                done = await connection.execute(noting.values({column.name: at}).returning(P.id))
                return done.one_or_none() is not None

    async def seen(
        self, regency: str, by: str, at: int, *, person: int | None = None, count: int | None = None
    ) -> None:
        what = "acknowledging.proxies_listed" if person is None else "acknowledging.proxy_seen"
        with plainly():
            async with self._engine.begin() as connection:
                await note(connection, at, by, what, regency=regency, person=person, count=count)


_TOLD = {Party.PERSON: P.person_told_at, Party.ASKER: P.asker_told_at}


async def forget(connection: AsyncConnection, person: int) -> None:
    """Erases why others acknowledged for this person, and where the paper is: a reason can be an illness."""
    said = update(proxy_requests).where(P.person_id == person)
    await connection.execute(said.values(reason="", reference=""))


async def _acknowledge(connection: AsyncConnection, request: Request, at: int) -> bool:
    wish = Wish(request.person, request.campaign, at, Proof.PROXY)
    (outcome,), events = await apply(connection, [wish])
    if outcome.result is Result.NOT_ADDRESSED:
        raise Problem("proxy.nothing_waits")
    await append(connection, events)
    return outcome.result is Result.RECORDED


async def _check(connection: AsyncConnection, asked: Asked) -> None:
    """The delivery is locked: two admins cannot ask for the same at once."""
    locked = _addressed(asked.campaign, asked.person).with_for_update(of=deliveries)
    row = (await connection.execute(locked)).one_or_none()
    if row is None or row.acknowledged_at is not None:
        raise Problem("proxy.nothing_waits")
    if await _requested(connection, asked.campaign, asked.person):
        raise Problem("proxy.waits_already")


def _addressed(campaign: int, person: int) -> Select[Any]:
    """Her delivery, of a campaign that takes acknowledgments."""
    return (
        select(D.acknowledged_at)
        .join(campaigns, C.id == D.campaign_id)
        .where(D.campaign_id == campaign, D.person_id == person)
        .where(D.state != DeliveryState.WITHDRAWN, C.state.in_(OPEN))
    )


async def _requested(connection: AsyncConnection, campaign: int, person: int) -> bool:
    same = (P.campaign_id == campaign, P.person_id == person, P.decided_at.is_(None))
    return (await connection.execute(select(P.id).where(*same))).first() is not None


_SHOWN: Select[Any] = (
    select(proxy_requests, people.c.name, people.c.number, C.regency)
    .join(people, people.c.id == P.person_id)
    .join(campaigns, C.id == P.campaign_id)
)


async def _find(connection: AsyncConnection, request: int) -> Request | None:
    row = (await connection.execute(_SHOWN.where(P.id == request))).one_or_none()
    return (await _with_askers(connection, [_request(row)]))[0] if row else None


async def _with_askers(connection: AsyncConnection, found: Sequence[Request]) -> list[Request]:
    """With the names of those who asked."""
    ids = {request.asker_id for request in found} - {None}
    rows = await connection.execute(select(people.c.id, people.c.name).where(people.c.id.in_(ids)))
    names: dict[int | None, str] = {row.id: row.name for row in rows}
    return [replace(request, asker=names.get(request.asker_id)) for request in found]


def _request(row: Any) -> Request:
    return Request(
        id=row.id,
        regency=row.regency,
        campaign=row.campaign_id,
        person=row.person_id,
        name=row.name,
        number=mask_number(row.number),
        reason=row.reason,
        reference=row.reference,
        by=row.requested_by,
        at=row.requested_at,
        approved=None if row.decided_at is None else bool(row.approved),
        untold=frozenset(
            party
            for party, column in _TOLD.items()
            if row.decided_at is not None and row._mapping[column.name] is None
        ),
    )
