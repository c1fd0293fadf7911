"""What of a circular was sent before; where ad-hoc circulars are kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.campaign import CampaignState
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


async def add_circular(engine: AsyncEngine, content: Content, by: str, now: int) -> tuple[int, bool]:
    """The version with this content, and whether it is new."""
    async with engine.begin() as connection:
        before = await campaign_versions.latest_version(connection, content.regency, content.circular)
        replaces = before.id if before is not None and before.digest != content.digest else None
        made = await campaign_versions.add_version(connection, content, by, now, replaces=replaces)
        await note(connection, now, by, Action.ADD_CIRCULAR, regency=content.regency)
        return made.id, before is None or before.digest != content.digest
