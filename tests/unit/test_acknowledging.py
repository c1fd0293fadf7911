"""Acknowledging in the ledger: once, durably, on all channels and in all campaigns of a version."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from bot.campaigns.acknowledging import UNDO_SECONDS, Result, Wish
from bot.campaigns.campaign import CampaignState, DeliveryState, Proof
from bot.problems import Problem
from bot.storage import acknowledgments as module
from bot.storage.acknowledgments import SqlAcknowledgments
from bot.storage.campaign_tables import acknowledgments, campaigns, deliveries, evidence_events
from bot.storage.engine import WAIT
from tests.ledgers import locked
from tests.unit.ack_world import DAY, NOON, AckWorld


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AckWorld]:
    made = await AckWorld(database_url).build()
    yield made
    await made.engine.dispose()


def tap(person: int, campaign: int, at: int = NOON, channel: str = "telegram") -> Wish:
    return Wish(person, campaign, at, Proof.BUTTON, channel)


def undo(person: int, campaign: int, at: int = NOON) -> Wish:
    return Wish(person, campaign, at, None, "telegram")


async def kinds(world: AckWorld) -> list[str]:
    return [row.kind for row in await world.rows(evidence_events)]


async def test_an_acknowledgment_is_a_row_a_mark_a_count_and_a_leaf(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    campaign = await world.campaign(version, [person])
    outcome = await world.acknowledgments.take(tap(person, campaign))
    assert (outcome.result, outcome.at) == (Result.RECORDED, NOON)
    [row] = await world.rows(acknowledgments)
    assert (row.version_id, row.person_id, row.campaign_id, row.at) == (version, person, campaign, NOON)
    assert (row.proof, row.channel, row.undone_at) == ("button", "telegram", None)
    assert (await world.rows(deliveries))[0].acknowledged_at == NOON
    assert await world.count_is_right(campaign)
    [event] = await world.rows(evidence_events)
    assert (event.kind, event.campaign_id, event.person_id) == ("acknowledged", campaign, person)
    assert str(NOON + DAY) in event.subject  # by when it was due, so that anybody can see whether it was late


async def test_a_second_tap_learns_when_the_first_was(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.acknowledgments.take(tap(person, campaign))
    again = await world.acknowledgments.take(tap(person, campaign, NOON + 60, "whatsapp"))
    assert (again.result, again.at) == (Result.ALREADY, NOON)
    assert len(await world.rows(acknowledgments)) == 1
    assert await kinds(world) == ["acknowledged"]


async def test_the_same_person_on_two_channels_at_once_acknowledges_once(world: AckWorld) -> None:
    crowd = [await world.hire() for _ in range(5)]
    campaign = await world.campaign(await world.version(), crowd)
    other = SqlAcknowledgments(world.engine)  # as another process would have it
    taps = [
        taker.take(tap(person, campaign, NOON, channel))
        for person in crowd
        for taker in (world.acknowledgments, other)
        for channel in ("telegram", "whatsapp")
    ]
    results = [outcome.result for outcome in await asyncio.gather(*taps)]
    assert results.count(Result.RECORDED) == len(crowd)
    assert results.count(Result.ALREADY) == 3 * len(crowd)
    assert len(await world.rows(acknowledgments)) == len(crowd)
    assert await kinds(world) == ["acknowledged"] * len(crowd)
    assert await world.count_is_right(campaign)


async def test_one_counts_in_all_campaigns_of_the_version_and_in_no_other(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    first = await world.campaign(version, [person])
    second = await world.campaign(version, [person])
    other = await world.campaign(await world.version(), [person])
    cancelled = await world.campaign(version, [person], state=CampaignState.CANCELLED)
    await world.acknowledgments.take(tap(person, second))
    marked = {row.campaign_id: row.acknowledged_at for row in await world.rows(deliveries)}
    assert marked == {first: NOON, second: NOON, other: None, cancelled: None}
    assert (await world.acknowledgments.take(tap(person, first, NOON + 5))).at == NOON
    for campaign in (first, second, other):
        assert await world.count_is_right(campaign)


async def test_after_the_deadline_it_is_taken_and_late(world: AckWorld) -> None:
    person, slow, joined = [await world.hire() for _ in range(3)]
    campaign = await world.campaign(await world.version(), [person, slow], due=NOON)
    own = await world.campaign(await world.version(), [joined], due=NOON, own_due=NOON + DAY)
    in_time = await world.acknowledgments.take(tap(person, campaign, NOON))
    late = await world.acknowledgments.take(tap(slow, campaign, NOON + 1))
    hers = await world.acknowledgments.take(tap(joined, own, NOON + 1))
    assert [o.result for o in (in_time, late, hers)] == [Result.RECORDED] * 3
    dues = [o.copy.due for o in (in_time, late, hers) if o.copy is not None]
    assert dues == [NOON, NOON, NOON + DAY]


@pytest.mark.parametrize(
    "state", [CampaignState.DRAFT, CampaignState.TESTED, CampaignState.APPROVED, CampaignState.CANCELLED]
)
async def test_a_campaign_that_is_not_under_way_takes_none(world: AckWorld, state: CampaignState) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], state=state)
    assert (await world.acknowledgments.take(tap(person, campaign))).result is Result.NOT_ADDRESSED
    assert await world.rows(acknowledgments) == []


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.DONE])
async def test_a_paused_or_finished_campaign_still_takes_them(world: AckWorld, state: CampaignState) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], state=state)
    assert (await world.acknowledgments.take(tap(person, campaign))).result is Result.RECORDED


async def test_who_is_not_addressed_acknowledges_nothing(world: AckWorld) -> None:
    person, stranger, gone = [await world.hire() for _ in range(3)]
    campaign = await world.campaign(await world.version(), [person])
    left = await world.campaign(await world.version(), [gone], sent=DeliveryState.WITHDRAWN)
    for wish in (tap(stranger, campaign), tap(gone, left), tap(person, 999), tap(999, campaign)):
        assert (await world.acknowledgments.take(wish)).result is Result.NOT_ADDRESSED
    assert await world.rows(evidence_events) == []


# --- undoing ---


@pytest.mark.parametrize(
    ("after", "result"),
    [
        (0, Result.UNDONE),
        (UNDO_SECONDS, Result.UNDONE),
        (UNDO_SECONDS + 1, Result.TOO_LATE),
        (-UNDO_SECONDS, Result.UNDONE),  # the clock was put back
        (-UNDO_SECONDS - 1, Result.TOO_LATE),  # by so much that nobody knows how long ago it was
    ],
)
async def test_it_can_be_undone_up_to_exactly_five_minutes(
    world: AckWorld, after: int, result: Result
) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.acknowledgments.take(tap(person, campaign))
    assert (await world.acknowledgments.take(undo(person, campaign, NOON + after))).result is result
    stands = result is Result.TOO_LATE
    assert ((await world.rows(deliveries))[0].acknowledged_at is not None) is stands
    assert ((await world.rows(acknowledgments))[0].undone_at is None) is stands
    assert await kinds(world) == ["acknowledged"] + ([] if stands else ["undone"])
    assert await world.count_is_right(campaign)


async def test_undone_after_the_campaign_was_cancelled_leaves_no_mark(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    first, second = [await world.campaign(version, [person]) for _ in range(2)]
    await world.acknowledgments.take(tap(person, first))
    async with world.engine.begin() as connection:
        cancelled = update(campaigns).where(campaigns.c.id == first)
        await connection.execute(cancelled.values(state=CampaignState.CANCELLED))
    outcome = await world.acknowledgments.take(undo(person, first, NOON + 10))
    assert outcome.result is Result.UNDONE
    assert [row.acknowledged_at for row in await world.rows(deliveries)] == [None, None]
    await world.acknowledgments.take(tap(person, second, NOON + 20))  # and gets none afterwards
    assert [row.acknowledged_at for row in await world.rows(deliveries)] == [None, NOON + 20]
    assert await world.count_is_right(first)
    assert await world.count_is_right(second)


async def test_undone_means_undone_in_all_campaigns_and_it_can_be_given_again(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    first, second = [await world.campaign(version, [person]) for _ in range(2)]
    await world.acknowledgments.take(tap(person, first))
    await world.acknowledgments.take(undo(person, second, NOON + 10))
    assert [row.acknowledged_at for row in await world.rows(deliveries)] == [None, None]
    assert (await world.acknowledgments.take(undo(person, first, NOON + 11))).result is Result.NOTHING
    again = await world.acknowledgments.take(tap(person, second, NOON + 20))
    assert (again.result, again.at) == (Result.RECORDED, NOON + 20)
    assert [(row.at, row.undone_at) for row in await world.rows(acknowledgments)] == [
        (NOON, NOON + 10),
        (NOON + 20, None),
    ]
    assert await kinds(world) == ["acknowledged", "undone", "acknowledged"]


async def test_tapping_undoing_and_tapping_in_one_group_keeps_their_order(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.acknowledgments.take(tap(person, campaign))
    wishes = [undo(person, campaign, NOON + 1), tap(person, campaign, NOON + 2)]
    wishes += [undo(person, campaign, NOON + 3), tap(person, campaign, NOON + 4)]
    outcomes = await asyncio.gather(*map(world.acknowledgments.take, wishes))
    assert [o.result for o in outcomes] == [Result.UNDONE, Result.RECORDED] * 2
    rows = [(row.at, row.undone_at) for row in await world.rows(acknowledgments)]
    assert rows == [(NOON, NOON + 1), (NOON + 2, NOON + 3), (NOON + 4, None)]
    assert (await world.rows(deliveries))[0].acknowledged_at == NOON + 4
    assert await world.count_is_right(campaign)


# --- groups ---


async def test_those_that_come_together_share_a_transaction(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [await world.hire() for _ in range(30)]
    campaign = await world.campaign(await world.version(), crowd)
    sizes: list[int] = []
    apply = module.apply

    async def counted(connection: Any, wishes: Any) -> Any:
        sizes.append(len(wishes))
        return await apply(connection, wishes)

    monkeypatch.setattr(module, "apply", counted)
    monkeypatch.setattr(module, "MOST", 20)
    outcomes = await asyncio.gather(*(world.acknowledgments.take(tap(p, campaign)) for p in crowd))
    assert {o.result for o in outcomes} == {Result.RECORDED}
    assert sizes == [20, 10]
    assert await world.count_is_right(campaign)


async def test_a_failed_commit_fails_for_all_and_leaves_nothing_half_done(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [await world.hire() for _ in range(3)]
    campaign = await world.campaign(await world.version(), crowd)

    async def broken(connection: Any, events: Any) -> Any:
        await connection.execute(insert(evidence_events), [{"seq": 1}])  # what must not be null is

    with monkeypatch.context() as patched:
        patched.setattr(module, "append", broken)
        taps = (world.acknowledgments.take(tap(person, campaign)) for person in crowd)
        outcomes = await asyncio.gather(*taps, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Problem] * 3
    assert await world.rows(acknowledgments) == []
    assert {row.acknowledged_at for row in await world.rows(deliveries)} == {None}
    assert await world.count_is_right(campaign)
    assert (await world.acknowledgments.take(tap(crowd[0], campaign))).result is Result.RECORDED


async def test_a_database_locked_for_ten_seconds_loses_no_acknowledgment(world: AckWorld) -> None:
    crowd = [await world.hire() for _ in range(30)]
    campaign = await world.campaign(await world.version(), crowd)
    taps = []
    async with locked(world.url, "acknowledgments", "deliveries", "evidence_head"):
        for person in crowd:
            taps.append(asyncio.create_task(world.acknowledgments.take(tap(person, campaign))))
            await asyncio.sleep((WAIT + 1) / len(crowd))
    outcomes = await asyncio.gather(*taps, return_exceptions=True)
    told = [person for person, said in zip(crowd, outcomes, strict=True) if not isinstance(said, Problem)]
    assert 0 < len(told) < len(crowd)  # the first waited too long, and hear that they are to try again
    assert [row.person_id for row in await world.rows(acknowledgments)] == told
    again = [await world.acknowledgments.take(tap(person, campaign)) for person in crowd]
    assert [said.result for said in again] == [
        Result.ALREADY if person in told else Result.RECORDED for person in crowd
    ]
    assert await kinds(world) == ["acknowledged"] * len(crowd)
    assert await world.count_is_right(campaign)


async def test_a_moment_behind_another_process_it_tries_again(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    apply, tries = module.apply, 0

    async def behind(connection: Any, wishes: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries < module.TRIES:
            raise IntegrityError("insert", {}, Exception("somebody was quicker"))
        return await apply(connection, wishes)

    monkeypatch.setattr(module, "apply", behind)
    assert (await world.acknowledgments.take(tap(person, campaign))).result is Result.RECORDED
    assert tries == module.TRIES


async def test_who_gives_up_waiting_takes_nothing_from_the_others(world: AckWorld) -> None:
    first, second = await world.hire(), await world.hire()
    campaign = await world.campaign(await world.version(), [first, second])
    impatient = asyncio.ensure_future(world.acknowledgments.take(tap(first, campaign)))
    patient = asyncio.ensure_future(world.acknowledgments.take(tap(second, campaign)))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).result is Result.RECORDED
    assert len(await world.rows(acknowledgments)) == 2


async def test_a_delivery_added_at_the_same_moment_is_marked_by_the_next_tap(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    campaign = await world.campaign(version, [person])
    await world.acknowledgments.take(tap(person, campaign))
    added = await world.campaign(version, [person])
    assert (await world.acknowledgments.take(tap(person, added, NOON + 9))).result is Result.ALREADY
    assert {row.acknowledged_at for row in await world.rows(deliveries)} == {NOON}
    assert await world.count_is_right(added)
