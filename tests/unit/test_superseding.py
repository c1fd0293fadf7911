"""A circular changed in substance: the older version asks nobody any more whom the new one asks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.campaigns.campaign import Campaign
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
    world: Staged, old: Campaign, *, material: bool = True, audience: str = "semua", begun: bool = True
) -> Campaign:
    """A campaign with a new version of what the old one brings."""
    version = await world.campaigns.add_version(
        content("Diubah"), AUTHOR, material=material, replaces=old.version
    )
    draft = Draft("satu", version.id, audience, DUE)
    made, _ = await world.campaigns.create(draft, TERMS, TODAY, AUTHOR)
    return await world.start(made.id) if begun else made


async def waits_for(world: Staged, name: str) -> list[str]:
    """The subjects that somebody is asked to acknowledge."""
    waiting = await SqlCirculars(world.engine).waiting(world.person[name])
    return [one.told.content.subject for one in waiting]


async def test_what_has_not_gone_out_is_withdrawn_and_what_has_is_not_waited_for(world: Staged) -> None:
    first, *_ = await world.staffed(3)
    old = await world.campaign()
    sending = world.sending(batch=1)
    await sending.batch(old.id)
    await sending.end()
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
    before = await world.states(old.id)
    await refresh(world.campaigns, world.deliveries, "satu", TERMS, TODAY)
    assert await world.states(old.id) == before == {("withdrawn", None): 3}


@pytest.mark.parametrize(("material", "begun"), [(False, True), (True, False)])
async def test_an_editorial_change_or_a_draft_takes_nothing_back(
    world: Staged, material: bool, begun: bool
) -> None:
    first, *_ = await world.staffed(2)
    old = await world.campaign()
    new = await changed(world, old, material=material, begun=begun)
    assert await older_campaigns(world.engine, new.id) == ([old.id] if material else [])
    await world.deliveries.settle(old.id)
    assert await world.states(old.id) == {("queued", None): 2}
    assert "Larangan" in await waits_for(world, first)


async def test_whom_the_new_version_does_not_ask_is_still_asked_for_the_old_one(world: Staged) -> None:
    [here] = await world.staffed(1)
    [there] = await world.staffed(1, "satu/dinas")
    old = await world.campaign()
    await changed(world, old, audience="unit = upt")
    await world.deliveries.settle(old.id)
    assert await waits_for(world, there) == ["Larangan"]
    assert await waits_for(world, here) == ["Diubah"]
