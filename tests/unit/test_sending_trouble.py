"""What goes wrong beside the calls themselves strands nobody, and stops nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

import bot.workflows
from bot.campaigns.acknowledging import Result, Wish
from bot.campaigns.campaign import CampaignState, Proof, Step
from bot.campaigns.lane import Lane
from bot.campaigns.lane import Plan as LanePlan
from bot.campaigns.sending import Later, Outcome, Plan, RetryAfter, Sending, Sent, Uncertain
from bot.model import Reply
from bot.outgoing import _Fleet, _repeatedly
from bot.problems import Problem
from bot.storage.acknowledgments import SqlAcknowledgments
from bot.storage.campaign_row import state_of
from bot.storage.deliveries import SqlDeliveries
from bot.storage.delivery_claims import CLOCKS_APART
from bot.storage.engine import WAIT
from bot.workflows import Workflows
from tests.campaign_world import AUTHOR, TERMS, Staged, StubMessages
from tests.ledgers import locked
from tests.staff_world import TODAY

S = CampaignState
SOON = 60.0
"""Seconds after which what should happen at once, also on a machine with much to do, never will."""


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Staged]:
    staged = Staged(database_url)
    await staged.build()
    yield staged
    await staged.engine.dispose()


class Illegible(StubMessages):
    """The first time the database does not give the message."""

    def __init__(self) -> None:
        self.tries = 0

    async def message(self, campaign: int, language: str | None, due: int | None) -> Reply:
        self.tries += 1
        if self.tries == 1:
            raise Problem("store.locked", setting="X")
        return await super().message(campaign, language, due)


async def of_one(world: Staged) -> int:
    await world.staffed(1)
    return (await world.campaign()).id


def worker(world: Staged, channel: str, sender: Any, messages: Any, lane: Lane | None = None) -> Sending:
    plan = Plan(batch=100, idle=0.01, pauses=(0.01, 0.05))
    kept = SqlDeliveries(world.engine, lambda: world.now, ("telegram", "whatsapp"))
    return Sending(channel, lane or world.lane(name=f"{channel}:1"), kept, sender, messages, plan)


# --- the database ----------------------------------------------------------------------------


async def test_a_database_locked_for_ten_seconds_loses_nothing_and_doubles_nothing(world: Staged) -> None:
    """Longer than a transaction waits, and than a lane is held without being renewed."""
    await world.staffed(40)
    campaign = await world.campaign()
    world.sender.delay = 0.02
    sending = world.sending(world.lane(plan=LanePlan()), batch=5)

    async def run() -> CampaignState:
        """As a workflow does."""
        while True:
            try:
                return await sending.run(campaign.id)
            except Problem:
                await asyncio.sleep(0.01)

    running = asyncio.create_task(run())
    while len(world.sender.calls) < 10:
        await asyncio.sleep(0.001)
    async with locked(world.url, "deliveries", "lanes", "evidence_head"):
        await asyncio.sleep(WAIT + 1)
        assert not running.done()
        assert len(world.sender.calls) <= 20  # what was marked before; nothing goes out that is not
    assert await running is S.DONE
    await sending.end()
    assert sorted(world.sender.calls) == sorted(set(world.sender.calls))
    assert await world.states(campaign.id) == {("sent", None): 40}
    assert await world.counts_hold(campaign.id)
    assert (await world.evidence(campaign.id))["sent"] == 40


# --- one batch -------------------------------------------------------------------------------


async def test_a_message_that_cannot_be_read_leaves_the_batch_queued(world: Staged) -> None:
    await world.staffed(5)
    campaign = await world.campaign()
    sending = worker(world, "telegram", world.sender, Illegible())
    with pytest.raises(Problem):
        await sending.batch(campaign.id)
    await sending.landed(campaign.id)
    assert await world.states(campaign.id) == {("queued", None): 5}
    assert await world.counts_hold(campaign.id)
    async with asyncio.timeout(SOON):
        assert await sending.run(campaign.id) is S.DONE  # the same process, the same tenure
    await sending.end()
    assert await world.states(campaign.id) == {("sent", None): 5}
    assert len(world.sender.calls) == 5


async def test_a_claim_of_which_nobody_heard_is_uncertain_under_the_next_tenure(
    world: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.staffed(5)
    campaign = await world.campaign()
    claim = world.deliveries.claim

    async def unheard(*args: Any, **options: Any) -> None:
        await claim(*args, **options)
        raise Problem("store.no_access", setting="X", reason="y")

    monkeypatch.setattr(world.deliveries, "claim", unheard)
    sending = world.sending(batch=3, patience=0.05)
    with pytest.raises(Problem):
        await sending.batch(campaign.id)
    assert await world.states(campaign.id) == {("sending", None): 3, ("queued", None): 2}
    monkeypatch.setattr(world.deliveries, "claim", claim)
    async with asyncio.timeout(SOON):
        assert await sending.run(campaign.id) is S.DONE
    await sending.end()
    assert await world.states(campaign.id) == {("uncertain", None): 3, ("sent", None): 2}
    assert await world.counts_hold(campaign.id)


async def test_an_outcome_that_breaks_the_database_leaves_uncertainty(
    world: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.staffed(2)
    campaign = await world.campaign()
    record = world.deliveries.record

    async def broken(*_: object) -> None:
        raise OverflowError

    monkeypatch.setattr(world.deliveries, "record", broken)
    sending = world.sending()
    with pytest.raises(OverflowError):
        await sending.run(campaign.id)
    monkeypatch.setattr(world.deliveries, "record", record)
    async with asyncio.timeout(SOON):
        assert await sending.run(campaign.id) is S.DONE
    await sending.end()
    assert await world.states(campaign.id) == {("uncertain", None): 2}


# --- several channels ------------------------------------------------------------------------


class Sides:
    """Telegram takes nothing for an hour, WhatsApp everything."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def send(self, channel: str, external_id: str, message: Reply) -> Outcome:
        self.calls.append(channel)
        return RetryAfter(3_600.0) if channel == "telegram" else Sent("1")


