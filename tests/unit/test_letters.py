"""What a message of a campaign says beside the circular: by when, whether a new version, whether a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.content import LIMIT, Content, message
from bot.campaigns.letters import Letters
from bot.campaigns.summary import units
from bot.storage.campaign_tables import circular_versions
from bot.storage.campaigns import SqlCampaigns
from bot.storage.deliveries import SqlDeliveries
from tests.fakes import CATALOGUES
from tests.unit.ack_world import DAY, NOON, AckWorld

TEXTS = CATALOGUES["id"]


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AckWorld]:
    made = await AckWorld(database_url).build()
    yield made
    await made.engine.dispose()


def letters(world: AckWorld) -> Letters:
    kept = SqlCampaigns(world.engine, lambda: world.now)
    return Letters(world.circulars, kept, CATALOGUES, "id", lambda _: ZoneInfo("Asia/Jakarta"))


async def test_a_person_reads_by_when_in_the_zone_of_her_regency(world: AckWorld) -> None:
    campaign = await world.campaign(await world.version(), [await world.hire()])
    letter = await letters(world).message(campaign, "id", NOON + DAY)
    assert "\n\nBatas membaca: Sel 24 Nov 2026 12.00 WIB.\n\n" in letter.text
    assert "Read it by" in (await letters(world).message(campaign, "en", NOON + DAY)).text
    assert "Batas" not in (await letters(world).message(campaign, "id")).text


async def test_who_joined_later_gets_her_own_deadline(world: AckWorld) -> None:
    early, late = await world.hire(), await world.hire()
    version = await world.version()
    await world.campaign(version, [early], sent=DeliveryState.QUEUED)
    other = await world.campaign(version, [late], sent=DeliveryState.QUEUED, own_due=NOON + 9 * DAY)
    kept = SqlDeliveries(world.engine, lambda: world.now)
    [parcel] = (await kept.claim(other, "telegram", "telegram:1#1", 1, 10)).parcels
    assert (parcel.person, parcel.due) == (late, NOON + 9 * DAY)
    [parcel] = (await kept.claim(other - 1, "telegram", "telegram:1#1", 2, 10)).parcels
    assert (parcel.person, parcel.due) == (early, NOON + DAY)


async def test_a_newer_version_and_a_test_say_so(world: AckWorld) -> None:
    old, new = await world.version(), await world.version()
    async with world.engine.begin() as connection:
        row = circular_versions.c.id == new
        await connection.execute(update(circular_versions).where(row).values(replaces_id=old))
    first, second = [await world.campaign(version, []) for version in (old, new)]
    assert TEXTS("content.renewed") not in (await letters(world).message(first, "id", NOON)).text
    assert TEXTS("content.renewed") in (await letters(world).message(second, "id", NOON)).text
    assert TEXTS("content.test") in (await letters(world).message(first, "id", NOON, test=True)).text


def test_what_has_no_room_is_left_out_and_the_circular_is_whole() -> None:
    lines = tuple("x" * 160 for _ in range(5))
    content = Content("lumajang", "adhoc/1", "1", date(2026, 1, 1), "s" * 60, "Bupati", {"id": lines})
    bare = message(content, TEXTS)
    room = LIMIT - units(bare) - 2
    assert units(message(content, TEXTS, "y" * room)) == LIMIT
    assert message(content, TEXTS, "y" * (room + 1)) == bare
    assert message(content, TEXTS, "y" * (room + 1), "kept") == message(content, TEXTS, "kept") != bare
