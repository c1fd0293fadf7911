"""A restore of a backup that was taken while campaigns ran: nothing goes out twice by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.campaigns.campaign import CampaignState, Step
from bot.storage.backup import back_up, restore
from bot.storage.campaign_tables import lanes
from bot.storage.restoring import Restored
from tests.campaign_world import AUTHOR, SECOND, TERMS, Staged
from tests.staff_world import NOW, TODAY

S = CampaignState


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Staged]:
    staged = Staged(database_url)
    await staged.build()
    yield staged
    await staged.engine.dispose()


async def _saved(world: Staged, path: Path) -> None:
    await back_up(world.engine, path, actor="operator:test", now=NOW)


async def _brought_back(world: Staged, path: Path) -> Restored:
    return await restore(world.engine, path, replace=True, actor="operator:test", now=int(world.now))


async def test_what_went_out_since_the_backup_is_not_sent_again(world: Staged, tmp_path: Path) -> None:
    await world.staffed(20)
    campaign = await world.campaign()
    await _saved(world, tmp_path / "saved")
    await world.sent(campaign.id)
    done = await _brought_back(world, tmp_path / "saved")
    assert (done.paused, done.uncertain, done.campaigns) == ([campaign.id], {campaign.id: 20}, True)
    assert (await world.campaigns.get(campaign.id)).state is S.PAUSED
    assert await world.states(campaign.id) == {("uncertain", None): 20}
    assert await world.counts_hold(campaign.id)
    found = await world.evidence(campaign.id)
    assert (found["pause"], found["uncertain"]) == (1, 20)
    await world.campaigns.step(campaign.id, Step.RESUME, AUTHOR)
    assert await world.sent(campaign.id) is S.DONE
    assert set(Counter(world.sender.calls).values()) == {1}


async def test_an_officer_has_the_uncertain_ones_sent_again(world: Staged, tmp_path: Path) -> None:
    await world.staffed(3)
    campaign = await world.campaign()
    await _saved(world, tmp_path / "saved")
    await _brought_back(world, tmp_path / "saved")
    assert await world.deliveries.requeue(campaign.id) == 3
    await world.campaigns.step(campaign.id, Step.RESUME, AUTHOR)
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {("sent", None): 3}


async def test_a_paused_campaign_may_have_gone_on_and_what_was_sent_stays_sent(
    world: Staged, tmp_path: Path
) -> None:
    await world.staffed(5)
    campaign = await world.campaign()
    sending = world.sending(batch=2)
    await sending.batch(campaign.id)
    await sending.landed(campaign.id)
    await sending.end()
    await world.campaigns.step(campaign.id, Step.PAUSE, AUTHOR)
    before = await world.states(campaign.id)
    await _saved(world, tmp_path / "saved")
    done = await _brought_back(world, tmp_path / "saved")
    assert (done.paused, done.uncertain) == ([], {campaign.id: before["queued", None]})
    after = await world.states(campaign.id)
    assert after["sent", None] == before["sent", None]
    assert after["queued", None] == 0
    assert await world.counts_hold(campaign.id)


async def test_whoever_would_be_queued_by_itself_is_uncertain_too(world: Staged, tmp_path: Path) -> None:
    """She registered just before the backup, and the next look would have found her."""
    await world.hire("satu/p1", "satu/upt", status="pns")
    await world.hire("satu/p2", "satu/upt", status="pns")
    campaign = await world.campaign()
    await world.link("satu/p1")
    await _saved(world, tmp_path / "saved")
    await _brought_back(world, tmp_path / "saved")
    assert await world.states(campaign.id) == {("uncertain", None): 1, ("unreachable", "no_identity"): 1}
    assert await world.counts_hold(campaign.id)


async def test_nor_is_anybody_of_a_campaign_that_was_done(world: Staged, tmp_path: Path) -> None:
    await world.hire("satu/late", "satu/upt", status="pns")
    await world.staffed(1)
    campaign = await world.campaign()
    await world.sent(campaign.id)
    await world.link("satu/late")
    await _saved(world, tmp_path / "saved")
    await world.deliveries.settle(campaign.id)  # the bot's next look after the backup
    await world.sent(campaign.id)
    await _brought_back(world, tmp_path / "saved")
    await world.deliveries.settle(campaign.id)
    await world.sent(campaign.id)
    assert len(world.sender.calls) == len(set(world.sender.calls)) == 2
    assert await world.states(campaign.id) == {("uncertain", None): 1, ("sent", None): 1}


async def test_a_campaign_whose_hour_has_come_since_the_backup_waits_as_well(
    world: Staged, tmp_path: Path
) -> None:
    await world.staffed(2)
    ids = []
    for hours in (1, 48):
        draft = await world.draft(subject=f"Larangan {hours}")
        made = (await world.campaigns.create(draft, TERMS, TODAY, AUTHOR))[0].id
        await world.campaigns.step(made, Step.TEST, AUTHOR)
        starts = datetime.fromtimestamp(NOW, UTC) + timedelta(hours=hours)
        await world.campaigns.step(made, Step.APPROVE, SECOND, starts=starts)
        ids.append(made)
    await _saved(world, tmp_path / "saved")
    world.now += 7_200
    done = await _brought_back(world, tmp_path / "saved")
    assert (done.paused, done.uncertain) == (ids[:1], {ids[0]: 2})
    assert (await world.campaigns.get(ids[0])).state is S.PAUSED
    assert (await world.campaigns.get(ids[1])).state is S.APPROVED
    assert await world.states(ids[1]) == {("queued", None): 2}


async def test_the_process_that_was_sending_goes_on_after_a_restore(world: Staged, tmp_path: Path) -> None:
    """Its lane is free and its tenure over; what it had in hand it records, and then it asks for the lane."""
    await world.staffed(10)
    campaign = await world.campaign()
    world.sender.delay = 0.3
    sending = world.sending(batch=5)
    sends = asyncio.create_task(sending.batch(campaign.id))
    await asyncio.sleep(0.15)
    await _saved(world, tmp_path / "saved")
    await sends
    await sending.landed(campaign.id)
    [held] = await world.rows(lanes)
    await _brought_back(world, tmp_path / "saved")
    [free] = await world.rows(lanes)
    assert (free["holder"], free["tenure"]) == (None, held["tenure"])
    world.sender.delay = 0
    await world.deliveries.requeue(campaign.id)
    await world.campaigns.step(campaign.id, Step.RESUME, AUTHOR)

    async def finished() -> None:
        while await sending.batch(campaign.id) is not S.DONE:
            await asyncio.sleep(0.05)

    await asyncio.wait_for(finished(), 30)
    await sending.end()
    assert await world.states(campaign.id) == {("sent", None): 10}


async def test_a_tenure_never_goes_back_and_an_unknown_lane_comes_without_its_holder(
    world: Staged, tmp_path: Path
) -> None:
    await world.leases.look("telegram:1", wanting=True)
    await world.leases.look("telegram:2", wanting=True)
    for name in ("telegram:1", "telegram:2"):
        await world.leases.take(name, await world.leases.look(name, wanting=False), "one")
    await _saved(world, tmp_path / "saved")
    await world.leases.release("telegram:1", "one", 1)
    await world.leases.take("telegram:1", await world.leases.look("telegram:1", wanting=False), "two")
    async with world.engine.begin() as connection:
        await connection.execute(lanes.delete().where(lanes.c.name == "telegram:2"))
    await _brought_back(world, tmp_path / "saved")
    found = {row["name"]: (row["holder"], row["tenure"]) for row in await world.rows(lanes)}
    assert found == {"telegram:1": (None, 2), "telegram:2": (None, 1)}
