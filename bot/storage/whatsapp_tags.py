"""The deliveries that tags name: written when they are claimed, found again by what WhatsApp tells.

Transactions lock these deliveries before the messages, as the recording of deliveries does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Select, and_, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.ladder import Heard
from bot.campaigns.tags import Tag, tag_of
from bot.storage.campaign_tables import campaigns, deliveries
from bot.storage.tables import identities

CHANNEL = "whatsapp"

AT_ONCE = 500
"""People in one statement."""

Owners = Mapping[str, Tag]
"""Message → its tag, which names an attempt that was made."""

D, S = deliveries.c, DeliveryState

OURS = D.channel == literal_column(f"'{CHANNEL}'")
"""Spelled out, so that the index over these deliveries serves."""

OPEN = (OURS, D.state.in_((S.SENDING, S.UNCERTAIN, S.QUEUED)), D.message_id.is_(None))
"""What became of the message is not known here. Queued: it is to be sent again, for that very reason."""


async def tags(connection: AsyncConnection, campaign: int, attempts: Mapping[int, int]) -> dict[int, str]:
    """`attempts`: person → which one this is. Person → her message's tag."""
    created = select(campaigns.c.created_at).where(campaigns.c.id == campaign)
    made = (await connection.execute(created)).scalar_one()
    return {person: str(Tag(campaign, made, person, attempt)) for person, attempt in attempts.items()}


async def owners(connection: AsyncConnection, news: Iterable[Heard]) -> Owners:
    """Tags that no delivery here has are left out."""
    named = {one.message: tag for one in news if (tag := tag_of(one.tag)) is not None}
    made: dict[tuple[int, int], Any] = {}
    query = select(D.campaign_id, D.person_id, D.attempts, campaigns.c.created_at).join(campaigns)
    for some in _some(query, named.values()):
        made |= {(row.campaign_id, row.person_id): row for row in await connection.execute(some)}
    return {message: tag for message, tag in named.items() if _is_of(tag, made)}


def _is_of(tag: Tag, made: Mapping[tuple[int, int], Any]) -> bool:
    row = made.get((tag.campaign, tag.person))
    return row is not None and row.created_at == tag.created and 0 < tag.attempt <= row.attempts


async def unresolved(connection: AsyncConnection, owners: Owners) -> list[tuple[Any, str]]:
    """Deliveries of which is not known what became of this very attempt, locked, each beside its message.
    `account`: the one it went to, unless she has changed that since."""
    query = (
        select(deliveries, identities.c.external_id.label("account"))
        .outerjoin(
            identities,
            and_(
                identities.c.person_id == D.person_id,
                identities.c.channel == CHANNEL,
                identities.c.linked_at <= D.claimed_at,
            ),
        )
        .where(*OPEN)
        .order_by(D.person_id)
        .with_for_update(of=deliveries)
    )
    attempts = {(tag.campaign, tag.person, tag.attempt): message for message, tag in owners.items()}
    found = []
    for some in _some(query, owners.values()):
        rows = (await connection.execute(some)).all()
        named = [(row, attempts.get((row.campaign_id, row.person_id, row.attempts))) for row in rows]
        found += [(row, message) for row, message in named if message is not None]
    return found


def _some(query: Select[Any], tags: Iterable[Tag]) -> Iterator[Select[Any]]:
    """The query for the deliveries that are named, in the order in which they are locked."""
    people: dict[int, set[int]] = {}
    for tag in tags:
        people.setdefault(tag.campaign, set()).add(tag.person)
    for campaign, those in sorted(people.items()):
        left = iter(sorted(those))
        while some := _next(left):
            yield query.where(D.campaign_id == campaign, D.person_id.in_(some))


def _next(left: Iterator[int]) -> Sequence[int]:
    return list(islice(left, AT_ONCE))
