"""What became of messages, written into their deliveries: what an outcome sets, and its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import DeliveryState, Unreachable
from bot.campaigns.evidence import Event
from bot.campaigns.sending import (
    Halted,
    Later,
    NotReached,
    NotTried,
    Outcome,
    Refused,
    Result,
    RetryAfter,
    Sent,
    Uncertain,
)
from bot.storage.campaign_counts import Cell, move
from bot.storage.campaign_tables import deliveries
from bot.storage.delivery_changes import event, locked, recount
from bot.storage.engine import among, set_rows
from bot.storage.evidence import append
from bot.storage.tables import identities
from bot.storage.unreachable import note_lost, word_of
from bot.storage.whatsapp_statuses import take_up
from bot.storage.whatsapp_tags import CHANNEL as WHATSAPP

D, S = deliveries.c, DeliveryState


async def record(
    connection: AsyncConnection,
    campaign: int,
    channel: str,
    tenure: str,
    results: Sequence[Result],
    now: int,
) -> None:
    """Also of what somebody else has declared uncertain in the meantime: here it is known."""
    found = {parcel.person: (parcel, outcome) for parcel, outcome in results}
    mine = D.claimed_by.startswith(f"{tenure}.", autoescape=True)
    still_open = (among(connection, D.person_id, found), D.state.in_((S.SENDING, S.UNCERTAIN)), mine)
    rows = await locked(connection, campaign, *still_open, more=(D.attempts,), most=None)
    if not rows:
        return
    linked = await _linked(connection, channel, [row.person_id for row in rows])
    early = await _early(connection, campaign, channel, [found[row.person_id] for row in rows], now)
    changed, lost, counts = [], {}, Counter[Cell]()
    for row in rows:
        parcel, outcome = found[row.person_id]
        message = outcome.message if isinstance(outcome, Sent) else None
        outcome = early.get(message or "", outcome)
        hers = (row.person_id, parcel.external_id) in linked
        values = _outcome(outcome, now) | {"message_id": message, "external_id": parcel.external_id}
        if not hers:
            values |= {"message_id": None, "external_id": None}
        tries = row.attempts - (not _tried(outcome))
        changed.append(values | {"campaign_id": campaign, "person_id": row.person_id, "attempts": tries})
        recount(counts, row, values["state"])
        if hers and isinstance(outcome, NotReached) and outcome.reason is not Unreachable.STOPPED:
            lost[parcel.external_id] = word_of(outcome.reason)
    await set_rows(connection, deliveries, changed)
    await note_lost(connection, channel, lost, now)
    await move(connection, campaign, counts)
    await append(connection, _events(campaign, channel, changed, now))


async def _linked(connection: AsyncConnection, channel: str, persons: Sequence[int]) -> set[tuple[int, str]]:
    """(person, account) of those who have it still: of one that was erased while its message was on its way
    nothing is written. To be asked once the deliveries are locked: erasing clears them first."""
    own = identities.c
    query = select(own.person_id, own.external_id).where(
        own.channel == channel, among(connection, own.person_id, persons)
    )
    return {(row.person_id, row.external_id) for row in await connection.execute(query)}


async def _early(
    connection: AsyncConnection, campaign: int, channel: str, results: Iterable[Result], now: int
) -> Mapping[str, Outcome]:
    """Messages that were taken and of which it is known by now that they have failed."""
    if channel != WHATSAPP:
        return {}
    messages = [outcome.message for _, outcome in results if isinstance(outcome, Sent) and outcome.message]
    return await take_up(connection, messages, campaign, now)


def _tried(outcome: Outcome) -> bool:
    """Counts as an attempt."""
    return not isinstance(outcome, NotTried | Later | Halted)


def _outcome(outcome: Outcome, now: int) -> dict[str, Any]:
    """The columns that it sets."""
    values: dict[str, Any] = {"reason": None, "sent_at": None, "claimed_by": None, "wait_until": None}
    match outcome:
        case Sent():
            return values | {"state": S.SENT.value, "sent_at": now}
        case RetryAfter():
            return values | {"state": S.QUEUED.value}
        case NotTried():
            return values | {"state": S.QUEUED.value}
        case Later(seconds, why):
            until = now + ceil(seconds)
            return values | {"state": S.QUEUED.value, "reason": why, "wait_until": until}
        case Halted(why):
            return values | {"state": S.QUEUED.value, "reason": why}
        case Refused(reason):
            return values | {"state": S.FAILED.value, "reason": reason}
        case NotReached(why):
            return values | {"state": S.UNREACHABLE.value, "reason": why.value}
        case Uncertain():
            return values | {"state": S.UNCERTAIN.value}


def _events(campaign: int, channel: str, changed: Iterable[Mapping[str, Any]], now: int) -> list[Event]:
    """Nothing has happened to who is queued again."""
    return [
        event(one["state"], now, campaign, one["person_id"], channel=channel, reason=one["reason"])
        for one in changed
        if one["state"] != S.QUEUED
    ]
