"""A circular changed in substance: the older version asks nobody any more whom the new one asks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.campaigns.campaign import Campaign, CampaignState, Step
from bot.campaigns.sending import Uncertain
from bot.storage.campaigns import Draft, refresh
from bot.storage.circular_reading import SqlCirculars
from bot.storage.superseding import older_campaigns
from tests.campaign_world import AUTHOR, DUE, TERMS, Staged, content
from tests.staff_world import TODAY


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Staged]:
    made = Staged(database_url)
    await made.build()
    yield made
    await made.engine.dispose()


async def changed(
    world: Staged,
    old: Campaign,
    subject: str = "Diubah",
    *,
    material: bool = True,
    audience: str = "semua",
    begun: bool = True,
) -> Campaign:
    """A campaign with a new version of what the old one brings."""
    version = await world.campaigns.add_version(
        content(subject), AUTHOR, material=material, replaces=old.version
    )
    draft = Draft("satu", version.id, audience, DUE)
    made, _ = await world.campaigns.create(draft, TERMS, TODAY, AUTHOR)
    return await world.start(made.id) if begun else made


async def waits_for(world: Staged, name: str) -> list[str]:
    """The subjects that somebody is asked to acknowledge."""
    waiting = await SqlCirculars(world.engine).waiting(world.person[name])
    return [one.told.content.subject for one in waiting]


async def sent_to_one(world: Staged, campaign: Campaign) -> None:
    """The first of its people; the others wait."""
    sending = world.sending(batch=1)
    await sending.batch(campaign.id)
    await sending.end()


async def test_what_has_not_gone_out_is_withdrawn_and_what_has_is_not_waited_for(world: Staged) -> None:
    first, *_ = await world.staffed(3)
    old = await world.campaign()
    await sent_to_one(world, old)
    new = await changed(world, old)
    assert await older_campaigns(world.engine, new.id) == [old.id]
    await world.deliveries.settle(old.id)
    assert await world.states(old.id) == {("sent", None): 1, ("withdrawn", None): 2}
    assert await waits_for(world, first) == ["Diubah"]
    assert (await world.evidence(old.id))["withdrawn"] == 2
    assert await world.counts_hold(old.id)


async def test_it_does_not_come_back_when_the_staff_changes(world: Staged) -> None:
    await world.staffed(3)
    old = await world.campaign()
    await changed(world, old)
    await world.deliveries.settle(old.id)
    before, said = await world.states(old.id), await world.evidence(old.id)
    await world.staffed(1)
    await refresh(world.campaigns, world.deliveries, "satu", TERMS, TODAY)
    assert await world.states(old.id) == before == {("withdrawn", None): 3}
    assert await world.evidence(old.id) == said  # nor does anything happen to it


async def test_a_draft_takes_nothing_back(world: Staged) -> None:
    first, *_ = await world.staffed(2)
    old = await world.campaign()
    new = await changed(world, old, begun=False)
    assert await older_campaigns(world.engine, new.id) == [old.id]
    await world.deliveries.settle(old.id)
    assert await world.states(old.id) == {("queued", None): 2}
    assert await waits_for(world, first) == ["Larangan"]


async def test_new_words_that_all_are_to_read_take_the_place_of_the_old_ones(world: Staged) -> None:
    first, *_ = await world.staffed(2)
    old = await world.campaign()
    await changed(world, old, material=False)
    assert await waits_for(world, first) == ["Diubah"]


async def test_whom_the_new_version_does_not_ask_is_still_asked_for_the_old_one(world: Staged) -> None:
    [here] = await world.staffed(1)
    [there] = await world.staffed(1, "satu/dinas")
    old = await world.campaign()
    await changed(world, old, audience="unit = upt")
    await world.deliveries.settle(old.id)
    assert await waits_for(world, there) == ["Larangan"]
    assert await waits_for(world, here) == ["Diubah"]


async def test_of_three_versions_only_the_newest_is_sent_and_waited_for(world: Staged) -> None:
    first, *_ = await world.staffed(3)
    one = await world.campaign()
    await sent_to_one(world, one)
    two = await changed(world, one)
    three = await changed(world, two, "Diubah lagi")
    assert await older_campaigns(world.engine, three.id) == [one.id, two.id]
    for _ in range(2):
        await refresh(world.campaigns, world.deliveries, "satu", TERMS, TODAY)
    for campaign in (one, two, three):
        await world.sent(campaign.id)
    assert await world.states(one.id) == {("sent", None): 1, ("withdrawn", None): 2}
    assert await world.states(two.id) == {("withdrawn", None): 3}
    assert await waits_for(world, first) == ["Diubah lagi"]
    assert len(world.sender.calls) == 4


async def test_a_version_between_that_was_never_sent_changes_nothing(world: Staged) -> None:
    first, *_ = await world.staffed(1)
    one = await world.campaign()
    await world.sent(one.id)
    wrong = await world.campaigns.add_version(content("Keliru"), AUTHOR, replaces=one.version)
    version = await world.campaigns.add_version(content("Benar"), AUTHOR, replaces=wrong.id)
    draft = Draft("satu", version.id, "semua", DUE)
    made, _ = await world.campaigns.create(draft, TERMS, TODAY, AUTHOR)
    await world.start(made.id)
    assert await waits_for(world, first) == ["Benar"]


async def test_where_the_newest_is_cancelled_the_one_before_asks_again(world: Staged) -> None:
    first, *_ = await world.staffed(1)
    one = await world.campaign()
    two = await changed(world, one)
    three = await changed(world, two, "Diubah lagi")
    for campaign in (one, two):
        await world.deliveries.settle(campaign.id)
    await world.campaigns.step(three.id, Step.CANCEL, AUTHOR)
    await refresh(world.campaigns, world.deliveries, "satu", TERMS, TODAY)
    assert await world.states(one.id) == {("withdrawn", None): 1}
    assert await waits_for(world, first) == ["Diubah"]


async def test_what_is_uncertain_of_an_older_version_is_not_sent_again(world: Staged) -> None:
    await world.staffed(2)
    old = await world.campaign()
    world.sender.does = lambda _: Uncertain()
    await world.sent(old.id)
    await changed(world, old)
    assert await world.deliveries.requeue(old.id) == 0


async def test_what_waits_in_a_campaign_is_not_sent_once_a_newer_version_is(world: Staged) -> None:
    """Before anybody has withdrawn it."""
    await world.staffed(2)
    old = await world.campaign()
    await changed(world, old)
    claim = await world.deliveries.claim(old.id, "telegram", "telegram:1#1", 1, 10)
    assert claim.parcels == ()
    assert await world.sent(old.id) is CampaignState.DONE
    assert await world.states(old.id) == {("withdrawn", None): 2}
    assert world.sender.calls == []
