"""A WhatsApp that is not ready holds back a campaign that needs it, and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from bot import outgoing, ways
from bot.campaigns.campaign import CampaignState, Step, Unreachable
from bot.campaigns.sending import NotReached, Sent
from bot.config import Evidence, Settings, Subscriptions
from bot.outgoing import Outgoing
from bot.problems import Problem
from bot.storage.store import open_store
from bot.storage.tables import whatsapp_accounts
from tests.campaign_world import AUTHOR, SECOND
from tests.fakes import CATALOGUES
from tests.policy_worlds import corpus
from tests.staff_world import NOW
from tests.unit.whatsapp_ledger_world import BOTH, Both, Does

HOUR = 3_600
PROBLEM = Problem("whatsapp.template_rejected", name="edaran_baru", language="id", reason="TAG")


class Templates:
    def __init__(self) -> None:
        self.problem: Problem | None = None
        self.looked = 0

    async def check(self) -> None:
        self.looked += 1
        if self.problem is not None:
            raise self.problem


class Whatsapp(ways.WhatsappWay):
    """Without the platform. `open`: whoever is written to wrote lately."""

    def __init__(self, world: Both) -> None:
        self._templates: Any = Templates()
        self._costs = world.costs
        self.lane, self.rate, self.sender = "whatsapp:1", 1_000.0, Talking(world.does)  # type: ignore[assignment]


class Talking(Does):
    def __init__(self, does: Does) -> None:
        self.__dict__, self.open = does.__dict__, False

    async def open_to(self, _: str) -> bool:
        return self.open


class Telegram(ways.TelegramWay):
    def __init__(self, world: Both) -> None:
        self.lane, self.rate, self.sender = "telegram:1", 1_000.0, world.does  # type: ignore[assignment]


class Place:
    """What sends, over the ledger of `world`. `now`: its clock."""

    def __init__(self, world: Both, out: Outgoing, whatsapp: Whatsapp) -> None:
        self.world, self.out, self.whatsapp = world, out, whatsapp

    @property
    def templates(self) -> Templates:
        found: Templates = self.whatsapp._templates
        return found

    async def approved(self) -> int:
        made = await self.world.campaign(running=False)
        await self.world.campaigns.step(made.id, Step.TEST, AUTHOR)
        await self.world.campaigns.step(made.id, Step.APPROVE, SECOND)
        return made.id

    async def state(self, campaign: int) -> CampaignState:
        return (await self.world.campaigns.get(campaign)).state

    async def wrote(self, person: int, ago: int) -> None:
        values = {"external_id": f"w{person}", "user_id": f"w{person}", "heard_at": NOW - ago}
        async with self.world.engine.begin() as connection:
            await connection.execute(insert(whatsapp_accounts), values)


@asynccontextmanager
async def sending(world: Both, url: str, folder: Path, order: tuple[str, ...] = BOTH) -> AsyncIterator[Place]:
    store = await open_store(url)
    settings = Settings(evidence=Evidence(key=folder / "e"), subscriptions=Subscriptions(key=folder / "s"))
    whatsapp = Whatsapp(world)
    made: dict[str, ways.Way] = {"telegram": Telegram(world), "whatsapp": whatsapp}
    out = Outgoing(store, settings, corpus, CATALOGUES, [made[name] for name in order])
    try:
        yield Place(world, out, whatsapp)
    finally:
        for lane in out.lanes.values():
            await lane.close()
        await store.close()


@pytest.fixture
async def place(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    for module in (outgoing, ways):
        monkeypatch.setattr(module, "seconds", lambda: NOW + 1.0)
    monkeypatch.setattr(outgoing, "now", lambda: datetime.fromtimestamp(NOW + 1, UTC))
    world = Both(database_url)
    await world.build()
    async with sending(world, database_url, tmp_path) as found:
        yield found
    await world.engine.dispose()


async def test_a_campaign_whose_people_have_telegram_or_wrote_lately_starts_without_templates(
    place: Place,
) -> None:
    place.templates.problem = PROBLEM
    await place.world.on("satu/a", *BOTH)
    await place.wrote(await place.world.on("satu/b", "whatsapp"), HOUR)
    campaign = await place.approved()
    assert list(await place.out.start_due()) == [campaign]
    assert place.templates.looked == 0
    assert await place.state(campaign) is CampaignState.RUNNING


async def test_a_campaign_that_needs_a_template_waits_until_it_can_be_used_and_says_why(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.templates.problem = PROBLEM
    await place.world.on("satu/a", "telegram")
    await place.world.on("satu/b", "whatsapp")
    await place.wrote(await place.world.on("satu/c", "whatsapp"), 25 * HOUR)
    campaign = await place.approved()
    assert list(await place.out.start_due()) == []
    assert await place.state(campaign) is CampaignState.APPROVED
    held = (await place.out.hindered(campaign)).held
    assert held is not None
    assert (held.count, held.problem) == (2, PROBLEM)

    place.templates.problem = None
    assert list(await place.out.start_due()) == []  # looked at again a little later
    monkeypatch.setattr(outgoing, "HELD_EVERY", 0.0)
    place.out._held.clear()
    assert list(await place.out.start_due()) == [campaign]
    assert (await place.out.hindered(campaign)).held is None


async def test_one_campaign_that_is_held_holds_no_other(place: Place) -> None:
    place.templates.problem = PROBLEM
    await place.world.on("satu/a", "telegram")
    free = await place.approved()
    await place.world.on("satu/b", "whatsapp")
    made = await place.world.campaigns.create(*await _more(place.world))
    await place.world.campaigns.step(made[0].id, Step.TEST, AUTHOR)
    await place.world.campaigns.step(made[0].id, Step.APPROVE, SECOND)
    assert list(await place.out.start_due()) == [free]
    assert await place.state(made[0].id) is CampaignState.APPROVED


async def _more(world: Both) -> tuple[Any, ...]:
    from tests.campaign_world import TERMS
    from tests.staff_world import TODAY

    return await world.draft(subject="Pakaian"), TERMS, TODAY, AUTHOR


async def test_where_whatsapp_is_preferred_people_with_both_need_it(
    place: Place, database_url: str, tmp_path: Path
) -> None:
    await place.world.on("satu/a", *BOTH)
    campaign = await place.approved()
    async with sending(place.world, database_url, tmp_path, ("whatsapp", "telegram")) as other:
        other.templates.problem = PROBLEM
        held = await other.out.held(campaign)
    assert held is not None
    assert held.count == 1


async def test_trying_it_out_asks_for_templates_only_where_one_is_needed(place: Place) -> None:
    place.templates.problem = PROBLEM
    by_telegram = await place.world.on("satu/a", *BOTH)
    by_whatsapp, nowhere = await place.world.on("satu/b", "whatsapp"), await place.world.on("satu/c")
    campaign = await place.approved()
    assert isinstance(await place.out.try_out(campaign, by_telegram), Sent)
    assert await place.out.try_out(campaign, nowhere) == NotReached(Unreachable.NO_IDENTITY)
    with pytest.raises(Problem) as wrong:
        await place.out.try_out(campaign, by_whatsapp)
    assert wrong.value is PROBLEM
    place.whatsapp.sender.open = True  # type: ignore[attr-defined]
    assert isinstance(await place.out.try_out(campaign, by_whatsapp), Sent)
