"""What WhatsApp tells of its messages: kept for each, moved into the deliveries, and into what they cost.

News of a message can come before the ledger knows whose it is: then it waits in its row until that is
recorded. Where nobody is left to record it (the call broke, the process died), the message's tag says whose
it is. Transactions lock in one order: deliveries that wait for what became of them, the messages, the other
deliveries, the counts, the costs, the evidence.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Update, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.evidence import Event
from bot.campaigns.ladder import ARRIVED, Heard, Rung, Standing, climbed
from bot.campaigns.sending import NotReached, Outcome, Refused
from bot.campaigns.tags import Tag
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_tables import deliveries, whatsapp_sent
from bot.storage.delivery_changes import event, recount
from bot.storage.engine import insert_or, set_rows
from bot.storage.evidence import append
from bot.storage.faults import spoken
from bot.storage.grouping import Grouping
from bot.storage.trouble import plainly
from bot.storage.unreachable import NOT_FOUND, note_lost
from bot.storage.whatsapp_costs import change_costs
from bot.storage.whatsapp_tags import CHANNEL, OURS, Owners, owners, unresolved

AT_ONCE = 500
"""Messages in one statement."""

EVERY = 0.2

D, M, S = deliveries.c, whatsapp_sent.c, DeliveryState


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
                named = await owners(connection, news)
                lost = await unresolved(connection, named)
                moved = await _climb(connection, news, named, now)
                found = [_Found(row, m, row.account, moved[m].standing) for row, m in lost]
                found = [one for one in found if not one.fails_again]
                found += await _deliveries(connection, {m: one.standing for m, one in moved.items()})
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


class _News(NamedTuple):
    """Of one message. `row`: as it was; `standing`: where it stands now; `owner`: its tag, where nothing else
    has said whose it is."""

    row: Row[Any]
    standing: Standing
    owner: Tag | None


Moved = Mapping[str, _News]
"""By message."""


async def _climb(connection: AsyncConnection, news: Sequence[Heard], owners: Owners, now: int) -> Moved:
    by_message: dict[str, list[Heard]] = {}
    for one in news:
        by_message.setdefault(one.message, []).append(one)
    await _begin(connection, sorted(by_message), now)
    moved: dict[str, _News] = {}
    for message, row in (await _rows(connection, sorted(by_message))).items():
        standing = standing_of(row)
        for one in by_message[message]:
            standing = climbed(standing, one)
        moved[message] = _News(row, standing, owners.get(message) if row.campaign_id is None else None)
    await connection.execute(_CLIMB, [_climbed(message, one.standing) for message, one in moved.items()])
    owned = [_owned(message, one.owner) for message, one in moved.items() if one.owner is not None]
    if owned:
        await connection.execute(_OWN, owned)
    return moved


async def _begin(connection: AsyncConnection, messages: Sequence[str], now: int) -> None:
    """Every message has its row, which nobody else changes until the end: what the others know of its cost
    comes before this, or after."""
    fresh = {"price": 0, "state": Rung.ACCEPTED.value, "at": now, "changed_at": now}
    put = insert_or(connection.engine, whatsapp_sent)
    await connection.execute(put, [fresh | {"message_id": message} for message in messages])


def _change(*names: str) -> Update:
    return (
        update(whatsapp_sent)
        .where(M.message_id == bindparam("b_message"))
        .values({name: bindparam(name) for name in names})
    )


_CLIMB = _change("state", "code", "billable", "changed_at")
_OWN = _change("campaign_id", "template", "price")


def _climbed(message: str, standing: Standing) -> dict[str, Any]:
    told = {"state": standing.rung.value, "code": standing.code, "billable": standing.billable}
    return told | {"b_message": message, "changed_at": standing.at}


def _owned(message: str, tag: Tag) -> dict[str, Any]:
    return {
        "b_message": message,
        "campaign_id": tag.campaign,
        "template": tag.template,
        "price": tag.price,
    }


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
    """(campaign, price) → how many more of it are charged; negative: fewer. What a tag tells of was set aside
    before the call."""
    change: Counter[tuple[int, int]] = Counter()
    for row, standing, owner in moved.values():
        if owner is not None:
            campaign, price, before = owner.campaign, owner.price, True
        else:
            campaign, price, before = row.campaign_id, row.price, standing_of(row).charged
        if price and campaign is not None:
            change[campaign, price] += standing.charged - before
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


class _Found(NamedTuple):
    """A delivery, locked, beside its message and where that stands. `account`: where it went."""

    row: Any
    message: str
    account: str | None
    standing: Standing

    @property
    def fails_again(self) -> bool:
        """It has failed, and is to be sent again anyhow."""
        return bool(self.row.state == S.QUEUED) and self.standing.rung is Rung.FAILED


async def _deliveries(connection: AsyncConnection, standings: Mapping[str, Standing]) -> list[_Found]:
    """Those of known messages that the news change."""
    failed = [message for message, one in standings.items() if one.rung is Rung.FAILED]
    arrived = [message for message, one in standings.items() if one.rung in ARRIVED]
    found: list[_Found] = []
    for messages, states in ((failed, (S.SENT,)), (arrived, (S.FAILED, S.UNREACHABLE))):
        for start in range(0, len(messages), AT_ONCE):
            some = D.message_id.in_(messages[start : start + AT_ONCE])
            query = select(deliveries).where(OURS, some, D.state.in_(states))
            rows = await connection.execute(
                query.order_by(D.campaign_id, D.person_id).with_for_update(of=deliveries)
            )
            found += [_Found(row, row.message_id, row.external_id, standings[row.message_id]) for row in rows]
    return found


async def _move(connection: AsyncConnection, found: Sequence[_Found], now: int) -> _Failed:
    done, counts, lost = _Failed(), dict[int, Counter[Cell]](), []
    values = []
    for row, message, account, standing in found:
        new = _became(row, standing) | {"message_id": message, "external_id": account, "claimed_by": None}
        values.append(new | {"campaign_id": row.campaign_id, "person_id": row.person_id})
        state, why = new["state"], new["reason"]
        recount(counts.setdefault(row.campaign_id, Counter()), row, state)
        done.events.append(event(state, now, row.campaign_id, row.person_id, channel=CHANNEL, reason=why))
        if standing.rung is Rung.FAILED:
            done.campaigns.add(row.campaign_id)
        if state == S.UNREACHABLE and account:
            lost.append(account)
    if not values:
        return done
    await set_rows(connection, deliveries, values)
    await note_lost(connection, CHANNEL, dict.fromkeys(lost, NOT_FOUND), now)
    for campaign, change in sorted(counts.items()):
        await move(connection, campaign, change)
    return done


def _became(row: Any, standing: Standing) -> dict[str, Any]:
    """It keeps the message's id: should that arrive after all, it is sent."""
    match standing.fate:
        case NotReached(why):
            return {"state": S.UNREACHABLE.value, "reason": why.value, "sent_at": None}
        case Refused(reason):
            return {"state": S.FAILED.value, "reason": reason, "sent_at": None}
    return {"state": S.SENT.value, "reason": None, "sent_at": row.claimed_at or standing.at}
