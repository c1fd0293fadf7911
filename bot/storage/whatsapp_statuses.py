"""What WhatsApp tells of its messages: kept for each, moved into the deliveries, and into what they cost.

News of a message can come before the ledger knows whose it is: then it waits in its row until that is
recorded. Transactions lock in one order: the messages, the deliveries, the counts, the costs, the evidence.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, exists, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.evidence import Event
from bot.campaigns.ladder import ARRIVED, Heard, Rung, Standing, climbed
from bot.campaigns.sending import NotReached, Outcome, Refused
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_tables import deliveries, whatsapp_sent
from bot.storage.engine import insert_or
from bot.storage.evidence import append
from bot.storage.faults import spoken
from bot.storage.grouping import Grouping
from bot.storage.tables import unreachable
from bot.storage.trouble import plainly
from bot.storage.whatsapp_costs import change_costs

CHANNEL = "whatsapp"

AT_ONCE = 500
"""Messages in one statement."""

EVERY = 0.2

NOT_FOUND = "not_found"
"""In the table of chats to which nothing can be sent."""

D, M, S = deliveries.c, whatsapp_sent.c, DeliveryState

OURS = D.channel == literal_column(f"'{CHANNEL}'")
"""Spelled out, so that the index over these deliveries serves."""


class SqlStatuses:
    """Keeps `bot.campaigns.ladder.Statuses`. `clock`: seconds since 1970. `every`: seconds between two
    transactions, so that answers to people find the ledger free."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], every: float = EVERY) -> None:
        self._engine = engine
        self._clock = clock
        self._every = every
        self._writing = Grouping[Sequence[Heard]](self._write)
        self._failed: set[int] = set()

    async def heard(self, statuses: Sequence[Heard]) -> None:
        if statuses:
            await self._writing.put(statuses)

    async def settle(self, settle: Callable[[int], Awaitable[object]]) -> None:
        """Calls `settle` for the campaigns of which a message has failed since the last time: another channel
        may reach these people."""
        campaigns, self._failed = self._failed, set()
        for campaign in sorted(campaigns):
            await settle(campaign)

    async def _write(self, groups: Sequence[Sequence[Heard]]) -> None:
        await asyncio.sleep(self._every)  # what comes meanwhile goes into the next transaction
        news = [one for group in groups for one in group]
        now = int(self._clock())
        with spoken():
            async with self._engine.begin() as connection:
                moved = await _climb(connection, news, now)
                found = await _deliveries(connection, {m: s for m, (_, s) in moved.items()})
                failed = await _move(connection, found, now)
                await change_costs(connection, _cheaper(moved))
                await append(connection, failed.events)
        self._failed |= failed.campaigns