async def test_a_long_pause_of_one_channel_does_not_stop_the_others(
    world: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.campaigns.sending.LONGEST_IDLE", 0.02)
    await world.staffed(1)
    campaign = await world.campaign()
    sides = Sides()
    workers = [worker(world, channel, sides, StubMessages()) for channel in ("telegram", "whatsapp")]
    fleet = _Fleet(workers)
    async with asyncio.timeout(SOON):
        assert await fleet.batch(campaign.id) is S.RUNNING
        await fleet.landed(campaign.id)
        await world.hire("satu/wa", "satu/upt", status="pns")
        await world.link("satu/wa", "whatsapp")
        assert (await world.campaigns.keep(campaign.id, TERMS, TODAY)).added == 1
        while "whatsapp" not in sides.calls:
            assert await fleet.batch(campaign.id) is S.RUNNING
        await fleet.end()
    assert sides.calls == ["telegram", "whatsapp"]
    assert await world.states(campaign.id) == {("queued", None): 1, ("sent", None): 1}


# --- the loops -------------------------------------------------------------------------------


async def _goes_on(work: Callable[[], Any], done: Callable[[], bool]) -> None:
    task = asyncio.create_task(work())
    async with asyncio.timeout(SOON):
        while not done():
            assert not task.done(), task.exception()
            await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_campaigns_are_looked_after_though_the_workflows_have_their_trouble(
    world: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await of_one(world)
    starts: list[int] = []

    def start(number: int) -> None:
        starts.append(number)
        if len(starts) == 1:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(bot.workflows, "TEND", 0.01)
    monkeypatch.setattr(bot.workflows, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(bot.workflows, "_start", start)
    flows = Workflows(bot.workflows._Bridge(world.sending()), world.sending(), world.campaigns)
    await _goes_on(flows.tend, lambda: len(starts) > 1)
    assert set(starts) == {campaign}


async def test_a_work_that_breaks_is_done_again(caplog: pytest.LogCaptureFixture) -> None:
    troubles: list[Exception] = [Problem("store.locked", setting="X"), OSError(), RuntimeError()]
    done = []

    async def work() -> None:
        if troubles:
            raise troubles.pop()
        done.append(1)

    await _goes_on(lambda: _repeatedly(work, 0.001), lambda: bool(done))
    assert [record.args for record in caplog.records] == [("RuntimeError",), ("OSError",), ("store.locked",)]


# --- locks -----------------------------------------------------------------------------------


async def test_an_acknowledgment_does_not_wait_for_who_has_the_campaign(postgresql_url: str) -> None:
    """It has locked its delivery, for which the other one may be waiting."""
    world = Staged(postgresql_url)
    await world.build()
    [name] = await world.staffed(1)
    campaign = await world.campaign()
    await world.sent(campaign.id)
    wish = Wish(world.person[name], campaign.id, int(world.now), Proof.BUTTON)
    async with world.engine.begin() as connection:
        await state_of(connection, campaign.id, lock=True)
        async with asyncio.timeout(SOON):
            taken = await SqlAcknowledgments(world.engine).take(wish)
    assert taken.result is Result.RECORDED
    await world.engine.dispose()


async def test_who_changes_a_campaign_still_waits_for_who_has_it(postgresql_url: str) -> None:
    world = Staged(postgresql_url)
    await world.build()
    campaign = await of_one(world)
    async with world.engine.begin() as connection:
        await state_of(connection, campaign, lock=True)
        pausing = asyncio.create_task(world.campaigns.step(campaign, Step.PAUSE, AUTHOR))
        await asyncio.sleep(0.2)
        assert not pausing.done()
    assert (await pausing).state is S.PAUSED
    await world.engine.dispose()


# --- who is queued again ---------------------------------------------------------------------


async def test_nobody_of_a_cancelled_campaign_is_queued_again(world: Staged) -> None:
    campaign = await of_one(world)
    world.sender.does = lambda _: Uncertain()
    sending = world.sending()
    await sending.batch(campaign)
    await sending.end()
    await world.campaigns.step(campaign, Step.CANCEL, AUTHOR)
    assert await world.deliveries.requeue(campaign) == 0
    assert await world.states(campaign) == {("uncertain", None): 1}


async def test_a_wait_of_a_clock_that_was_ahead_is_not_waited_for(world: Staged) -> None:
    campaign = await of_one(world)
    world.sender.does = lambda _: Later(6) if len(world.sender.calls) == 1 else Sent()
    world.now += 6 * 3_600
    sending = world.sending()
    await sending.batch(campaign)
    await sending.landed(campaign)
    world.now -= CLOCKS_APART  # no further than clocks may differ: it is waited for
    await sending.batch(campaign)
    assert len(world.sender.calls) == 1
    world.now -= 6 * 3_600
    assert await sending.run(campaign) is S.DONE
    await sending.end()
    assert len(world.sender.calls) == 2
