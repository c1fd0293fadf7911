"""Receipts on demand: who has just acknowledged need not wait for the next checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.acknowledging import Entry
from bot.campaigns.receipts import Receipt
from bot.campaigns.signing import Signer
from bot.problems import Problem
from bot.storage.access import note
from bot.storage.campaign_tables import campaigns, evidence_events
from bot.storage.evidence import checkpoint, receipt
from bot.storage.trouble import plainly

KINDS = ("acknowledged", "proxy")

E = evidence_events.c


class SqlReceipts:
    """Keeps `bot.campaigns.ports.Receipts`. `signer`: the installation's, of now. `clock`: seconds since
    1970."""

    def __init__(
        self, engine: AsyncEngine, signer: Callable[[], Awaitable[Signer]], clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._signer = signer
        self._clock = clock
        self._signing = asyncio.Lock()

    async def of(self, entry: Entry) -> Receipt | None:
        with plainly():
            seq = await self._event(entry)
            if seq is None:
                return None
            try:
                return await receipt(self._engine, entry.person, seq)
            except Problem as problem:
                if problem.key != "evidence.not_yet":
                    raise
            return await self._signed(entry.person, seq)

    async def _event(self, entry: Entry) -> int | None:
        """The event of this acknowledgment, and a note that it was looked at."""
        hers = (E.person_id == entry.person, E.campaign_id == entry.campaign, E.at == entry.at)
        query = select(E.seq).where(*hers, E.kind.in_(KINDS)).order_by(E.seq.desc()).limit(1)
        regency = select(campaigns.c.regency).where(campaigns.c.id == entry.campaign)
        async with self._engine.begin() as connection:
            seq = (await connection.execute(query)).scalar_one_or_none()
            if seq is not None:
                where = (await connection.execute(regency)).scalar_one()
                by, at = f"person:{entry.person}", int(self._clock())
                await note(connection, at, by, "evidence.receipt", regency=where, person=entry.person)
        return seq

    async def _signed(self, person: int, seq: int) -> Receipt:
        """One checkpoint serves all who wait for it."""
        async with self._signing:
            try:
                return await receipt(self._engine, person, seq)
            except Problem as problem:
                if problem.key != "evidence.not_yet":
                    raise
            await checkpoint(self._engine, await self._signer(), int(self._clock()))
        return await receipt(self._engine, person, seq)
