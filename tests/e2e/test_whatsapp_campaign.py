"""A campaign over WhatsApp, from the sending to the acknowledgment: our channel, desk and ledger over the
simulated platform."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from bot.campaigns.campaign import CampaignState, DeliveryState
from bot.campaigns.lane import Lane
from bot.campaigns.letters import Letters
from bot.campaigns.sending import Outcome, Plan, Sending, Sent
from bot.campaigns.tariff import Tariff
from bot.channels.web import build_web
from bot.channels.whatsapp import WhatsappChannel
from bot.channels.whatsapp_build import build_whatsapp, wording_of
from bot.channels.whatsapp_bulk import WhatsappSender
from bot.channels.whatsapp_client import build_client
from bot.channels.whatsapp_opening import Openings
from bot.channels.whatsapp_sending import NAME, Calls
from bot.channels.whatsapp_templates import Templates
from bot.channels.whatsapp_told import Telling
from bot.model import Reply
from bot.policy.load import load
from bot.simulating.client import Person, Simulator
from bot.simulating.clock import Clock
from bot.simulating.rules import Rules
from bot.storage.campaign_tables import acknowledgments, deliveries
from bot.storage.campaigns import SqlCampaigns
from bot.storage.deliveries import SqlDeliveries
from bot.storage.lanes import SqlLeases
from bot.storage.store import Store
from bot.storage.tables import identities
from bot.storage.whatsapp_costs import SqlCosts
from bot.storage.whatsapp_statuses import SqlStatuses
from tests.campaign_world import QUICK as QUICK_LANE
from tests.fakes import CATALOGUES
from tests.unit.test_whatsapp_campaign_chat import Opened
from tests.whatsapp import ACCOUNT, FREE, simulated, simulator
from tests.whatsapp_world import QUICK, SETTINGS, _Later, well

TEXTS = CATALOGUES["id"]

S = CampaignState


@dataclass
class Telegram:
    """Takes everything."""

    calls: list[str] = field(default_factory=list)

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        self.calls.append(external_id)
        return Sent(f"t{len(self.calls)}")


@dataclass
class Town:
    """Everything around one number of WhatsApp. `on`: who answers on the phone → her id in the staff."""

    world: Opened
    sim: Simulator
    channel: WhatsappChannel
    clock: Clock
    templates: Templates
    deliveries: SqlDeliveries
    statuses: SqlStatuses
    senders: dict[str, Any]
    letters: Letters
    costs: SqlCosts
    telegram: Telegram
    on: dict[str, int] = field(default_factory=dict)

    async def person(self, name: str, *, telegram: bool = False, wrote: bool = False, **more: Any) -> Person:
        phone = await self.sim.person(name, **more)
        hired = await self.world.hire(2)
        values = {"channel": NAME, "external_id": phone.user_id, "person_id": hired}
        async with self.world.engine.begin() as connection:
            if not telegram:
                await connection.execute(delete(identities).where(identities.c.person_id == hired))
            await connection.execute(insert(identities).values(values | {"linked_at": 0, "how": "code"}))
        self.on[phone.user_id] = hired
        if wrote:
            await phone.says("halo")
            await self.settle()
            await phone.new_replies()
        return phone

    async def settle(self) -> None:
        for _ in range(3):
            await self.sim.settled()
            await self.channel.settle()

    async def campaign(self) -> int:
        version = await self.world.version()
        among = sorted(self.on.values())
        return await self.world.campaign(version, among, sent=DeliveryState.QUEUED)

    async def send(self, campaign: int, *channels: str, batches: int = 4) -> CampaignState:
        """Each channel in turn; what the platform tells is heard afterwards."""
        state = S.RUNNING
        for channel in channels or (NAME, "telegram"):
            lane = Lane(f"{channel}:1", SqlLeases(self.world.engine), None, QUICK_LANE)
            plan = Plan(batch=20, idle=0.001, pauses=(0.01, 0.05))
            sending = Sending(channel, lane, self.deliveries, self.senders[channel], self.letters, plan)
            for _ in range(batches):
                state = await sending.batch(campaign)
            await sending.landed(campaign)
            await sending.end()
        await self.settle()
        await self.statuses.settle(self.deliveries.settle)
        return state

    async def of(self, phone: Person) -> tuple[str, str | None, str | None]:
        columns = (deliveries.c.state, deliveries.c.channel, deliveries.c.reason)
        mine = deliveries.c.person_id == self.on[phone.user_id]
        async with self.world.engine.connect() as connection:
            row = (await connection.execute(select(*columns).where(mine))).one()
            return row.state, row.channel, row.reason


@asynccontextmanager
async def town(
    url: str,
    rules: Rules = FREE,
    tariff: Tariff = Tariff(400),  # noqa: B008  # frozen
) -> AsyncIterator[Town]:
    clock, app = Clock(), _Later()
    world = Opened(url)
    await world.build()
    world.now = clock.now()
    store = Store(world.engine, clock.now)
    rules = rules.model_copy(update={"templates_approved": True})
    async with simulated(app, rules=rules, clock=clock) as (sim, transport):
        client = build_client(ACCOUNT.token, ACCOUNT.phone_id, sim.base, transport=transport)
        calls, corpus = Calls(client), load()
        templates = Templates(client.api, ACCOUNT.waba_id, lambda: corpus.templates, clock.now)
        await templates.push()
        await templates.check()
        costs, statuses = SqlCosts(world.engine, clock.now), SqlStatuses(world.engine, clock.now, 0.0)
        told = Telling(statuses, templates.forget)
        channel = await build_whatsapp(
            SETTINGS, world.desk, store, CATALOGUES, calls=calls, told=told, pace=QUICK
        )
        app.app = build_web(well=well, whatsapp=channel, verify_token=ACCOUNT.verify_token)
        openings = Openings(templates, costs, tariff, clock.now)
        wording = wording_of(TEXTS)
        telegram = Telegram()
        senders = {
            NAME: WhatsappSender(calls, store.whatsapp_accounts, wording, clock.now, openings),
            "telegram": telegram,
        }
        kept = SqlDeliveries(world.engine, clock.now, (NAME, "telegram"))
        letters = Letters(
            world.circulars, SqlCampaigns(world.engine, clock.now), CATALOGUES, "id", lambda _: UTC
        )
        yield Town(world, sim, channel, clock, templates, kept, statuses, senders, letters, costs, telegram)
        await channel.close()
    await world.engine.dispose()


async def test_a_circular_is_announced_shown_and_acknowledged(database_url: str) -> None:
    async with town(database_url) as here:
        talking = await here.person("Ani", wrote=True)
        silent = await here.person("Budi")
        hidden = await here.person("Citra", hidden=True)
        campaign = await here.campaign()
        assert await here.send(campaign, NAME) is S.DONE

        [letter] = await talking.new_replies()
        assert "Perihal 1" in letter.text
        assert f"k:ack:{campaign}" in [choice.id for choice in letter.choices]
        for phone in (silent, hidden):
            [announced] = await phone.new_replies()
            assert [choice.id for choice in announced.choices] == [f"k:read:{campaign}"]
        told = await here.costs.told(campaign)
        assert (told.messages, told.rupiah, told.arrived) == (2, 800, 3)

        await silent.presses(f"k:read:{campaign}")
        await here.settle()
        [shown] = await silent.new_replies()
        assert "Satu." in shown.text
        assert not await here.world.rows(acknowledgments)
        await silent.presses(f"k:ack:{campaign}")
        await here.settle()
        assert [row.channel for row in await here.world.rows(acknowledgments)] == [NAME]
        await hidden.reads()
        await here.settle()
        told = await here.costs.told(campaign)
        assert (told.read, told.arrived) == (2, 3)
        assert len(await here.world.rows(acknowledgments)) == 1  # who only read has said nothing
        assert await here.world.count_is_right(campaign)


@pytest.mark.parametrize(
    "faults",
    [
        {"reversed": True},
        {"doubled": ["sent", "delivered", "read"]},
        {"missing": ["sent", "delivered"]},
        {"batched": True},
        {"late": {"sent": 30, "delivered": 5}},
        {"without_user_ids": True},
    ],
    ids=lambda faults: "-".join(faults),
)
async def test_however_the_platform_tells_it_the_end_is_the_same(
    database_url: str, faults: dict[str, Any]
) -> None:
    async with town(database_url) as here:
        person = await here.person("Ani")
        campaign = await here.campaign()
        await here.sim.faults(**faults)
        await here.send(campaign, NAME)
        await person.reads()
        await here.sim.advance(60)
        await here.settle()
        told = await here.costs.told(campaign)
        assert (told.read, told.failed, told.rupiah) == (1, 0, 400)
        assert await here.of(person) == ("sent", NAME, None)


@pytest.mark.parametrize(
    ("code", "end"),
    [(131026, "unreachable"), (131049, "failed"), (131047, "failed"), (130472, "failed")],
)
async def test_who_cannot_be_reached_on_whatsapp_gets_it_on_telegram(
    database_url: str, code: int, end: str
) -> None:
    async with town(database_url) as here:
        both = await here.person("Ani", telegram=True)
        alone = await here.person("Budi")
        campaign = await here.campaign()
        await here.sim.faults(fails=code)
        await here.send(campaign, NAME)
        assert (await here.of(alone))[0] == end
        await here.send(campaign, "telegram", NAME)
        assert await here.of(both) == ("sent", "telegram", None)
        assert len(here.telegram.calls) == 1
        assert (await here.costs.told(campaign)).rupiah == 0
        assert await here.world.count_is_right(campaign)


async def test_the_day_s_limit_lets_the_rest_go_on_and_is_over_after_a_day(database_url: str) -> None:
    async with town(database_url, FREE.model_copy(update={"new_people": 2})) as here:
        people = [await here.person(f"P{number}") for number in range(4)]
        talking = await here.person("Ani", wrote=True)
        campaign = await here.campaign()
        assert await here.send(campaign, NAME) is S.RUNNING
        told = await here.costs.told(campaign)
        assert [(one.reason, one.count) for one in told.waits] == [("limit", 2)]
        assert (await here.of(talking))[0] == "sent"
        await here.sim.advance(25 * 3_600)
        assert await here.send(campaign, NAME) is S.DONE
        assert [len(await person.new_replies()) for person in people] == [1, 1, 1, 1]
        assert (await here.costs.told(campaign)).rupiah == 1_600


async def test_the_ceiling_pauses_the_campaign_and_nobody_more_is_written_to(database_url: str) -> None:
    async with town(database_url, tariff=Tariff(400, 900)) as here:
        people = [await here.person(f"P{number}") for number in range(4)]
        campaign = await here.campaign()
        assert await here.send(campaign, NAME) is S.PAUSED
        assert sum([len(await person.new_replies()) for person in people]) == 2
        told = await here.costs.told(campaign)
        assert told.rupiah == 800
        assert [one.reason for one in told.waits] == ["ceiling"]


async def test_a_template_that_is_paused_in_between_pauses_the_campaign(database_url: str) -> None:
    async with town(database_url) as here:
        person = await here.person("Ani")
        campaign = await here.campaign()
        await here.sim.review("edaran_baru", "PAUSED")
        assert await here.send(campaign, NAME) is S.PAUSED
        assert await here.of(person) == ("queued", NAME, "template")


async def test_too_much_to_one_person_makes_only_her_wait(database_url: str) -> None:
    async with town(database_url, FREE.model_copy(update={"pair_seconds": 6.0, "pair_burst": 1})) as here:
        busy = await here.person("Ani", wrote=True)  # the answer to her counts
        other = await here.person("Budi")
        campaign = await here.campaign()
        assert await here.send(campaign, NAME) is S.RUNNING
        assert (await here.of(other))[0] == "sent"
        assert (await here.of(busy))[0] == "queued"
        await here.sim.advance(15)
        assert await here.send(campaign, NAME) is S.DONE
        assert (await here.of(busy))[0] == "sent"


# --- calls that broke ---


LATE = {"sent": 30, "delivered": 30}


async def test_what_went_out_though_its_call_broke_is_known_once_whatsapp_tells(database_url: str) -> None:
    async with town(database_url) as here:
        talking = await here.person("Ani", wrote=True)
        silent = await here.person("Budi")
        campaign = await here.campaign()
        await here.sim.faults(lost_answers=True, late=LATE)
        await here.send(campaign, NAME)
        for phone in (talking, silent):
            assert await here.of(phone) == ("uncertain", NAME, None)
        assert (await here.costs.told(campaign)).rupiah == 400
        await here.sim.advance(60)
        await here.settle()
        for phone in (talking, silent):
            assert await here.of(phone) == ("sent", NAME, None)
            assert len(await phone.new_replies()) == 1
        told = await here.costs.told(campaign)
        assert (told.arrived, told.messages, told.rupiah) == (2, 1, 400)
        assert await here.deliveries.requeue(campaign) == 0
        await silent.presses(f"k:read:{campaign}")
        await here.settle()
        [shown] = await silent.new_replies()
        assert "Satu." in shown.text
        assert await here.world.count_is_right(campaign)


async def test_what_failed_after_its_call_broke_goes_by_telegram_and_costs_nothing(database_url: str) -> None:
    async with town(database_url) as here:
        person = await here.person("Ani", telegram=True)
        campaign = await here.campaign()
        await here.sim.faults(lost_answers=True, fails=131026)
        await here.send(campaign, NAME)
        await here.send(campaign, "telegram", NAME)
        assert await here.of(person) == ("sent", "telegram", None)
        assert len(here.telegram.calls) == 1
        assert (await here.costs.told(campaign)).rupiah == 0
        assert await here.world.count_is_right(campaign)


async def test_what_a_process_sent_before_it_died_is_not_sent_again(database_url: str) -> None:
    async with town(database_url) as here:
        people = [await here.person("Ani", wrote=True), await here.person("Budi")]
        campaign = await here.campaign()
        await here.sim.faults(late=LATE)
        claim = await here.deliveries.claim(campaign, NAME, f"{NAME}:1#0", 1, 20)
        for parcel in claim.parcels:
            message = replace(await here.letters.message(campaign, "id"), tag=parcel.tag)
            assert isinstance(await here.senders[NAME].send(NAME, parcel.external_id, message), Sent)
        await here.send(campaign, NAME)  # by the next process, which knows nothing of the calls
        assert {(await here.of(phone))[0] for phone in people} == {"uncertain"}
        await here.sim.advance(60)
        await here.settle()
        assert {(await here.of(phone))[0] for phone in people} == {"sent"}
        assert [len(await phone.new_replies()) for phone in people] == [1, 1]
        assert (await here.costs.told(campaign)).rupiah == 400
        assert await here.world.count_is_right(campaign)


# --- the command -----------------------------------------------------------------------------


async def ran(environment: dict[str, str], folder: Path, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "whatsapp", "templates", *arguments),
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problems = await process.communicate()
    return process.returncode or 0, out.decode(), problems.decode()


async def test_the_command_submits_templates_and_tells_how_they_stand(tmp_path: Path) -> None:
    async with simulator() as sim:
        status, out, _ = await ran(sim.environment(), tmp_path, "push")
        assert status == 1
        assert out.count("masih diperiksa") == 8
        for one in load().templates:
            await sim.review(one.name, "APPROVED", language=one.language)
        status, out, _ = await ran(sim.environment(), tmp_path, "list", "--json")
        assert status == 0
        assert {one["state"] for one in json.loads(out)} == {"approved"}
        await sim.review("edaran_kabar", "REJECTED", reason="ABUSIVE_CONTENT")
        status, out, _ = await ran(sim.environment(), tmp_path, "list")
        assert status == 1
        assert "ABUSIVE_CONTENT" in out
        status, _, problems = await ran({"EDARAN_WHATSAPP__TOKEN": ACCOUNT.token}, tmp_path, "list")
        assert status == 2
        assert "EDARAN_WHATSAPP__ACCOUNT_ID" in problems
        assert ACCOUNT.token not in problems
