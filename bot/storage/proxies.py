"""Acknowledgments by proxy in the ledger: asked for by one, decided by another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.acknowledging import OPEN, Result, Wish
from bot.campaigns.campaign import DeliveryState, Proof
from bot.campaigns.proxies import Asked, Request
from bot.problems import Problem
from bot.storage.access import note
from bot.storage.acknowledgments import apply
from bot.storage.campaign_tables import campaigns, deliveries, proxy_requests
from bot.storage.evidence import append
from bot.storage.tables import people
from bot.storage.trouble import plainly

P, C, D = proxy_requests.c, campaigns.c, deliveries.c


class SqlProxies:
    """Keeps `bot.campaigns.proxies.Proxies`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

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
                return [_request(row) for row in rows]

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
                return approved and await _acknowledge(connection, found, at)


async def _acknowledge(connection: AsyncConnection, request: Request, at: int) -> bool:
    wish = Wish(request.person, request.campaign, at, Proof.PROXY)
    (outcome,), events = await apply(connection, [wish])
    if outcome.result is Result.NOT_ADDRESSED:
        raise Problem("proxy.nothing_waits")
    await append(connection, events)
    return outcome.result is Result.RECORDED


async def _check(connection: AsyncConnection, asked: Asked) -> None:
    """The delivery is locked: two admins cannot ask for the same at once."""
    query = (
        select(D.acknowledged_at)
        .join(campaigns, C.id == D.campaign_id)
        .where(D.campaign_id == asked.campaign, D.person_id == asked.person)
        .where(D.state != DeliveryState.WITHDRAWN, C.state.in_(OPEN))
        .with_for_update(of=deliveries)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None or row.acknowledged_at is not None:
        raise Problem("proxy.nothing_waits")
    same = (P.campaign_id == asked.campaign, P.person_id == asked.person, P.decided_at.is_(None))
    if (await connection.execute(select(P.id).where(*same))).first() is not None:
        raise Problem("proxy.waits_already")


_SHOWN: Select[Any] = (
    select(proxy_requests, people.c.name, C.regency)
    .join(people, people.c.id == P.person_id)
    .join(campaigns, C.id == P.campaign_id)
)


async def _find(connection: AsyncConnection, request: int) -> Request | None:
    row = (await connection.execute(_SHOWN.where(P.id == request))).one_or_none()
    return _request(row) if row else None


def _request(row: Any) -> Request:
    return Request(
        id=row.id,
        regency=row.regency,
        campaign=row.campaign_id,
        person=row.person_id,
        name=row.name,
        reason=row.reason,
        reference=row.reference,
        by=row.requested_by,
        at=row.requested_at,
        approved=None if row.decided_at is None else bool(row.approved),
    )
