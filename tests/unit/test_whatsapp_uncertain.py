"""Messages of which nobody knows whether they went out, until WhatsApp tells of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.campaigns.acknowledging import Wish
from bot.campaigns.campaign import Proof, Unreachable
from bot.campaigns.ladder import Heard, Rung
from bot.campaigns.sending import NotReached, NotTried, Outcome, Parcel, RetryAfter, Sent, Uncertain
from bot.campaigns.tags import Tag, priced, tag_of
from bot.storage.acknowledgments import SqlAcknowledgments
from bot.storage.campaign_tables import deliveries, evidence_events, whatsapp_sent
from bot.storage.tables import identities, unreachable
from bot.storage.whatsapp_statuses import take_up
from tests.unit.whatsapp_ledger_world import BOTH, Both

FIRST, SECOND = "whatsapp:1#1", "whatsapp:1#2"
"""Two tenures of one lane."""

CLIMB = (Rung.SENT, Rung.DELIVERED, Rung.READ)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Both]:
    both = Both(database_url)
    await both.build()
    yield both
    await both.engine.dispose()


async def claimed(world: Both, campaign: int, tenure: str = FIRST, mark: int = 1) -> list[Parcel]:
    return list((await world.deliveries.claim(campaign, "whatsapp", tenure, mark, 100)).parcels)


async def one(world: Both) -> tuple[int, int, Parcel]:
    """A campaign and its only person, whose message is on its way."""
    person = await world.on("satu/a", "whatsapp")
    campaign = (await world.campaign()).id
    [parcel] = await claimed(world, campaign)
    return campaign, person, parcel


async def left(world: Both) -> tuple[int, int, Parcel]:
    """The same, left by a process that died."""
    campaign, person, parcel = await one(world)
    assert await world.deliveries.lapse(campaign, "whatsapp", SECOND) == 1
    return campaign, person, parcel


async def message_of(world: Both, person: int) -> str | None:
    async with world.engine.connect() as connection:
        query = select(deliveries.c.message_id).where(deliveries.c.person_id == person)
        found: str | None = (await connection.execute(query)).scalar_one()
        return found


# --- resolved --------------------------------------------------------------------------------


async def test_a_call_that_broke_is_sent_once_whatsapp_tells_of_its_message(world: Both) -> None:
    person = await world.on("satu/a", "whatsapp")
    campaign = (await world.campaign()).id
    world.does.does["whatsapp"] = Uncertain()
    await world.carried(campaign, "whatsapp")
    assert await world.row(person) == ("uncertain", "whatsapp", None)
    [tag] = world.does.tags
    await world.told("m1", Rung.SENT, tag=tag)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await message_of(world, person) == "m1"
    [sent] = [row for row in await world.rows(evidence_events) if row["kind"] == "sent"]
    assert '"channel":"whatsapp"' in (sent["subject"] or "")
    assert (await world.evidence(campaign))["uncertain"] == 1
    assert await world.counts_hold(campaign)
    assert (await world.costs.told(campaign)).rungs == {Rung.SENT: 1}


@pytest.mark.parametrize("order", list(permutations(CLIMB)))
async def test_what_a_dead_process_sent_is_found_in_any_order_and_only_once(
    world: Both, order: tuple[Rung, ...]
) -> None:
    campaign, person, parcel = await left(world)
    await world.told("m1", *order, *order, tag=parcel.tag)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert (await world.evidence(campaign))["sent"] == 1
    told = await world.costs.told(campaign)
    assert (told.read, told.arrived) == (1, 1)
    assert await world.counts_hold(campaign)
    [delivery] = await world.rows(deliveries)
    assert (delivery["external_id"], delivery["sent_at"]) == (f"w{person}", delivery["claimed_at"])


async def test_news_that_come_together_are_one_change(world: Both) -> None:
    campaign, person, parcel = await left(world)
    await asyncio.gather(*(world.told("m1", rung, tag=parcel.tag) for rung in CLIMB))
    assert await message_of(world, person) == "m1"
    assert (await world.evidence(campaign))["sent"] == 1


@pytest.mark.parametrize(
    ("code", "end"),
    [(131049, ("failed", "whatsapp", "131049")), (131026, ("unreachable", "whatsapp", "never_started"))],
)
@pytest.mark.parametrize("before", [(), (Rung.SENT,)])
async def test_a_message_that_failed_has_failed_as_if_its_call_had_been_answered(
    world: Both, code: int, end: tuple[str, str, str], before: tuple[Rung, ...]
) -> None:
    campaign, person, parcel = await left(world)
    await world.told("m1", *before, tag=parcel.tag)
    await world.told("m1", Rung.FAILED, Rung.FAILED, Rung.SENT, code=code, tag=parcel.tag)
    assert await world.row(person) == end
    assert (await world.evidence(campaign))[end[0]] == 1
    lost = [row["chat_id"] for row in await world.rows(unreachable)]
    assert lost == ([f"w{person}"] if code == 131026 else [])
    assert await world.counts_hold(campaign)
    await world.told("m1", Rung.DELIVERED, tag=parcel.tag)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await world.counts_hold(campaign)


async def test_what_failed_after_all_goes_by_the_other_channel(world: Both) -> None:
    campaign, person, parcel = await left(world)
    await world.account("satu/a", "telegram")
    await world.told("m1", Rung.FAILED, code=131049, tag=parcel.tag)
    await world.statuses.settle(world.deliveries.settle)
    await world.carried(campaign, *BOTH)
    assert await world.row(person) == ("sent", "telegram", None)
    await world.told("m1", Rung.DELIVERED, tag=parcel.tag)
    assert await world.row(person) == ("sent", "telegram", None)
    assert await world.counts_hold(campaign)


async def test_an_account_that_she_linked_afterwards_is_not_blamed(world: Both) -> None:
    _, person, parcel = await left(world)
    async with world.engine.begin() as connection:
        changed = {"external_id": "wnew", "linked_at": int(world.now) + 60}
        await connection.execute(update(identities).values(changed))
    await world.told("m1", Rung.FAILED, code=131026, tag=parcel.tag)
    assert (await world.row(person))[0] == "unreachable"
    assert await world.rows(unreachable) == []


async def test_who_acknowledged_meanwhile_stays_counted_so(world: Both) -> None:
    campaign, person, parcel = await left(world)
    wish = Wish(person, campaign, int(world.now), Proof.BUTTON, "whatsapp")
    await SqlAcknowledgments(world.engine).take(wish)
    await world.told("m1", Rung.READ, tag=parcel.tag)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await world.counts_hold(campaign)


# --- against the process that sends ----------------------------------------------------------


@pytest.mark.parametrize("outcome", [Sent("m1"), Uncertain(), NotReached(Unreachable.BLOCKED)])
async def test_who_records_after_whatsapp_has_told_changes_nothing(world: Both, outcome: Outcome) -> None:
    campaign, person, parcel = await one(world)
    await world.told("m1", Rung.SENT, tag=parcel.tag)
    await world.deliveries.record(campaign, "whatsapp", FIRST, [(parcel, outcome)])
    assert await world.row(person) == ("sent", "whatsapp", None)
    events = await world.evidence(campaign)
    assert (events["sent"], events["uncertain"], events["unreachable"]) == (1, 0, 0)
    assert await world.deliveries.lapse(campaign, "whatsapp", SECOND) == 0
    assert await world.counts_hold(campaign)


async def test_recording_and_telling_at_once_count_everybody_once(world: Both) -> None:
    people = [await world.on(f"satu/p{n}", "whatsapp") for n in range(30)]
    campaign = (await world.campaign()).id
    parcels = await claimed(world, campaign)
    assert len(parcels) == 30
    results = [(p, Uncertain() if p.person % 3 == 0 else Sent(f"m{p.person}")) for p in parcels]
    heard = [Heard(f"m{p.person}", rung, int(world.now), tag=p.tag) for rung in CLIMB for p in parcels]
    parts = [results[start : start + 5] for start in range(0, 30, 5)]
    news = [heard[start : start + 7] for start in range(0, 90, 7)]
    await asyncio.gather(
        *(world.deliveries.record(campaign, "whatsapp", FIRST, part) for part in parts),
        *(world.statuses.heard(part[::-1]) for part in news[::-1]),
    )
    assert await world.states(campaign) == {("sent", None): len(people)}
    assert [await message_of(world, person) for person in people] == [f"m{person}" for person in people]
    assert (await world.evidence(campaign))["sent"] == len(people)
    assert (await world.costs.told(campaign)).read == len(people)
    assert await world.counts_hold(campaign)


async def test_who_records_and_who_tells_never_wait_for_each_other_in_a_circle(world: Both) -> None:
    campaign, person, parcel = await one(world)
    async with world.engine.begin() as connection:  # as recording does it: the deliveries, then the messages
        await connection.execute(select(deliveries).with_for_update())
        telling = asyncio.create_task(world.told("m1", Rung.SENT, tag=parcel.tag))
        await asyncio.sleep(0.2)
        assert await take_up(connection, ["m1"], campaign, int(world.now)) == {}
    await telling
    assert await world.row(person) == ("sent", "whatsapp", None)


# --- sent again ------------------------------------------------------------------------------


async def test_the_news_of_an_old_message_say_nothing_of_the_one_that_was_sent_again(world: Both) -> None:
    campaign, person, old = await left(world)
    assert await world.deliveries.requeue(campaign) == 1
    [new] = await claimed(world, campaign, SECOND)
    assert new.tag != old.tag
    await world.told("m1", Rung.FAILED, code=131049, tag=old.tag)
    assert (await world.row(person))[0] == "sending"
    await world.told("m2", Rung.DELIVERED, tag=new.tag)
    await world.told("m1", Rung.READ, tag=old.tag)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await message_of(world, person) == "m2"
    assert (await world.evidence(campaign))["sent"] == 1
    assert await world.counts_hold(campaign)


@pytest.mark.parametrize("rung", [Rung.SENT, Rung.READ])
async def test_what_waits_to_be_sent_again_is_spared_when_it_turns_out_to_have_come(
    world: Both, rung: Rung
) -> None:
    campaign, person, old = await left(world)
    await world.deliveries.requeue(campaign)
    await world.told("m1", rung, tag=old.tag)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await message_of(world, person) == "m1"
    assert await claimed(world, campaign, SECOND) == []
    assert await world.counts_hold(campaign)


async def test_what_waits_to_be_sent_again_is_sent_again_when_it_turns_out_to_have_failed(
    world: Both,
) -> None:
    campaign, person, old = await left(world)
    await world.deliveries.requeue(campaign)
    await world.told("m1", Rung.FAILED, code=131049, tag=old.tag)
    assert (await world.row(person))[0] == "queued"
    [new] = await claimed(world, campaign, SECOND)
    assert new.tag != old.tag
    assert await world.counts_hold(campaign)


async def test_each_attempt_has_a_tag_and_one_that_was_not_made_is_the_same_attempt(world: Both) -> None:
    campaign, _, first = await one(world)
    again = await world.deliveries.claim(campaign, "whatsapp", FIRST, 1, 100, again=True)
    assert again.parcels == (first,)
    assert tag_of(first.tag) == Tag(campaign, int(world.now), first.person, 1)
    await world.deliveries.record(campaign, "whatsapp", FIRST, [(first, NotTried())])
    assert await claimed(world, campaign, mark=2) == [first]
    await world.deliveries.record(campaign, "whatsapp", FIRST, [(first, RetryAfter(1.0))])
    [second] = await claimed(world, campaign, mark=3)
    assert tag_of(second.tag) == Tag(campaign, int(world.now), first.person, 2)


async def test_only_whatsapp_is_told_whose_a_message_is(world: Both) -> None:
    await world.on("satu/a", "telegram")
    campaign = (await world.campaign()).id
    await world.carried(campaign, "telegram")
    assert world.does.tags == [None]


# --- whose tag it is -------------------------------------------------------------------------


async def test_a_tag_that_is_not_of_this_ledger_changes_nothing(world: Both) -> None:
    campaign, person, parcel = await left(world)
    tag = tag_of(parcel.tag)
    assert tag is not None
    foreign = [
        "kiriman:1",
        "",
        f"{campaign}.{person}.1",
        f"{parcel.tag} ",
        f"{parcel.tag}.circular.{'9' * 12}",
        str(replace(tag, created=tag.created - 1)),  # the same numbers in another database
        str(replace(tag, campaign=10**18 - 1)),
        str(replace(tag, person=person + 1)),
        str(replace(tag, attempt=0)),
        str(replace(tag, attempt=2)),
    ]
    for number, text in enumerate(foreign):
        await world.told(f"x{number}", Rung.SENT, Rung.FAILED, code=131026, tag=priced(text, "circular", 400))
        await world.told(f"y{number}", Rung.SENT, tag=text)
    assert await world.row(person) == ("uncertain", "whatsapp", None)
    assert {row["campaign_id"] for row in await world.rows(whatsapp_sent)} == {None}
    assert set(await world.evidence(campaign)) & {"sent", "failed"} == set()


async def test_what_is_uncertain_on_another_channel_is_not_whatsapp_s_to_tell(world: Both) -> None:
    person = await world.on("satu/a", *BOTH)
    campaign = await world.campaign()
    world.does.does["telegram"] = Uncertain()
    await world.carried(campaign.id, "telegram")
    await world.told("m1", Rung.SENT, tag=str(Tag(campaign.id, int(world.now), person, 1)))
    assert await world.row(person) == ("uncertain", "telegram", None)


# --- what it costs ---------------------------------------------------------------------------


async def opened(world: Both) -> tuple[int, int, str]:
    """A template is on its way, and paid for; its process is gone. Campaign, person, tag."""
    campaign, person, parcel = await left(world)
    assert await world.costs.set_aside(campaign, 400, None)
    return campaign, person, priced(parcel.tag or "", "circular", 400)


async def spent(world: Both, campaign: int) -> tuple[int, int]:
    told = await world.costs.told(campaign)
    return told.messages, told.rupiah


async def test_a_template_that_went_out_costs_once_and_was_only_announced(world: Both) -> None:
    campaign, person, tag = await opened(world)
    await world.told("m1", *CLIMB, tag=tag)
    assert await world.row(person) == ("sent", "whatsapp", None)
    assert await spent(world, campaign) == (1, 400)
    assert await world.unseen.unseen(person, campaign)


@pytest.mark.parametrize("before", [(), (Rung.SENT,)])
async def test_a_template_that_failed_is_given_back_once(world: Both, before: tuple[Rung, ...]) -> None:
    campaign, _, tag = await opened(world)
    await world.told("m1", *before, tag=tag)
    await world.told("m1", Rung.FAILED, Rung.FAILED, code=131049, tag=tag)
    assert await spent(world, campaign) == (0, 0)


async def test_a_template_that_was_free_is_given_back_once(world: Both) -> None:
    campaign, _, tag = await opened(world)
    free = Heard("m1", Rung.SENT, 5, billable=False, tag=tag)
    await world.statuses.heard([free, free])
    await world.statuses.heard([free])
    assert await spent(world, campaign) == (0, 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_who_notes_the_cost_after_whatsapp_has_told_changes_nothing(world: Both, fails: bool) -> None:
    campaign, _, tag = await opened(world)
    rung, code = (Rung.FAILED, 131049) if fails else (Rung.SENT, None)
    await world.told("m1", rung, code=code, tag=tag)
    await world.costs.accepted("m1", campaign, "circular", 400)
    await world.told("m1", rung, code=code, tag=tag)
    assert await spent(world, campaign) == ((0, 0) if fails else (1, 400))


async def test_an_old_message_s_cost_counts_beside_that_of_the_new_one(world: Both) -> None:
    campaign, person, tag = await opened(world)
    await world.deliveries.requeue(campaign)
    [new] = await claimed(world, campaign, SECOND)
    await world.costs.set_aside(campaign, 400, None)
    await world.told("m1", Rung.SENT, tag=tag)
    await world.told("m2", Rung.SENT, tag=priced(new.tag or "", "circular", 400))
    assert await spent(world, campaign) == (2, 800)
    await world.told("m1", Rung.FAILED, code=131049, tag=tag)
    assert await spent(world, campaign) == (1, 400)
    assert await world.row(person) == ("sent", "whatsapp", None)


async def test_free_text_costs_nothing_however_it_ends(world: Both) -> None:
    campaign, _, parcel = await left(world)
    await world.costs.set_aside(campaign, 400, None)  # of another one
    await world.told("m1", Rung.SENT, tag=parcel.tag)
    await world.told("m1", Rung.FAILED, code=131049, tag=parcel.tag)
    assert await spent(world, campaign) == (1, 400)


# --- the tag itself --------------------------------------------------------------------------

NUMBERS = st.integers(0, 10**18 - 1)


@given(st.builds(Tag, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 10**9 - 1)), st.integers(0, 10**9 - 1))
def test_a_tag_is_read_as_it_was_written_and_whatsapp_takes_it(tag: Tag, price: int) -> None:
    assert tag_of(str(tag)) == tag
    paid = priced(str(tag), "circular", price)
    assert tag_of(paid) == replace(tag, template="circular", price=price)
    assert len(paid) <= 512


@given(st.one_of(st.none(), st.text(), st.from_regex(r"edaran(\.[0-9]{1,30}){4}.{0,9}", fullmatch=True)))
def test_no_text_breaks_the_reading_of_tags(text: str | None) -> None:
    tag = tag_of(text)
    assert tag is None or max(tag.campaign, tag.created, tag.person) < 10**18
