"""Sending: every delivery ends where its call ended, once; pauses, refusals and crashes of every kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, insert, update

from bot.campaigns.acknowledging import Wish
from bot.campaigns.campaign import CampaignState, Proof, Step, Unreachable
from bot.campaigns.sending import NotReached, Outcome, Refused, RetryAfter, Sent, Uncertain
from bot.problems import Problem
from bot.storage.acknowledgments import SqlAcknowledgments
from bot.storage.campaign_tables import deliveries
from bot.storage.personal import SqlPersonalData
from bot.storage.tables import identities, profiles, unreachable
from tests.campaign_world import AUTHOR, SECOND, Staged
from tests.staff_world import TODAY

S = CampaignState


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Staged]:
    staged = Staged(database_url)
    await staged.build()
    yield staged
    await staged.engine.dispose()


async def test_everybody_is_sent_to_once_and_the_campaign_is_done(world: Staged) -> None:
    await world.staffed(25)
    campaign = await world.campaign()
    assert await world.sent(campaign.id, batch=10) is S.DONE
    assert len(world.sender.calls) == len(set(world.sender.calls)) == 25
    assert await world.states(campaign.id) == {("sent", None): 25}
    assert await world.counts_hold(campaign.id)
    assert (await world.evidence(campaign.id))["sent"] == 25


async def test_a_second_run_sends_nothing_more(world: Staged) -> None:
    await world.staffed(3)
    campaign = await world.campaign()
    await world.sent(campaign.id)
    assert await world.sent(campaign.id) is S.DONE
    assert len(world.sender.calls) == 3


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Sent("1"), ("sent", None)),
        (Uncertain(), ("uncertain", None)),
        (Refused("too_long"), ("failed", "too_long")),
        (NotReached(Unreachable.BLOCKED), ("unreachable", "blocked")),
        (NotReached(Unreachable.DEACTIVATED), ("unreachable", "deactivated")),
        (NotReached(Unreachable.NEVER_STARTED), ("unreachable", "never_started")),
    ],
)
async def test_what_the_channel_says_becomes_the_state(
    world: Staged, outcome: Outcome, state: tuple[str, str | None]
) -> None:
    await world.staffed(2)
    campaign = await world.campaign()
    world.sender.does = lambda _: outcome
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {state: 2}
    assert len(world.sender.calls) == 2  # and none is tried again
    assert await world.counts_hold(campaign.id)
    assert (await world.evidence(campaign.id))[state[0]] == 2


async def test_a_storm_of_pauses_loses_nothing_and_doubles_nothing(world: Staged) -> None:
    await world.staffed(30)
    campaign = await world.campaign()
    sent: list[str] = []

    def does(account: str) -> Outcome:
        if len(world.sender.calls) % 3:
            return RetryAfter(0.02)
        sent.append(account)
        return Sent()

    world.sender.does = does
    assert await world.sent(campaign.id, batch=7) is S.DONE
    assert sorted(sent) == sorted(set(sent))
    assert len(sent) == 30
    assert await world.states(campaign.id) == {("sent", None): 30}
    assert await world.counts_hold(campaign.id)


async def test_the_whole_lane_obeys_a_pause(world: Staged) -> None:
    await world.staffed(20)
    campaign = await world.campaign()
    world.sender.does = lambda account: RetryAfter(0.5) if len(world.sender.calls) == 4 else Sent()
    lane = world.lane(rate=200)
    await world.sent(campaign.id, lane=lane, batch=20)
    gaps = [b - a for a, b in zip(world.sender.times, world.sender.times[1:], strict=False)]
    assert max(gaps) >= 0.49
    assert len([gap for gap in gaps if gap > 0.4]) == 1


async def test_a_call_without_an_end_is_uncertain(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign()
    world.sender.delay = 60  # sent really, but nobody hears of it
    assert await world.sent(campaign.id, timeout=0.05) is S.DONE
    assert await world.states(campaign.id) == {("uncertain", None): 1}


async def test_a_sender_that_breaks_leaves_uncertainty_not_a_stop(world: Staged) -> None:
    await world.staffed(3)
    campaign = await world.campaign()

    def does(account: str) -> Outcome:
        if len(world.sender.calls) == 1:
            raise RuntimeError("broken")
        return Sent()

    world.sender.does = does
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {("uncertain", None): 1, ("sent", None): 2}


# --- pausing, cancelling ---------------------------------------------------------------------


@pytest.mark.parametrize(("step", "state"), [(Step.PAUSE, S.PAUSED), (Step.CANCEL, S.CANCELLED)])
async def test_a_pause_and_a_cancelling_take_effect_within_a_batch(
    world: Staged, step: Step, state: CampaignState
) -> None:
    await world.staffed(30)
    campaign = await world.campaign()
    sending = world.sending(batch=5)
    await sending.batch(campaign.id)
    await world.campaigns.step(campaign.id, step, AUTHOR)
    assert await sending.run(campaign.id) is state
    await sending.end()
    assert len(world.sender.calls) == 5
    assert await world.states(campaign.id) == {("sent", None): 5, ("queued", None): 25}


async def test_a_resumed_campaign_sends_the_rest(world: Staged) -> None:
    await world.staffed(12)
    campaign = await world.campaign()
    sending = world.sending(batch=5)
    await sending.batch(campaign.id)
    await world.campaigns.step(campaign.id, Step.PAUSE, AUTHOR)
    await sending.run(campaign.id)
    await sending.end()
    await world.campaigns.step(campaign.id, Step.RESUME, SECOND)
    assert await world.sent(campaign.id) is S.DONE
    assert sorted(world.sender.calls) == sorted(set(world.sender.calls))
    assert await world.states(campaign.id) == {("sent", None): 12}


async def test_the_end_of_the_process_leaves_the_rest_queued(world: Staged) -> None:
    await world.staffed(40)
    campaign = await world.campaign()
    sending = world.sending(world.lane(rate=50), batch=40)
    work = asyncio.create_task(sending.run(campaign.id))
    while len(world.sender.calls) < 3:
        await asyncio.sleep(0.01)
    await sending.end()
    assert await work is S.RUNNING
    done = len(world.sender.calls)
    assert await world.states(campaign.id) == {("sent", None): done, ("queued", None): 40 - done}
    assert await world.counts_hold(campaign.id)


# --- crashes ---------------------------------------------------------------------------------


async def test_what_a_crash_left_as_being_sent_is_uncertain_and_not_sent_again(world: Staged) -> None:
    await world.staffed(10)
    campaign = await world.campaign()
    crashed = world.lane()
    async with crashed.use() as tenure:
        claim = await world.deliveries.claim(campaign.id, "telegram", tenure, 1, 4)
    assert len(claim.parcels) == 4
    crashed._renewing.cancel()  # type: ignore[union-attr]  # and nobody lets go
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {("uncertain", None): 4, ("sent", None): 6}
    assert {p.external_id for p in claim.parcels}.isdisjoint(world.sender.calls)
    assert (await world.evidence(campaign.id))["uncertain"] == 4
    assert await world.counts_hold(campaign.id)


async def test_who_was_only_slow_still_says_what_became_of_it(world: Staged) -> None:
    await world.staffed(2)
    campaign = await world.campaign()
    claim = await world.deliveries.claim(campaign.id, "telegram", "telegram:1#1", 1, 2)
    assert await world.deliveries.lapse(campaign.id, "telegram", "telegram:1#2") == 2
    first, second = claim.parcels
    await world.deliveries.record(
        campaign.id, "telegram", "telegram:1#1", [(first, Sent("9")), (second, Uncertain())]
    )
    assert await world.states(campaign.id) == {("sent", None): 1, ("uncertain", None): 1}
    assert await world.counts_hold(campaign.id)


async def test_recording_twice_changes_nothing(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign()
    claim = await world.deliveries.claim(campaign.id, "telegram", "telegram:1#1", 1, 5)
    for outcome in (Sent("9"), Refused("late")):
        await world.deliveries.record(campaign.id, "telegram", "telegram:1#1", [(claim.parcels[0], outcome)])
    assert await world.states(campaign.id) == {("sent", None): 1}
    assert (await world.evidence(campaign.id))["sent"] == 1


async def test_who_does_not_know_whether_the_claim_was_written_gets_the_same_again(world: Staged) -> None:
    await world.staffed(6)
    campaign = await world.campaign()
    first = await world.deliveries.claim(campaign.id, "telegram", "telegram:1#1", 1, 4)
    assert await world.deliveries.claim(campaign.id, "telegram", "telegram:1#1", 1, 4, again=True) == first
    other = await world.deliveries.claim(campaign.id, "telegram", "telegram:1#1", 2, 4)
    assert len(other.parcels) == 2


async def test_the_uncertain_are_sent_again_when_somebody_says_so(world: Staged) -> None:
    await world.staffed(3)
    campaign = await world.campaign()
    world.sender.does = lambda _: Uncertain()
    await world.sent(campaign.id)
    world.sender.does = lambda _: Sent()
    assert await world.deliveries.requeue(campaign.id) == 3
    assert (await world.campaigns.get(campaign.id)).state is S.RUNNING
    assert await world.sent(campaign.id) is S.DONE
    assert len(world.sender.calls) == 6
    assert await world.states(campaign.id) == {("sent", None): 3}
    assert await world.counts_hold(campaign.id)


async def test_outcomes_survive_a_database_that_is_locked(
    world: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.staffed(4)
    campaign = await world.campaign()
    record, failures = world.deliveries.record, iter(range(3))

    async def locked(*args: object) -> None:
        if next(failures, None) is not None:
            raise Problem("store.locked", setting="X")
        await record(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(world.deliveries, "record", locked)
    assert await world.sent(campaign.id) is S.DONE
    assert len(world.sender.calls) == 4
    assert await world.states(campaign.id) == {("sent", None): 4}


async def test_outcomes_that_nobody_could_write_become_uncertain(
    world: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.staffed(2)
    campaign = await world.campaign()
    record = world.deliveries.record

    async def broken(*_: object) -> None:
        raise Problem("store.broken", setting="X")

    monkeypatch.setattr(world.deliveries, "record", broken)
    sending = world.sending()
    with pytest.raises(Problem):
        await sending.run(campaign.id)
    monkeypatch.setattr(world.deliveries, "record", record)
    assert await sending.run(campaign.id) is S.DONE  # under a new tenure of the same process
    await sending.end()
    assert await world.states(campaign.id) == {("uncertain", None): 2}
    assert len(world.sender.calls) == 2


# --- who can be reached ----------------------------------------------------------------------


async def test_who_is_not_registered_is_unreachable_until_she_registers(world: Staged) -> None:
    await world.staffed(2)
    await world.hire("satu/late", "satu/upt")
    campaign = await world.campaign()
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {("sent", None): 2, ("unreachable", "no_identity"): 1}
    world.now += 10 * 86_400
    account = await world.link("satu/late")
    assert await world.deliveries.settle(campaign.id) == 1
    assert (await world.campaigns.get(campaign.id)).state is S.RUNNING
    assert await world.sent(campaign.id) is S.DONE
    assert world.sender.calls[-1] == account
    assert await world.counts_hold(campaign.id)
    row = next(r for r in await world.rows(deliveries) if r["person_id"] == world.person["satu/late"])
    assert row["due_at"] == campaign.due.timestamp() + 10 * 86_400  # as much time as the others had


async def test_who_registers_before_it_begins_has_the_deadline_of_the_others(world: Staged) -> None:
    await world.hire("satu/late", "satu/upt")
    campaign = await world.campaign(running=False)
    world.now += 10 * 86_400
    await world.link("satu/late")
    assert await world.deliveries.settle(campaign.id) == 1
    assert [(row["state"], row["due_at"]) for row in await world.rows(deliveries)] == [("queued", None)]


async def test_an_account_that_comes_and_goes_moves_the_deadline_once(world: Staged) -> None:
    await world.hire("satu/late", "satu/upt")
    campaign = await world.campaign()
    dues = set()
    for _ in range(3):
        world.now += 2 * 86_400
        await world.link("satu/late")
        assert await world.deliveries.settle(campaign.id) == 1
        dues |= {row["due_at"] for row in await world.rows(deliveries)}
        async with world.engine.begin() as connection:
            await connection.execute(delete(identities))
        await world.deliveries.settle(campaign.id)
        assert await world.states(campaign.id) == {("unreachable", "no_identity"): 1}
    assert dues == {campaign.due.timestamp() + 2 * 86_400}


async def test_who_has_acknowledged_before_she_registers_keeps_what_she_had(world: Staged) -> None:
    await world.hire("satu/late", "satu/upt")
    campaign = await world.campaign()
    assert await world.sent(campaign.id) is S.DONE
    wish = Wish(world.person["satu/late"], campaign.id, int(world.now), Proof.ASSEMBLY)
    await SqlAcknowledgments(world.engine).take(wish)
    world.now += 10 * 86_400
    await world.link("satu/late")
    before = await world.rows(deliveries)
    assert await world.deliveries.settle(campaign.id) == 0
    assert await world.rows(deliveries) == before
    assert (await world.campaigns.get(campaign.id)).state is S.DONE


async def test_who_has_blocked_the_bot_is_not_tried_and_is_queued_when_she_is_back(world: Staged) -> None:
    [name] = await world.staffed(1)
    account = str(100 + world.person[name])
    async with world.engine.begin() as connection:
        gone = {"channel": "telegram", "chat_id": account, "reason": "blocked", "since": 1}
        await connection.execute(insert(unreachable), gone)
    campaign = await world.campaign()
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {("unreachable", "blocked"): 1}
    assert not world.sender.calls
    async with world.engine.begin() as connection:
        await connection.execute(delete(unreachable))
    await world.deliveries.settle(campaign.id)
    assert await world.sent(campaign.id) is S.DONE
    assert world.sender.calls == [account]


async def test_a_refused_account_is_remembered_so_that_nothing_tries_it_again(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign()
    world.sender.does = lambda _: NotReached(Unreachable.DEACTIVATED)
    await world.sent(campaign.id)
    assert await world.deliveries.settle(campaign.id) == 0
    assert [row["reason"] for row in await world.rows(unreachable)] == ["deactivated"]


async def test_who_asked_not_to_be_written_to_is_not(world: Staged) -> None:
    [name] = await world.staffed(1)
    account = str(100 + world.person[name])
    stopped = {"channel": "telegram", "external_id": account, "stopped_at": 5, "created_at": 1}
    async with world.engine.begin() as connection:
        await connection.execute(insert(profiles), stopped | {"updated_at": 5})
    campaign = await world.campaign()
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {("unreachable", "stopped"): 1}


async def test_who_has_acknowledged_already_is_spared_the_message(world: Staged) -> None:
    names = await world.staffed(2)
    campaign = await world.campaign()
    spared = world.person[names[0]]
    chat, acknowledgments = str(100 + spared), SqlAcknowledgments(world.engine)
    now = int(world.now)
    await acknowledgments.take(Wish(spared, campaign.id, now, Proof.ASSEMBLY, "telegram"))
    assert await world.sent(campaign.id) is S.DONE
    assert len(world.sender.calls) == 1
    assert chat not in world.sender.calls

    await acknowledgments.take(Wish(spared, campaign.id, now + 1, None, "telegram"))
    await world.deliveries.settle(campaign.id)
    assert await world.sent(campaign.id) is S.DONE  # she took it back: now it is sent
    assert world.sender.calls[1:] == [chat]


async def test_a_lost_account_is_not_written_to(world: Staged) -> None:
    await world.staffed(2)
    campaign = await world.campaign()
    async with world.engine.begin() as connection:
        await connection.execute(delete(identities))
    assert await world.sent(campaign.id) is S.DONE
    assert await world.states(campaign.id) == {("unreachable", "no_identity"): 2}


async def test_each_gets_the_message_in_her_language(world: Staged) -> None:
    [one, other] = await world.staffed(2)
    said: dict[str, str] = {}
    async with world.engine.begin() as connection:
        own = {"channel": "telegram", "external_id": str(100 + world.person[other]), "language": "en"}
        await connection.execute(insert(profiles), own | {"created_at": 1, "updated_at": 1})
    campaign = await world.campaign()
    sending = world.sending()
    send = world.sender.send

    async def heard(channel: str, external_id: str, message: object) -> Outcome:
        said[external_id] = message.text  # type: ignore[attr-defined]
        return await send(channel, external_id, message)  # type: ignore[arg-type]

    world.sender.send = heard  # type: ignore[method-assign]
    await sending.run(campaign.id)
    await sending.end()
    assert said[str(100 + world.person[one])].endswith(" id")
    assert said[str(100 + world.person[other])].endswith(" en")


async def test_two_workers_share_a_campaign_and_send_to_nobody_twice(world: Staged) -> None:
    await world.staffed(60)
    campaign = await world.campaign()
    workers = [world.sending(world.lane(), batch=5) for _ in range(2)]

    async def run(number: int) -> CampaignState:
        try:
            return await workers[number].run(campaign.id)
        finally:
            await workers[number].end()

    assert set(await asyncio.gather(run(0), run(1))) == {S.DONE}
    assert sorted(world.sender.calls) == sorted(set(world.sender.calls))
    assert await world.states(campaign.id) == {("sent", None): 60}
    assert await world.counts_hold(campaign.id)


async def test_a_clock_that_jumps_stops_nothing(world: Staged) -> None:
    await world.staffed(30)
    campaign = await world.campaign()
    world.sender.does = lambda account: _jump(world)
    assert await world.sent(campaign.id, batch=5) is S.DONE
    assert await world.states(campaign.id) == {("sent", None): 30}


def _jump(world: Staged) -> Outcome:
    world.now += (-1) ** len(world.sender.calls) * 100_000 * len(world.sender.calls)
    return Sent()


async def test_an_old_mark_of_a_lane_that_never_came_back_is_uncertain_in_the_end(world: Staged) -> None:
    await world.staffed(2)
    campaign = await world.campaign()
    await world.deliveries.claim(campaign.id, "telegram", "telegram:gone#7", 1, 1)
    await world.deliveries.lapse(campaign.id, "telegram", "telegram:1#1")
    assert await world.states(campaign.id) == {("sending", None): 1, ("queued", None): 1}
    async with world.engine.begin() as connection:
        await connection.execute(update(deliveries).values(claimed_at=int(world.now) - 4_000))
    await world.deliveries.lapse(campaign.id, "telegram", "telegram:1#1")
    assert await world.states(campaign.id) == {("uncertain", None): 1, ("queued", None): 1}


@pytest.mark.parametrize("outcome", [Sent("m1"), NotReached(Unreachable.BLOCKED)])
async def test_of_who_is_erased_while_her_message_is_on_its_way_no_account_is_kept(
    world: Staged, outcome: Outcome
) -> None:
    [name, other] = await world.staffed(2)
    campaign = await world.campaign()
    claim = await world.deliveries.claim(campaign.id, "telegram", "telegram:1#1", 1, 10)
    personal = SqlPersonalData(world.engine, lambda: world.now)
    assert await personal.erase(world.person[name], "operator:test", TODAY, 30)
    results = [(parcel, outcome) for parcel in claim.parcels]
    await world.deliveries.record(campaign.id, "telegram", "telegram:1#1", results)
    kept = {row["person_id"]: (row["external_id"], row["message_id"]) for row in await world.rows(deliveries)}
    account = str(100 + world.person[other])
    message = outcome.message if isinstance(outcome, Sent) else None
    assert kept == {world.person[name]: (None, None), world.person[other]: (account, message)}
    lost = [row["chat_id"] for row in await world.rows(unreachable)]
    assert lost == ([] if isinstance(outcome, Sent) else [account])
