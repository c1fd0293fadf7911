"""The numbers and lists of campaigns, each call a look of its own at the ledger; and who looked.

Sums are in report_sums.py, lists of people in report_people.py, times in report_pace.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.deadlines import Deadlines
from bot.campaigns.ladder import Rung
from bot.campaigns.misreadings import Misread
from bot.campaigns.reports import Addressee, Day, Group, Known, Pace, Tally
from bot.people.staff import Unit
from bot.storage import report_people
from bot.storage.access import note
from bot.storage.campaign_row import campaign_of
from bot.storage.campaign_tables import campaigns, circular_versions
from bot.storage.campaign_versions import SHOWN, version_of
from bot.storage.deadlines import Moved
from bot.storage.recipients import Trees
from bot.storage.report_pace import days, pace
from bot.storage.report_sums import misreadings, rungs, tallies
from bot.storage.tables import units

U = units.c

_UNITS = select(U.id, U.regency, U.name, U.parent_id, U.kind, U.pattern, U.code)
"""As `Unit` has them."""


class SqlReports:
    """Implements `bot.campaigns.reporting.Ledger`. `clock`: seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._trees = Trees()

    async def campaign(self, campaign: int) -> Known | None:
        async with self._engine.connect() as connection:
            rows = await connection.execute(_known().where(campaigns.c.id == campaign))
            row = rows.one_or_none()
            return _known_of(row) if row else None

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
        """All of the regency, closed ones too: their people may still owe an answer."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_UNITS.where(U.regency == regency))
            return {row[0]: Unit(*row) for row in rows}

    async def tallies(self, campaign: int) -> dict[int, Tally]:
        async with self._engine.connect() as connection:
            return await tallies(connection, campaign)

    async def people(
        self,
        campaign: int,
        group: Group,
        unit: int | None,
        deadlines: Deadlines,
        after: int | None,
        limit: int,
    ) -> Sequence[Addressee]:
        moved, now = Moved(deadlines, self._trees), int(self._clock())
        async with self._engine.connect() as connection:
            return await report_people.page(connection, campaign, group, unit, moved, after, limit, now)

    async def pace(self, campaign: int, unit: int | None, deadlines: Deadlines) -> Pace:
        async with self._engine.connect() as connection:
            return await pace(connection, campaign, unit, Moved(deadlines, self._trees))

    async def rungs(self, campaign: int, unit: int | None) -> Mapping[Rung, int]:
        async with self._engine.connect() as connection:
            return await rungs(connection, campaign, unit)

    async def misread(self, version: int) -> Sequence[Misread]:
        async with self._engine.connect() as connection:
            return await misreadings(connection, version)

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


def _known() -> Select[Any]:
    version = (column.label(f"v_{column.name}") for column in SHOWN)
    return select(campaigns, *version).join(
        circular_versions, circular_versions.c.id == campaigns.c.version_id
    )


def _known_of(row: Row[Any]) -> Known:
    return Known(campaign_of(row), version_of(row, "v_"))
