"""The desk with campaigns: what HR sees in her chat, and what one's own decision about news does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.campaigns.campaign import DeliveryState
from bot.campaigns.counter import CampaignCounter
from bot.campaigns.hr_chat import HrChat
from bot.campaigns.proxy_chat import ProxyChat
from bot.campaigns.reporting import Reporting
from bot.campaigns.steering import Steering
from bot.campaigns.subscriptions import OFF, Subscriptions
from bot.model import RuleRef, Verdict, VerdictKind
from bot.people.identity import Account
from bot.people.staff import Role
from bot.storage.campaign_tables import subscriptions
from bot.storage.campaigns import SqlCampaigns
from bot.storage.reports import SqlReports
from bot.storage.subscriptions import SqlSubscriptions
from tests.unit.ack_world import SECRET, TEXTS, ZONE, AckWorld, labels

ANSWER = Verdict(VerdictKind.PROHIBITED, basis=(RuleRef("lumajang/se-3-2026", "larangan-live"),))


class World(AckWorld):
    def open(self) -> None:
        super().open()
        clock = lambda: self.now  # noqa: E731
        self.subscriptions = Subscriptions(SqlSubscriptions(self.engine), SECRET, 30, clock)
        reporting = Reporting(SqlReports(self.engine, clock), self.identity.today, lambda _: ZONE)
        steering = Steering(reporting, SqlCampaigns(self.engine, clock))
        proxies = ProxyChat(self.proxies, self.circulars, lambda _: ZONE, clock)
        hr = HrChat(reporting, steering, self.task_office, lambda _: ZONE, proxies)
        self.serve(CampaignCounter(self.chat, hr, self.subscriptions))

    async def answered(self, person: int) -> None:
        self.subscriptions.note(Account("telegram", str(person)), ANSWER)
        await self.subscriptions.flush()

    async def remembered(self) -> int:
        return len([row for row in await self.rows(subscriptions) if row.circular])


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    made = World(database_url)
    await made.build()
    yield made
    await made.engine.dispose()


async def test_hr_walks_from_the_campaign_to_who_is_missing_in_her_chat(world: World) -> None:
    hera, sari = await world.hire(role=Role.HR), await world.hire()
    campaign = await world.campaign(await world.version(), [sari])
    [page] = await world.say(hera, "/hr")
    assert "Perihal 1" in page.text
    [campaign_page] = await world.press(hera, f"h:c:{campaign}:0:0")
    [missing] = [action for label, action in labels(campaign_page).items() if action.startswith("h:m:")]
    [people] = await world.press(hera, missing)
    assert f"Pegawai {sari}" in people.text


async def test_a_plain_employee_is_told_that_the_page_is_not_hers(world: World) -> None:
    sari = await world.hire()
    await world.campaign(await world.version(), [sari])
    [page] = await world.say(sari, "/hr")
    assert "Perihal" not in page.text


async def test_a_command_leaves_the_request_that_was_being_typed(world: World) -> None:
    admin, sari = await world.hire(role=Role.UNIT_ADMIN), await world.hire()
    campaign = await world.campaign(await world.version(), [sari])
    for other in ("/edaran", "/bahasa", "sudah baca"):
        await world.press(admin, f"h:pa:{campaign}:{sari}")
        await world.say(admin, other)
        [reply] = await world.say(admin, "dirawat di rumah sakit")
        assert reply.text != TEXTS("proxy.ask_reference")
    await world.press(admin, f"h:pa:{campaign}:{sari}")
    assert (await world.say(admin, "dirawat di rumah sakit"))[0].text == TEXTS("proxy.ask_reference")


async def test_help_names_the_pages_of_hr_to_hr_only(world: World) -> None:
    hera, sari = await world.hire(role=Role.HR), await world.hire()
    assert "/hr" in (await world.say(hera, "/bantuan"))[0].text
    assert (await world.say(sari, "/bantuan"))[0].text == TEXTS("help.text")


async def test_who_does_not_want_news_says_so_below_the_page_about_privacy(world: World) -> None:
    sari = await world.hire()
    await world.answered(sari)
    [page] = await world.say(sari, "/privasi")
    assert page.text.startswith(TEXTS("privacy.text"))
    assert list(labels(page).values()) == [OFF]
    await world.press(sari, OFF)
    await world.answered(sari)
    assert await world.remembered() == 0


@pytest.mark.parametrize("command", ["/hapus", "/berhenti"])
async def test_who_leaves_is_forgotten_among_the_subscribers_too(world: World, command: str) -> None:
    sari, other = await world.hire(), await world.hire()
    for person in (sari, other):
        await world.answered(person)
    await world.say(sari, command)
    assert await world.remembered() == 1


async def test_an_acknowledgment_passes_the_counter(world: World) -> None:
    sari = await world.hire()
    campaign = await world.campaign(await world.version(), [sari], sent=DeliveryState.SENT)
    [said] = await world.press(sari, f"k:ack:{campaign}")
    assert "Perihal 1" in said.text
    assert "tercatat" in (await world.say(sari, "sudah baca"))[0].text.lower()
