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


async def placed(engine: AsyncEngine, content: Content) -> Content:
    """As the version that it is, or would be: a text that was there earlier and comes back in the place of
    another is a version of its own, so that whom the one between them asked is asked again."""
    async with engine.connect() as connection:
        return (await _placed(connection, content))[0]


async def displaced(engine: AsyncEngine, content: Content) -> Version | None:
    """The version in whose place the circular would come. None: it is the first, or has this text."""
    async with engine.connect() as connection:
        content, latest = await _placed(connection, content)
        return None if latest is None or latest.digest == content.digest else latest


async def add_circular(engine: AsyncEngine, content: Content, by: str, now: int) -> tuple[Version, bool]:
    """The version with this content, which is the current one from now on, and whether it was not before."""
    async with engine.begin() as connection:
        content, latest = await _placed(connection, content)
        replaces = latest.id if latest is not None else None
        made = await campaign_versions.add_version(connection, content, by, now, replaces=replaces)
        await note(connection, now, by, Action.ADD_CIRCULAR, regency=content.regency)
        return made, made.id != replaces


async def _placed(connection: AsyncConnection, content: Content) -> tuple[Content, Version | None]:
    """Also the version that the circular has now."""
    latest = await campaign_versions.latest_version(connection, content.regency, content.circular)
    if latest is None:
        return content, None
    kept = await campaign_versions.content(connection, latest.id)
    if kept.plain_digest == content.plain_digest:
        return kept, latest
    if await campaign_versions.known(connection, content):
        return content.back_after(latest.digest), latest
    return content, latest


async def ad_hoc(engine: AsyncEngine) -> Sequence[Version]:
    """The current version of every ad-hoc circular, by regency and id."""
    newest = (
        select(func.max(table.c.id)).where(table.c.law.is_(None)).group_by(table.c.regency, table.c.circular)
    )
    query = select(*campaign_versions.SHOWN).where(table.c.id.in_(newest))
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(table.c.regency, table.c.circular))
        return [campaign_versions.version_of(row) for row in rows]