class SqlUnseen:
    """Keeps `bot.campaigns.ports.Unseen`. `clock`: seconds since 1970."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    async def unseen(self, person: int, campaign: int) -> bool:
        mine = (D.campaign_id == campaign, D.person_id == person, OURS, D.message_id == M.message_id)
        query = select(exists().where(*mine, M.template.is_not(None), M.shown_at.is_(None)))
        with plainly():
            async with self._engine.connect() as connection:
                return bool((await connection.execute(query)).scalar_one())

    async def shown(self, person: int, campaign: int) -> None:
        hers = select(D.message_id).where(D.campaign_id == campaign, D.person_id == person, OURS)
        change = update(whatsapp_sent).where(M.message_id.in_(hers), M.shown_at.is_(None))
        with plainly():
            async with self._engine.begin() as connection:
                await connection.execute(change.values(shown_at=int(self._clock())))


Moved = Mapping[str, tuple[Any, Standing]]
"""Message → its row as it was (None: there was none), where it stands now."""


async def _climb(connection: AsyncConnection, news: Sequence[Heard], now: int) -> Moved:
    by_message: dict[str, list[Heard]] = {}
    for one in news:
        by_message.setdefault(one.message, []).append(one)
    rows = await _rows(connection, sorted(by_message))
    moved: dict[str, tuple[Any, Standing]] = {}
    for message, several in sorted(by_message.items()):
        row = rows.get(message)
        standing = standing_of(row) if row is not None else Standing(Rung.ACCEPTED, now)
        for one in several:
            standing = climbed(standing, one)
        moved[message] = row, standing
    values = [
        {
            "message_id": message,
            "price": 0,
            "state": standing.rung.value,
            "code": standing.code,
            "billable": standing.billable,
            "at": now,
            "changed_at": standing.at,
        }
        for message, (_, standing) in moved.items()
    ]
    put = insert_or(connection.engine, whatsapp_sent, replace=("state", "code", "billable", "changed_at"))
    await connection.execute(put, values)
    return moved


async def _rows(connection: AsyncConnection, messages: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(messages), AT_ONCE):
        some = select(whatsapp_sent).where(M.message_id.in_(messages[start : start + AT_ONCE]))
        rows = await connection.execute(some.order_by(M.message_id).with_for_update())
        found |= {row.message_id: row for row in rows}
    return found


def standing_of(row: Any) -> Standing:
    return Standing(Rung(row.state), row.changed_at, row.code, row.billable)


def _cheaper(moved: Moved) -> Counter[tuple[int, int]]:
    """(campaign, price) → how many more of it are charged; negative: fewer."""
    change: Counter[tuple[int, int]] = Counter()
    for row, standing in moved.values():
        if row is not None and row.price and row.campaign_id is not None:
            change[row.campaign_id, row.price] += standing.charged - standing_of(row).charged
    return change


# --- into the deliveries ---------------------------------------------------------------------


class _Failed:
    """What a change of deliveries leaves behind."""

    def __init__(self) -> None:
        self.campaigns: set[int] = set()
        self.events: list[Event] = []


async def take_up(
    connection: AsyncConnection, messages: Sequence[str], campaign: int, now: int
) -> dict[str, Outcome]:
    """These messages are those of a campaign's deliveries, as is recorded in the same transaction. What was
    heard of them before: message → what became of it, for those that have failed."""
    if not messages:
        return {}
    fresh = {"campaign_id": campaign, "price": 0, "state": Rung.ACCEPTED.value, "at": now, "changed_at": now}
    put = insert_or(connection.engine, whatsapp_sent, replace=("campaign_id",))
    await connection.execute(put, [fresh | {"message_id": message} for message in sorted(messages)])
    rows = await _rows(connection, sorted(messages))
    fates = {message: standing_of(row).fate for message, row in rows.items()}
    return {message: fate for message, fate in fates.items() if fate is not None}


Found = Sequence[tuple[Any, Standing]]
"""Deliveries, locked, each beside where its message stands."""


async def _deliveries(connection: AsyncConnection, standings: Mapping[str, Standing]) -> Found:
    """Those that the news change."""
    failed = [message for message, one in standings.items() if one.rung is Rung.FAILED]
    arrived = [message for message, one in standings.items() if one.rung in ARRIVED]
    found: list[tuple[Any, Standing]] = []
    for messages, states in ((failed, (S.SENT,)), (arrived, (S.FAILED, S.UNREACHABLE))):
        for start in range(0, len(messages), AT_ONCE):
            some = D.message_id.in_(messages[start : start + AT_ONCE])
            query = select(deliveries).where(OURS, some, D.state.in_(states))
            rows = await connection.execute(
                query.order_by(D.campaign_id, D.person_id).with_for_update(of=deliveries)
            )
            found += [(row, standings[row.message_id]) for row in rows]
    return found


async def _move(connection: AsyncConnection, found: Found, now: int) -> _Failed:
    done, counts, lost = _Failed(), dict[int, Counter[Cell]](), []
    values = []
    for row, standing in found:
        new = _became(row, standing)
        values.append(new | {"b_campaign": row.campaign_id, "b_person": row.person_id})
        acknowledged = row.acknowledged_at is not None
        change = counts.setdefault(row.campaign_id, Counter())
        change[Cell(row.unit_id, row.state, acknowledged)] -= 1
        change[Cell(row.unit_id, new["state"], acknowledged)] += 1
        details = {"channel": CHANNEL} | ({"reason": new["reason"]} if new["reason"] else {})
        done.events.append(Event(new["state"], now, row.campaign_id, row.person_id, details))
        if standing.rung is Rung.FAILED:
            done.campaigns.add(row.campaign_id)
        if new["state"] == S.UNREACHABLE:
            lost.append(row.external_id)
    if not values:
        return done
    await connection.execute(_MOVE, values)
    await _note_lost(connection, lost, now)
    for campaign, change in sorted(counts.items()):
        await move(connection, campaign, change)
    return done


_MOVE = (
    update(deliveries)
    .where(D.campaign_id == bindparam("b_campaign"), D.person_id == bindparam("b_person"))
    .values({name: bindparam(name) for name in ("state", "reason", "sent_at")})
)


def _became(row: Any, standing: Standing) -> dict[str, Any]:
    """It keeps the message's id: should that arrive after all, it is sent."""
    match standing.fate:
        case NotReached(why):
            return {"state": S.UNREACHABLE.value, "reason": why.value, "sent_at": None}
        case Refused(reason):
            return {"state": S.FAILED.value, "reason": reason, "sent_at": None}
    return {"state": S.SENT.value, "reason": None, "sent_at": row.claimed_at or standing.at}


async def _note_lost(connection: AsyncConnection, accounts: Iterable[str], now: int) -> None:
    """Nothing else may try the account until the person writes by herself."""
    rows = [
        {"channel": CHANNEL, "chat_id": account, "reason": NOT_FOUND, "since": now}
        for account in sorted(set(filter(None, accounts)))
    ]
    if rows:
        put = insert_or(connection.engine, unreachable, replace=("reason", "since"))
        await connection.execute(put, rows)
