"""What a campaign tells people, which circulars wait for somebody; the answers to checks, by clause only."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.acknowledging import OPEN, Entry, Told
from bot.campaigns.campaign import CampaignState, DeliveryState
from bot.campaigns.content import Content
from bot.campaigns.ports import Waiting
from bot.storage.access import note
from bot.storage.acknowledgments import entry_of
from bot.storage.campaign_tables import acknowledgments, campaigns, circular_versions, deliveries, quiz_counts
from bot.storage.engine import insert_or
from bot.storage.superseding import superseded
from bot.storage.tables import units
from bot.storage.trouble import plainly

GOING_ON = (CampaignState.RUNNING, CampaignState.PAUSED)
"""What is still going on stands before what is done."""

REMEMBERED = 500
"""Campaigns whose content is kept in memory, a few KiB each; it never changes."""

A, C, D, V = acknowledgments.c, campaigns.c, deliveries.c, circular_versions.c

_TOLD = (V.regency, V.circular, V.number, V.dated, V.subject, V.issuer, V.summary)
"""Without the document, which can be large, and without the law."""


class SqlCirculars:
    """Keeps `bot.campaigns.ports.Circulars`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._told: dict[int, Told] = {}

    async def told(self, campaign: int) -> Told | None:
        found = self._told.get(campaign)
        if found is not None:
            return found
        columns = select(C.id, C.version_id, C.quiz, V.replaces_id, *_TOLD)
        query = columns.join(circular_versions, V.id == C.version_id)
        row = await self._one(query.where(C.id == campaign))
        if row is None:
            return None
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        renewed = row.replaces_id is not None
        made = Told(row.id, row.version_id, _content(row), bool(row.quiz), renewed)
        self._told[campaign] = made
        return made

    async def waiting(self, person: int, among: Collection[DeliveryState] | None = None) -> Sequence[Waiting]:
        query = (
            select(D.campaign_id, func.coalesce(D.due_at, C.due_at).label("due"))
            .join(campaigns, C.id == D.campaign_id)
            .where(D.person_id == person, D.acknowledged_at.is_(None), D.state != DeliveryState.WITHDRAWN)
            .where(C.state.in_(OPEN), ~superseded())
            .order_by("due", D.campaign_id)
        )
        if among is not None:
            query = query.where(D.state.in_(among))
        with plainly():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).all()
        found = {row.campaign_id: (await self.told(row.campaign_id), row.due) for row in rows}
        first: dict[int, Waiting] = {}  # two campaigns of one version ask for one acknowledgment
        for told, due in found.values():
            if told is not None:
                first.setdefault(told.version, Waiting(told, due))
        return list(first.values())

    async def given(self, person: int, since: int) -> Sequence[Entry]:
        query = select(acknowledgments).where(A.person_id == person, A.undone_at.is_(None), A.at >= since)
        with plainly():
            async with self._engine.connect() as connection:
                rows = await connection.execute(query.order_by(A.at.desc(), A.id.desc()))
                return [entry_of(row) for row in rows]

    async def standing(self, person: int, version: int) -> Entry | None:
        mine = (A.person_id == person, A.version_id == version, A.undone_at.is_(None))
        row = await self._one(select(acknowledgments).where(*mine))
        return entry_of(row) if row else None

    async def addressed(self, person: int, version: int) -> bool:
        hers = (D.person_id == person, D.state != DeliveryState.WITHDRAWN, C.id == D.campaign_id)
        query = select(exists().where(*hers, C.version_id == version, C.state.in_(OPEN)))
        with plainly():
            async with self._engine.connect() as connection:
                return bool((await connection.execute(query)).scalar_one())

    async def count_answer(self, version: int, rule: str, right: bool) -> None:
        adding = insert_or(self._engine, quiz_counts, add=("right", "wrong"))
        counted = {"right": int(right), "wrong": int(not right)}
        with plainly():
            async with self._engine.begin() as connection:
                await connection.execute(adding, {"version_id": version, "rule": rule, **counted})

    # --- the assembly ---

    async def open_in(self, regency: str, start: int, most: int) -> Sequence[Told]:
        order = case(
            {state: place for place, state in enumerate(GOING_ON)}, value=C.state, else_=len(GOING_ON)
        )
        query = select(C.id).where(C.regency == regency, C.state.in_(OPEN)).order_by(order, C.id.desc())
        query = query.offset(start).limit(most)
        with plainly():
            async with self._engine.connect() as connection:
                found = list(await connection.scalars(query))
        told = [await self.told(campaign) for campaign in found]
        return [one for one in told if one is not None]

    async def unit_names(self, ids: Sequence[int]) -> Mapping[int, str]:
        query = select(units.c.id, units.c.name).where(units.c.id.in_(ids))
        with plainly():
            async with self._engine.connect() as connection:
                return {row.id: row.name for row in await connection.execute(query)}

    async def assembly_opened(self, campaign: int, by: str, unit: int, at: int) -> str | None:
        query = select(C.regency).where(C.id == campaign, C.state.in_(OPEN))
        with plainly():
            async with self._engine.begin() as connection:
                regency = (await connection.execute(query)).scalar_one_or_none()
                if regency is not None:
                    await _note_opened(connection, regency, by, unit, at)
                return regency

    async def _one(self, query: Any) -> Row[Any] | None:
        with plainly():
            async with self._engine.connect() as connection:
                row: Row[Any] | None = (await connection.execute(query)).one_or_none()
                return row


async def _note_opened(connection: AsyncConnection, regency: str, by: str, unit: int, at: int) -> None:
    await note(connection, at, by, "acknowledging.assembly_opened", regency=regency, unit=unit)


def _content(row: Row[Any]) -> Content:
    return Content(
        regency=row.regency,
        circular=row.circular,
        number=row.number,
        dated=row.dated,
        subject=row.subject,
        issuer=row.issuer,
        summary={language: tuple(lines) for language, lines in json.loads(row.summary).items()},
    )
