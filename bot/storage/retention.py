"""How long what is kept: what is over goes, once a day, and the access log says how much of it went."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.config import Retention
from bot.storage.access import note
from bot.storage.campaign_tables import subscriptions, whatsapp_sent
from bot.storage.changes import staff_changed
from bot.storage.engine import insert_or
from bot.storage.personal import ANONYMOUS, erase_from
from bot.storage.subscriptions import expire
from bot.storage.tables import (
    access_log,
    changes,
    code_tries,
    codes,
    counters,
    handled_updates,
    identities,
    people,
    profiles,
    unreachable,
    whatsapp_accounts,
    whatsapp_bodies,
    whatsapp_messages,
)

log = logging.getLogger(__name__)

DAY = 86_400
ACTOR = "job:retention"
LAST = "retention"
"""The row of `changes` whose number is the day (of the common era) of the last run."""

LOOK_EVERY = 3_600.0
"""Seconds between looks whether a new day has begun."""

PART = 500
"""People made anonymous in one statement."""


class Enforcer:
    """`periods`: days, by what is kept. `clock` gives seconds since 1970; days are those of UTC."""

    def __init__(self, engine: AsyncEngine, periods: Retention, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._periods = periods
        self._clock = clock

    async def enforce(self, now: float | None = None) -> dict[str, int]:
        """Removes what is over, in one transaction; gives how many rows of what. Doing it twice does nothing
        the second time."""
        at = int(self._clock() if now is None else now)
        async with self._engine.begin() as connection:
            removed = {
                table.name: (await connection.execute(delete(table).where(gone))).rowcount
                for table, gone in _over(self._periods, at)
            }
            removed[subscriptions.name] = await expire(connection, at)
            removed["people"] = await _make_anonymous(connection, self._periods, _day(at), at)
            for name, number in removed.items():
                if number:
                    await note(connection, at, ACTOR, f"retention.{name}", count=number)
            if removed["people"] or removed[profiles.name]:
                await staff_changed(connection)
            done = {"what": LAST, "number": _day(at).toordinal()}
            await connection.execute(insert_or(self._engine, changes, replace=("number",)), done)
        log.info("retention: %s", ", ".join(f"{name} {number}" for name, number in removed.items() if number))
        return removed

    async def due(self) -> bool:
        """Whether nobody did it today; so a restart neither skips a day nor repeats one, and a clock that was
        ahead for a while stops it for no longer than that."""
        query = select(changes.c.number).where(changes.c.what == LAST)
        async with self._engine.connect() as connection:
            last = (await connection.execute(query)).scalar_one_or_none()
        return last is None or last != _day(int(self._clock())).toordinal()

    async def daily(
        self, before: Sequence[Callable[[], Awaitable[None]]] = (), every: float = LOOK_EVERY
    ) -> None:
        """Runs until it is cancelled. `before`: what else is to be done once a day, first."""
        while True:
            try:
                if await self.due():
                    for work in before:
                        await work()
                    await self.enforce()
            except SQLAlchemyError as error:
                log.error("retention failed, next try in %d s: %s", every, type(error).__name__)
            await asyncio.sleep(every)


def _day(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _over(periods: Retention, at: int) -> list[tuple[Table, ColumnElement[bool]]]:
    """(table, which of its rows are over)."""

    def before(days: int) -> int:
        return at - days * DAY

    ended = func.coalesce(codes.c.used_at, codes.c.revoked_at, codes.c.expires_at)
    guest = ~exists().where(
        identities.c.channel == profiles.c.channel, identities.c.external_id == profiles.c.external_id
    )
    accounts = whatsapp_accounts.c.external_id
    stranger = ~exists().where(
        identities.c.channel == "whatsapp", identities.c.external_id == accounts
    ) & ~exists().where(profiles.c.channel == "whatsapp", profiles.c.external_id == accounts)
    return [
        (whatsapp_bodies, whatsapp_bodies.c.received_at < before(periods.webhooks)),
        (whatsapp_messages, whatsapp_messages.c.handled_at < before(periods.webhooks)),
        (
            whatsapp_sent,
            whatsapp_sent.c.campaign_id.is_(None) & (whatsapp_sent.c.at < before(periods.webhooks)),
        ),
        (handled_updates, handled_updates.c.handled_at < before(periods.handled_updates)),
        (codes, ended < before(periods.codes)),
        (code_tries, code_tries.c.last_at < before(periods.code_tries)),
        (access_log, access_log.c.at < before(periods.access_log)),
        (counters, counters.c.day < _day(before(periods.counters))),
        (profiles, guest & (profiles.c.updated_at < before(periods.guests))),
        (whatsapp_accounts, stranger & (whatsapp_accounts.c.heard_at < before(periods.webhooks))),
        (unreachable, unreachable.c.since < before(periods.guests)),
    ]


async def _make_anonymous(connection: AsyncConnection, periods: Retention, today: date, at: int) -> int:
    query = select(people.c.id, people.c.regency).where(
        people.c.left_on <= today - timedelta(days=periods.leavers),
        people.c.number.not_like(f"{ANONYMOUS}%"),
    )
    found: Sequence[Any] = (await connection.execute(query)).all()
    for start in range(0, len(found), PART):
        part = found[start : start + PART]
        await erase_from(connection, [row.id for row in part], anonymous=True)
        for row in part:
            await note(connection, at, ACTOR, "anonymised", regency=row.regency, person=row.id)
    return len(found)
