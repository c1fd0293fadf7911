"""What of a circular was sent before; where ad-hoc circulars are kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.campaign import CampaignState, Version
from bot.campaigns.content import Content
from bot.campaigns.drafting import Before
from bot.people.rights import Action
from bot.storage import campaign_versions
from bot.storage.access import note
from bot.storage.campaign_tables import campaigns
from bot.storage.campaign_tables import circular_versions as table

GONE_OUT = [
    state.value
    for state in (CampaignState.APPROVED, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DONE)
]
"""States of a campaign whose version people have got, or are about to."""


async def last_sent(engine: AsyncEngine, content: Content) -> Before | None:
    """The newest other version of the circular that a campaign has brought to people. A draft does not
    count: nobody has read it."""
    query = (
        select(table.c.id, table.c.law)
        .join(campaigns, campaigns.c.version_id == table.c.id)
        .where(table.c.regency == content.regency, table.c.circular == content.circular)
        .where(table.c.digest != content.digest, campaigns.c.state.in_(GONE_OUT))
        .order_by(campaigns.c.id.desc())
        .limit(1)
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Before(await campaign_versions.version(connection, row.id), row.law)


async def regencies_with(engine: AsyncEngine, circular: str) -> Sequence[str]:
    """Those that have versions of it."""
    query = select(table.c.regency).where(table.c.circular == circular).distinct()
    async with engine.connect() as connection:
        return list((await connection.scalars(query)).all())


async def ad_hoc_content(engine: AsyncEngine, regency: str, circular: str) -> Content | None:
    """The newest version of an ad-hoc circular."""
    async with engine.connect() as connection:
        found = await campaign_versions.latest_version(connection, regency, circular)
        return await campaign_versions.content(connection, found.id) if found else None


async def displaced(engine: AsyncEngine, content: Content) -> Version | None:
    """The version in whose place an ad-hoc circular would come. None: it is the first, or has this text."""
    async with engine.connect() as connection:
        before, same = await _before(connection, content)
        return None if same else before


async def add_circular(engine: AsyncEngine, content: Content, by: str, now: int) -> tuple[Version, bool]:
    """The version with this content, which is the current one from now on, and whether it was not before. A
    text that was there earlier and comes back is a new version: whom the one between them asked is asked
    again."""
    async with engine.begin() as connection:
        before, same = await _before(connection, content)
        if before is not None and not same and await campaign_versions.known(connection, content):
            content = content.back_after(before.digest)
        made = before if same else None
        if made is None:
            replaces = before.id if before is not None else None
            made = await campaign_versions.add_version(connection, content, by, now, replaces=replaces)
        await note(connection, now, by, Action.ADD_CIRCULAR, regency=content.regency)
        return made, not same


async def _before(connection: AsyncConnection, content: Content) -> tuple[Version | None, bool]:
    """The version that the circular has now, and whether it has this text, in whatever place it came."""
    before = await campaign_versions.latest_version(connection, content.regency, content.circular)
    if before is None:
        return None, False
    kept = await campaign_versions.content(connection, before.id)
    return before, kept.plain_digest == content.plain_digest


async def ad_hoc(engine: AsyncEngine) -> Sequence[Version]:
    """The current version of every ad-hoc circular, by regency and id."""
    newest = (
        select(func.max(table.c.id)).where(table.c.law.is_(None)).group_by(table.c.regency, table.c.circular)
    )
    query = select(*campaign_versions.SHOWN).where(table.c.id.in_(newest))
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(table.c.regency, table.c.circular))
        return [campaign_versions.version_of(row) for row in rows]
